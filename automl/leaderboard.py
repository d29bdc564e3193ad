"""All models side by side: losses with paired tests against the best single one, what each cost, and whether networks were worth it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from automl.evaluation.judge import compare
from automl.evaluation.loss import loss_with_interval
from automl.evaluation.mistakes import as_facts, mistakes
from automl.predictor import join_trials
from automl.report.facts import NetworksFacts
from automl.report.worth import worth
from automl.speed import Speed, measure
from automl.trials import Trial

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from automl.evaluation import Comparison
    from automl.run import Run

METRIC_TITLES = {"log_loss": "log-loss", "rmse": "RMSE"}
TESTED = 60  # models with a paired test; more would take seconds and are read by nobody
TIMED_SHARE = 0.05  # of the budget, for measuring predictions
TIMED_SECONDS = 10.0
TIMED_UNTIL = 0.95
AGAIN_UNTIL = 0.9  # later than that, the ensemble is not chosen again without its networks
ENSEMBLE = -1
WITHOUT = -2  # the ensemble without networks
NOT_TRIED = "not tried"
COLUMNS = (
    "model", "family", "title", "kind", "loss", "low", "high", "difference", "difference_low", "difference_high", "beyond_noise", "weight",
    "seconds", "size_bytes", "predict_ms_1", "predict_ms_1000", "status", "note", "config",
)  # fmt: skip


@dataclass(frozen=True)
class Compared:
    """What the comparison found.

    Attributes:
        table: One row per trial, one for the ensemble and one per family that was not tried, best first; see :func:`compare_models`.
        best_single: Name of the best single model, which the others are tested against.
        absent: Kinds of family that did not take part, with the reason.
        networks: Whether networks were worth it.
        mistakes: Whose mistakes are alike, among the best models of the families, as JSON-ready values.
    """

    table: pd.DataFrame
    best_single: str
    absent: dict[str, str]
    networks: NetworksFacts | None
    mistakes: dict[str, Any] | None = None


def compare_models(run: Run) -> Compared:
    """Set all models side by side.

    The table's columns: rank, model, family, title, kind, loss (log-loss, or RMSE in the target's units) with its 95 % interval low–high,
    difference to the best single model (positive: worse) with its 95 % interval and whether it is beyond noise (paired test on the same
    rows), weight in the ensemble, seconds of training, size_bytes, predict_ms_1 and predict_ms_1000 (milliseconds for one row and for
    1,000 rows, from the table to the answer), status, note (why there is no loss, or "for comparison"), config.

    Args:
        run: A run whose ensemble is chosen.
    """
    return _Comparing(run).compared()


class _Comparing:
    def __init__(self, run: Run) -> None:
        self.run, self.joined = run, run.joined
        losses = [float(trial.loss or 0.0) for trial in self.joined.usable]
        self.order = [int(number) for number in np.argsort(losses, kind="stable")]
        self.leaders = [  # the best of each family
            next(number for number in self.order if self.joined.usable[number].family.name == name)
            for name in dict.fromkeys(self.joined.usable[number].family.name for number in self.order)
        ]
        self.titles = METRIC_TITLES.get(run.task.metric, run.task.metric)
        # In units the best may be another than in model space: what is printed must be the smallest number that is printed.
        self.scores = {number: self._loss(prediction) for number, prediction in enumerate(self.joined.predictions)}
        self.best = min(self.order, key=lambda number: self.scores[number][0])

    def compared(self) -> Compared:
        without = None if self.run.budget.over(AGAIN_UNTIL) else self._without_networks()
        speeds = self._speeds(without)
        networks = self._networks(without, speeds)
        entries = [self._ensemble(speeds), *(self._usable(number, speeds) for number in range(len(self.joined.usable)))]
        entries += [self._unusable(trial) for trial in self.run.trials if not trial.usable]
        tried = {trial.family.name for trial in self.run.trials}
        entries += [self._not_tried(family) for family in self.run.plan.families if family.name not in tried]
        table = pd.DataFrame(entries, columns=list(COLUMNS)).sort_values("loss", kind="stable", na_position="last").reset_index(drop=True)
        table.insert(0, "rank", np.arange(1, len(table) + 1))
        return Compared(table, self._name(self.joined.usable[self.best]), dict(self.run.plan.absent), networks, self._mistakes())

    def _mistakes(self) -> dict[str, Any] | None:
        """Correlate the mistakes of the best model of each family that learns."""
        joined = self.joined
        numbers = [number for number in self.leaders if joined.usable[number].family.tags.kind != "naive"]
        found = mistakes(joined.problem, joined.y, [joined.predictions[number] for number in numbers])
        families = [joined.usable[number].family for number in numbers]
        return None if found is None else as_facts(found, [one.title for one in families], [one.tags.kind for one in families])

    # ── rows

    def _ensemble(self, speeds: dict[int, Speed]) -> dict[str, Any]:
        sizes = [_size(trial) for trial, weight in zip(self.joined.usable, self.joined.weights, strict=True) if weight > 0]
        seconds = sum(trial.seconds for trial in self.run.trials)
        shown = self._tested(self.joined.honest) | {"size_bytes": sum(size or 0 for size in sizes) if all(sizes) else None}
        return self._entry(shown, speeds.get(ENSEMBLE), model="ensemble", title="Ensemble", seconds=seconds, status="finished")

    def _usable(self, number: int, speeds: dict[int, Speed]) -> dict[str, Any]:
        trial = self.joined.usable[number]
        near = number in self.leaders or number in self.order[:TESTED]
        tested = self._tested(self.joined.predictions[number], self.scores[number], near and number != self.best)
        note = "for comparison" if trial.family.name in self.run.plan.references else ""
        shown = tested | {"weight": float(self.joined.weights[number]), "size_bytes": _size(trial), "note": note}
        return self._entry(shown, speeds.get(number), **self._of(trial))

    def _unusable(self, trial: Trial) -> dict[str, Any]:
        return self._entry({"note": trial.reason or "no usable model"}, None, **self._of(trial))

    def _not_tried(self, family: Any) -> dict[str, Any]:
        full = self.run.budget.trials is not None and not self.run.budget.over(0.8)
        note = "the cap on trials was reached before" if full else "interrupted before" if self.run.interrupted else "too little time"
        named = {"model": family.name, "family": family.name, "title": family.title, "kind": family.tags.kind}
        return self._entry({"note": note}, None, **named, seconds=0.0, status=NOT_TRIED)

    def _of(self, trial: Trial) -> dict[str, Any]:
        family = trial.family
        config = {key: value for key, value in trial.config.items() if key != "seed"}
        named = {"model": self._name(trial), "family": family.name, "title": family.title, "kind": family.tags.kind}
        return {**named, "seconds": trial.seconds, "status": trial.status, "config": config}

    @staticmethod
    def _name(trial: Trial) -> str:
        return f"{trial.family.name}-{trial.number}"

    @staticmethod
    def _entry(shown: dict[str, Any], speed: Speed | None, **named: Any) -> dict[str, Any]:
        nothing = dict.fromkeys(("loss", "low", "high", "difference", "difference_low", "difference_high"), np.nan)
        times = {"predict_ms_1": speed.one * 1000, "predict_ms_1000": speed.thousand * 1000} if speed else {}
        empty = {"family": "ensemble", "kind": "ensemble", "weight": 0.0, "note": "", "config": {}, "beyond_noise": None}
        return {**nothing, **dict.fromkeys(("size_bytes", "predict_ms_1", "predict_ms_1000")), **empty, **named, **shown, **times}

    # ── numbers

    def _loss(self, prediction: NDArray[Any]) -> tuple[float, float, float]:
        return loss_with_interval(self.joined.problem, self.joined.y, prediction)

    def _test(self, ours: NDArray[Any], theirs: NDArray[Any]) -> Comparison:
        problem = self.joined.problem
        return compare(problem, self.joined.y, ours, theirs, against="", metric="rmse" if problem == "regression" else "log_loss")

    def _tested(self, prediction: NDArray[Any], scores: tuple[float, float, float] | None = None, test: bool = True) -> dict[str, Any]:
        loss, low, high = scores or self._loss(prediction)
        shown: dict[str, Any] = {"loss": loss, "low": low, "high": high}
        if test:
            found = self._test(prediction, self.joined.predictions[self.best])
            shown |= {"difference": -found.difference, "difference_low": -found.high, "difference_high": -found.low}
            shown["beyond_noise"] = bool(found.p_value < 0.05)
        return shown

    def _without_networks(self) -> tuple[NDArray[Any], NDArray[Any]] | None:
        """Return weights and honest predictions of the ensemble without networks; None where they have no weight or are all there is."""
        kinds = {trial.family.tags.kind for trial, weight in zip(self.joined.usable, self.joined.weights, strict=True) if weight > 0}
        others = {self.joined.usable[number].family.tags.kind for number in self.joined.chosen} - {"network", "naive"}
        return self.joined.without("network") if "network" in kinds and others else None

    def _speeds(self, without: tuple[NDArray[Any], NDArray[Any]] | None) -> dict[int, Speed]:
        """Time the ensemble, the ensemble without networks, and the best trial of each family, as long as there is time."""
        run, budget = self.run, self.run.budget
        deadline = budget.deadline(TIMED_UNTIL, min(TIMED_SECONDS, TIMED_SHARE * budget.limit))
        rows = run.parts.holdout if len(run.parts.holdout) else run.parts.train[self.joined.rows]
        frame = run.dataset.frame.iloc[rows[:1000]]
        frame = frame[[column.name for column in run.schema.features]]
        predictors: list[tuple[int, Any]] = [(ENSEMBLE, lambda: run.predictor)]
        if without is not None:
            predictors.append((WITHOUT, lambda: self._predictor(self.joined.usable, without[0])))
        for number in self.leaders:
            predictors.append((number, lambda number=number: self._predictor([self.joined.usable[number]], np.ones(1))))
        speeds = {}
        for number, make in predictors:
            if deadline.over():
                break
            speed = measure(make(), frame, deadline)
            if speed is not None:
                speeds[number] = speed
        return speeds

    def _predictor(self, trials: Sequence[Trial], weights: NDArray[Any]) -> Any:
        return self.run.predictor_of(join_trials(trials, weights, self.run.preprocessor.spec), self.joined.scaler)

    def _networks(self, without: tuple[NDArray[Any], NDArray[Any]] | None, speeds: dict[int, Speed]) -> NetworksFacts | None:
        """Put what is known of the networks into numbers and words."""
        usable, run = self.joined.usable, self.run
        kinds = [trial.family.tags.kind for trial in usable]
        network = min((n for n in self.leaders if kinds[n] == "network"), key=lambda n: self.scores[n][0], default=None)
        other = min((n for n in self.leaders if kinds[n] in ("tree", "linear")), key=lambda n: self.scores[n][0], default=None)
        tried = [trial for trial in run.trials if trial.family.tags.kind == "network"]
        failed = {trial.family.title: trial.reason or "" for trial in tried if not trial.usable}
        late = {family.title: "too little time" for family in run.plan.families if family.tags.kind == "network"}
        if network is None and not late:
            return None
        weight = float(sum(weight for weight, kind in zip(self.joined.weights, kinds, strict=True) if kind == "network"))
        between = None if network is None or other is None else self._test(self.joined.predictions[network], self.joined.predictions[other])
        loses = None if without is None else self._test(self.joined.honest, without[1])
        pair = [speeds.get(ENSEMBLE), speeds.get(WITHOUT)]
        return worth(
            self.titles,
            network=None if network is None else usable[network].family.title,
            other=None if other is None else usable[other].family.title,
            weight=weight,
            between=between,
            loses=loses,
            faster=pair[0].thousand / pair[1].thousand if pair[0] and pair[1] and pair[1].thousand > 0 else None,
            failed=failed or late,
        )


def _size(trial: Trial) -> int | None:
    """Return the bytes of the stored values: networks keep 4 for each, the others 8."""
    values = 0 if trial.trained is None else trial.family.size(trial.trained)
    return values * (4 if trial.family.tags.kind == "network" else 8) or None
