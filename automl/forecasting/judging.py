"""What the windows that no choice has seen say of a run: scores with intervals, by step and by series, fans, leaderboard."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from automl.forecasting.base import unflat
from automl.forecasting.measures import MEDIAN, naive_errors, pinball, scores, smape, stretches, weighted_quantile_loss
from automl.forecasting.patterns import patterns
from automl.forecasting.run import Chosen
from automl.forecasting.world import Windows, in_world
from automl.report import facts as f
from automl.report.forecasts import CovariateFacts, FanFacts, ForecastFacts, LevelFacts, SeriesScoreFacts, StepFacts

if TYPE_CHECKING:
    from automl.forecasting.run import ForecastRun

Array = NDArray[Any]
TITLES = {
    "wql": "Weighted quantile loss (share of the total)",
    "mase": "MASE (error over that of the seasonal naive in the past)",
    "rmsse": "RMSSE (root mean squared error over that of the seasonal naive in the past)",
    "smape": "sMAPE (symmetric percentage error)",
    "mae": "Mean absolute error (in units of the target)",
    "rmse": "Root mean squared error (in units of the target)",
    "coverage": "Coverage of the 80 % interval (share of values inside)",
}
MOST_STEPS, MOST_SERIES, MOST_PAST = 24, 40, 160
KINDS = {"naive": "naive", "linear": "linear", "tree": "tree", "network": "network"}
DRAWS = 400
EXACT = 1e-6  # error over the size of the values from which rounding makes it


def past_errors(windows: Windows) -> tuple[Array, Array]:
    """Return mean absolute and root mean squared error of the seasonal naive before each window, what MASE and RMSSE divide by."""
    world = windows.world
    season = max(world.rules.seasons, default=1)
    absolute, square = np.full(len(windows), np.nan), np.full(len(windows), np.nan)
    for origin in np.unique(windows.origin):
        here = windows.origin == origin
        history = world.panel.y[windows.series[here], :origin].astype(np.float64)
        absolute[here], square[here] = naive_errors(history, season)
    return absolute, square


class Collector:
    """Computes the sections of the report from the windows that no choice has seen.

    Args:
        run: A run after its last stage.
    """

    def __init__(self, run: ForecastRun) -> None:
        self.run = run
        self.rows = run.scored
        self.windows = run.last_windows()
        self.truth = self.windows.truth()
        self.ours = run.judged_quantiles(run.chosen)[self.rows]
        naive = next(trial for trial in run.trials if trial.family.name == "seasonal_naive" and trial.usable)
        self.naive = self.alone(Chosen(naive, 1.0))
        self.sizes = past_errors(self.windows)
        total = float(np.nansum(np.abs(self.truth)))
        self.total = total if total > 0 else 2.0 * float(np.sum(~np.isnan(self.truth)))  # as in `weighted_quantile_loss`

    def is_exact(self, quantiles: Array) -> bool:
        """Return whether the medians are the values that came true, as far as single precision can tell."""
        error = np.abs(self.truth - quantiles[..., MEDIAN])
        return bool(np.nansum(error) <= EXACT * np.nansum(np.abs(self.truth)))

    def alone(self, member: Chosen) -> Array:
        """Return what one trial forecast for these windows, without correction."""
        assert member.trial.trained is not None
        return in_world(unflat(member.trial.trained.out_of_fold[self.rows], self.run.horizon), self.windows)

    def score(self, quantiles: Array) -> dict[str, float]:
        """Return all measures of forecasts for these windows."""
        return scores(self.truth, quantiles, *self.sizes)

    def losses(self, quantiles: Array) -> Array:
        """Return the sum of the quantile losses of each window, (windows,)."""
        return np.asarray(np.nansum(pinball(self.truth, quantiles), axis=(1, 2)))

    # ── sections

    def evaluation(self) -> f.EvaluationFacts:
        """Return all scores with intervals over windows, and the paired test against the seasonal naive."""
        ours, naive = self.score(self.ours), self.score(self.naive)
        drawn = self._draws()
        entries = {}
        for name, title in TITLES.items():
            value = ours[name]
            low, high = np.nanquantile(drawn[name], (0.025, 0.975)) if len(drawn[name]) else (None, None)
            undefined = None if np.isfinite(value) else "the seasonal naive makes no error in the past to divide by"
            entries[name] = f.ScoreFacts(
                title=title,
                value=value,
                low=None if low is None else float(low),
                high=None if high is None else float(high),
                naive=naive[name],
                greater_is_better=name == "coverage",
                undefined=undefined,
            )
        source = "the last window of each series, which no choice has seen" if self.run.origins.last is not None else "the backtest itself"
        values = int((~np.isnan(self.truth)).sum())
        return f.EvaluationFacts(rows=values, source=source, scores=entries, comparisons=(self._comparison(),))

    def blocks(self) -> tuple[Array, int]:
        """Return what is drawn anew for intervals: windows where they are many, else stretches of steps of them."""
        return stretches(len(self.windows), self.run.horizon)

    def drawn_sizes(self, size: Array, known: Array) -> Array:
        """Return what the losses of draws are shares of, NaN where a draw of values holds zeros alone; see `total`.

        Args:
            size: Sum of the absolute values of each draw, (draws,).
            known: Values of each draw.
        """
        drawn = size if np.nansum(np.abs(self.truth)) > 0 else 2.0 * known
        return np.where(drawn > 0, drawn, np.nan)

    def _draws(self) -> dict[str, Array]:
        """Return scores of resampled windows (bootstrap by block)."""
        block, count = self.blocks()
        rng = np.random.default_rng([self.run.settings.seed, 11])
        known = ~np.isnan(self.truth)
        loss = np.where(known, pinball(self.truth, self.ours).sum(axis=2) * 2 / 9, 0.0)
        error = np.where(known, np.abs(self.truth - self.ours[..., MEDIAN]), 0.0)
        inside = known & (self.truth >= self.ours[..., 0]) & (self.truth <= self.ours[..., -1])
        size = np.where(known, np.abs(self.truth), 0.0)
        percent = np.where(known, smape(np.nan_to_num(self.truth), self.ours[..., MEDIAN]), 0.0)
        sums = {
            name: np.bincount(block.ravel(), values.astype(float).ravel(), minlength=count)
            for name, values in (
                ("loss", loss),
                ("error", error),
                ("square", error**2),
                ("inside", inside),
                ("size", size),
                ("percent", percent),
                ("n", known),
            )
        }
        if count < 6:
            return {name: np.zeros(0) for name in TITLES}
        draws = rng.integers(0, count, (DRAWS, count))
        total = {name: values[draws].sum(axis=1) for name, values in sums.items()}
        n = np.maximum(total["n"], 1)
        found = {
            "wql": total["loss"] / self.drawn_sizes(total["size"], n),
            "smape": total["percent"] / n,
            "mae": total["error"] / n,
            "rmse": np.sqrt(total["square"] / n),
            "coverage": total["inside"] / n,
        }
        return {name: found.get(name, np.zeros(0)) for name in TITLES}

    def _comparison(self) -> f.ComparisonFacts:
        block, count = self.blocks()
        if self.is_exact(self.naive):
            return self._no_skill()
        each = np.nan_to_num(pinball(self.truth, self.naive).sum(axis=2) - pinball(self.truth, self.ours).sum(axis=2)) * 2 / 9 / self.total
        sums = np.bincount(block.ravel(), each.ravel(), minlength=count)
        rng = np.random.default_rng([self.run.settings.seed, 12])
        drawn = sums[rng.integers(0, count, (2000, count))].sum(axis=1)
        low, high = np.quantile(drawn, (0.025, 0.975))
        ours, theirs = weighted_quantile_loss(self.truth, self.ours), weighted_quantile_loss(self.truth, self.naive)
        better = bool(low > 0)
        told = "better" if better else "not shown to be better"
        return f.ComparisonFacts(
            against="seasonal naive",
            metric="wql",
            ours=ours,
            theirs=theirs,
            difference=theirs - ours,
            low=float(low),
            high=float(high),
            p_value=float(max((drawn <= 0).mean(), 1 / 2000)),
            better=better,
            sentence=f"The forecast is {told} than the seasonal naive: weighted quantile loss {ours:.4f} against {theirs:.4f} (difference"
            f" {theirs - ours:.4f}, 95 % interval {low:.4f} to {high:.4f}).",
        )

    def _no_skill(self) -> f.ComparisonFacts:
        """Return the comparison with a naive forecast that makes no error: its loss is only how unsure it is, no skill can be told."""
        ours, theirs = weighted_quantile_loss(self.truth, self.ours), weighted_quantile_loss(self.truth, self.naive)
        also = "nor does this forecast" if self.is_exact(self.ours) else "and this forecast does"
        sentence = f"The seasonal naive makes no error here, {also}; no forecast could be better, so that its skill is not known."
        return f.ComparisonFacts(against="seasonal naive", metric="wql", ours=ours, theirs=theirs, better=False, sentence=sentence)

    def by_step(self) -> tuple[StepFacts, ...]:
        """Return errors and coverage along the horizon."""
        edges = np.unique(np.linspace(0, self.run.horizon, min(MOST_STEPS, self.run.horizon) + 1).astype(int))
        made = []
        for start, end in pairwise(edges):
            part = slice(int(start), int(end))
            truth, ours = self.truth[:, part], self.ours[:, part]
            known = ~np.isnan(truth)
            if not known.any():
                continue
            inside = (truth >= ours[..., 0]) & (truth <= ours[..., -1])
            made.append(
                StepFacts(
                    first=int(start) + 1,
                    last=int(end),
                    mae=float(np.nanmean(np.abs(truth - ours[..., MEDIAN]))),
                    naive_mae=float(np.nanmean(np.abs(truth - self.naive[:, part, MEDIAN]))),
                    coverage=float(inside[known].mean()),
                    values=int(known.sum()),
                )
            )
        return tuple(made)

    def levels(self) -> tuple[LevelFacts, ...]:
        """Return how often four nested intervals held the value."""
        known = ~np.isnan(self.truth)
        made = []
        for place, nominal in enumerate((0.8, 0.6, 0.4, 0.2)):
            inside = (self.truth >= self.ours[..., place]) & (self.truth <= self.ours[..., -1 - place])
            made.append(LevelFacts(nominal=nominal, measured=float(inside[known].mean()), values=int(known.sum())))
        return tuple(made)

    def _by_window(self) -> Array:
        error = np.abs(self.truth - self.ours[..., MEDIAN])
        known = ~np.isnan(error)
        mean = np.where(known, error, 0.0).sum(axis=1) / np.maximum(known.sum(axis=1), 1)
        fallback = np.nanmean(np.abs(self.truth)) or 1.0
        return np.asarray(mean / np.where(np.isnan(self.sizes[0]), fallback, self.sizes[0]))

    def by_series(self) -> tuple[SeriesScoreFacts, ...]:
        """Return the scores of the worst and the best series."""
        mase = self._by_window()
        order = np.argsort(-mase, kind="stable")
        if len(order) > MOST_SERIES:
            order = np.concatenate([order[: MOST_SERIES // 2], order[-MOST_SERIES // 2 :]])
        made = []
        for place in order:
            truth, ours = self.truth[place], self.ours[place]
            known = ~np.isnan(truth)
            inside = (truth >= ours[:, 0]) & (truth <= ours[:, -1])
            made.append(
                SeriesScoreFacts(
                    name=self.name(int(place)),
                    mase=_plain(mase[place] if np.isfinite(self.sizes[0][place]) else np.nan),
                    smape=float(smape(truth[known], ours[known, MEDIAN]).mean()),
                    coverage=float(inside[known].mean()),
                )
            )
        return tuple(made)

    def name(self, place: int) -> str:
        """Return what people call the series of a window; its number, where no value of the data is to be told."""
        number = int(self.windows.series[place])
        key = self.run.world.panel.keys[number]
        if not key:
            return self.run.target
        return f"series {number + 1}" if self.run.settings.examples == "none" else " · ".join(key)

    def fans(self) -> tuple[FanFacts, ...]:
        """Return the worst, a typical and the best series with their past."""
        mase = self._by_window()
        order = np.argsort(mase, kind="stable")
        picked: dict[int, str] = {}
        for kind, place in (("typical", order[len(order) // 2]), ("worst", order[-1]), ("best", order[0])):
            picked.setdefault(int(place), kind)
        panel, made = self.run.world.panel, []
        length = int(min(MOST_PAST, max(2 * self.run.horizon, 2 * max(self.run.world.rules.seasons, default=1), 24)))
        for place, kind in sorted(picked.items(), key=lambda entry: ("worst", "typical", "best").index(entry[1])):
            number, origin = int(self.windows.series[place]), int(self.windows.origin[place])
            start = max(origin - length, 0)
            steps = panel.ordinals(np.array([number]), np.arange(start, origin + self.run.horizon)[None, :])[0]
            times = [_stamp(stamp) for stamp in panel.frequency.stamps(steps)]
            ours, past, truth = self.ours[place], panel.y[number, start:origin], self.truth[place]
            if self.run.settings.examples == "none":
                times, past, truth = times[len(past) :], past[:0], truth[:0]
            made.append(
                FanFacts(
                    kind=kind,  # type: ignore[arg-type]
                    name=self.name(place),
                    score=_plain(mase[place] if np.isfinite(self.sizes[0][place]) else np.nan),
                    past_times=tuple(times[: len(past)]),
                    past=tuple(_plain(value) for value in past),
                    times=tuple(times[len(past) :]),
                    truth=tuple(_plain(value) for value in truth),
                    median=tuple(map(float, ours[:, MEDIAN])),
                    low=tuple(map(float, ours[:, 0])),
                    high=tuple(map(float, ours[:, -1])),
                    inner_low=tuple(map(float, ours[:, 2])),
                    inner_high=tuple(map(float, ours[:, -3])),
                )
            )
        return tuple(made)

    def leaderboard(self) -> f.LeaderboardFacts:
        """Return every model on the window that no choice has seen."""
        run = self.run
        rows: list[dict[str, Any]] = []
        weights = {id(member.trial): member.weight for member in run.chosen}
        for trial in run.trials:
            usable = trial.usable and trial.trained is not None
            score = weighted_quantile_loss(self.truth, self.alone(Chosen(trial, 1.0))) if usable else None
            rows.append(
                {
                    "name": f"{trial.family.name}-{trial.number}",
                    "family": trial.family.name,
                    "title": trial.family.title,
                    "kind": KINDS.get(trial.family.tags.kind, "other"),
                    "score": score,
                    "seconds": trial.seconds,
                    "weight": weights.get(id(trial), 0.0),
                    "config": {key: value for key, value in trial.config.items() if key != "seed"},
                    "status": trial.status if trial.trained is not None else "failed",
                    "note": trial.reason or "",
                    "reference": trial.family.name in run.plan.references,
                }
            )
        ours = weighted_quantile_loss(self.truth, self.ours)
        rows.append({"name": "ensemble", "family": "ensemble", "title": "Ensemble", "kind": "ensemble", "score": ours, "weight": 1.0})
        rows.sort(key=lambda row: np.inf if row["score"] is None else row["score"])
        best = next((row["name"] for row in rows if row["kind"] != "ensemble" and row["score"] is not None), None)
        return f.LeaderboardFacts(
            metric="wql",
            metric_title="Weighted quantile loss",
            source="the last window",
            best_single=best,
            absent=dict(run.plan.absent),
            rows=tuple(f.LeaderboardRow(rank=rank + 1, **row) for rank, row in enumerate(rows)),
        )

    def covariates(self) -> tuple[CovariateFacts, ...]:
        """Return what each covariate adds, as far as the clock allowed to ask."""
        rises = self.run.rises
        made = []
        roles: tuple[Literal["known", "past", "static"], ...] = ("known", "past", "static")
        for role in roles:
            for covariate in self.run.layout.of(role):
                rise = rises.get(covariate.name)
                base = rises.get("", None)
                share = rise / base if rise is not None and base else None
                made.append(CovariateFacts(name=covariate.name, role=role, rise=rise, share=share))
        return tuple(sorted(made, key=lambda entry: -(entry.rise or 0.0)))

    def forecast(self) -> ForecastFacts:
        """Return the section on forecasts."""
        run = self.run
        kept = next((decision.chosen for decision in run.log if decision.what == "the model that is kept"), "")
        return ForecastFacts(
            horizon=run.horizon,
            frequency=run.world.panel.frequency.name,
            seasons=run.world.rules.seasons,
            series=run.world.panel.series,
            steps=int(np.median(run.world.panel.lengths)),
            windows=len(run.origins.backtest),
            unseen=run.origins.last is not None,
            kept=kept,
            fans=self.fans(),
            by_step=self.by_step(),
            by_series=self.by_series(),
            levels=self.levels(),
            covariates=self.covariates(),
            patterns=patterns(run.world, self.windows, self.ours),
        )


def _stamp(value: Any) -> str:
    if not isinstance(value, pd.Timestamp):
        return str(value)
    return value.strftime("%Y-%m-%d") if value == value.normalize() else value.strftime("%Y-%m-%d %H:%M")


def _plain(value: Any) -> float | None:
    return None if np.isnan(value) else float(value)
