"""Networks as families: `build` returns a pack, everything else is shared."""

from __future__ import annotations

import abc
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from automl import _backend
from automl.budget import Deadline
from automl.families._footprint import Footprint, footprint
from automl.families.base import Config, Family, FittedFamily, Floats, Trained, TrainingData
from automl.layers.model import pooled
from automl.preprocessing.base import Arrays, Extra, Spec, State
from automl.training import PackData, PackResult, PackTrainer, Schedule

INPUTS = ("numbers", "categories", "encoded", "row")  # the arrays that networks read; "row" only where a family numbers the rows
BLOCKS = (1, 64, 1024, 8192)  # rows that are predicted at once, padded to one of these
ACTIVATION_SECONDS, WEIGHT_SECONDS = 4e-9, 5e-11  # of one row of many, for each value that layers put out and for each weight
BLOCK_MEMORY = 2**28  # bytes that the largest block may take
ENOUGH_EPOCHS = 20  # with fewer passes over the data, fewer networks trained longer are better than many trained briefly
WORTH_EPOCHS = 6  # with fewer, a network is not worth beginning
COMPILE_SECONDS = 5.0  # to size and compile a structure that was not trained before, on two cores
TIMED_EPOCHS = 64  # passes that a clock may still allow where the data alone would ask for fewer
FIRST_PACE = 8e9  # work per second: a first guess for two CPU cores
TABLE_PACE = 1.5e10  # the same for networks that read a table alone, which reach 2e10 to 4e10
ACTIVATION_WORK = 80.0  # what a value that a layer puts out takes, in multiplications by a weight: passes over memory, not arithmetic
_PACE: dict[str, float] = {}  # of each family, as the packs of this process reached it, the latest last
_PACES: dict[tuple[str, str], float] = {}  # of each family and kind
_FOOTPRINTS: dict[Any, Footprint] = {}


class KerasFamily(Family):
    """A family of Keras networks. A subclass declares `space` and `build`; training, halving, folds and storing are done here.

    Example:
        See ``examples/bring_your_own_family.py``.
    """

    pack_configs = 8
    reads: ClassVar[tuple[str, ...]] = INPUTS  # the arrays of its networks, besides "numbers", which tells the number of rows

    @abc.abstractmethod
    def build(self, spec: Spec, configs: Sequence[Config]) -> Any:
        """Return one network with ``len(configs)`` members; inputs are arrays, the output is (rows, members, outputs) of logits.

        Args:
            spec: The shapes.
            configs: Complete configurations that share a pack key.
        """

    def schedule(self, spec: Spec, config: Config, seed: int, configs: int) -> Schedule:
        """Return epochs and batch size for data of this size."""
        batch = next(size for rows, size in ((800, 64), (3_000, 128), (30_000, 256), (150_000, 512), (10**12, 1024)) if spec.rows <= rows)
        epochs = int(np.clip(6_000 * 64 / max(spec.rows, 1), 12, 100))
        return Schedule(epochs, batch, keep=(1.0, 0.5, 0.5) if configs > 2 else (1.0, 1.0, 1.0), seed=seed)

    def pack_size(self, config: Config, spec: Spec, folds: int, seconds: float, memory: int) -> int:
        """Return how many configurations get enough epochs in `seconds`, by the pace of earlier packs, and fit into `memory`."""
        schedule, size = self.schedule(spec, config, 0, self.pack_configs), self.footprint(spec, config)
        columns = self.row_values(spec, folds) + spec.outputs
        least = size.pack_bytes(0, folds, batch=schedule.batch_size, rows=spec.rows, columns=columns)
        each = size.config_bytes(folds, batch=schedule.batch_size, rows=spec.rows, block=self.validation_block(spec, config))
        fitting = int(np.clip((memory - least) // each, 0, self.pack_configs))
        if not np.isfinite(seconds):
            return fitting
        if seconds < self.seconds_for(config, spec, folds, self.worth_epochs(spec)):
            return 0
        training = seconds - COMPILE_SECONDS
        wanted = training / (self.seconds_for(config, spec, folds, ENOUGH_EPOCHS) * schedule.work_left(0.0))
        return min(max(int(wanted), 1), fitting)

    def least_seconds(self, spec: Spec, folds: int) -> float:
        """Return what a few epochs of the first configuration take, by the pace of earlier packs, and to compile them."""
        return COMPILE_SECONDS + self.seconds_for(self.complete(self.portfolio(spec)[0], spec), spec, folds, self.worth_epochs(spec))

    def worth_epochs(self, spec: Spec) -> float:
        """Return the passes over the rows below which a network is not worth beginning."""
        return WORTH_EPOCHS

    def seconds_for(self, config: Config, spec: Spec, folds: int, epochs: float) -> float:
        """Return the seconds that so many epochs of a configuration take, by the pace of this family's packs, or of the latest one."""
        guess = TABLE_PACE if self.reads == INPUTS else FIRST_PACE
        pace = _PACE.get(self.name, next(reversed(_PACE.values()), guess))
        return float(self.row_work(config, spec) * spec.rows * folds * epochs / pace)

    def kind(self, config: Config) -> str:
        """Return what else decides the pace: arithmetic binds some of a family's networks, memory others."""
        return ""

    def pace(self, config: Config) -> float | None:
        """Return the work per second of the latest pack of this family and kind; None before there was one."""
        return _PACES.get((self.name, self.kind(config)))

    def row_work(self, config: Config, spec: Spec) -> float:
        """Return the work of one row in a step of one network, in multiplications by a weight."""
        size, batch = self.footprint(spec, config), self.schedule(spec, config, 0, 1).batch_size
        return size.weights * self.heads(config) + ACTIVATION_WORK * (size.activations + size.shared / batch)

    def validation_block(self, spec: Spec, config: Config) -> int:
        """Return how many rows are validated at once: fewer where each takes much memory on its way through the network."""
        return int(np.clip(BLOCK_MEMORY // max(self.footprint(spec, config).row_bytes(), 1), 64, BLOCKS[-1]))

    def heads(self, config: Config) -> int:
        """Return how many predictions each network of a configuration makes."""
        return int(config.get("heads", 1))

    def row_values(self, spec: Spec, folds: int) -> int:
        """Return how many values of four bytes a row of the arrays has that the networks read."""
        further = sum(int(np.prod(extra.shape)) * np.dtype(extra.kind).itemsize for extra in self._further(spec))
        table = {"categories": len(spec.categories), "encoded": spec.encoded * folds}
        return spec.numbers + sum(count for name, count in table.items() if name in self.reads) + further // 4

    def _further(self, spec: Spec) -> list[Extra]:
        return [extra for extra in spec.extra if extra.name in self.reads]

    def footprint(self, spec: Spec, config: Config) -> Footprint:
        """Return the size of one network; measured once for each structure."""
        key = (type(self), self.pack_key(config), spec)
        if key not in _FOOTPRINTS:
            arrays = {"numbers": np.zeros((1, spec.numbers), np.float32), "categories": np.zeros((1, len(spec.categories)), np.int32)}
            arrays["encoded"] = np.zeros((1, 1, spec.encoded), np.float32)  # (members, rows, columns), as a network reads it
            arrays |= {extra.name: np.zeros((1, *extra.shape), extra.kind) for extra in self._further(spec)}
            _FOOTPRINTS[key] = footprint(self.build(spec, [config]), inputs_of(arrays, self.reads))
        return _FOOTPRINTS[key]

    def inputs(self, data: TrainingData) -> Arrays:
        """Return the arrays that the networks are trained on, each (rows, …)."""
        return inputs_of(data.arrays, self.reads)

    def train(
        self,
        configs: Sequence[Config],
        data: TrainingData,
        *,
        deadline: Deadline,
        seed: int,
        on_progress: Callable[[float], None] | None = None,
    ) -> list[Trained]:
        """Train the pack; see :class:`automl.training.PackTrainer`."""
        spec = data.spec
        shared = dict(configs[0])
        rates = {name: np.array([float(config[name]) for config in configs]) for name in sorted(self.per_member) if name in configs[0]}
        trainer = PackTrainer(
            (type(self).__module__, type(self).__qualname__, self.pack_key(shared), spec),
            lambda members: self.build(spec, [shared] * members),
            PackData(self.inputs(data), data.target, data.fold, data.folds, spec.is_classification, data.judged),
            rates,
            [int(config.get("seed", seed)) for config in configs],
            self._timed(self.schedule(spec, shared, seed, len(configs)), deadline),
            deadline,
            self.validation_block(spec, shared),
        )
        result = trainer.run(on_progress)
        if trainer.pace is not None:
            _PACE.pop(self.name, None)  # the latest stands last
            _PACE[self.name] = _PACES[self.name, self.kind(shared)] = trainer.pace * self.row_work(shared, spec)
        return [self._trained(config, index, result, data) for index, config in enumerate(configs) if result.weights[index]]

    def _timed(self, schedule: Schedule, deadline: Deadline) -> Schedule:
        """Let the clock, where there is one, decide how many epochs are made."""
        return replace(schedule, epochs=max(schedule.epochs, TIMED_EPOCHS)) if deadline.budget.timed else schedule

    def _trained(self, config: Config, index: int, result: PackResult, data: TrainingData) -> Trained:
        scale = result.inverse_temperature[index]  # each fold's temperature was fitted on the other folds
        models = [{"weights": weights, "scale": float(scale[fold]), "fold": fold} for fold, weights in enumerate(result.weights[index])]
        out = to_predictions(result.logits[index] * scale[np.maximum(data.fold, 0), None].astype(np.float32), data.spec)
        details = {
            "best_epoch": result.best_epoch[index].tolist(),
            "epochs": len(result.history),
            "pack": len(result.status),
            "inverse_temperature": scale.tolist(),
        }
        return Trained(config, models, out.astype(np.float32), result.seconds / len(result.status), result.status[index], details)

    def combine(self, parts: Sequence[tuple[Config, Sequence[Any], float]], spec: Spec) -> FittedNetworks:
        """Slice the chosen members into one packed network per structure."""
        groups: dict[str, tuple[list[Config], list[Any], list[float]]] = {}
        for config, models, weight in parts:
            configs, chosen, weights = groups.setdefault(self.pack_key(config), ([], [], []))
            configs.extend([config] * len(models))
            chosen.extend(models)
            weights.extend([weight / len(models)] * len(models))
        total = sum(sum(weights) for _, _, weights in groups.values())
        packs = [
            _Pack(
                configs,
                [np.stack(values) for values in zip(*(model["weights"] for model in models), strict=True)],
                np.array([model["scale"] for model in models]),
                np.array(weights) / total,
                np.array([model["fold"] for model in models], np.int32),
            )
            for configs, models, weights in groups.values()
        ]
        return FittedNetworks(self, spec, packs)

    def restore(self, state: State, spec: Spec) -> FittedNetworks:
        """Rebuild the packs from weights and configurations alone."""
        packs = []
        for index, entry in enumerate(state.json["packs"]):
            weights = [state.arrays[f"{index}-{number}"] for number in range(entry["arrays"])]
            packs.append(_Pack(entry["configs"], weights, np.array(entry["scale"]), np.array(entry["weights"]), np.array(entry["folds"])))
        return FittedNetworks(self, spec, packs)

    def row_seconds(self, trained: Trained, spec: Spec) -> float:
        """Return what a forward pass through the networks of all folds takes, from their size; the factors were measured on one core."""
        size = self.footprint(spec, trained.config)
        return len(trained.models) * (ACTIVATION_SECONDS * size.activations + WEIGHT_SECONDS * size.weights)

    def size(self, trained: Trained) -> int:
        """Return the number of weights of all folds."""
        return int(sum(values.size for model in trained.models for values in model["weights"]))


class _Pack:
    """Members of one structure with their weights in the mean."""

    def __init__(
        self,
        configs: list[Config],
        weights: list[NDArray[Any]],
        scale: NDArray[np.float64],
        shares: NDArray[np.float64],
        folds: NDArray[np.int32],
    ) -> None:
        self.configs, self.weights, self.scale, self.shares, self.folds = configs, weights, scale, shares, folds


class FittedNetworks(FittedFamily):
    """The chosen networks of one family: one forward pass gives the weighted mean of all members."""

    def __init__(self, family: KerasFamily, spec: Spec, packs: Sequence[_Pack]) -> None:
        self.family, self.spec, self.packs = family, spec, list(packs)
        self._compiled: Callable[..., Any] | None = None
        self._blocks: Sequence[int] = BLOCKS

    def __getstate__(self) -> dict[str, Any]:
        """Return everything but the compiled function, which is made again where it is needed."""
        return {**self.__dict__, "_compiled": None}

    def predict(self, arrays: Arrays) -> Floats:
        """Return the weighted mean over members, (rows, outputs), in model space."""
        used = inputs_of(arrays, self.family.reads)
        rows = len(used["numbers"])
        compiled = self._compiled = self._compiled or self._compile(used)
        parts = []
        for start in range(0, rows, self._blocks[-1]):
            block = {name: values[start : start + self._blocks[-1]] for name, values in used.items()}
            count = len(block["numbers"])
            padded = {name: _backend.to_device(values) for name, values in _backend.pad_rows(block, self._blocks).items()}
            parts.append(_backend.to_numpy(compiled(padded))[:count])
        return np.concatenate(parts) if parts else np.zeros((0, self.spec.outputs), np.float32)

    def _compile(self, used: Arrays) -> Callable[..., Any]:
        """Build the networks, set their weights, and compile one function over all of them."""
        from keras import ops

        models, each = [], 1
        for pack in self.packs:
            model = self.family.build(self.spec, pack.configs)
            size = footprint(model, arranged({name: _backend.to_device(values[:1]) for name, values in used.items()}, pack.folds))
            each = max(each, size.row_bytes())
            for variable, values in zip([*model.trainable_variables, *model.non_trainable_variables], pack.weights, strict=True):
                variable.assign(values)
            models.append(model)
        self._blocks = [size for size in BLOCKS if size == 1 or size * each <= BLOCK_MEMORY]

        def forward(inputs: dict[str, Any]) -> Any:
            total = 0.0
            for model, pack in zip(models, self.packs, strict=True):
                outputs = pooled(model(arranged(inputs, pack.folds)), self.spec.is_classification)
                if self.spec.is_classification:
                    outputs = ops.softmax(outputs * pack.scale.astype("float32")[None, :, None], axis=-1)
                total = total + ops.sum(outputs * pack.shares.astype("float32")[None, :, None], axis=1)
            return total

        return _backend.compile_function(forward)

    def state(self) -> State:
        """Return configurations and shares as JSON, weights as arrays."""
        entries: list[dict[str, Any]] = []
        arrays: Arrays = {}
        for index, pack in enumerate(self.packs):
            entries.append(
                {
                    "configs": pack.configs,
                    "arrays": len(pack.weights),
                    "scale": pack.scale.tolist(),
                    "weights": pack.shares.tolist(),
                    "folds": pack.folds.tolist(),
                }
            )
            for number, values in enumerate(pack.weights):
                arrays[f"{index}-{number}"] = values
        return State({"packs": entries}, arrays)


def inputs_of(arrays: Arrays, reads: Sequence[str] = INPUTS) -> Arrays:
    """Return the arrays that networks read, without empty ones; "numbers" is always there and tells the number of rows."""
    names = dict.fromkeys(("numbers", *reads))
    return {name: arrays[name] for name in names if name in arrays and (name == "numbers" or arrays[name].shape[-1])}


def arranged(inputs: dict[str, Any], folds: NDArray[np.int32]) -> dict[str, Any]:
    """Give each member the encoding of its fold: (rows, folds, columns) becomes (members, rows, columns)."""
    from keras import ops

    if "encoded" not in inputs:
        return inputs
    return {**inputs, "encoded": ops.transpose(ops.take(inputs["encoded"], folds, axis=1), (1, 0, 2))}


def to_predictions(logits: Floats, spec: Spec) -> Floats:
    """Return logits (rows, outputs) as probabilities, or as they are for regression; NaN rows stay NaN."""
    if not spec.is_classification:
        return logits
    shifted = logits - logits.max(axis=1, keepdims=True)
    exponentials = np.exp(shifted)
    return np.asarray(exponentials / exponentials.sum(axis=1, keepdims=True))
