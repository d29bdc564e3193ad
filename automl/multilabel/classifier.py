"""What the user holds: a model that gives rows any number of labels."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from automl.budget import Budget
from automl.dataset import read, read_for_prediction, with_target
from automl.decisions import Decision, DecisionLog
from automl.errors import ArtifactError, DataError, UsageError, did_you_mean
from automl.explanation import explain_rows
from automl.multilabel.cells import split, with_labels
from automl.multilabel.collect import Collected, collect
from automl.multilabel.model import LabelModel, Member
from automl.multilabel.plan import make_plan
from automl.multilabel.proving import proof_of_labels
from automl.multilabel.run import fit_labels
from automl.preprocessing.base import State
from automl.progress import Progress
from automl.proof import Proof
from automl.report.facts import ReportFacts, write_json
from automl.report.html import write_html
from automl.run import RunSettings
from automl.schema.series import cases_of
from automl.selection import check_families
from automl.storage import frame_of, values_of

if TYPE_CHECKING:
    from automl.artifact import Artifact
    from automl.families.base import Family

Array = NDArray[Any]
KNOWN = (
    "families", "only_networks", "seed", "metric", "costs", "min_precision", "min_recall", "trials", "types", "ignore", "group", "time",
    "sensitive", "changes", "test", "examples",
)  # fmt: skip


class MultilabelClassifier:
    """Fits one calibrated binary model for each label, all under one clock, and gives each label a threshold of its own.

    Args:
        target: The column whose cells hold several labels ("red;blue", or lists), or several columns of two values; None where `fit` is
            given them.
        budget: Seconds, text such as ``"5m"``, or a :class:`automl.Budget`. Every label gets an equal share of the time that is left.
        options: `families`, `only_networks`, `seed`, `metric`, `types`, `ignore`, `group`, `time`, `sensitive`, `changes`, `examples` and
            `test` as of :class:`automl.AutoML`; `trials`, `costs`, `min_precision` and `min_recall` hold for each label. Without costs or
            minima the threshold of a label has the highest F1 on cross-fitted predictions.

    Attributes:
        labels_: The labels, as the columns of `predict_proba`.
        thresholds_: The threshold of each label.
        schema_: Type and role of every column.
        decisions_: Every automatic choice.
        facts_: Everything that the report says.
        details_: The facts of single labels, by the name of their file.
        interrupted_: Whether Ctrl-C ended the run early.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> frame = pd.DataFrame({"x": rng.normal(size=200), "y": rng.normal(size=200)})
        >>> frame["tags"] = [";".join(name for name in "xy" if row[name] > 0) for _, row in frame.iterrows()]
        >>> model = MultilabelClassifier("tags", budget=None, trials=1, families=["linear"]).fit(frame)
        >>> model.predict(pd.DataFrame({"x": [2.0, -2.0], "y": [2.0, -2.0]})).tolist()
        [('x', 'y'), ()]
    """

    def __init__(self, target: Any = None, *, budget: Budget | str | float | None = "5m", **options: Any) -> None:
        self.target, self.budget = target, budget
        given = {name: value for name, value in options.items() if value not in (None, False, (), [], {})}
        for name in given:
            if name not in KNOWN:
                hint = did_you_mean(name, KNOWN)
                raise UsageError(f"Multilabel learning takes {', '.join(KNOWN)}. Received {name}={given[name]!r}.{hint}")
        self.options = given
        self._proof: Proof | None = None

    def fit(self, X: Any, y: Any = None, *, progress: Callable[[Progress], None] | None = None) -> MultilabelClassifier:
        """Read, detect, check, split and prepare once; search, join, calibrate and judge label by label; judge all together.

        Args:
            X: Whatever :meth:`automl.AutoML.fit` takes.
            y: The target, where it was not given before: a name, names, a table or array of 0 and 1 (rows, labels), or the labels of each
                row.
            progress: Called after every step.

        Raises:
            DataError: If the data cannot be used, or no label can be learnt; the message says what to change.
            UsageError: If an argument is impossible.
        """
        settings, log = self._settings(), DecisionLog()

        def tell(stage: str) -> None:
            if progress is not None:
                limit = settings.budget.limit if settings.budget.timed else None
                progress(Progress(stage, None, "", 0, settings.budget.elapsed(), limit, ""))

        tell("read")
        dataset = read(X, log=log, folders=True)
        target = self.target if y is None else y
        target = dataset.details.get("target") if target is None else target
        if target is None:
            raise DataError("`target` must name the column of labels, or several columns of two values. Received none.")
        several = None if isinstance(target, str) else with_labels(dataset, target)
        if several is not None:
            dataset, target = several
        elif not isinstance(target, str):
            dataset, target = with_target(dataset, target)
        plan = make_plan(dataset, target, settings, tell, log)
        outcomes, interrupted = fit_labels(plan, settings, progress)
        tell("report")
        members = tuple(Member(None if one.fitted is None else one.fitted.predictor, one.share, one.threshold) for one in outcomes)
        model = LabelModel(plan.labels, plan.schema, plan.shared, members)
        boards = {plan.labels.names[one.place]: one.fitted.leaderboard for one in outcomes if one.fitted is not None}
        board = pd.concat(boards, names=["label"]).reset_index(level="label").reset_index(drop=True)
        self._background = next((one.fitted.background for one in outcomes if one.fitted is not None), None)
        self._proof = proof_of_labels(dataset, plan, outcomes, model, settings)
        self._take(model, collect(plan, outcomes, settings), board, tuple(log), interrupted)
        return self

    def _take(
        self, model: LabelModel, collected: Collected, board: pd.DataFrame, decisions: tuple[Decision, ...], interrupted: bool
    ) -> None:
        self.model_, self.facts_, self.details_ = model, collected.facts, collected.details
        self.schema_, self.labels_ = model.schema, np.array(model.labels.names, dtype=object)
        self.thresholds_ = dict(zip(model.labels.names, model.thresholds.tolist(), strict=True))
        self.decisions_, self.interrupted_, self._board = decisions, interrupted, board

    def _settings(self) -> RunSettings:
        given = dict(self.options)
        trials, seed = given.pop("trials", None), given.pop("seed", 0)
        if not isinstance(seed, (int, np.integer)) or isinstance(seed, bool) or seed < 0:
            raise UsageError(f"`seed` must be a whole number from 0 on. Received seed={seed!r}.")
        budget = self.budget
        if not isinstance(budget, Budget):
            budget = Budget("5m" if budget is None and trials is None else budget, trials=trials)
        elif trials is not None and budget.trials is None:
            budget = Budget(budget.seconds, trials=trials, memory=budget.memory, clock=budget.clock, started=budget.started)
        for name in ("families", "ignore", "sensitive"):
            if name in given:
                given[name] = tuple(given[name]) if isinstance(given[name], (list, tuple, set, frozenset)) else (given[name],)
        check_families(given.get("families"))
        for name in ("types", "costs", "changes"):
            if name in given:
                given[name] = dict(given[name])
        return RunSettings(budget=budget, seed=int(seed), problem="binary", **given)

    def predict_proba(self, X: Any) -> Array:
        """Return the calibrated probability of each label, (rows, labels), columns as in `labels_`.

        Raises:
            DataError: If a column that the model uses is missing; the message names it.
        """
        return self._fitted()(self._frame(X))

    def predict(self, X: Any) -> Array:
        """Return the labels of rows, each label by its own threshold.

        Returns:
            Tuples of labels, object (rows,), where one column held them; where several columns did, their own values, (rows, labels).
        """
        model = self._fitted()
        decided = model.decide(self.predict_proba(X))
        return model.labels.values(decided).to_numpy() if model.labels.columns else model.labels.sets(decided)

    def predictions(self, X: Any, *, sets: float | None = None) -> pd.DataFrame:
        """Return a table: `prediction` with labels joined as in the data (or the target columns), and `probability_<label>` for each.

        Raises:
            UsageError: If `sets` is given: a prediction has several labels anyway.
        """
        if sets is not None:
            raise UsageError(f"`sets` is for one class a row. Received sets={sets!r} for a model of several labels; use the probabilities.")
        model, frame = self._fitted(), self._frame(X)
        probability = model(frame)
        decided = model.decide(probability)
        table: dict[str, Any] = dict(cases_of(frame, self.schema_.features))
        if model.labels.columns:
            table |= {str(name): values for name, values in model.labels.values(decided).items()}
        else:
            table["prediction"] = model.labels.written(model.labels.sets(decided))
        table |= {f"probability_{name}": probability[:, place] for place, name in enumerate(model.labels.names)}
        return pd.DataFrame(table)

    def score(self, X: Any, y: Any) -> float:
        """Return the share of rows whose labels are all right (subset accuracy), as scikit-learn does.

        Args:
            X: Rows.
            y: Their labels in the form that :meth:`fit` was given them; a label that the model does not know makes its row wrong.
        """
        labels = self._fitted().labels
        if labels.columns:
            values = np.asarray(y, dtype=object)
            codes, _ = labels.codes(pd.DataFrame(values.reshape(len(values), -1), columns=list(labels.columns)).infer_objects())
            return float((codes == self._decided(X)).all(axis=1).mean())
        cells = np.empty(len(y), dtype=object)
        cells[:] = list(y)
        true = split(pd.Series(cells), labels.separator)
        return float(np.mean([set(found) == set(said) for found, said in zip(true, self.predict(X), strict=True)]))

    def _decided(self, X: Any) -> Array:
        return self._fitted().decide(self.predict_proba(X)).astype(np.int64)

    def explain(self, rows: Any, *, label: str | None = None, seed: int = 0) -> pd.DataFrame:
        """Return what each column contributed to the probability of each label of each row (Shapley values).

        Args:
            rows: One or more rows as in `predict`.
            label: One label; None for all that were learnt.
            seed: Seed of the sampling.

        Returns:
            Columns label, row, column, value, contribution.

        Raises:
            UsageError: If there is no such label, or it was not learnt.
        """
        model, names = self._fitted(), list(self.labels_)
        if label is not None and label not in names:
            raise UsageError(f"`label` must be one of the labels. Received {label!r}.{did_you_mean(label, names)}")
        used = self._frame(rows)[[column.name for column in self.schema_.features]]
        background, found = used if self._background is None else self._background, []
        for name, member in zip(names, model.members, strict=True):
            if member.predictor is None or label not in (None, name):
                continue
            explained = explain_rows(member.predictor, background, used, problem="binary", output=1, seed=seed)
            found += [{"label": name, "row": row, **part.to_dict()} for row, one in enumerate(explained) for part in one.contributions]
        if not found:
            raise UsageError(f"`explain` is for labels that were learnt. Received {label!r}; its share alone predicts it.")
        return pd.DataFrame(found)

    def leaderboard(self) -> pd.DataFrame:
        """Return every model that was tried for each label, best first within its label."""
        self._fitted()
        return self._board.copy()

    def decisions(self) -> pd.DataFrame:
        """Return every automatic choice with its reason and the argument that overrules it."""
        self._fitted()
        return pd.DataFrame([decision.to_dict() for decision in self.decisions_])

    def report(self, path: str | os.PathLike[str] = "report.html") -> str:
        """Write the report over all labels, and a folder `labels` beside it with a report for each of the first labels.

        Returns:
            The path of the report.
        """
        self._fitted()
        written = write_html(self.facts_, path)
        for name, facts in self.details_.items():
            place = written.parent / name
            write_html(facts, place)
            write_json(facts, place.with_suffix(".json"))
        return str(written)

    def save(self, path: str | os.PathLike[str]) -> str:
        """Write the model to one file without code in it, and return its path."""
        from automl import artifact

        states = self._fitted().states()
        board = self._board.astype(object).where(self._board.notna(), None)
        told = {
            "interrupted": self.interrupted_,
            "decisions": [decision.to_dict() for decision in self.decisions_],
            "leaderboard": board.to_dict(orient="list"),
            "background": None if self._background is None else values_of(self.schema_.cast(self._background)),
            "details": {name: facts.model_dump(mode="json") for name, facts in self.details_.items()},
        }
        proof = {} if self._proof is None else {"proof": self._proof.state()}
        artifact.write(path, {**states, **proof, "told": State(told)}, facts=self.facts_.model_dump(mode="json"))
        return str(path)

    @classmethod
    def of(cls, stored: Artifact, families: Sequence[Family] = ()) -> MultilabelClassifier:
        """Rebuild a model from a verified file.

        Raises:
            ArtifactError: If a part is missing.
        """
        model = LabelModel.from_states(stored.parts, families)
        try:
            told = stored.parts["told"].json
            facts = ReportFacts.model_validate(stored.facts)
            details = {name: ReportFacts.model_validate(one) for name, one in told["details"].items()}
            decisions = tuple(Decision.from_dict(one) for one in told["decisions"])
            board = pd.DataFrame(told["leaderboard"])
        except (KeyError, TypeError) as error:
            raise ArtifactError(f"A model file must hold every part of a model. Received one without {error}; save it again.") from error
        found = cls(list(model.labels.columns) or model.labels.target)
        found._proof = Proof.from_state(stored.parts["proof"]) if "proof" in stored.parts else None
        found._background = frame_of(told["background"], next(one.predictor for one in model.members if one.predictor is not None))
        found._take(model, Collected(facts, details), board, decisions, bool(told["interrupted"]))
        return found

    def _fitted(self) -> LabelModel:
        if not hasattr(self, "model_"):
            raise UsageError("A model must be fitted first. Received one that is not; call fit with data.")
        return self.model_

    def _frame(self, X: Any) -> pd.DataFrame:
        self._fitted()
        return read_for_prediction(X, self.schema_.features)
