"""Networks as forecasters: windows as rows, the quantile loss, packs trained in one program, a short second training on everything.

The library for networks is imported where one is trained, or where NumPy cannot say what it says: opening a model must not take longer
than forecasting with it.
"""

from __future__ import annotations

import abc
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from automl.budget import Deadline
from automl.families.base import Config, Trained, TrainingData
from automl.forecasting.base import ForecastFamily, Payload, WindowData, WindowSpec, flat, unflat
from automl.forecasting.lags import size_of
from automl.forecasting.measures import QUANTILES
from automl.forecasting.windows import fixed_columns, future_columns, lookback_of, past_columns, sample_windows
from automl.forecasting.world import Windows
from automl.preprocessing.base import Arrays, Spec

if TYPE_CHECKING:
    from automl.training import PackData

Array = NDArray[Any]
CLIP = 6.0  # spreads that a value of the past may lie from the recent mean
FAR = 12.0  # spreads that a target may
MOST_WINDOWS, MOST_CELLS, MOST_OUTPUTS = 24_000, 24_000_000, 10_000_000
MOST_WATCHED = 400  # windows of the backtest that choose the epoch
COMPILE_SECONDS = 6.0
LEAST_SECONDS = 4.0  # of training below which a network is not begun
AGAIN_RATE, AGAIN_EPOCHS = 0.3, 0.3  # of learning rate and epochs, when the chosen one is trained again on everything
BLOCKS = (1, 64, 512, 2048)


@dataclass(frozen=True)
class Shape:
    """The shapes of the arrays that a network reads.

    Attributes:
        past: Steps of the past.
        horizon: Steps ahead.
        season: Steps of the shortest season, 1 for none.
        future, beside, fixed: Columns known in advance, beside the past, fixed for a series.
    """

    past: int
    horizon: int
    season: int
    future: int = 0
    beside: int = 0
    fixed: int = 0


class ForecastNetwork(ForecastFamily):
    """A family of networks. A subclass declares `space` and `build`; training, storing and forecasting are done here."""

    pack_configs: ClassVar[int] = 4
    reach: ClassVar[float] = 1.0
    epochs: ClassVar[int] = 40
    per_member: ClassVar[frozenset[str]] = frozenset({"learning_rate", "weight_decay", "dropout"})

    @abc.abstractmethod
    def build(self, shape: Shape, config: Config, members: int) -> Any:
        """Return a :class:`automl.layers.horizon.PackedForecaster`."""

    def usual(self, hp: Any, rate: float = 2e-3, dropout: float = 0.1) -> None:
        """Declare what all networks have."""
        hp.Float("learning_rate", rate / 5, rate * 5, sampling="log", default=rate)
        hp.Float("weight_decay", 1e-4, 1e-1, sampling="log", default=1e-2)
        hp.Choice("dropout", [0.0, 0.1, 0.2, 0.35], default=dropout)
        hp.Choice("reach", [0.5, 1.0, 2.0], default=self.reach)

    def portfolio(self, spec: Spec) -> list[Config]:
        """Return three learning rates, to be trained in one pack."""
        rate = float(self.defaults(spec)["learning_rate"])
        return [{}, {"learning_rate": rate / 2.5}, {"learning_rate": rate * 2.0, "dropout": 0.2}]

    def least_seconds(self, spec: Spec, folds: int) -> float:
        """Return what compiling and a few epochs take."""
        return COMPILE_SECONDS + LEAST_SECONDS

    def fit(self, config: Config, data: WindowData, *, deadline: Deadline, seed: int) -> Payload | None:
        """Train one configuration on its own."""
        trained = self.train([config], data, deadline=deadline, seed=seed)
        return trained[0].models[0] if trained else None

    def train(
        self,
        configs: Sequence[Config],
        data: TrainingData,
        *,
        deadline: Deadline,
        seed: int,
        on_progress: Callable[[float], None] | None = None,
    ) -> list[Trained]:
        """Train a pack on windows before the backtest; the backtest chooses each one's epoch."""
        from automl.training import PackTrainer

        assert isinstance(data, WindowData)
        started, shared = deadline.budget.clock(), dict(configs[0])
        pack = _pack(data, float(shared["reach"]), seed)
        if pack is None:
            return []
        key, build, rows, rates, seeds, schedule = self._plan(configs, pack, data, seed, self.epochs)
        trainer = PackTrainer(key, build, rows, rates, seeds, schedule, deadline)
        result = trainer.run(on_progress)
        made = []
        for place, config in enumerate(configs):
            if not result.weights[place]:
                continue
            payload = _payload(result.weights[place][0], pack)
            quantiles = self.forecast(config, payload, data.judged)
            seconds = (deadline.budget.clock() - started) / len(configs)
            details = {"best_epoch": result.best_epoch[place].tolist(), "epochs": len(result.history), "pack": len(configs)}
            made.append(Trained(config, [payload], flat(quantiles), seconds, result.status[place], details))
        return made

    def _plan(self, configs: Sequence[Config], pack: PackData, data: WindowData, seed: int, epochs: int) -> tuple[Any, ...]:
        """Return what a trainer is made of, but its deadline."""
        from automl.training import Schedule

        shared, shape = dict(configs[0]), shape_of(data.spec, pack.arrays)
        rates = {name: np.array([float(config[name]) for config in configs]) for name in sorted(self.per_member) if name in shared}
        schedule = Schedule(epochs, 64 if len(pack.target) < 4_000 else 128, keep=(1.0, 0.5, 1.0) if len(configs) > 2 else (1.0, 1.0, 1.0))
        seeds = [int(config.get("seed", seed)) for config in configs]
        return self._key(shared, shape), lambda members: self.build(shape, shared, members), pack, rates, seeds, schedule

    def _key(self, config: Config, shape: Shape) -> tuple[Any, ...]:
        return type(self).__module__, type(self).__qualname__, self.pack_key(config), shape

    def again(self, config: Config, payload: Payload, data: WindowData, *, deadline: Deadline, seed: int) -> Payload | None:
        """Go on from the chosen weights for a part of the epochs, with windows up to the end; nothing is validated any more."""
        from automl.forecasting.going_on import GoingOn

        pack = _pack(data, float(config["reach"]), seed, watched=False)
        if pack is None or deadline.over():
            return None
        plan = self._plan([{**config, "learning_rate": AGAIN_RATE * config["learning_rate"]}], pack, data, seed, _part(self.epochs))
        result = GoingOn(_weights(payload), *plan, deadline).run()
        return _payload(result.weights[0][0], pack) if result.weights[0] else None

    def compute(self, config: Config, weights: Sequence[Array], arrays: Arrays) -> Array | None:
        """Return what one network says, (rows, horizon × quantiles), by NumPy alone; None where that is left to the backend.

        Args:
            config: Its configuration.
            weights: Its weights, in the order of the model that `build` makes, without the members axis.
            arrays: What it reads.
        """
        return None

    def forecast(self, config: Config, payload: Payload, windows: Windows) -> Array:
        """Run the network."""
        spec = WindowSpec(0, 0, (), 0, "forecasting", 0, horizon=windows.horizon, seasons=windows.world.rules.seasons)
        arrays, mean, spread = arrays_of(windows, int(payload[STEPS][0]))
        said = self.compute(config, _weights(payload), arrays)
        said = _run(self, config, shape_of(spec, arrays), _weights(payload), arrays) if said is None else said
        quantiles = unflat(np.clip(said, -FAR, FAR), windows.horizon)
        return np.asarray(mean[:, None, None] + spread[:, None, None] * quantiles)


STEPS = "steps"  # how far back a network looks, beside its weights


def _payload(weights: Sequence[Array], pack: PackData) -> Payload:
    return {**{f"{number:03d}": values for number, values in enumerate(weights)}, STEPS: np.array([pack.arrays["past"].shape[1]])}


def _weights(payload: Payload) -> list[Array]:
    return [payload[name] for name in sorted(payload) if name != STEPS]


def _part(epochs: int) -> int:
    return max(round(AGAIN_EPOCHS * epochs), 2)


def shape_of(spec: Spec, arrays: Arrays) -> Shape:
    """Return the shapes of arrays."""
    assert isinstance(spec, WindowSpec)
    wide = {name: int(arrays[name].shape[-1]) if name in arrays else 0 for name in ("future", "beside", "fixed")}
    return Shape(int(arrays["past"].shape[1]), spec.horizon, spec.season, **wide)


def arrays_of(windows: Windows, length: int) -> tuple[Arrays, Array, Array]:
    """Return what networks read of windows, and the mean and spread that were taken out of the past.

    Reversible normalisation (Kim et al., 2022) by each window's own recent past: what the network says is multiplied back.
    """
    mean, spread = size_of(windows.world, windows.series, windows.origin, windows.horizon)
    past = (windows.history(length) - mean[:, None]) / spread[:, None]
    arrays = {"past": np.clip(np.nan_to_num(past), -CLIP, CLIP).astype(np.float32)}
    size = np.stack([mean / (np.abs(mean) + spread), np.log1p(np.abs(mean) / spread)], axis=1)
    more = {"future": future_columns(windows), "beside": past_columns(windows, length), "fixed": fixed_columns(windows)}
    more["fixed"] = np.concatenate([more["fixed"], size.astype(np.float32)], axis=1)
    return arrays | {name: values for name, values in more.items() if values.shape[-1]}, mean, spread


def _pack(data: WindowData, reach: float, seed: int, watched: bool = True) -> PackData | None:
    """Return windows to learn from and, with fold 0, those that choose the epoch; None where there are too few."""
    spec, world = data.spec, data.world
    assert isinstance(spec, WindowSpec)
    length = lookback_of(spec, reach)
    key = (length, data.cut, seed, watched)
    if key in data.packs:
        kept: PackData = data.packs[key]
        return kept
    each = length * (1 + spec.known + spec.past) + spec.horizon * (1 + spec.calendar + sum(max(count, 1) for count in spec.levels))
    most = int(min(MOST_WINDOWS, MOST_CELLS // each, MOST_OUTPUTS // (spec.horizon * len(QUANTILES))))
    windows = sample_windows(world, data.cut, spec.horizon, most, np.random.default_rng([seed, 17]))
    if len(windows) < 16:
        return None
    folds = np.full(len(windows), -1)
    if watched:
        backtest = np.flatnonzero(data.fold >= 0)
        backtest = backtest[:: -(-len(backtest) // MOST_WATCHED)]
        series = np.concatenate([windows.series, data.judged.series[backtest]])
        origin = np.concatenate([windows.origin, data.judged.origin[backtest]])
        windows, folds = Windows(world, series, origin, spec.horizon), np.concatenate([folds, np.zeros(len(backtest), np.int64)])
    arrays, mean, spread = arrays_of(windows, length)
    target = np.clip((windows.target() - mean[:, None]) / spread[:, None], -FAR, FAR).astype(np.float32)
    from automl.training import PackData

    data.packs.clear()
    made = PackData(arrays, target, folds.astype(np.int64), 1, False, quantiles=QUANTILES)
    data.packs[key] = made
    return made


def _run(family: ForecastNetwork, config: Config, shape: Shape, given: Sequence[Array], arrays: Arrays) -> Array:
    """Return what a network says, (rows, horizon × quantiles), computed block by block by the backend."""
    from automl import _backend

    run = _compiled(family, config, shape, arrays)
    weights, parts = [_backend.to_device(values[None]) for values in given], []
    for start in range(0, len(arrays["past"]), BLOCKS[-1]):
        block = {name: values[start : start + BLOCKS[-1]] for name, values in arrays.items()}
        padded = {name: _backend.to_device(values) for name, values in _backend.pad_rows(block, BLOCKS).items()}
        parts.append(_backend.to_numpy(run(weights, padded))[: len(block["past"]), 0])
    return np.concatenate(parts)


_COMPILED: dict[Any, Any] = {}
_MOST_COMPILED = 16


def _compiled(family: ForecastNetwork, config: Config, shape: Shape, arrays: Arrays) -> Callable[..., Any]:
    """Return a compiled function of (weights, arrays) for one network; networks of one structure share it."""
    from automl import _backend

    key = (*family._key(config, shape), _backend.name())
    if key not in _COMPILED:
        while len(_COMPILED) >= _MOST_COMPILED:
            _COMPILED.pop(next(iter(_COMPILED)))
        network = family.build(shape, config, 1)
        network({name: values[:1] for name, values in arrays.items()})
        _COMPILED[key] = _backend.compile_function(lambda weights, block: network.stateless_call(weights, [], block)[0])
    run: Callable[..., Any] = _COMPILED[key]
    return run
