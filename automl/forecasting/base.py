"""What a family of forecasters is: the face of :class:`automl.families.base.Family` with windows in the place of rows.

Forecasts are nine quantiles that do not cross, on the scale of the models, flat: (windows, horizon × quantiles), the quantile changing
fastest, so that trials, packs and records treat them as they treat any outputs.
"""

from __future__ import annotations

import abc
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from automl.budget import Deadline
from automl.errors import InternalError
from automl.families.base import Config, Family, FittedFamily, Tags, Trained, TrainingData
from automl.forecasting.conformal import ordered
from automl.forecasting.measures import QUANTILES
from automl.forecasting.world import Windows, World
from automl.preprocessing.base import Spec, State

Array = NDArray[Any]
Payload = dict[str, NDArray[Any]]
NORMAL = np.array([-1.2815515655, -0.8416212336, -0.5244005127, -0.2533471031, 0.0, 0.2533471031, 0.5244005127, 0.8416212336, 1.2815515655])


@dataclass(frozen=True)
class WindowSpec(Spec):
    """The shapes of a forecasting problem.

    Attributes:
        horizon: Steps to look ahead.
        seasons: Steps after which values come again, ascending.
        series: Number of series.
        steps: Steps of the longest.
        known, past, static: Numbers of covariates of each role.
        calendar: Number of calendar columns as waves.
        levels: Number of codes of each covariate (known, past, static in this order); 0 for a number.
    """

    horizon: int = 1
    seasons: tuple[int, ...] = ()
    series: int = 1
    steps: int = 1
    known: int = 0
    past: int = 0
    static: int = 0
    calendar: int = 0
    levels: tuple[int, ...] = ()

    @property
    def season(self) -> int:
        """The shortest season, 1 for none."""
        return self.seasons[0] if self.seasons else 1

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> WindowSpec:
        """Rebuild it from :meth:`to_dict`."""
        tuples = {name: tuple(values[name]) for name in ("categories", "knots", "seasons", "levels")}
        return cls(**{**values, **tuples})


@dataclass(frozen=True)
class WindowData(TrainingData):
    """What forecasters learn from and are judged on.

    Attributes:
        world: The series.
        cut: No target in this column or behind it is learnt from.
        judged: Windows to forecast: those of the backtest have fold 0, the last one, that no choice sees, has fold -1.
        truth: What came true in them on the scale of the models, (windows, horizon).
        sizes: What errors of each window are divided by, (windows,).
        packs: Arrays that several networks are trained on, by what they depend on.
    """

    world: World = None  # type: ignore[assignment]
    cut: int = 0
    judged: Windows = None  # type: ignore[assignment]
    truth: Array = None  # type: ignore[assignment]
    sizes: Array = None  # type: ignore[assignment]
    packs: dict[Any, Any] = field(default_factory=dict, repr=False, compare=False)

    @property
    def rows(self) -> int:
        """Number of values that are judged: what trust in a comparison rests on."""
        return int((~np.isnan(self.target)).sum())


class ForecastFamily(Family):
    """One way to forecast. A subclass gives `space`, `fit` and `forecast`; a network gives `build` (see ``networks``)."""

    @abc.abstractmethod
    def fit(self, config: Config, data: WindowData, *, deadline: Deadline, seed: int) -> Payload | None:
        """Learn from the targets before ``data.cut``; None where nothing usable was reached before the deadline."""

    @abc.abstractmethod
    def forecast(self, config: Config, payload: Payload, windows: Windows) -> Array:
        """Return quantiles (windows, horizon, quantiles) on the scale of the models."""

    def again(self, config: Config, payload: Payload, data: WindowData, *, deadline: Deadline, seed: int) -> Payload | None:
        """Learn once more from more data, now that the configuration is chosen; None where time is too short."""
        return self.fit(config, data, deadline=deadline, seed=seed)

    def train(
        self,
        configs: Sequence[Config],
        data: TrainingData,
        *,
        deadline: Deadline,
        seed: int,
        on_progress: Callable[[float], None] | None = None,
    ) -> list[Trained]:
        """Fit each configuration and forecast the judged windows."""
        assert isinstance(data, WindowData)
        results = []
        for config in configs:
            started = deadline.budget.clock()
            payload = self.fit(config, data, deadline=deadline, seed=int(config.get("seed", seed)))
            if payload is not None:
                made = flat(self.forecast(config, payload, data.judged))
                results.append(Trained(config, [payload], made, deadline.budget.clock() - started))
        return results

    def combine(self, parts: Sequence[tuple[Config, Sequence[Any], float]], spec: Spec) -> FittedFamily:
        """Join chosen models; see :class:`Fitted`."""
        return Fitted(self, [(config, models[0], weight) for config, models, weight in parts])

    def restore(self, state: State, spec: Spec) -> FittedFamily:
        """Rebuild them from :meth:`Fitted.state`."""
        parts = []
        for place, entry in enumerate(state.json["parts"]):
            arrays = {name: state.arrays[f"{place}-{name}"] for name in entry["arrays"]}
            parts.append((entry["config"], arrays, float(entry["weight"])))
        return Fitted(self, parts)


class Fitted(FittedFamily):
    """The chosen models of one family with their weights."""

    def __init__(self, family: ForecastFamily, parts: Sequence[tuple[Config, Payload, float]]) -> None:
        self.family, self.parts = family, list(parts)

    def forecast(self, windows: Windows) -> Array:
        """Return the weighted mean of their quantiles, (windows, horizon, quantiles)."""
        total = sum(weight for _, _, weight in self.parts)
        made = [weight / total * self.family.forecast(config, payload, windows) for config, payload, weight in self.parts]
        return np.asarray(np.sum(made, axis=0))

    def predict(self, arrays: Any) -> Array:
        """Forecasters need windows; see :meth:`forecast`."""
        raise InternalError("A forecaster was asked to predict rows of a table.")

    def state(self) -> State:
        """Return configurations and weights as JSON, what was learnt as arrays."""
        entries, arrays = [], {}
        for place, (config, payload, weight) in enumerate(self.parts):
            entries.append({"config": config, "weight": weight, "arrays": list(payload)})
            arrays.update({f"{place}-{name}": np.asarray(values) for name, values in payload.items()})
        return State({"parts": entries}, arrays)


def flat(quantiles: Array) -> NDArray[np.float32]:
    """Return (windows, horizon, quantiles) as (windows, horizon × quantiles)."""
    return np.asarray(quantiles, np.float32).reshape(len(quantiles), -1)


def unflat(values: Array, horizon: int) -> Array:
    """Return the inverse of :func:`flat`, float64."""
    return np.asarray(values, np.float64).reshape(len(values), horizon, len(QUANTILES))


def about(median: Array, spread: Array) -> Array:
    """Return normal quantiles about a median.

    Args:
        median: (windows, horizon).
        spread: Standard deviations of the same shape.

    Example:
        >>> about(np.zeros((1, 1)), np.ones((1, 1)))[0, 0, -1].round(3).item()
        1.282
    """
    return ordered(median[..., None] + spread[..., None] * NORMAL)


def forecasting(kind: str, rank: int = 0, **more: Any) -> Tags:
    """Return the tags of a family of forecasters."""
    return Tags(kind=kind, problems=frozenset({"forecasting"}), inputs=frozenset({"series"}), rank=rank, **more)
