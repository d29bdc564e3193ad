"""One run of the stages, in order. Each method is one room of the house; what it found stays as an attribute for the next."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.exceptions import DataConversionWarning

from automl.budget import Budget
from automl.calibration import Calibration
from automl.checks import Finding, check
from automl.dataset import Dataset, read
from automl.decisions import DecisionLog
from automl.ensemble import cross_fitted_selection
from automl.errors import DataError, UsageError, did_you_mean
from automl.explanation import Importance, RowExplanation, explain_rows, permutation_importance
from automl.families.base import Family, TrainingData
from automl.judgement import Judged, Judgement, Wishes, judge
from automl.predictor import Predictor, join_trials
from automl.preprocessing.tabular import TabularPreprocessor
from automl.preprocessing.target import TargetScaler
from automl.progress import Progress
from automl.schema import Schema, detect_schema
from automl.search import Study
from automl.selection import choose_families
from automl.split import Split, split
from automl.storage import Fitted
from automl.task import Task, detect_task, suggest_target
from automl.trials import Trial, TrialStore

Array = NDArray[Any]
HOLDOUT_FROM = 50_000  # rows; below, cross-fitted predictions judge on every row and training keeps all of them
EXPLAINED_ROWS = 2_000
BACKGROUND_ROWS = 60
SHUFFLED_COLUMNS = 10_000  # columns × repeats; wider tables are shuffled fewer times


@dataclass(frozen=True)
class RunSettings:
    """What the user asked for; the arguments of :class:`automl.AutoML`."""

    budget: Budget
    families: tuple[str | Family, ...] | None = None
    seed: int = 0
    problem: str | None = None
    positive: Any = None
    costs: dict[str, Any] | None = None
    min_precision: float | None = None
    min_recall: float | None = None
    types: dict[str, str] = field(default_factory=dict)
    ignore: tuple[str, ...] = ()
    test: Any = None
    directory: str | None = None


class Run:
    """From data to facts.

    Args:
        settings: What the user asked for.
        progress: Called after every step.
    """

    def __init__(self, settings: RunSettings, progress: Callable[[Progress], None] | None) -> None:
        self.settings, self.progress = settings, progress
        self.budget, self.log = settings.budget, DecisionLog()
        self.wishes = Wishes(settings.costs, settings.min_precision, settings.min_recall)
        self.trials: list[Trial] = []
        self.interrupted = False
        self.importance: Importance | None = None
        self.examples: tuple[tuple[str, int, RowExplanation], ...] = ()
        self.background: pd.DataFrame | None = None

    def tell(self, stage: str, message: str = "") -> None:
        """Report progress."""
        if self.progress is not None:
            best, metric = self._best()
            limit = self.budget.limit if self.budget.timed else None
            self.progress(Progress(stage, best, metric, len(self.trials), self.budget.elapsed(), limit, message))

    def _best(self) -> tuple[float | None, str]:
        losses = [float(trial.loss) for trial in self.trials if trial.usable and trial.loss is not None]
        if not losses:
            return None, ""
        if self.task.is_classification:
            return min(losses), "log-loss"
        return min(losses) * self.scaler.scale, "RMSE"

    # ── read

    def read(self, data: Any, target: Any, *, needs_target: bool = True) -> tuple[Dataset, str]:
        """Read the data and the test file, and put the target among the columns."""
        self.tell("read")
        dataset = read(data, log=self.log)
        self.feature_names: list[str] = []
        if target is None:
            if not needs_target:
                return dataset, ""
            law = "`target` must name the column to predict, or hold its values"
            raise DataError(f"{law}: AutoML requires y to be passed, but the target y is None.{_suggest(dataset)}")
        return _with_target(dataset, target)

    # ── detect, check

    def detect(self, dataset: Dataset, target: str) -> None:
        """Find out the type of every column and the task, from the rows to learn from alone."""
        self.tell("detect")
        settings = self.settings
        _known(settings.types, dataset, "types")
        _known(settings.ignore, dataset, "ignore")
        if target not in dataset.frame.columns:
            raise DataError(
                f"`target` must be a column of the data. Received target={target!r}.{did_you_mean(target, dataset.frame.columns)}"
            )
        self.feature_names = [name for name in dataset.frame.columns if name != target]
        self.schema: Schema = detect_schema(dataset, target, settings.types or None, log=self.log)
        self.task: Task = detect_task(dataset, self.schema, target, settings.problem, positive=settings.positive, log=self.log)
        if target in settings.ignore:
            raise UsageError(f"`ignore` must name other columns than the target. Received {target!r}.")
        if settings.ignore:
            self.schema = self.schema.with_roles(dict.fromkeys(settings.ignore, "dropped"))
            self.log.add("detect", "ignored columns", ", ".join(settings.ignore), "You asked for it.", [], "ignore=[]")
        if self.task.problem != "binary" and (settings.costs or settings.min_precision or settings.min_recall):
            raise UsageError(
                "`costs`, `min_precision` and `min_recall` are for a target of two classes. "
                f"Received a {self.task.problem} target {target!r}."
            )
        self.dataset, self.y = dataset, self.task.encode(dataset.frame[target])

    def check(self) -> None:
        """Look for what would make the model useless or the numbers wrong; what is found changes the plan."""
        self.tell("check")
        checked = check(self.dataset, self.schema, self.task, self.y, log=self.log, seed=self.settings.seed)
        self.findings: tuple[Finding, ...] = checked.findings
        self.schema, self.rows = checked.schema, checked.rows
        self.test_rows: Array | None = None
        self.learning_rows = len(self.dataset.frame)
        if self.settings.test is not None:
            self._append_test()

    def _append_test(self) -> None:
        """Put the rows of the test file behind the others; nothing is found out from them."""
        test = read(self.settings.test, log=None)
        frame, target = self.dataset.frame, self.task.target
        absent = [name for name in frame.columns if name not in test.frame.columns]
        if absent:
            raise DataError(f"`test` must have the columns of the data. Received a file without {absent[:5]}.")
        y = self.task.encode(test.frame[target])
        known = np.flatnonzero(y >= 0 if self.task.is_classification else np.isfinite(y))
        if not len(known):
            labels = f" (one of {list(self.task.classes[:10])})" if self.task.is_classification else ""
            raise DataError(f"`test` must have rows with a known target{labels}. Received none in {len(y):,} rows of {target!r}.")
        self.test_rows = len(frame) + known
        self.rows = np.concatenate([self.rows, self.test_rows])
        self.y = np.concatenate([self.y, y])
        both = pd.concat([frame, test.frame[frame.columns]], ignore_index=True)
        self.dataset = Dataset(both, self.dataset.name, self.dataset.path, self.dataset.details)
        because = f"{len(known):,} of {len(y):,} rows of {test.name} have a known target; they are used for nothing else."
        self.log.add("split", "rows for judging", "test file", because)

    # ── split, prepare

    def split(self) -> None:
        """Deal the rows into folds and, where rows are plenty or a test file is given, a holdout."""
        usable = self.rows if self.test_rows is None else np.setdiff1d(self.rows, self.test_rows)
        self.parts: Split = split(
            self.task,
            self.y,
            self.rows,
            test_rows=self.test_rows,
            holdout=None if len(usable) >= HOLDOUT_FROM else 0,
            seed=self.settings.seed,
            log=self.log,
        )

    def prepare(self) -> None:
        """Turn typed columns into arrays; everything is fitted on training rows alone."""
        self.tell("prepare")
        train = self.dataset.frame.iloc[self.parts.train] if len(self.parts.train) < len(self.dataset.frame) else self.dataset.frame
        typed = self.schema.cast(train)
        self.preprocessor = TabularPreprocessor(self.settings.seed).fit(typed, self.schema, self.task, self.log)
        target = self.y[self.parts.train]
        self.scaler = TargetScaler() if self.task.is_classification else TargetScaler.fit(target)
        modelled = target if self.task.is_classification else self.scaler.transform(target)
        arrays = self.preprocessor.fit_target(typed, modelled, self.parts.fold, self.parts.folds, self.log)
        self.data = TrainingData(arrays, modelled, self.parts.fold, self.parts.folds, self.preprocessor.spec)

    # ── choose, search, ensemble

    def search(self) -> None:
        """Train families until the clock or the cap on trials says stop."""
        plan = choose_families(self.preprocessor.spec, self.settings.families, self.log)
        store = TrialStore.in_folder(self.settings.directory)
        study = Study(plan, self.data, self.budget, self.settings.seed, store, lambda message: self.tell("search", message))
        study.trials = self.trials
        study.run()
        store.close()
        self.interrupted = study.interrupted
        if not any(trial.usable for trial in self.trials):
            if self.interrupted:
                raise KeyboardInterrupt
            reasons = "; ".join(f"{trial.family.name}: {trial.reason}" for trial in self.trials[:4])
            raise DataError(f"At least one model must be trained. Received none within the budget ({reasons}); give it more time.")

    def ensemble(self) -> None:
        """Choose members greedily on out-of-fold predictions, and join them into one network per family."""
        self.tell("ensemble")
        self.usable = [trial for trial in self.trials if trial.usable]
        self.judged_rows = np.flatnonzero(self.parts.fold >= 0)
        predictions = np.stack([self._in_units(trial.trained.out_of_fold[self.judged_rows]) for trial in self.usable if trial.trained])
        y = self.y[self.parts.train][self.judged_rows]
        fold = self.parts.fold[self.judged_rows] if self.parts.folds > 1 else None
        fitted = cross_fitted_selection(self.task.problem, y, predictions, fold, folds=5, seed=self.settings.seed)
        self.weights, self.honest = fitted.selection.weights, fitted.prediction
        self.predictions_of_trials = predictions
        parts = join_trials(self.usable, self.weights, self.preprocessor.spec)
        self.predictor = Predictor(self.schema, self.task, self.preprocessor, self.scaler, parts, Calibration(because="not chosen yet"))
        names = [f"{part.family.title} ({part.share:.0%})" for part in sorted(parts, key=lambda part: -part.share)]
        self.log.add(
            "ensemble",
            "members",
            ", ".join(names),
            f"Greedy selection over {len(self.usable)} models on out-of-fold predictions of {len(y):,} rows.",
            [],
            "families=['linear']",
        )

    def _in_units(self, predictions: Array) -> Array:
        return predictions if self.task.is_classification else self.scaler.inverse(predictions).astype(np.float32)

    # ── judge, explain

    def judge(self) -> None:
        """Calibrate, choose threshold and intervals, and judge on rows that no choice has seen."""
        self.tell("judge")
        y = self.y[self.parts.train][self.judged_rows]
        naive, simple = self._of_kind("naive"), self._of_kind("linear")
        if all(part.family.tags.kind in ("linear", "naive") for part in self.predictor.parts):
            simple = None  # the model is the simplest model; a comparison with itself would tell nothing
        name = "" if simple is None else self.usable[simple].family.title
        of = self.predictions_of_trials
        fitted_on = Judged(y, self.honest, of[naive or 0], None if simple is None else of[simple], name, "cross-fitted")
        unseen, seed = self._unseen(naive, simple, name), self.settings.seed
        self.judgement: Judgement = judge(self.task, fitted_on, unseen, self.wishes, seed=seed, log=self.log)
        self.predictor.calibration = self.judgement.calibration
        self.predictor.threshold = self.judgement.threshold
        self.predictor.intervals = self.judgement.intervals

    def _of_kind(self, kind: str) -> int | None:
        """Return the best usable trial of a kind of family."""
        numbers = [number for number, trial in enumerate(self.usable) if trial.family.tags.kind == kind]
        return min(numbers, key=lambda number: float(self.usable[number].loss or 0.0), default=None)

    def _unseen(self, naive: int | None, simple: int | None, name: str) -> Judged | None:
        """Predict the holdout with the ensemble, the naive and the simplest model; None where there is no holdout."""
        if not len(self.parts.holdout):
            return None
        typed = self.schema.cast(self.dataset.frame.iloc[self.parts.holdout])
        arrays = self.preprocessor.transform(typed)

        def alone(number: int | None) -> Array:
            parts = join_trials([self.usable[number or 0]], np.ones(1), self.preprocessor.spec)
            return Predictor(self.schema, self.task, self.preprocessor, self.scaler, parts, Calibration(because="")).raw(arrays)

        source = "holdout" if self.test_rows is None else "test file"
        y = self.y[self.parts.holdout]
        return Judged(y, self.predictor.raw(arrays), alone(naive), None if simple is None else alone(simple), name, source)

    def explain(self) -> None:
        """Measure importance on rows that the explained models have not seen, and explain a few rows."""
        self.tell("explain")
        rows, predictor = self._explained()
        features = [column.name for column in self.schema.features]
        if not features or len(rows) < 2 or self.budget.over(0.97):
            return
        frame, y = self.dataset.frame.iloc[rows][features].reset_index(drop=True), self.y[rows]
        budget, seed = self.budget, self.settings.seed
        repeats = int(np.clip(SHUFFLED_COLUMNS // len(features), 1, 5))
        self.importance = permutation_importance(
            predictor, frame, y, problem=self.task.problem, repeats=repeats, max_rows=EXPLAINED_ROWS, budget=budget, until=0.9, seed=seed
        )
        self.background = frame.sample(min(BACKGROUND_ROWS, len(frame)), random_state=seed).reset_index(drop=True)
        prediction = predictor(frame)
        chosen = self._interesting(prediction, y)
        explained = explain_rows(
            predictor,
            self.background,
            frame.iloc[[row for _, row in chosen]].reset_index(drop=True),
            problem=self.task.problem,
            output=1 if self.task.problem == "binary" else None,
            budget=budget,
            seed=seed,
        )
        self.examples = tuple((title, int(rows[row]), found) for (title, row), found in zip(chosen, explained, strict=False))
        self.explained = {int(rows[row]): prediction[row] for _, row in chosen}

    def _explained(self) -> tuple[Array, Predictor]:
        """Return rows, and a predictor whose models were not trained on them: the holdout, or the first fold and its models."""
        rng = np.random.default_rng(self.settings.seed)
        if len(self.parts.holdout):
            rows, predictor = self.parts.holdout, self.predictor
        else:
            rows = self.parts.train[self.parts.fold == 0]
            parts = join_trials(self.usable, self.weights, self.preprocessor.spec, fold=0)
            predictor = Predictor(**{**self.predictor.__dict__, "parts": parts})
        return (np.sort(rng.choice(rows, EXPLAINED_ROWS, replace=False)) if len(rows) > EXPLAINED_ROWS else rows), predictor

    def _interesting(self, prediction: Array, y: Array) -> list[tuple[str, int]]:
        """Return (title, row): a clear case of each side, and the most confident mistake."""
        if not self.task.is_classification:
            error = np.abs(prediction[:, 0] - y)
            order = np.argsort(prediction[:, 0], kind="stable")
            picks = [("A high prediction", order[-1]), ("A low prediction", order[0]), ("The largest error", int(error.argmax()))]
            return _distinct(picks)
        decided = self.predictor.decide(prediction)
        truth = self.task.decode(y)
        sure = prediction.max(axis=1)
        right, wrong = decided == truth, decided != truth
        picks = []
        for code, label in enumerate(self.task.classes[:3]):
            rows = np.flatnonzero(right & (y == code))
            if len(rows):
                picks.append((f"A clear case of {label}", rows[prediction[rows, code].argmax()]))
        if wrong.any():
            rows = np.flatnonzero(wrong)
            picks.append(("The most confident mistake", rows[sure[rows].argmax()]))
        return _distinct(picks)

    # ── tell

    def fitted(self) -> Fitted:
        """Return what the run leaves behind."""
        from automl.collect import collect_facts, leaderboard_table

        self.tell("report")
        board = leaderboard_table(self)
        return Fitted(
            self.predictor,
            self.findings,
            tuple(self.log),
            collect_facts(self, board),
            board,
            tuple(self.feature_names),
            self.background,
            self.settings.seed,
            self.interrupted,
        )


def _distinct(picks: list[tuple[str, Any]]) -> list[tuple[str, int]]:
    """Return picks whose rows differ, as integers."""
    seen: dict[int, str] = {}
    for title, row in picks:
        seen.setdefault(int(row), title)
    return [(title, row) for row, title in seen.items()]


def _suggest(dataset: Dataset) -> str:
    """Return a sentence with the most plausible target."""
    ranked = suggest_target(dataset, detect_schema(dataset))
    return f" The most plausible one is {ranked[0][0]!r}: {ranked[0][1]}" if ranked else ""


def _known(names: Mapping[str, Any] | tuple[str, ...], dataset: Dataset, argument: str) -> None:
    """Raise where an argument names a column that is not there."""
    for name in names:
        if name not in dataset.frame.columns:
            raise UsageError(f"`{argument}` must name columns of the data. Received {name!r}.{did_you_mean(name, dataset.frame.columns)}")


def _with_target(dataset: Dataset, target: Any) -> tuple[Dataset, str]:
    """Return the data with the target as a column, and the column's name."""
    if isinstance(target, (str, int, np.integer)):
        return dataset, str(target)
    if isinstance(target, pd.DataFrame) and target.shape[1] == 1:
        target = target.iloc[:, 0]
    elif isinstance(target, (list, tuple)) and not any(isinstance(value, (list, tuple, np.ndarray)) for value in target):
        target = pd.Series(target)  # keeps a missing value among texts
    values = target.to_numpy() if hasattr(target, "to_numpy") else np.asarray(target)
    if values.ndim == 2 and values.shape[1] == 1:
        warnings.warn("A column-vector y was passed when a 1d array was expected", DataConversionWarning, stacklevel=4)
        values = values[:, 0]
    if values.ndim != 1 or len(values) != len(dataset.frame):
        raise DataError(
            f"`target` must be the name of a column or hold one value per row. Received shape {values.shape} for {len(dataset.frame)} rows."
        )
    name = str(getattr(target, "name", None) or "target")
    while name in dataset.frame.columns:
        name += "_"
    return Dataset(dataset.frame.assign(**{name: values}), dataset.name, dataset.path, dataset.details), name
