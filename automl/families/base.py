"""What every architecture family is: a search space, a portfolio, and a way to train a pack of its configurations.

    Family
    ├── KerasFamily      networks: `build(spec, configs)` returns one network with a members axis; packs are trained together
    └── SklearnFamily    baselines over scikit-learn: `fit` and `predict`; packs of one, through the same code path

Predictions are in *model space*: probabilities (rows, classes), or the standardised target (rows, 1). A new family is one new file.
"""

from __future__ import annotations

import abc
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from importlib import import_module
from typing import Any, ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray

from automl.budget import Deadline
from automl.errors import ArtifactError, UsageError
from automl.preprocessing.base import Arrays, Spec, State

Config = dict[str, Any]
Floats = NDArray[np.floating[Any]]


@dataclass(frozen=True)
class Tags:
    """What a family can do; capability as data, never as a name compared with a string.

    Attributes:
        kind: "network", "tree", "linear" or "naive": how the leaderboard groups it.
        problems: The problems that it solves.
        inputs: The arrays that it can learn from; one of them is enough.
        modalities: The kinds of data that it is for; None for all that have the arrays.
        maximum_rows: Above so many rows it is not tried; None for no limit.
        maximum_columns: Above so many prepared columns it is not tried; None for no limit.
        opt_in: Whether a machine without a GPU tries it only where it is asked for by name.
        hungry: Below so many rows it is tried only where it is asked for by name.
        library: A library that it needs for training; None for none beyond the project's own.
        stands_in_for: A family that makes it needless: it is tried only where that one cannot be, or where it is asked for by name.
        rank: Smaller is tried earlier among the families of a kind: what gives most for its time comes first.
    """

    kind: str
    problems: frozenset[str] = frozenset({"binary", "multiclass", "regression"})
    inputs: frozenset[str] = frozenset({"numbers", "categories"})
    modalities: frozenset[str] | None = None
    maximum_rows: int | None = None
    maximum_columns: int | None = None
    opt_in: bool = False
    hungry: int = 0
    library: str | None = None
    stands_in_for: str | None = None
    rank: int = 0

    @property
    def trainable(self) -> bool:
        """Whether the library that training needs can be loaded here."""
        return self.library is None or loads(self.library)


@cache
def loads(library: str) -> bool:
    """Return whether a library can be loaded; one may be installed and still miss a part of the system, such as OpenMP.

    Example:
        >>> loads("json"), loads("no_such_library")
        (True, False)
    """
    try:
        import_module(library)
    except Exception:  # what a library raises that was built for another system or another NumPy is its own affair
        return False
    return True


@dataclass(frozen=True)
class TrainingData:
    """The training rows of one run, as arrays, with the fold of each row.

    Attributes:
        arrays: Prepared columns, each of shape (rows, …); "encoded", where ``spec.encoded`` is not 0, is (rows, folds, columns).
        target: Class codes (rows,) int64, or the standardised target (rows,) float64.
        fold: Fold of each row (rows,) int64; -1 for rows that are never validated.
        folds: Number of folds.
        spec: The shapes.
        judged: Whether the run is judged on the rows of its one validation part; nothing may be chosen by them in training then.
    """

    arrays: Arrays
    target: NDArray[Any]
    fold: NDArray[np.int64]
    folds: int
    spec: Spec
    judged: bool = False

    @property
    def rows(self) -> int:
        """Number of training rows."""
        return len(self.target)


@dataclass
class Trained:
    """One configuration, trained on every fold.

    Attributes:
        config: What was tried.
        models: One fitted model per fold: a list of weights for a network, a mapping of estimators for scikit-learn.
        out_of_fold: Predictions (rows, outputs) float32 by the model that did not see the row; NaN where no fold validates it.
        seconds: Wall-clock share of this configuration.
        status: "finished", "halved" (cut at a cycle end), "stopped" (by the clock) or "failed".
        details: JSON-ready facts such as the best epoch of each fold.
    """

    config: Config
    models: list[Any]
    out_of_fold: Floats
    seconds: float
    status: str = "finished"
    details: dict[str, Any] = field(default_factory=dict)


class Chance(Protocol):
    """Gives numbers in [0, 1): a NumPy generator, or the coordinates of a point."""

    def random(self) -> float: ...  # noqa: D102


class Family(abc.ABC):
    """One architecture family: everything that differs between families, in one file.

    Attributes:
        name: Identifier, equal to the module's name.
        title: Readable name.
        tags: Capabilities.
        per_member: Names of configuration entries that may differ inside a pack.
        pack_configs: Largest number of configurations that are worth training together.
        start_seconds: Seconds that pass before it learns anything; with less it is not begun even as the first of its kind.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    tags: ClassVar[Tags]
    per_member: ClassVar[frozenset[str]] = frozenset()
    pack_configs: ClassVar[int] = 1
    start_seconds: ClassVar[float] = 0.0

    @abc.abstractmethod
    def space(self, hp: Any, spec: Spec) -> None:
        """Declare the search space on a ``keras_tuner.HyperParameters``; the defaults are trial 0."""

    def portfolio(self, spec: Spec) -> list[Config]:
        """Return configurations to try first, best first, as changes to the defaults."""
        return [{}]

    def defaults(self, spec: Spec) -> Config:
        """Return the default configuration of the space."""
        import keras_tuner

        hp = keras_tuner.HyperParameters()
        self.space(hp, spec)
        return {str(name): value for name, value in hp.values.items()}

    def sample(self, spec: Spec, rng: Chance) -> Config:
        """Draw one configuration from the space; the same numbers give the same configuration."""
        import keras_tuner

        hp = keras_tuner.HyperParameters()
        self.space(hp, spec)
        # Walk the space again after each draw, because conditional entries appear only once their parent has its value.
        drawn: Config = {}
        for _ in range(len(hp.space) + 8):
            missing = [entry for entry in hp.space if entry.name not in drawn and all(c.is_active(hp.values) for c in entry.conditions)]
            if not missing:
                break
            drawn[missing[0].name] = missing[0].prob_to_value(float(rng.random()))
            hp = keras_tuner.HyperParameters()
            hp.values.update(drawn)
            self.space(hp, spec)
        return {str(name): _plain(value) for name, value in drawn.items()}

    def complete(self, config: Config, spec: Spec) -> Config:
        """Return `config` with every missing entry at its default.

        Raises:
            UsageError: If an entry is not part of the space.
        """
        defaults = self.defaults(spec)
        unknown = sorted(set(config) - set(defaults) - {"seed"})
        if unknown:
            raise UsageError(f"A configuration of {self.name!r} may hold {sorted(defaults)}. Received {unknown}.")
        return {**defaults, **config}

    def pack_key(self, config: Config) -> str:
        """Return the structure of a configuration: two may share a pack if their keys are equal."""
        return json.dumps({key: value for key, value in sorted(config.items()) if key not in self.per_member and key != "seed"})

    def affordable(self, config: Config, spec: Spec, folds: int, seconds: float) -> Config:
        """Return a configuration of the portfolio with the sizes that the time allows; itself where a family has one size."""
        return config

    def pack_size(self, config: Config, spec: Spec, folds: int, seconds: float, memory: int) -> int:
        """Return how many configurations of one structure are worth training together; 0 where even one is too large.

        Args:
            config: The first of them, complete.
            spec: The shapes.
            folds: Members per configuration.
            seconds: The time for them; infinite where no clock runs.
            memory: Bytes that they may take.
        """
        return self.pack_configs

    def least_seconds(self, spec: Spec, folds: int) -> float:
        """Return the time below which it is not worth beginning, in seconds; 0 where little time is enough."""
        return 0.0

    @abc.abstractmethod
    def train(
        self,
        configs: Sequence[Config],
        data: TrainingData,
        *,
        deadline: Deadline,
        seed: int,
        on_progress: Callable[[float], None] | None = None,
    ) -> list[Trained]:
        """Train configurations that share a pack key on every fold.

        Args:
            configs: Complete configurations.
            data: The training rows.
            deadline: When to stop; what has been reached by then is returned.
            seed: Seed of the run.
            on_progress: Called with the best loss so far.

        Returns:
            One result per configuration that has at least one usable model on every fold.
        """

    @abc.abstractmethod
    def combine(self, parts: Sequence[tuple[Config, Sequence[Any], float]], spec: Spec) -> FittedFamily:
        """Join chosen models (config, models of the folds, weight) into one predictor."""

    @abc.abstractmethod
    def restore(self, state: State, spec: Spec) -> FittedFamily:
        """Rebuild a predictor from :meth:`FittedFamily.state`."""

    def size(self, trained: Trained) -> int:
        """Return the number of stored values of one configuration's models; 0 where it is not known."""
        return 0

    def row_seconds(self, trained: Trained, spec: Spec) -> float:
        """Return the seconds on one core, roughly, that one of many rows takes in a configuration's models; 0 where that is nothing."""
        return 0.0


class FittedFamily(abc.ABC):
    """The chosen models of one family, joined: prediction is the weighted mean of their predictions."""

    @abc.abstractmethod
    def predict(self, arrays: Arrays) -> Floats:
        """Return predictions (rows, outputs) in model space."""

    @abc.abstractmethod
    def state(self) -> State:
        """Return what is needed to rebuild this predictor, without code."""


def of_one_fold(spec: Spec) -> Spec:
    """Return the shapes of the arrays that :func:`for_fold` gives.

    Example:
        >>> of_one_fold(Spec(3, 2, (), 1, "regression", 50, encoded=4)).raw_numbers
        6
    """
    return replace(spec, numbers=spec.numbers + spec.encoded, raw_numbers=spec.raw_numbers + spec.encoded, encoded=0)


def for_fold(arrays: Arrays, fold: int, rows: NDArray[np.int64] | None = None) -> Arrays:
    """Return the arrays as the model of one fold sees them: its encoded columns stand behind the numbers and the raw numbers.

    Args:
        arrays: Prepared columns, "encoded" (rows, folds, columns) possibly among them.
        fold: Which fold the model leaves out.
        rows: Positions of the rows to take; None for all, without a copy where nothing is encoded.

    Raises:
        ArtifactError: If there is no such fold.
    """
    taken = {name: values if rows is None else values[rows] for name, values in arrays.items() if name != "encoded"}
    if "encoded" not in arrays:
        return taken
    encoded = arrays["encoded"]
    if not 0 <= fold < encoded.shape[1]:
        raise ArtifactError(f"A model must belong to one of its {encoded.shape[1]} folds. Received fold {fold}; the file is damaged.")
    mine = encoded[:, fold] if rows is None else encoded[rows, fold]
    return {**taken, **{name: np.hstack([taken[name], mine]) for name in ("numbers", "raw_numbers") if name in taken}}


def _plain(value: Any) -> Any:
    """Return a NumPy scalar as the Python value that JSON knows."""
    return value.item() if isinstance(value, np.generic) else value
