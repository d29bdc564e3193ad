"""One run of the stages for forecasting, in order; what each found stays as an attribute for the next."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from automl.dataset import Dataset, read, with_target
from automl.decisions import DecisionLog
from automl.errors import DataError, UsageError
from automl.forecasting.base import Fitted, ForecastFamily, WindowData, WindowSpec, unflat
from automl.forecasting.calendar import holiday_days
from automl.forecasting.columns import find_layout
from automl.forecasting.conformal import Correction, correct
from automl.forecasting.joining import greedy_weights
from automl.forecasting.measures import naive_errors
from automl.forecasting.model import ForecastModel, Member
from automl.forecasting.panel import Panel, read_panel
from automl.forecasting.settings import ForecastSettings as ForecastSettings
from automl.forecasting.study import ForecastStudy, choose_forecasters, search_budget
from automl.forecasting.windows import find_inputs, judged_windows, lookback_of, plan_origins
from automl.forecasting.world import Windows, World, find_rules, in_world
from automl.forecasting.zones import tell_zones
from automl.percents import percent
from automl.progress import Progress
from automl.schema import detect_schema
from automl.trials import Trial, TrialStore

if TYPE_CHECKING:
    from automl.report.explained import CardFacts

Array = NDArray[Any]
SHORTEST = 4  # known values that one series at least must have
MOST_CANDIDATES = 40  # trials that the ensemble chooses among
AGAIN_UNTIL = 0.88  # of the budget: the rest is for judging and writing


@dataclass(frozen=True)
class Chosen:
    """One member of the ensemble: the trial and its weight."""

    trial: Trial
    weight: float


class ForecastRun:
    """From a table of series to a fitted forecaster.

    Args:
        settings: What the user asked for.
        progress: Called after every step.
    """

    def __init__(self, settings: ForecastSettings, progress: Callable[[Progress], None] | None = None) -> None:
        self.settings, self.progress, self.budget = settings, progress, settings.budget
        self.log = DecisionLog()
        self.trials: list[Trial] = []
        self.study: ForecastStudy | None = None
        self.interrupted = False
        self.warnings: list[str] = []
        self.rises: dict[str, float] = {}
        self.card: CardFacts | None = None

    def tell(self, stage: str, message: str = "") -> None:
        """Report progress."""
        if self.progress is not None:
            best = None if self.study is None else self.study.best
            limit = self.budget.limit if self.budget.timed else None
            self.progress(Progress(stage, best, "weighted quantile loss", len(self.trials), self.budget.elapsed(), limit, message))

    # ── read, detect

    def read(self, data: Any, target: Any) -> tuple[Dataset, str]:
        """Read the rows and put the target among their columns."""
        self.tell("read")
        dataset = read(data, log=self.log)
        if target is None:
            raise DataError("`target` must name the column to forecast. Received target=None.")
        return with_target(dataset, target)

    def detect(self, dataset: Dataset, target: str) -> None:
        """Find out what the columns are, and put the series on their grid."""
        self.tell("detect")
        settings = self.settings
        asked_types = dict(settings.types)
        time = settings.asked.time
        schema = detect_schema(dataset, target, asked_types or None, log=self.log)
        if time is not None and time in schema and schema[time].type == "text":
            schema = detect_schema(dataset, target, {**asked_types, time: "datetime"})
        self.dataset, self.target, self.schema = dataset, target, schema
        self.layout = find_layout(dataset, schema, target, settings.asked, self.log)
        if settings.country is not None:
            holiday_days(settings.country, range(2020, 2021))
        unsure = tell_zones(dataset.frame[self.layout.time.name], self.log)
        self.warnings += [] if unsure is None else [unsure]
        _refuse_short(int(dataset.frame[target].notna().sum()))
        self.panel: Panel = read_panel(dataset.frame, self.layout, self.log, asked=settings.frequency)
        self._refuse()
        self.horizon = self._horizon()

    def _refuse(self) -> None:
        panel = self.panel
        _refuse_short(int((~np.isnan(panel.y)).sum(axis=1).max()))
        least = float(np.nanmin(panel.y))
        if self.settings.target_scale in ("log", "sqrt") and least < 0:
            law = f"`target_scale={self.settings.target_scale!r}` needs a target without negative values"
            raise DataError(f"{law}. Received {self.layout.target.name!r} with {least:g}; leave it out, or say 'linear'.")
        flat = np.nanmax(panel.y, axis=1) == np.nanmin(panel.y, axis=1)
        if flat.any():
            what = (
                "The series never changes"
                if panel.series == 1
                else f"{int(flat.sum()):,} of {panel.series:,} series never {'changes' if flat.sum() == 1 else 'change'}"
            )
            self.warnings.append(f"{what}; a constant forecast is all that can be learnt there.")
        zeros = float((panel.y[~np.isnan(panel.y)] == 0).mean())
        if 0.4 < zeros < 1.0:
            told = f"{percent(zeros)} of the values are 0 (intermittent demand): the median is often 0, read the upper quantiles."
            self.warnings.append(told)

    def _horizon(self) -> int:
        asked, panel = self.settings.horizon, self.panel
        if asked is not None:
            if isinstance(asked, bool) or not hasattr(asked, "__index__") or asked < 1:
                raise UsageError(f"`horizon` must be a whole number above 0. Received horizon={asked!r}.")
            return int(asked)
        typical = int(np.median(panel.lengths))
        horizon = int(np.clip(panel.frequency.horizon, 1, max(typical // 5, 1)))
        if panel.ahead:
            horizon = panel.ahead
            told = f"The table holds rows up to {horizon} steps behind the last known value."
        else:
            told = f"It is usual for steps of {panel.frequency.name!r}, and series have {typical:,} of them."
        self.log.add("detect", "horizon", f"{horizon} steps", told, [], f"horizon={2 * horizon}")
        return horizon

    # ── split, prepare

    def split(self) -> None:
        """Lay the windows of the backtest, and find out season and scale from what lies before them."""
        self.tell("split")
        self.tell("prepare")
        panel, settings, horizon = self.panel.with_ahead(max(self.horizon, self.panel.ahead)), self.settings, self.horizon
        self.origins = plan_origins(panel, horizon, self.log)
        upto = max(self.origins.cut, 1)
        told = {"asked": settings.season, "scale": settings.target_scale, "country": settings.country}
        rules = find_rules(panel, self.layout, upto, self.log, **told)  # type: ignore[arg-type]
        levels = {role: tuple(len(entry.levels) for entry in self.layout.of(role)) for role in ("known", "past", "static")}
        rules = replace(rules, inputs=find_inputs(panel, levels, upto))
        self.world = World(panel, rules)
        self.judged = judged_windows(self.world, self.origins, horizon, settings.seed, self.log)
        self.spec = self._spec(levels)
        self.data = self.data_until(self.origins.cut)

    def _spec(self, levels: dict[str, tuple[int, ...]]) -> WindowSpec:
        world, horizon = self.world, self.horizon
        panel, cut = world.panel, self.origins.cut
        first = panel.steps - panel.lengths
        return WindowSpec(
            numbers=0,
            raw_numbers=0,
            categories=(),
            outputs=horizon * 9,
            problem="forecasting",
            rows=int(np.maximum(cut - horizon - first - 2, 0).sum()),
            horizon=horizon,
            seasons=world.rules.seasons,
            series=panel.series,
            steps=int(min(np.quantile(panel.lengths, 0.5), panel.steps)),
            known=panel.known.shape[2],
            past=panel.past.shape[2],
            static=panel.static.shape[1],
            calendar=int(world.calendar(np.zeros(1, np.int64), np.zeros((1, 1), np.int64), smooth=True).shape[2]),
            levels=(*levels["known"], *levels["past"], *levels["static"]),
        )

    def data_until(self, cut: int) -> WindowData:
        """Return what may be learnt from: targets before column `cut`."""
        judged = self.judged
        history = judged.world.panel.y[:, : self.origins.cut]
        sizes = naive_errors(history, judged.world.season)[0][judged.series]
        common: dict[str, Any] = {"world": self.world, "cut": cut, "judged": judged, "truth": judged.target(), "sizes": sizes}
        return WindowData({}, judged.target(), judged.folds, 1, self.spec, **common)

    # ── search, ensemble

    def search(self) -> None:
        """Train families until their share of the clock is used up."""
        settings = self.settings
        self.plan = choose_forecasters(self.spec, settings.families, self.log, only_networks=settings.only_networks)
        budget = search_budget(self.budget, len(self.judged))
        self.study = study = ForecastStudy(
            self.plan, self.data, budget, settings.seed, TrialStore(), lambda message: self.tell("search", message), self.log
        )
        study.trials = self.trials
        study.run()
        self.interrupted = study.interrupted
        if not any(trial.usable for trial in self.trials if trial.family.name not in self.plan.references):
            if self.interrupted:
                raise KeyboardInterrupt
            reasons = "; ".join(f"{trial.family.name}: {trial.reason}" for trial in self.trials if not trial.usable)[:300]
            raise DataError(f"At least one forecaster must be trained. Received none within the budget ({reasons}); give it more time.")

    def ensemble(self) -> None:
        """Choose members on the backtest, correct their quantiles there, and train them again on everything."""
        self.tell("ensemble")
        assert self.study is not None
        usable = [trial for trial in self.trials if trial.usable and trial.family.name not in self.plan.references]
        usable = sorted(usable, key=lambda trial: float(trial.loss or 0.0))[:MOST_CANDIDATES]
        windows, truth = self.study.windows, self.study.truth
        members = np.stack([self.study.quantiles(trial.trained) for trial in usable if trial.trained is not None])
        weights = greedy_weights(truth, members, steady=True)
        self.chosen = [Chosen(trial, float(weight)) for trial, weight in zip(usable, weights, strict=True) if weight > 0]
        self.backtest = np.tensordot(weights, members, axes=1)
        self.correction: Correction = correct(truth, self.backtest)
        names = ", ".join(f"{c.trial.family.title} ({percent(c.weight)})" for c in sorted(self.chosen, key=lambda c: -c.weight))
        told = f"Greedy selection by weighted quantile loss over {len(usable)} models on {len(windows):,} windows of the backtest."
        self.log.add("ensemble", "members", names, told, [], "families=['theta']")
        factors = [row[0] for row in self.correction.factors] + [row[-1] for row in self.correction.factors]
        told = f"On {int((~np.isnan(truth)).sum()):,} steps of the backtest, the outer quantiles lie as far off as they should."
        chosen = f"widths × {min(factors):.2f} to {max(factors):.2f}"
        self.log.add("calibrate", "intervals", chosen, told, [], None)

    def judged_quantiles(self, members: list[Chosen]) -> Array:
        """Return corrected quantiles of some members for all judged windows, (windows, horizon, quantiles)."""
        return self._corrected(self._joined(members), self.judged)

    def quantiles_before(self, windows: Windows) -> Array:
        """Return what the ensemble says of judged windows, as it was trained before them, (windows, horizon, quantiles).

        Args:
            windows: Judged windows, also in a world whose covariates were changed. The model that is kept has learnt their targets by
                heart, with whatever a covariate happened to be; it must not be asked what that covariate adds there.
        """
        total, made = sum(member.weight for member in self.chosen), []
        for member in self.chosen:
            family, trained = member.trial.family, member.trial.trained
            assert isinstance(family, ForecastFamily)
            assert trained is not None
            told = family.forecast(member.trial.config, trained.models[0], windows)
            made.append(member.weight / total * in_world(told, windows))
        return self._corrected(np.sum(made, axis=0), windows)

    def _corrected(self, quantiles: Array, windows: Windows) -> Array:
        """Return quantiles stretched by what the backtest alone says, as they are scored."""
        values = np.maximum(self.correction.apply(quantiles), -np.inf if self.world.rules.lower is None else 0.0)
        values[windows.closed()] = 0.0
        return np.asarray(values)

    def _joined(self, members: list[Chosen]) -> Array:
        """Return the weighted means of the members' quantiles for all judged windows, as they were trained for the backtest."""
        total = sum(member.weight for member in members)
        made = []
        for member in members:
            assert member.trial.trained is not None
            made.append(member.weight / total * in_world(unflat(member.trial.trained.out_of_fold, self.horizon), self.judged))
        return np.asarray(np.sum(made, axis=0))

    def _last_correction(self) -> Correction:
        """Return the correction of the model that is kept: once the score is told, the windows that gave it widen intervals, too.

        No choice of models saw them, and they see as much of a series as the forecast will.
        """
        if self.origins.last is None:
            return self.correction
        told = "The windows that give the score were kept from every choice; the intervals of the model that is kept rest on them, too."
        self.log.add("calibrate", "intervals of the model that is kept", "backtest and last windows", told, ["the backtest alone"])
        return correct(self.judged.truth(), self._joined(self.chosen))

    def train_again(self) -> None:
        """Train the chosen ones once more, on all that is known; those for which there is no time stay as they are."""
        data, parts, stayed = self.data_until(self.world.panel.steps), {}, []  # type: ignore[var-annotated]
        order = sorted(self.chosen, key=lambda member: -member.weight)
        left = sum(member.trial.seconds for member in order)
        for member in order:
            family, trained = member.trial.family, member.trial.trained
            assert isinstance(family, ForecastFamily)
            assert trained is not None
            self.tell("ensemble", f"training {family.title} again on everything")
            room = self.budget.remaining(AGAIN_UNTIL)
            share = room * max(member.trial.seconds, 0.05) / max(left, 0.05)
            left -= member.trial.seconds
            payload = None
            if not self.budget.timed or room > 0.5:
                deadline = self.budget.deadline(AGAIN_UNTIL, share if self.budget.timed else None)
                payload = family.again(member.trial.config, trained.models[0], data, deadline=deadline, seed=self.settings.seed)
            if payload is None:
                payload = trained.models[0]
                stayed.append(family.name)
            entry = parts.setdefault(family.name, (family, []))
            entry[1].append((member.trial.config, payload, member.weight))
        chosen = "trained again on everything" if not stayed else f"all but {', '.join(sorted(set(stayed)))} trained again"
        told = f"The score was measured before that, on models that had seen the steps before column {self.origins.cut} alone."
        self.log.add("ensemble", "the model that is kept", chosen, told, [], None)
        members = [Member(family, Fitted(family, entries), sum(entry[2] for entry in entries)) for family, entries in parts.values()]
        kept = self._last_correction()
        self.model = ForecastModel(self.layout, self.spec, self.world.rules, self.world.panel, tuple(members), kept)

    def last_windows(self) -> Windows:
        """Return the windows that give the score: those that no choice saw, or the backtest where there are none."""
        return self.judged.take(self.scored)

    @property
    def scored(self) -> NDArray[np.int64]:
        """Positions of these windows among the judged ones."""
        last = np.flatnonzero(self.judged.folds < 0)
        return last if len(last) else np.flatnonzero(self.judged.folds == 0)

    def lookback(self) -> int:
        """Return how many steps of the past are worth showing."""
        return lookback_of(self.spec)


def _refuse_short(known: int) -> None:
    if known < SHORTEST:
        raise DataError(
            f"A forecast needs a series of at least {SHORTEST} known values. Received at most {known}; "
            "if rows of several series were given as one, name their column with `series`."
        )
