"""The search among forecasters: the study of tables with the weighted quantile loss over the windows of the backtest."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from automl.budget import Budget
from automl.decisions import DecisionLog
from automl.errors import UsageError, did_you_mean
from automl.families.base import Config, Family, Trained
from automl.forecasting.base import WindowData, WindowSpec, unflat
from automl.forecasting.families import forecaster_by_name, forecaster_names
from automl.forecasting.joining import greedy_weights
from automl.forecasting.measures import weighted_quantile_loss
from automl.forecasting.world import in_world
from automl.search import Study
from automl.selection import NOT_ASKED, ORDER, Plan, order_of
from automl.trials import Trial

Array = NDArray[Any]
SEARCH_UNTIL = 0.58  # of the budget; the chosen ones are then trained again on everything
LEAST_WINDOWS = 40  # with fewer windows to learn from, a network learns them by heart


def choose_forecasters(spec: WindowSpec, wanted: tuple[Any, ...] | None, log: DecisionLog, *, only_networks: bool = False) -> Plan:
    """Choose the families to try: simple ones first, so that a usable model exists early.

    Args:
        spec: The shapes.
        wanted: Names of families; None for all that fit. The seasonal naive always takes part.
        log: Receives the decision.
        only_networks: Whether the model may consist of networks alone; naive and linear families are then there for comparison.

    Raises:
        UsageError: If a name is unknown, or nothing is left.
    """
    names, known = forecaster_names(), {}
    for entry in wanted or names:
        name = getattr(entry, "name", entry)
        if not isinstance(entry, Family) and name not in names:
            raise UsageError(f"`families` of a forecast must be among {names}. Received {name!r}.{did_you_mean(str(name), names)}")
        known[name] = entry if isinstance(entry, Family) else forecaster_by_name(name)
    known.setdefault("seasonal_naive", forecaster_by_name("seasonal_naive"))
    left_out = {} if wanted is None else dict.fromkeys((name for name in names if name not in known), NOT_ASKED)
    for name, family in known.items():
        kind = family.tags.kind
        if only_networks and kind == "tree":
            left_out[name] = "only networks were asked for"
        elif kind == "network" and wanted is None and spec.rows < LEAST_WINDOWS:
            left_out[name] = f"only from {LEAST_WINDOWS} windows to learn from"
        elif family.tags.opt_in and wanted is None:
            left_out[name] = f"slow on a CPU; ask for it with families=[{name!r}]"
    chosen = sorted((family for name, family in known.items() if name not in left_out), key=order_of)
    references = frozenset(family.name for family in chosen if only_networks and family.tags.kind != "network")
    if only_networks and len(references) == len(chosen):
        raise UsageError(f"`only_networks=True` needs a network that fits these series. Received none: {left_out}.")
    present = {family.tags.kind for family in chosen}
    absent = {kind: NOT_ASKED for kind in ORDER if kind not in present}
    told = f"They forecast {spec.series:,} series {spec.horizon} steps ahead; simple ones come first so that a usable model exists early."
    others = [f"{name} ({reason})" for name, reason in left_out.items()]
    log.add("choose", "families", ", ".join(family.name for family in chosen), told, others, "families=['theta', 'nhits']")
    return Plan(tuple(chosen), left_out, references, absent)


@dataclass
class ForecastStudy(Study):
    """A :class:`automl.search.Study` whose rows are windows."""

    def __post_init__(self) -> None:
        assert isinstance(self.data, WindowData)
        self.backtest = np.flatnonzero(self.data.fold >= 0)
        self.windows = self.data.judged.take(self.backtest)
        self.truth = self.windows.truth()

    def quantiles(self, trained: Trained) -> Array:
        """Return what a trial forecast for the windows of the backtest, in units of the data."""
        return in_world(unflat(trained.out_of_fold[self.backtest], self.windows.horizon), self.windows)

    def _record(self, family: Family, config: Config, trained: Trained | None, status: str, seconds: float, reason: str | None) -> None:
        loss = None
        if trained is not None:
            loss = weighted_quantile_loss(self.truth, self.quantiles(trained))
            if not np.isfinite(loss) or not np.isfinite(trained.out_of_fold).all():
                status, trained, reason, loss = "failed", None, "its forecasts are not finite", None
        self.trials.append(Trial(len(self.trials), family, config, status, loss, seconds, self.budget.elapsed(), trained, reason))

    def _weights(self) -> dict[str, float]:
        usable = [t for t in self.trials if t.usable and t.trained is not None and t.family.name not in self.plan.references]
        if not usable:
            return {}
        best = sorted(usable, key=lambda trial: float(trial.loss or 0.0))[:12]
        rows = np.arange(0, len(self.truth), -(-len(self.truth) // 300))
        members = np.stack([self.quantiles(trial.trained)[rows] for trial in best if trial.trained is not None])
        weights = {trial.family.name: 0.0 for trial in usable}
        for trial, weight in zip(best, greedy_weights(self.truth[rows], members, steps=10), strict=True):
            weights[trial.family.name] += float(weight)
        return weights


def search_budget(budget: Budget, rows: int) -> Budget:
    """Return the budget of the search: it ends in time for what comes after it.

    The study keeps a share of its budget for later stages; the limit is set such that it stops at `SEARCH_UNTIL` of the whole.
    """
    if not budget.timed:
        return budget
    from automl.budget import search_until

    limit = budget.limit
    for _ in range(8):
        limit = SEARCH_UNTIL * budget.limit / search_until(replace(budget, seconds=limit), rows)
    return replace(budget, seconds=limit)
