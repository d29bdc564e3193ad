"""One run of the stages, in order. Each method is one room of the house; what it found stays as an attribute for the next."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from automl.budget import Budget
from automl.calibration import Calibration
from automl.checks import Finding, check, shift
from automl.dataset import Dataset, content_of, read, with_target
from automl.dataset.target import known_columns
from automl.decisions import DecisionLog
from automl.detection import MultilabelError, doubt, plan_of, recognise, require_learnable, with_modality
from automl.errors import DataError, UsageError
from automl.explanation import check_changes
from automl.families.base import Family, TrainingData
from automl.joining import join
from automl.judgement import Judged, Judgement, Wishes, judge
from automl.metrics import selection_metric, served
from automl.predictor import Part, Predictor, join_trials
from automl.preprocessing.pictures.affordable import rows_and_folds
from automl.preprocessing.preparation import Wanted, prepare
from automl.preprocessing.settled import Settled
from automl.preprocessing.target import TargetScaler
from automl.progress import Progress
from automl.proof import proof_of
from automl.schema import detect_schema
from automl.search import Study
from automl.selection import choose_families
from automl.split import Split, sample, split
from automl.storage import Fitted
from automl.task import fold_series, suggest_target
from automl.trials import RunFolder, Trial, TrialStore

if TYPE_CHECKING:
    from automl.examining import Examined
    from automl.explaining import Why
    from automl.explanation.occlusion import Occlusion
    from automl.leaderboard import Compared

Array = NDArray[Any]
HOLDOUT_FROM = 50_000  # rows; below, cross-fitted predictions judge on every row and training keeps all of them


@dataclass(frozen=True)
class RunSettings:
    """What the user asked for; the arguments of :class:`automl.AutoML`."""

    budget: Budget
    families: tuple[str | Family, ...] | None = None
    only_networks: bool = False
    seed: int = 0
    problem: str | None = None
    positive: Any = None
    metric: str | None = None
    costs: dict[str, Any] | None = None
    min_precision: float | None = None
    min_recall: float | None = None
    types: dict[str, str] = field(default_factory=dict)
    ignore: tuple[str, ...] = ()
    group: str | None = None
    time: str | None = None
    sensitive: tuple[str, ...] = ()  # columns that people are compared by and that the model does not read
    changes: dict[str, str] | None = None  # which columns may change in which direction
    target_scale: str | None = None
    combine_columns: bool = False
    pretrained: Any = None  # an automl.pretrained.own.Found
    examples: str | None = None  # how much of single rows the report may hold: "none", "few", or the rule in between
    test: Any = None
    directory: str | None = None
    resume: bool = False  # whether the run in the directory goes on


class Run:
    """From data to facts.

    Args:
        settings: What the user asked for.
        progress: Called after every step.
    """

    def __init__(self, settings: RunSettings, progress: Callable[[Progress], None] | None) -> None:
        self.settings, self.progress = settings, progress
        self.budget, self.log = settings.budget, DecisionLog()
        self.wishes = Wishes(settings.costs, settings.min_precision, settings.min_recall, serves=served(settings.metric))
        self.trials: list[Trial] = []
        self.study: Study | None = None
        self.interrupted = False
        self.folder: RunFolder | None = None
        self.contents: dict[str, dict[str, Any]] = {}
        self.compared: Compared | None = None
        self.why: Why | None = None
        self.occlusion: Occlusion | None = None
        self.examined: Examined | None = None

    def tell(self, stage: str, message: str = "") -> None:
        """Report progress."""
        if self.progress is not None:
            limit = self.budget.limit if self.budget.timed else None
            self.progress(Progress(stage, *self._best(), len(self.trials), self.budget.elapsed(), limit, message))

    def _best(self) -> tuple[float | None, str]:
        best = None if self.study is None else self.study.best
        if best is None:
            return None, ""
        return (best, "log-loss") if self.task.is_classification else self.scaler.loss(best)

    @contextmanager
    def recorded(self, entries: Mapping[str, Any]) -> Iterator[None]:
        """Keep what it takes to go on after a crash in the run's folder, where there is one, and keep other processes out of it.

        Args:
            entries: What the run was asked for, JSON-ready.
        """
        self.entries = dict(entries)
        if self.settings.directory is not None:
            self.folder = RunFolder(self.settings.directory, resume=self.settings.resume, tell=lambda message: self.tell("search", message))
        try:
            yield
            if self.folder is not None:
                self.folder.finish("interrupted" if self.interrupted else "finished")
        finally:
            if self.folder is not None:
                self.folder.close()

    def _recognise(self, frame: pd.DataFrame, what: str) -> None:
        """Note the content of a table; a run that goes on must be given the same."""
        found = content_of(frame, any_size=self.folder is not None)
        if not found:
            return
        self.contents[what] = found
        if self.folder is None:
            return
        recorded = self._recorded(f"{what} content") or found
        if found != recorded:
            shapes = f"{found['rows']:,} rows × {found['columns']} columns now, {recorded['rows']:,} × {recorded['columns']} then"
            raise DataError(f"`{what}` of a resumed run must be what it began with. Received other content ({shapes}); begin a new run.")
        self.entries[f"{what} content"] = found

    def _recorded(self, entry: str) -> Any:
        """Return what the record of a run that goes on says; None for a new run, or where it does not say."""
        return self.folder.store.notes().get(entry) if self.folder is not None and self.settings.resume else None

    # ── read

    def read(self, data: Any, target: Any) -> tuple[Dataset, str]:
        """Read the data and the test file, and put the target among the columns."""
        self.tell("read")
        dataset = read(data, log=self.log, folders=True)
        target = dataset.details.get("target") if target is None else target
        self.feature_names: list[str] = []
        if target is None:
            law = "`target` must name the column to predict, or hold its values"
            raise DataError(f"{law}: AutoML requires y to be passed, but the target y is None.{_suggest(dataset)}")
        dataset, name = with_target(dataset, target)
        self._recognise(dataset.frame, "data")
        return dataset, name

    # ── detect, check

    def detect(self, dataset: Dataset, target: str) -> None:
        """Find out the type of every column and the task, from the rows to learn from alone."""
        self.tell("detect")
        settings = self.settings
        known_columns(settings.sensitive, dataset, "sensitive")
        if target in settings.sensitive:
            raise UsageError(f"`sensitive` must name other columns than the target. Received {target!r}.")
        found = recognise(
            dataset,
            target,
            problem=settings.problem,
            positive=settings.positive,
            types=settings.types,
            ignore=(*settings.ignore, *settings.sensitive),
            log=self.log,
        )
        if found.task.problem == "multilabel":
            raise MultilabelError(str(found.task.refusal))
        self.feature_names = [name for name in dataset.frame.columns if name != target]
        check_changes(settings.changes, self.feature_names)
        self.dataset, self.schema, self.task = fold_series(dataset, found.schema, found.task, self.log)
        self.y = found.y if self.dataset is dataset else self.task.encode(self.dataset.frame[target])
        if self.task.problem != "binary" and (settings.costs or settings.min_precision or settings.min_recall):
            law = "`costs`, `min_precision` and `min_recall` are for a target of two classes"
            raise UsageError(f"{law}. Received a {self.task.problem} target {target!r}.")
        self.metric = selection_metric(self.task.problem, settings.metric)

    def check(self) -> None:
        """Look for what would make the model useless or the numbers wrong; what is found changes the plan."""
        self.tell("check")
        asked = self.settings
        checked = check(self.dataset, self.schema, self.task, self.y, log=self.log, seed=asked.seed, group=asked.group, time=asked.time)
        self.findings: tuple[Finding, ...] = checked.findings
        self.schema, self.rows, self.checked = checked.schema, checked.rows, checked
        self.task = with_modality(self.task, self.schema, self.dataset)
        require_learnable(self.task, self.schema)
        self.tell("check", doubt(self.task))
        self.test_rows: Array | None = None
        self.learning_rows = len(self.dataset.frame)
        if self.settings.test is not None:
            self._append_test()

    def _append_test(self) -> None:
        """Put the rows of the test file behind the others; nothing is found out from them."""
        test = read(self.settings.test, called="test", folders=True)
        self._recognise(test.frame, "test")
        frame, target = self.dataset.frame, self.task.target
        test = dataclasses.replace(test, frame=self.schema.fold(test.frame))
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
        self.findings = (*self.findings, *shift(self.schema.features, frame, test.frame))
        both = pd.concat([frame, test.frame[frame.columns]], ignore_index=True)
        self.dataset = Dataset(both, self.dataset.name, self.dataset.path, self.dataset.details)
        because = f"{len(known):,} of {len(y):,} rows of {test.name} have a known target; they are used for nothing else."
        self.log.add("split", "rows for judging", "test file", because)

    # ── split, prepare

    def split(self) -> None:
        """Deal the rows into folds and, where rows are plenty or a test file is given, a holdout."""
        usable = self.rows if self.test_rows is None else np.setdiff1d(self.rows, self.test_rows)
        self.settled = Settled(self.budget, dict(self._recorded("settled") or {}))
        frame = self.dataset.frame if self.test_rows is None else self.dataset.frame.iloc[usable]  # nothing is found out from test rows
        kept, folds = rows_and_folds(frame, self.schema, len(usable), self.settled, self.log)
        usable = sample(self.task, self.y, usable, kept, self.settings.seed)
        dealt = plan_of(self.checked, len(self.y))
        self.parts: Split = split(
            self.task, self.y, usable,
            test_rows=self.test_rows,
            **dealt,
            folds=max(folds, 2),
            single=folds == 1,
            holdout=None if len(usable) >= HOLDOUT_FROM and (folds > 1 or dealt.get("times") is not None) else 0,
            seed=self.settings.seed,
            log=self.log,
        )

    def prepare(self) -> None:
        """Turn typed columns into arrays; everything is fitted on training rows alone."""
        self.tell("prepare")
        train = self.dataset.frame.iloc[self.parts.train] if len(self.parts.train) < len(self.dataset.frame) else self.dataset.frame
        fold, folds, told = self.parts.fold, self.parts.folds, self.settings
        wanted = Wanted(told.seed, told.target_scale, told.combine_columns, self.settled, told.pretrained)
        made = prepare(self.schema.cast(train), self.y[self.parts.train], self.schema, self.task, fold, folds, wanted, self.log)
        self.preprocessor, self.scaler = made.table, made.scaler
        if self.folder is not None:
            self.entries["settled"] = self.settled.known
        self.data = TrainingData(made.arrays, made.target, fold, folds, made.table.spec, folds == 1 and not len(self.parts.holdout))

    # ── choose, search, ensemble

    def search(self) -> None:
        """Train families until the clock or the cap on trials says stop."""
        settings = self.settings
        self.plan = choose_families(self.preprocessor.spec, settings.families, self.log, only_networks=settings.only_networks)
        store = TrialStore() if self.folder is None else self.folder.begin(self.entries)
        self.study = study = Study(
            self.plan, self.data, self.budget, settings.seed, store, lambda message: self.tell("search", message), self.log
        )
        study.trials = self.trials
        study.run()
        if self.folder is not None and (trouble := self.folder.trouble):
            self.log.add("search", "record of trials", "in memory", trouble, ["in the folder"], "directory='another folder'")
        self.interrupted = study.interrupted
        if not any(trial.usable and self._takes_part(trial) for trial in self.trials):
            if self.interrupted:
                raise KeyboardInterrupt
            what = "network" if settings.only_networks else "model"
            reasons = "; ".join(f"{trial.family.name}: {trial.reason}" for trial in self.trials if not trial.usable and trial.number < 6)
            told = f"({reasons or 'there was no time to begin'})"
            raise DataError(f"At least one {what} must be trained. Received none within the budget {told}; give it more time.")

    def ensemble(self) -> None:
        """Choose members greedily on out-of-fold predictions, and join them into one network per family."""
        self.tell("ensemble")
        self.judged_rows = rows = np.flatnonzero(self.parts.fold >= 0)
        y, fold = self.y[self.parts.train][rows], self.parts.fold[rows] if self.parts.folds > 1 else None
        given = (self.task.problem, self.trials, self._takes_part, y, rows, fold, self.scaler, self.preprocessor.spec)
        self.joined = joined = join(*given, self.settings.seed, self.metric)
        self.usable, self.weights, self.honest, self.scaler = joined.usable, joined.weights, joined.honest, joined.scaler
        parts = join_trials(self.usable, self.weights, self.preprocessor.spec)
        self.predictor = self.predictor_of(parts, self.scaler)
        names = ", ".join(f"{part.family.title} ({100 * part.share:.0f} %)" for part in sorted(parts, key=lambda part: -part.share))
        told = f"Greedy selection by {self.metric} over {len(self.usable)} models on out-of-fold predictions of {len(y):,} rows."
        self.log.add("ensemble", "members", names, told, [], "families=['linear']")

    def _takes_part(self, trial: Trial) -> bool:
        """Whether a trial may be part of the model; what is there for comparison alone may not."""
        return trial.family.name not in self.plan.references

    def predictor_of(self, parts: tuple[Part, ...], scaler: TargetScaler) -> Predictor:
        """Return a predictor of some parts, not calibrated."""
        return Predictor(self.schema, self.task, self.preprocessor, scaler, parts, Calibration(because="not chosen yet"))

    # ── judge, explain

    def judge(self) -> None:
        """Calibrate, choose threshold or rule and intervals, and judge on rows that no choice has seen."""
        self.tell("judge")
        y = self.y[self.parts.train][self.judged_rows]
        naive, simple = self._of_kind("naive"), self._of_kind("linear")
        if all(part.family.tags.kind in ("linear", "naive") for part in self.predictor.parts):
            simple = None  # the model is the simplest model; a comparison with itself would tell nothing
        name = "" if simple is None else self.usable[simple].family.title
        of = self.joined.predictions
        fitted_on = Judged(y, self.honest, of[naive or 0], None if simple is None else of[simple], name, "cross-fitted", self.joined.fold)
        unseen, seed = self._unseen(naive, simple, name), self.settings.seed
        self.judgement: Judgement = judge(self.task, fitted_on, unseen, self.wishes, seed=seed, log=self.log)
        self.predictor.calibration = self.judgement.calibration
        self.predictor.threshold, self.predictor.rule = self.judgement.threshold, self.judgement.rule
        self.predictor.intervals = self.judgement.intervals
        self.predictor.sets = self.judgement.sets

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
            return self.predictor_of(parts, self.joined.scaler_of(number or 0)).raw(arrays)

        source = "holdout" if self.test_rows is None else "test file"
        y = self.y[self.parts.holdout]
        return Judged(y, self.predictor.raw(arrays), alone(naive), None if simple is None else alone(simple), name, source)

    def compare(self) -> None:
        """Set all models side by side: paired tests, prediction times, and whether networks were worth it."""
        from automl.leaderboard import compare_models

        self.tell("compare")
        self.compared = compare_models(self)

    def explain(self) -> None:
        """Explain the model on rows that it has not seen, and put the explanations to their tests."""
        from automl.explaining import explain_run
        from automl.occluding import occlude_run

        self.tell("explain")
        self.why = explain_run(self)
        self.occlusion = occlude_run(self)

    def examine(self) -> None:
        """Look where the model can be taken at its word, where it fails, and how groups of people are treated."""
        from automl.examining import examine_run

        self.tell("examine")
        self.examined = examine_run(self)

    # ── tell

    def fitted(self) -> Fitted:
        """Return what the run leaves behind."""
        from automl.collect import collect_facts
        from automl.leaderboard import compare_models

        self.tell("report")
        compared = compare_models(self) if self.compared is None else self.compared
        return Fitted(
            self.predictor,
            self.findings,
            tuple(self.log),
            collect_facts(self, compared),
            compared.table,
            tuple(self.feature_names),
            None if self.why is None else self.why.background,
            self.settings.seed,
            self.interrupted,
            proof_of(self),
        )


def _suggest(dataset: Dataset) -> str:
    """Return a sentence with the most plausible target."""
    ranked = suggest_target(dataset, detect_schema(dataset))
    return f" The most plausible one is {ranked[0][0]!r}: {ranked[0][1]}" if ranked else ""
