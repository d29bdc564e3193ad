"""AutoML: the whole story in one object, with scikit-learn's conventions, and the functions that wrap it."""

from __future__ import annotations

import dataclasses
import os
import warnings
from collections.abc import Callable, Mapping, Sequence
from types import MethodType
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from sklearn.exceptions import NotFittedError
from sklearn.utils import ClassifierTags, RegressorTags

from automl.budget import Budget
from automl.errors import DataError, UsageError
from automl.run import Run, RunSettings

if TYPE_CHECKING:
    from automl.families.base import Family
    from automl.predictor import Predictor
    from automl.progress import Progress
    from automl.storage import Fitted

Array = NDArray[Any]


class _NotForNumbersError(UsageError, AttributeError):
    """What is for classes was asked of a regression; an AttributeError too, because scikit-learn asks with ``hasattr``."""


class _ForClasses:
    """A method that is there only where classes are, or may be, predicted."""

    def __init__(self, method: Callable[[Any, Any], Array]) -> None:
        self.method = method
        self.__doc__ = method.__doc__

    def __get__(self, model: AutoML | None, owner: type | None = None) -> Callable[..., Array]:
        if model is None:
            return self.method
        if model._problem() == "regression":
            law, hint = f"`{self.method.__name__}` is for classes", "use predict or predict_interval"
            raise _NotForNumbersError(f"{law}. Received a model that predicts numbers; {hint}.")
        return MethodType(self.method, model)


class AutoML(BaseEstimator):  # type: ignore[misc]
    """Fits a calibrated ensemble to a table and explains every choice on the way.

    Args:
        target: Name of the column to predict; None where `fit` is given the values.
        budget: Seconds, text such as ``"5m"``, or a :class:`automl.Budget`. Everything from reading to the report fits into it.
        families: Names of the families to try (see ``automl.families``), or Family objects; None for all that fit the data.
        seed: Seed of every random choice.
        problem: "binary", "multiclass" or "regression"; None to find out.
        positive: The class that probabilities, threshold and costs speak of (binary); None to find out.
        costs: ``{"miss": 5, "false_alarm": 1, "currency": "EUR"}``: sets the decision threshold (binary).
        min_precision: Least precision that the threshold must reach (binary).
        min_recall: Least recall that the threshold must reach (binary).
        trials: Cap on the number of configurations. With it and ``budget=None`` two runs give identical predictions.
        types: ``{column: "number" | "boolean" | "category" | "datetime" | "text"}`` where the detection is overruled.
        ignore: Columns that are not used.
        test: A table or file with the target that is used for nothing but the final judgement.
        directory: Folder in which every trial is recorded as soon as it ends (``trials.sqlite``); None for memory alone.

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
        seed: int = 0,
        problem: str | None = None,
        positive: Any = None,
        costs: Mapping[str, Any] | None = None,
        min_precision: float | None = None,
        min_recall: float | None = None,
        trials: int | None = None,
        types: Mapping[str, str] | None = None,
        ignore: Sequence[str] | None = None,
        test: Any = None,
        directory: str | os.PathLike[str] | None = None,
    ) -> None:
        self.target = target
        self.budget = budget
        self.families = families
        self.seed = seed
        self.problem = problem
        self.positive = positive
        self.costs = costs
        self.min_precision = min_precision
        self.min_recall = min_recall
        self.trials = trials
        self.types = types
        self.ignore = ignore
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
        run = Run(self._settings(), progress)
        _refuse_one_dimension(X)
        dataset, target = run.read(X, self.target if y is None else y)
        run.detect(dataset, target)
        run.check()
        run.split()
        run.prepare()
        run.search()
        run.ensemble()
        run.judge()
        run.explain()
        self._take(run.fitted())
        return self

    def _take(self, fitted: Fitted) -> None:
        """Set what a fitted estimator shows."""
        self.fitted_ = fitted
        self.task_, self.schema_ = fitted.predictor.task, fitted.predictor.schema
        self.findings_, self.decisions_, self.facts_ = fitted.findings, fitted.decisions, fitted.facts
        self.interrupted_ = fitted.interrupted
        self.n_features_in_ = len(fitted.feature_names)
        if _named(fitted.feature_names, self.task_.target):
            self.feature_names_in_ = np.array(fitted.feature_names, dtype=object)
        if self.task_.is_classification:
            self.classes_ = np.array(self.task_.classes)

    @classmethod
    def of(cls, fitted: Fitted) -> AutoML:
        """Return an estimator around what an earlier fit left behind."""
        model = cls(fitted.predictor.task.target, seed=fitted.seed)
        model._take(fitted)
        return model

    def _settings(self) -> RunSettings:
        budget = self.budget
        if not isinstance(budget, Budget):
            budget = Budget(budget, trials=self.trials) if budget is not None or self.trials is not None else Budget("5m")
        elif self.trials is not None and budget.trials is None:
            budget = dataclasses.replace(budget, trials=self.trials)
        if not isinstance(self.seed, (int, np.integer)) or isinstance(self.seed, bool) or self.seed < 0:
            raise UsageError(f"`seed` must be a whole number from 0 on. Received seed={self.seed!r}.")
        return RunSettings(
            budget=budget,
            families=None if self.families is None else _several(self.families),
            seed=int(self.seed),
            problem=self.problem,
            positive=self.positive,
            costs=None if self.costs is None else dict(self.costs),
            min_precision=self.min_precision,
            min_recall=self.min_recall,
            types=dict(self.types or {}),
            ignore=() if self.ignore is None else _several(self.ignore),
            test=self.test,
            directory=None if self.directory is None else str(self.directory),
        )

    def predict(self, X: Any) -> Array:
        """Return labels or numbers, one per row, in the order of the rows.

        Args:
            X: Rows as in `fit`; a target column is ignored.

        Raises:
            DataError: If a column that the model uses is missing; the message names it.
        """
        predictor = self._fitted()
        return predictor.decide(predictor(self._frame(X)))

    @_ForClasses
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

    def predictions(self, X: Any) -> pd.DataFrame:
        """Return a table: `prediction`, and `probability_<class>` for classes, `lower` and `upper` for numbers."""
        predictor = self._fitted()
        values = predictor(self._frame(X))
        table = {"prediction": predictor.decide(values)}
        if predictor.task.is_classification:
            table.update({f"probability_{label}": values[:, code] for code, label in enumerate(predictor.task.classes)})
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
        from automl.explanation import explain_rows

        predictor = self._fitted()
        frame = self._frame(rows)
        predictor.schema.cast(frame.head(1))  # says which columns are missing
        used = frame[[column.name for column in predictor.schema.features]]
        background = self.fitted_.background if self.fitted_.background is not None else used
        explained = explain_rows(predictor, background, used, problem=predictor.task.problem, output=self._explained_output(), seed=seed)
        entries = []
        for number, explanation in enumerate(explained):
            for entry in explanation.to_dict()["contributions"]:
                entries.append({"row": number, **entry})
        return pd.DataFrame(entries)

    def _explained_output(self) -> int | None:
        return 1 if self.task_.problem == "binary" else None if self.task_.is_classification else 0

    def report(self, path: str | os.PathLike[str] = "report.html") -> str:
        """Write the report, one self-contained HTML file, and return its path."""
        from automl.report.html import render

        self._fitted()
        return _write_text(path, render(self.facts_))

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
        from automl.dataset import read

        if isinstance(X, pd.DataFrame) and X.columns.is_unique and all(isinstance(name, str) for name in X.columns):
            return self._by_place(X)
        _refuse_one_dimension(X)
        return self._by_place(read(X).frame)

    def _by_place(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Name columns by their place where the data of the fit, or these, have no names; the target may be among them."""
        names, given, target = list(self.fitted_.feature_names), list(frame.columns), self.task_.target
        fitted_named, named = _named(names, target), _named(given)
        if not set(names) - set(given) and (named or len(given) == len(names) or target in given):
            return frame
        if named and fitted_named:
            return frame  # the schema says which columns are missing
        if len(given) != len(names):
            raise DataError(f"X has {len(given)} features, but AutoML is expecting {len(names)} features as input.")
        if named != fitted_named:
            side, fitted = ("has", "without") if named else ("does not have", "with")
            warnings.warn(f"X {side} valid feature names, but AutoML was fitted {fitted} feature names", UserWarning, stacklevel=4)
        return frame.set_axis(names, axis=1)

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


def _several(given: Any) -> tuple[Any, ...]:
    """Return one thing or several as a tuple; a text is one thing."""
    return tuple(given) if isinstance(given, (list, tuple, set, frozenset, np.ndarray, pd.Index)) else (given,)


def _named(columns: Sequence[str], target: str | None = None) -> bool:
    """Whether these are more than numbers of columns, such as the names x0, x1 … that an array gets; the target may be one of them."""
    for prefix in ("x", ""):
        numbers = [f"{prefix}{place}" for place in range(len(columns) + 1)]
        if list(columns) in (numbers[:-1], [name for name in numbers if name != target]):
            return False
    return True


def _refuse_one_dimension(X: Any) -> None:
    """Raise where it cannot be known whether numbers are one row or one column."""
    if isinstance(X, np.ndarray) and X.ndim == 1 and X.dtype.kind in "biuf":
        raise DataError(
            f"The data must be a table: Expected 2D array, got 1D array instead of shape {X.shape}. Reshape your data either using "
            "array.reshape(-1, 1) if it is a single column or array.reshape(1, -1) if it is a single row."
        )


def _write_text(path: str | os.PathLike[str], text: str) -> str:
    try:
        os.makedirs(os.path.dirname(os.path.abspath(path)), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        raise DataError(f"A report must be written to a folder that allows it. Received {str(path)!r}: {error.strerror}.") from error
    return str(path)
