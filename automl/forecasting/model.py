"""A fitted forecaster: the series it knows, the chosen models with their weights, and the correction of their quantiles."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from automl.errors import ArtifactError, UsageError
from automl.families.base import Family
from automl.forecasting.base import Fitted, ForecastFamily, WindowSpec
from automl.forecasting.columns import Layout
from automl.forecasting.conformal import Correction, ordered
from automl.forecasting.families import forecaster_by_name
from automl.forecasting.frequency import Frequency
from automl.forecasting.measures import MEDIAN
from automl.forecasting.panel import Panel
from automl.forecasting.windows import origins_at_end
from automl.forecasting.world import Rules, Windows, World, in_world
from automl.preprocessing.base import State

Array = NDArray[Any]


@dataclass(frozen=True)
class Member:
    """The chosen models of one family and their share of the forecast."""

    family: ForecastFamily
    fitted: Fitted
    share: float


@dataclass(frozen=True)
class ForecastModel:
    """From series to quantiles.

    Attributes:
        layout: What the columns are.
        spec: The shapes.
        rules: Season, scale, closed steps.
        panel: The series as they were last known.
        members: The chosen models.
        correction: What makes the intervals hold.
    """

    layout: Layout
    spec: WindowSpec
    rules: Rules
    panel: Panel
    members: tuple[Member, ...]
    correction: Correction

    @property
    def horizon(self) -> int:
        """Steps that the models look ahead at once."""
        return self.spec.horizon

    def quantiles(self, windows: Windows) -> Array:
        """Return corrected quantiles in units of the data, (windows, horizon, quantiles)."""
        made = [member.share * in_world(member.fitted.forecast(windows), windows) for member in self.members]
        values = self.correction.apply(np.sum(made, axis=0))
        if self.rules.lower is not None:
            values = np.maximum(values, self.rules.lower)
        values[windows.closed()] = 0.0
        return np.asarray(values)

    def ahead(self, panel: Panel, steps: int) -> Array:
        """Forecast `steps` steps behind the end of every series of a panel, (series, steps, quantiles).

        Beyond the horizon the medians go on as if they were known, and the intervals of what is built on them add up.
        """
        parts: list[Array] = []
        done, behind = 0, np.zeros((panel.series, 1, 1))
        while done < steps:
            world = World(panel.with_ahead(max(self.horizon, panel.ahead)), self.rules)
            block = self.quantiles(origins_at_end(world, np.arange(panel.series), self.horizon))
            median = block[..., MEDIAN : MEDIAN + 1]
            away = block - median
            block = ordered(median + np.sign(away) * np.sqrt(away**2 + (np.sign(away) * behind) ** 2))
            if self.rules.lower is not None:
                block = np.maximum(block, self.rules.lower)
            parts.append(block)
            done += self.horizon
            if done < steps:
                behind = np.abs(block[:, -1:] - block[:, -1:, MEDIAN : MEDIAN + 1])
                panel = _moved(panel, block[..., MEDIAN], self.horizon)
        return np.concatenate(parts, axis=1)[:, :steps]

    def states(self) -> dict[str, State]:
        """Return every part as a state for the artifact."""
        panel = self.panel
        described = {
            "layout": self.layout.to_dict(),
            "spec": self.spec.to_dict(),
            "rules": self.rules.to_dict(),
            "correction": self.correction.to_dict(),
            "frequency": panel.frequency.to_dict(),
            "keys": [list(key) for key in panel.keys],
            "families": [{"name": member.family.name, "share": member.share} for member in self.members],
        }
        history = {name: np.asarray(getattr(panel, name)) for name in ("last", "y", "known", "past", "static")}
        states = {"forecaster": State(described), "history": State({"steps": panel.steps}, history)}
        return {**states, **{f"family-{member.family.name}": member.fitted.state() for member in self.members}}

    @classmethod
    def from_states(cls, states: Mapping[str, State], extra: Sequence[Family] = ()) -> ForecastModel:
        """Rebuild a forecaster.

        Raises:
            ArtifactError: If a part is missing, or a family is not known here.
        """
        try:
            told = states["forecaster"].json
            spec = WindowSpec.from_dict(told["spec"])
            arrays = states["history"].arrays
            grid, keys = Frequency.from_dict(told["frequency"]), tuple(tuple(key) for key in told["keys"])
            panel = Panel(keys, grid, *(arrays[name] for name in ("last", "y", "known", "past", "static")))
            members = []
            for entry in told["families"]:
                family = _family(entry["name"], extra)
                fitted = family.restore(states[f"family-{entry['name']}"], spec)
                assert isinstance(fitted, Fitted)
                members.append(Member(family, fitted, float(entry["share"])))
            correction = Correction.from_dict(told["correction"])
            return cls(Layout.from_dict(told["layout"]), spec, Rules.from_dict(told["rules"]), panel, tuple(members), correction)
        except (KeyError, TypeError, IndexError, ValueError) as error:
            if isinstance(error, ArtifactError):
                raise
            raise ArtifactError(
                f"A model file must hold every part of a forecaster. Received one without {error}; save it again."
            ) from error


def _family(name: str, extra: Sequence[Family]) -> ForecastFamily:
    try:
        found = next((family for family in extra if family.name == name), None) or forecaster_by_name(name)
    except UsageError as error:
        raise ArtifactError(f"A model file can be opened where all of its families are known. Received one with {name!r}.") from error
    assert isinstance(found, ForecastFamily)
    return found


def _moved(panel: Panel, medians: Array, steps: int) -> Panel:
    """Return the panel `steps` steps later, with the forecasts in the place of what is not known."""
    y = np.concatenate([panel.y, medians.astype(np.float32)], axis=1)
    width = y.shape[1]
    known = panel.with_ahead(max(panel.ahead, steps)).known
    gone = np.full((panel.series, steps, panel.past.shape[2]), np.nan, np.float32)
    last = panel.past[:, -1:] if panel.past.shape[1] else gone[:, :1]
    past = np.concatenate([panel.past, np.where(np.isnan(gone), last, gone)], axis=1)
    moved = replace(panel, y=y, past=past, known=known, last=panel.last + steps)
    return moved if width <= panel.steps + 2 * steps else moved.tail(panel.steps)
