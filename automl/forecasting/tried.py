"""What was tried, beside the scores: intervals and paired differences, times and bytes, whose mistakes are alike, the simplest model."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from automl.evaluation.mistakes import as_facts, fisher, mistakes
from automl.forecasting.base import Fitted, ForecastFamily
from automl.forecasting.judging import Collector
from automl.forecasting.measures import MEDIAN, pinball
from automl.forecasting.world import in_world
from automl.report import facts as f
from automl.report.simplest import simplest
from automl.report.tried_facts import MistakesFacts, TriedFacts
from automl.speed import measure

if TYPE_CHECKING:
    from automl.forecasting.run import ForecastRun
    from automl.forecasting.world import Windows
    from automl.trials import Trial

Array = NDArray[Any]
DRAWS = 1_000  # for the intervals: their ends are the 25th from either side
FEWEST = 6  # stretches of values below which an interval would say more than it knows
TIMED_SHARE, TIMED_SECONDS, TIMED_UNTIL = 0.03, 5.0, 0.95  # of the budget, for measuring forecasts
COMPARED = 12  # models of different families whose mistakes are correlated


def side_by_side(run: ForecastRun, found: Collector) -> tuple[f.LeaderboardFacts, TriedFacts]:
    """Return all models on the window that no choice has seen, with what each is sure of, costs and shares.

    Intervals and paired differences come from a bootstrap by block: windows are drawn anew where they are many, else stretches of steps.

    Args:
        run: A run after its last stage.
        found: Its judged windows.
    """
    board = found.leaderboard()
    trials = {f"{trial.family.name}-{trial.number}": trial for trial in run.trials if trial.usable and trial.trained is not None}
    said = {row.name: found.alone(_whole(trials[row.name])) for row in board.rows if row.name in trials}
    sure = _sure(run, found, {**said, "ensemble": found.ours}, board.best_single)
    costs = _costs(run, found.windows, _leaders(board, trials))
    rows = tuple(row.model_copy(update={**sure.get(row.name, {}), **costs.get(row.name, {})}) for row in board.rows)
    board = board.model_copy(update={"rows": rows})
    return board, TriedFacts(mistakes=_mistakes(found, board, said), simplest=simplest(board))


def _whole(trial: Trial) -> Any:
    from automl.forecasting.run import Chosen

    return Chosen(trial, 1.0)


def _leaders(board: f.LeaderboardFacts, trials: dict[str, Trial]) -> dict[str, Trial]:
    """Return the best trial of each family, the best first."""
    found: dict[str, str] = {}
    for row in board.rows:
        if row.name in trials:
            found.setdefault(row.family, row.name)
    return {name: trials[name] for name in found.values()}


def _sure(run: ForecastRun, found: Collector, said: dict[str, Array], best: str | None) -> dict[str, dict[str, Any]]:
    """Return the interval of each model's loss, and its paired difference to the best single model (positive: worse)."""
    block, count = found.blocks()
    if count < FEWEST or best is None:
        return {}
    times = np.random.default_rng([run.settings.seed, 13]).multinomial(count, np.full(count, 1.0 / count), size=DRAWS).astype(np.float64)

    def drawn(values: Array) -> Array:
        return np.asarray(times @ np.bincount(block.ravel(), np.nan_to_num(values).ravel(), minlength=count))

    size = found.drawn_sizes(drawn(np.abs(found.truth)), drawn(~np.isnan(found.truth)))
    losses = {name: drawn(pinball(found.truth, quantiles).sum(axis=2) * 2 / 9) / size for name, quantiles in said.items()}
    value = {name: float(np.nansum(pinball(found.truth, quantiles))) * 2 / 9 / found.total for name, quantiles in said.items()}
    told: dict[str, dict[str, Any]] = {}
    for name, draws in losses.items():
        low, high = np.nanquantile(draws, (0.025, 0.975)).tolist()
        told[name] = {"low": min(low, value[name]), "high": max(high, value[name])}
        if name != best:
            low, high = np.nanquantile(draws - losses[best], (0.025, 0.975)).tolist()
            told[name] |= {"difference": value[name] - value[best], "difference_low": low, "difference_high": high}
            told[name]["beyond_noise"] = bool(low > 0 or high < 0)
    return told


def _costs(run: ForecastRun, windows: Windows, leaders: dict[str, Trial]) -> dict[str, dict[str, Any]]:
    """Time forecasts of one series and of 1,000, and count the bytes that a model keeps: the ensemble, then the best of each family."""
    budget = run.budget
    deadline = budget.deadline(TIMED_UNTIL, min(TIMED_SECONDS, TIMED_SHARE * budget.limit))
    places = pd.DataFrame({"window": np.arange(min(len(windows), 1_000))})
    fitted = {"ensemble": tuple(member.fitted for member in run.model.members)}
    for name, trial in leaders.items():
        family, trained = trial.family, trial.trained
        assert isinstance(family, ForecastFamily)
        assert trained is not None
        fitted[name] = (Fitted(family, [(trial.config, trained.models[0], 1.0)]),)
    told: dict[str, dict[str, Any]] = {}
    for name, members in fitted.items():
        stored = sum(int(np.asarray(values).nbytes) for member in members for values in member.state().arrays.values())
        told[name] = {"size_bytes": stored or None}
        speed = None if deadline.over() else measure(_asked(members, windows), places, deadline)
        if speed is not None:
            told[name] |= {"predict_seconds_one": speed.one, "predict_seconds_per_1000": speed.thousand}
    return told


def _asked(members: tuple[Fitted, ...], windows: Windows) -> Callable[[pd.DataFrame], Any]:
    """Return what forecasts the windows at some places, in units of the data."""

    def forecast(places: pd.DataFrame) -> Any:
        asked = windows.take(places["window"].to_numpy())
        return [in_world(member.forecast(asked), asked) for member in members]

    return forecast


def _mistakes(found: Collector, board: f.LeaderboardFacts, said: dict[str, Array]) -> MistakesFacts | None:
    """Correlate what medians are off by, in units of each series' own error in the past, so that no large series decides alone."""
    _, count = found.blocks()
    best: dict[str, f.LeaderboardRow] = {}
    for row in board.rows:
        if row.name in said and row.kind != "naive":
            best.setdefault(row.family, row)
    rows = list(best.values())[:COMPARED]
    known = ~np.isnan(found.truth)
    size = np.where(found.sizes[0] > 0, found.sizes[0], 1.0)[:, None]
    medians = [(said[row.name][..., MEDIAN] / size)[known][:, None] for row in rows]
    pair = mistakes("regression", (found.truth / size)[known], medians)
    if pair is None or count < FEWEST:
        return None
    low, high = fisher(float(pair.correlation[pair.least]), count)
    pair = dataclasses.replace(pair, low=low, high=high)  # steps that follow each other are not independent: stretches of them are counted
    return MistakesFacts.model_validate(as_facts(pair, [row.title for row in rows], [row.kind for row in rows]))
