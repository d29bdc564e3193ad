"""Linear models on words and letter groups: the baseline that every network for text must beat."""

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

ITERATIONS = 100
VALUES_PER_CHUNK = 6e7  # so many multiplications with sparse values are about a second
MOST_LEVELS = 50  # of a category that have a coefficient of their own; rarer ones share one


class TfidfLinear(SklearnFamily):
    """Logistic regression (classes) or ridge regression (numbers) on TF-IDF of words, word pairs and letter groups.

    Source: Spärck Jones (1972) for the weights; Wang and Manning (2012), "Baselines and Bigrams", for how hard it is to beat.
    """

    name = "tfidf_linear"
    title = "Linear model on words"
    tags = Tags(kind="linear", inputs=frozenset({"words"}), rank=1)
    reads = ("words", "letters", "sentence")

    def space(self, hp: Any, spec: Spec) -> None:
        """Declare the inverse strength of the penalty and what of a text is read."""
        hp.Choice("C", [0.3, 1.0, 3.0, 10.0, 30.0, 100.0], default=10.0 if spec.is_classification else 1.0)
        hp.Boolean("letters", default=False)

    def portfolio(self, spec: Spec) -> list[Config]:
        """Return words alone first, which take a fifth of the time, then letter groups beside them, each with a path of penalties."""
        if spec.is_classification:
            path = [(10.0, False), (10.0, True), (30.0, True), (3.0, True), (30.0, False), (100.0, True)]
        else:
            path = [(1.0, False), (1.0, True), (0.3, True), (3.0, True), (10.0, True)]
        return [{"C": strength, "letters": letters} for strength, letters in path]

    def fit(
        self, config: Config, arrays: Arrays, target: NDArray[Any], spec: Spec, *, deadline: Deadline, seed: int, threads: int = 1
    ) -> Mapping[str, Any] | None:
        """Fit coefficients; a logistic regression is continued in steps, so that it can stop at the deadline."""
        if deadline.over():
            return None
        if len(np.unique(target)) < 2:
            return {"average": average(target, spec)}
        design = _design(arrays, spec, bool(config["letters"]))
        found = (_logistic if spec.is_classification else _ridge)(design, target, float(config["C"]), spec, deadline)
        if found is None:
            return None
        return {"weights": found[0].astype(np.float32), "intercept": found[1], "letters": np.array(bool(config["letters"]))}

    def predict(self, model: Mapping[str, Any], arrays: Arrays, spec: Spec) -> Floats:
        """Return probabilities or the standardised target, (rows, outputs)."""
        if "average" in model:
            return repeated(model["average"], len(arrays["numbers"]))
        scores = np.asarray(_design(arrays, spec, bool(model["letters"])) @ model["weights"], dtype=np.float64) + model["intercept"]
        return softmax(scores) if spec.is_classification else scores

    def size(self, trained: Any) -> int:
        """Return the number of coefficients of all folds."""
        return sum(int(np.size(model.get("weights", 0))) for model in trained.models)

    def row_seconds(self, trained: Any, spec: Spec) -> float:
        """Return what the products of one text take, for about 300 words and letter groups."""
        return len(trained.models) * 300 * spec.outputs * 2e-9


def _design(arrays: Arrays, spec: Spec, letters: bool) -> Any:
    """Return words, letter groups where they are wanted, sentence embeddings, scaled numbers and one-hot categories, CSR float32."""
    blocks = [arrays["words"], *([arrays["letters"]] if letters else [])]
    if "sentence" in arrays:
        blocks.append(sparse.csr_matrix(arrays["sentence"]))
    if spec.numbers:
        blocks.append(sparse.csr_matrix(arrays["numbers"].astype(np.float32)))
    rows = np.arange(len(arrays["numbers"]))
    for place, count in enumerate(spec.categories):
        kept = min(count, MOST_LEVELS)
        codes = arrays["categories"][:, place]
        ones = np.ones(len(rows), dtype=np.float32)
        blocks.append(sparse.csr_matrix((ones, (rows, np.where(codes < kept, codes, 1))), shape=(len(rows), kept)))
    return sparse.hstack(blocks, format="csr", dtype=np.float32)


def _ridge(design: Any, target: NDArray[Any], strength: float, spec: Spec, deadline: Deadline) -> tuple[Floats, Floats]:
    """Return coefficients (columns, 1) and intercept (1,)."""
    model = Ridge(alpha=1.0 / strength, solver="sparse_cg", max_iter=ITERATIONS, tol=1e-4).fit(design, target.astype(np.float32))
    return np.reshape(model.coef_, (-1, 1)), np.ravel(model.intercept_).astype(np.float64)


def _logistic(design: Any, target: NDArray[Any], strength: float, spec: Spec, deadline: Deadline) -> tuple[Floats, Floats]:
    """Return coefficients (columns, outputs) and intercepts (outputs,); a class without rows gets -inf."""
    cost = design.nnz * (spec.outputs if spec.outputs > 2 else 1) * 2
    step = int(np.clip(VALUES_PER_CHUNK / max(cost, 1), 5, ITERATIONS))
    model = LogisticRegression(C=strength, max_iter=step, warm_start=True, tol=1e-3)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # expected: the steps are short, and the deadline may come first
        for _ in range(0, ITERATIONS, step):
            model.fit(design, target)
            if model.n_iter_.max() < step or deadline.over():
                break
    weights, intercept = np.zeros((design.shape[1], spec.outputs), dtype=np.float32), np.full(spec.outputs, -np.inf)
    intercept[model.classes_] = 0.0
    learnt = model.classes_ if len(model.classes_) > 2 else model.classes_[1:]  # of two classes the first has score 0
    weights[:, learnt] = model.coef_.T
    intercept[learnt] = model.intercept_
    return weights, intercept
