"""Logistic and ridge regression: the simplest model that looks at the data, and often enough the one to use."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression, Ridge

from automl.budget import Deadline
from automl.families._common import average, repeated, softmax
from automl.families._sklearn import SklearnFamily
from automl.families.base import Config, Floats, Tags
from automl.preprocessing.base import Arrays, Spec

MOST_LEVELS = 200  # per column; what comes after is too rare for a coefficient of its own and shares that of rare levels
DENSE_COLUMNS = 300  # wider tables with categories are held sparse
CELLS = 20_000_000  # rows × columns that are learnt from: 160 MB; more rows hardly move so few coefficients
FEWEST_ROWS = 5_000
ITERATIONS = 200
FLOATS_PER_CHUNK = 4e9  # so many multiplications are about a second


class Linear(SklearnFamily):
    """Logistic regression (classes) or ridge regression (numbers) with an L2 penalty on scaled numbers and one-hot categories.

    Source: Cox (1958), The regression analysis of binary sequences; Hoerl and Kennard (1970), Ridge regression.
    Fitted by scikit-learn, stored as coefficients: prediction is one matrix product.
    """

    name = "linear"
    title = "Linear model"
    tags = Tags(kind="linear")

    def space(self, hp: Any, spec: Spec) -> None:
        """Declare the inverse strength of the penalty, as in scikit-learn's ``C`` (ridge: alpha = 1 / C)."""
        hp.Choice("C", [0.001, 0.01, 0.1, 1.0, 10.0, 100.0], default=1.0)

    def portfolio(self, spec: Spec) -> list[Config]:
        """Return the default and a path around it; with few rows the stronger penalties come first."""
        path = [0.1, 10.0, 0.01, 100.0, 0.001] if spec.rows < 2_000 else [10.0, 0.1, 100.0, 0.01]
        return [{}, *({"C": strength} for strength in path)]

    def fit(
        self, config: Config, arrays: Arrays, target: NDArray[Any], spec: Spec, *, deadline: Deadline, seed: int, threads: int = 1
    ) -> Mapping[str, Any] | None:
        """Fit coefficients; a logistic regression is continued in steps, so that it can stop at the deadline."""
        if deadline.over():
            return None
        kept = np.minimum(np.array(spec.categories, dtype=np.int64), MOST_LEVELS + 2)
        width = spec.numbers + int(kept.sum())
        if len(np.unique(target)) < 2 or not width:
            return {"average": average(target, spec)}
        most = max(CELLS // width, FEWEST_ROWS)
        if len(target) > most:
            rows = np.sort(np.random.default_rng(seed).choice(len(target), most, replace=False))
            arrays, target = {name: values[rows] for name, values in arrays.items()}, target[rows]
        design = _design(arrays, kept, dense=width <= DENSE_COLUMNS or not len(kept))
        solve = _logistic if spec.is_classification else _ridge
        weights, intercept = solve(design, target, float(config["C"]), spec, deadline)
        return {"weights": np.ascontiguousarray(weights), "intercept": intercept, "levels": kept}

    def predict(self, model: Mapping[str, Any], arrays: Arrays, spec: Spec) -> Floats:
        """Return probabilities or the standardised target, (rows, outputs)."""
        rows = len(arrays["numbers"])
        if "average" in model:
            return repeated(model["average"], rows)
        weights = model["weights"]
        scores = arrays["numbers"].astype(np.float64) @ weights[: spec.numbers] + model["intercept"]
        offset = spec.numbers
        for place, levels in enumerate(model["levels"]):
            # A one-hot column times its coefficients is a look-up.
            scores += weights[offset + _pooled(arrays["categories"][:, place], int(levels))]
            offset += int(levels)
        return softmax(scores) if spec.is_classification else scores

    def size(self, trained: Any) -> int:
        """Return the number of coefficients of all folds."""
        return sum(int(np.size(value)) for model in trained.models for value in model.values())


def _pooled(codes: NDArray[Any], levels: int) -> NDArray[np.int64]:
    """Return codes below `levels`; the rarer ones become code 1, rare."""
    return np.where(codes < levels, codes, 1).astype(np.int64)


def _design(arrays: Arrays, kept: NDArray[np.int64], dense: bool) -> Any:
    """Return scaled numbers beside one-hot categories, (rows, numbers + levels), dense or as sparse rows."""
    numbers = arrays["numbers"]
    rows, offsets = len(numbers), numbers.shape[1] + np.cumsum(kept) - kept
    columns = [offset + _pooled(arrays["categories"][:, place], int(kept[place])) for place, offset in enumerate(offsets)]
    if dense:
        design = np.zeros((rows, numbers.shape[1] + int(kept.sum())))
        design[:, : numbers.shape[1]] = numbers
        for column in columns:
            design[np.arange(rows), column] = 1.0
        return design
    ones = sparse.csr_matrix(
        (np.ones(rows * len(kept)), np.stack(columns, axis=1).ravel() - numbers.shape[1], np.arange(rows + 1) * len(kept)),
        shape=(rows, int(kept.sum())),
    )
    return sparse.hstack([sparse.csr_matrix(numbers.astype(np.float64)), ones], format="csr")


def _ridge(design: Any, target: NDArray[Any], strength: float, spec: Spec, deadline: Deadline) -> tuple[Floats, Floats]:
    """Return coefficients (columns, 1) and intercept (1,)."""
    model = Ridge(alpha=1.0 / strength).fit(design, target)
    return model.coef_.reshape(-1, 1), np.ravel(model.intercept_).astype(np.float64)


def _logistic(design: Any, target: NDArray[Any], strength: float, spec: Spec, deadline: Deadline) -> tuple[Floats, Floats]:
    """Return coefficients (columns, outputs) and intercepts (outputs,); a class without rows gets -inf."""
    cost = (design.nnz if sparse.issparse(design) else design.size) * (spec.outputs if spec.outputs > 2 else 1) * 2
    step = int(np.clip(FLOATS_PER_CHUNK / max(cost, 1), 5, ITERATIONS))
    model = LogisticRegression(C=strength, max_iter=step, warm_start=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # expected: the steps are short, and the deadline may come first
        for _ in range(0, ITERATIONS, step):
            model.fit(design, target)
            if model.n_iter_.max() < step or deadline.over():
                break
    weights = np.zeros((design.shape[1], spec.outputs))
    intercept = np.full(spec.outputs, -np.inf)
    intercept[model.classes_] = 0.0
    learnt = model.classes_ if len(model.classes_) > 2 else model.classes_[1:]  # of two classes the first has score 0
    weights[:, learnt] = model.coef_.T
    intercept[learnt] = model.intercept_
    return weights, intercept
