"""AutoML: the whole story in one object, with scikit-learn's conventions, and the functions that wrap it."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from sklearn.exceptions import NotFittedError
from sklearn.utils import ClassifierTags, RegressorTags

from automl import __version__
from automl.budget import Budget
from automl.dataset.places import by_place, has_names, refuse_one_dimension
from automl.errors import UsageError
from automl.for_classes import ForClasses
from automl.notebook import Shown
from automl.options import settings_of
from automl.resuming import arguments, restored
from automl.run import Run
from automl.schema.series import cases_of, cells_of

if TYPE_CHECKING:
    from automl.families.base import Family
    from automl.predictor import Predictor
    from automl.progress import Progress
    from automl.storage import Fitted

Array = NDArray[Any]


class AutoML(Shown, BaseEstimator):  # type: ignore[misc]
    """Fits a calibrated ensemble to a table and explains every choice on the way.

    Args:
        target: Name of the column to predict; None where `fit` is given the values.
        budget: Seconds, text such as ``"5m"``, or a :class:`automl.Budget`. Everything from reading to the report fits into it.
        families: Names of the families to try (see ``automl.families``), or Family objects; None for all that fit the data.
        only_networks: Whether the model may consist of networks alone. The naive and the linear family are then trained once, for
            comparison; trees are not trained.
        seed: Seed of every random choice.
        problem: "binary", "multiclass" or "regression"; None to find out.
        positive: The class that probabilities, threshold and costs speak of (binary); None to find out.
        metric: What the weights of the ensemble minimise: "log_loss" or "brier" (classes), "rmse" or "mae" (numbers); None for the first.
            Or what the decisions serve: "macro_f1", "balanced_accuracy", "f1" (binary) or "accuracy" (the most probable class, as without).
        costs: ``{"miss": 5, "false_alarm": 1, "currency": "EUR"}``: sets the decision threshold (binary).
        min_precision: Least precision that the threshold must reach (binary).
        min_recall: Least recall that the threshold must reach (binary).
        trials: Cap on the number of configurations. With it and ``budget=None`` two runs give identical predictions.
        types: ``{column: "number" | "boolean" | "category" | "ordinal" | "datetime" | "text" | "list"}``, to overrule the detection; one
            whose type is declared stays a feature and decides no folds.
        ignore: Columns that are not used.
        group: The column whose equal values belong together, such as a customer: they are never split between learning and judging.
        time: The column that says when a row happened: folds follow its order, and what came last judges.
        sensitive: Columns, such as sex or age, by which the report compares how people are treated; the model does not read them.
        changes: "never", "up" or "down" by column: what may change where the report looks for the smallest change of an answer.
        target_scale: "linear" or "log" (regression); None to find out where a target above 0 spans orders of magnitude.
        combine_columns: Whether to try products, ratios and differences of columns, and numbers beside the mean of their level.
        pretrained: A ``.keras`` file of your own that pictures are looked at with (see :mod:`automl.pretrained.own`), or the name of a
            network of ``keras.applications`` whose weights lie in the local Keras cache; nothing is downloaded.
        examples: How much of single rows the report may hold. None: pictures of a few rows, explained rows without their texts, words that
            several texts hold. "none": nothing of single rows. "few": the texts of the explained rows, too.
        test: A table or file with the target that is used for nothing but the final judgement.
        directory: Folder in which every trial is recorded as soon as it ends, so that :meth:`resume` can go on; None for memory alone.

    Attributes:
        task_: What is predicted, with evidence.
        schema_: Type and role of every column, with evidence.
        findings_: What the checks found.
        decisions_: Every automatic choice.
        facts_: Everything that the report says.
        interrupted_: Whether Ctrl-C ended the search early.
        classes_: Class labels (classification); of two, the second is the positive one.
        n_features_in_: Number of columns given, the target not among them.
        feature_names_in_: Their names, where they have any (an array has none).

    With scikit-learn: say ``problem="binary"``, ``"multiclass"`` or ``"regression"``, so that it deals folds by class where it should;
    give the budget as text or seconds, because a :class:`automl.Budget` counts from the moment it was made, for all folds together.

    Example:
        >>> import numpy as np
        >>> rng = np.random.default_rng(0)
        >>> x = rng.normal(size=(200, 3))
        >>> model = AutoML(budget=None, trials=1, families=["linear"]).fit(x, x[:, 0] > 0)
        >>> bool((model.predict(x) == (x[:, 0] > 0)).mean() > 0.9)
        True
    """

    def __init__(
        self,
        target: str | None = None,
        *,
        budget: Budget | str | float | None = "5m",
        families: Sequence[str | Family] | None = None,
        only_networks: bool = False,
        seed: int = 0,
        problem: str | None = None,
        positive: Any = None,
        metric: str | None = None,
        costs: Mapping[str, Any] | None = None,
        min_precision: float | None = None,
        min_recall: float | None = None,
        trials: int | None = None,
        types: Mapping[str, str] | None = None,
        ignore: Sequence[str] | None = None,
        group: str | None = None,
        time: str | None = None,
        sensitive: Sequence[str] | None = None,
        changes: Mapping[str, str] | None = None,
        target_scale: str | None = None,
        combine_columns: bool = False,
        pretrained: str | os.PathLike[str] | None = None,
        examples: str | None = None,
        test: Any = None,
        directory: str | os.PathLike[str] | None = None,
    ) -> None:
        self.target = target
        self.budget = budget
        self.families = families
        self.only_networks = only_networks
        self.seed = seed
        self.problem = problem
        self.positive = positive
        self.metric = metric
        self.costs = costs
        self.min_precision = min_precision
        self.min_recall = min_recall
        self.trials = trials
        self.types = types
        self.ignore = ignore
        self.group = group
        self.time = time
        self.sensitive = sensitive
        self.changes = changes
        self.target_scale = target_scale
        self.combine_columns = combine_columns
        self.pretrained = pretrained
        self.examples = examples
        self.test = test
        self.directory = directory

    def fit(self, X: Any, y: Any = None, *, progress: Callable[[Progress], None] | None = None) -> AutoML:
        """Read, detect, check, split, prepare, search, join, calibrate, judge and explain.

        Args:
            X: A DataFrame, anything that converts to one, an array, or the path of a file.
            y: Name of the target column, or its values, one per row; None where `target` was given.
            progress: Called with a :class:`automl.progress.Progress` after every step.

        Returns:
            The fitted model.

        Raises:
            DataError: If the data cannot be used; the message says what to change.
            UsageError: If an argument is impossible.
        """
        return self._fit(X, y, progress, resume=False)

    def _fit(self, X: Any, y: Any, progress: Callable[[Progress], None] | None, *, resume: bool) -> AutoML:
        run = Run(dataclasses.replace(settings_of(self.get_params(deep=False)), resume=resume), progress)
        refuse_one_dimension(X)
        target = self.target if y is None else y
        with run.recorded(arguments(self.get_params(deep=False), run.budget, X, target, __version__)):
            run.detect(*run.read(X, target))
            run.check()
            run.split()
            run.prepare()
            run.search()
            run.ensemble()
            run.judge()
            run.explain()
            run.examine()
            run.compare()
            self._take(run.fitted())
        return self

    @classmethod
    def resume(
        cls,
        directory: str | os.PathLike[str],
        data: Any = None,
        target: Any = None,
        *,
        test: Any = None,
        families: Sequence[Family] = (),
        budget: Budget | str | float | None = None,
        progress: Callable[[Progress], None] | None = None,
    ) -> AutoML:
        """Go on with a run that was cut off, from the record in its `directory`; nothing that was finished is trained again.

        Args:
            directory: As it was given to the run. With a cap on trials and no clock, the model is the one of an uninterrupted run.
            data: The same data, where they were in memory or have moved; `target` and `test` likewise.
            target: The target's values, where they were given as such.
            test: The test table.
            families: Families from outside the package that the run used.
            budget: In place of the recorded one; what was spent before counts.
            progress: As in `fit`.

        Raises:
            DataError: If there is no record, or the data are not those that the run began with.
            UsageError: If another process works in the folder.
        """
        given, X, y = restored(directory, data, target, test=test, families=families, budget=budget)
        return cls(**given)._fit(X, y, progress, resume=True)

    def _take(self, fitted: Fitted) -> None:
        """Set what a fitted estimator shows."""
        self.fitted_ = fitted
        self.task_, self.schema_ = fitted.predictor.task, fitted.predictor.schema
        self.findings_, self.decisions_, self.facts_ = fitted.findings, fitted.decisions, fitted.facts
        self.interrupted_ = fitted.interrupted
        self.n_features_in_ = len(fitted.feature_names)
        if has_names(fitted.feature_names, self.task_.target):
            self.feature_names_in_ = np.array(fitted.feature_names, dtype=object)
        if self.task_.is_classification:
            self.classes_ = np.array(self.task_.classes)

    @classmethod
    def of(cls, fitted: Fitted) -> AutoML:
        """Return an estimator around what an earlier fit left behind."""
        model = cls(fitted.predictor.task.target, seed=fitted.seed)
        model._take(fitted)
        return model

    def predict(self, X: Any) -> Array:
        """Return labels or numbers, one per row, in the order of the rows.

        Args:
            X: Rows as in `fit`; a target column is ignored.

        Raises:
            DataError: If a column that the model uses is missing; the message names it.
        """
        predictor = self._fitted()
        return predictor.decide(predictor(self._frame(X)))

    @ForClasses
    def predict_proba(self, X: Any) -> Array:
        """Return calibrated probabilities (rows, classes), columns as in `classes_`.

        Raises:
            UsageError: If the model predicts numbers; then ``hasattr(model, "predict_proba")`` is false.
        """
        return self._fitted()(self._frame(X))

    def _problem(self) -> str | None:
        """Return the problem of the fitted task, else the one asked for."""
        return self.task_.problem if hasattr(self, "task_") else self.problem

    def predict_interval(self, X: Any) -> tuple[Array, Array]:
        """Return lower and upper ends of the prediction intervals, each (rows,), for a regression.

        Raises:
            UsageError: If the model predicts classes.
        """
        predictor = self._fitted()
        if predictor.intervals is None:
            raise UsageError("`predict_interval` is for numbers. Received a model that predicts classes; use predict_proba.")
        return predictor.intervals.apply(predictor(self._frame(X)))

    @ForClasses
    def predict_set(self, X: Any, coverage: float = 0.9, by_class: bool = False) -> Array:
        """Return for every row the classes that it may belong to, the most probable first: tuples, (rows,).

        Args:
            X: Rows as in `predict`.
            coverage: Share of the rows whose set shall hold the true class.
            by_class: Keep the coverage within every class; a rare one is then missed no more often than others.

        Raises:
            UsageError: If the model predicts numbers, the coverage is not between 0 and 1, or the model was saved without sets.
        """
        predictor = self._fitted()
        return predictor.sets_of(predictor(self._frame(X)), coverage, by_class)

    def predictions(self, X: Any, *, sets: float | None = None) -> pd.DataFrame:
        """Return a table: `prediction`, and `probability_<class>` for classes, `lower` and `upper` for numbers.

        With `sets` a column `set` holds the classes that a row may belong to, with this coverage, joined by " | ".
        """
        predictor = self._fitted()
        if sets is not None and not predictor.task.is_classification:
            raise UsageError(f"`sets` is for classes. Received sets={sets!r} for a model that predicts numbers; use lower and upper.")
        frame = self._frame(X)
        values = predictor(frame)
        table = {**cases_of(frame, self.schema_.features), "prediction": predictor.decide(values)}
        if predictor.task.is_classification:
            table.update({f"probability_{label}": values[:, code] for code, label in enumerate(predictor.task.classes)})
            if sets is not None:
                table["set"] = np.array([" | ".join(map(str, labels)) for labels in predictor.sets_of(values, sets)], dtype=object)
        elif predictor.intervals is not None:
            table["lower"], table["upper"] = predictor.intervals.apply(values)
        return pd.DataFrame(table)

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """Return accuracy for classes, R² for numbers, as scikit-learn does."""
        from sklearn.metrics import accuracy_score, r2_score

        task, predicted = self._fitted().task, self.predict(X)
        if task.is_classification:
            return float(accuracy_score(task.encode(y), task.encode(predicted), sample_weight=sample_weight))
        return float(r2_score(y, predicted, sample_weight=sample_weight))

    def leaderboard(self) -> pd.DataFrame:
        """Return every model that was tried, best first, the ensemble and the naive predictor among them."""
        self._fitted()
        return self.fitted_.leaderboard.copy()

    def decisions(self) -> pd.DataFrame:
        """Return every automatic choice with its reason and the argument that overrules it."""
        self._fitted()
        return pd.DataFrame([decision.to_dict() for decision in self.decisions_])

    def explain(self, rows: Any, *, seed: int = 0) -> pd.DataFrame:
        """Return what each column contributed to the prediction of each row (Shapley values).

        Args:
            rows: One or more rows as in `predict`.
            seed: Seed of the sampling.

        Returns:
            Columns row, column, value, contribution; contributions of a row add up to its prediction minus the base value.
        """
        from automl.attribution import contributions

        self._fitted()
        return contributions(self.fitted_, self._frame(rows), seed)

    def attention(self, rows: Any) -> pd.DataFrame:
        """Return where the text transformers of the model attended: columns row, column, word, start, stop, attention; no explanation.

        Args:
            rows: One or more rows as in `predict`.

        Raises:
            UsageError: If no text transformer has a weight in the ensemble.
        """
        from automl.attending import attention_table

        return attention_table(self._fitted(), self._frame(rows))

    def report(self, path: str | os.PathLike[str] = "report.html") -> str:
        """Write the report, one self-contained HTML file, and return its path."""
        from automl.report.html import write_html

        self._fitted()
        return str(write_html(self.facts_, path))

    def save(self, path: str | os.PathLike[str]) -> str:
        """Write the model to one file without code in it, and return its path."""
        from automl import artifact

        self._fitted()
        artifact.write(path, self.fitted_.states(), facts=self.facts_.model_dump(mode="json"))
        return str(path)

    def _fitted(self) -> Predictor:
        if not hasattr(self, "fitted_"):
            raise NotFittedError("This AutoML is not fitted yet. Call fit with data and a target first.")
        return self.fitted_.predictor

    def _frame(self, X: Any) -> pd.DataFrame:
        """Return rows with named columns; columns without names are known by their place."""
        from automl.dataset import read_for_prediction

        schema = self.schema_
        named = isinstance(X, pd.DataFrame) and X.columns.is_unique and all(isinstance(name, str) for name in X.columns)
        refuse_one_dimension(X)
        cells = X if named and not any(column.type == "image" for column in schema.features) else cells_of(X, schema.features)
        found = read_for_prediction(X, schema.features) if cells is None else cells
        return schema.fold(by_place(found, self.fitted_.feature_names, self.task_.target))

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        problem = self._problem()
        tags.estimator_type = None if problem is None else "regressor" if problem == "regression" else "classifier"
        tags.regressor_tags = RegressorTags() if problem in (None, "regression") else None
        tags.classifier_tags = ClassifierTags(multi_class=problem != "binary") if problem != "regression" else None
        tags.input_tags.allow_nan = True
        tags.input_tags.categorical = True
        tags.input_tags.string = True
        tags.input_tags.sparse = True
        tags.target_tags.required = True
        tags.non_deterministic = self.budget is not None
        return tags
