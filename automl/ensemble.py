"""Greedy selection of an ensemble from out-of-fold predictions (Caruana et al., 2004)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from automl.errors import UsageError
from automl.metrics import CLIP, Array, loss, row_losses

CHUNK = 8192  # rows per matrix product: bounds the float64 copies


@dataclass(frozen=True)
class Selection:
    """The weights of an ensemble and how they came about.

    Attributes:
        weights: (members,), not negative, sum 1.
        order: Members in the order in which greedy steps added them, repetitions included, up to the best prefix.
        losses: The loss after each of these steps, on the rows that selection saw.
        metric: What was minimised.
    """

    weights: Array
    order: tuple[int, ...]
    losses: tuple[float, ...]
    metric: str

    @property
    def members(self) -> tuple[int, ...]:
        """The members with a weight above 0, heaviest first."""
        used = np.flatnonzero(self.weights > 0)
        return tuple(int(member) for member in used[np.argsort(-self.weights[used], kind="stable")])

    def to_dict(self) -> dict[str, Any]:
        """Return the selection as JSON-ready values."""
        weights = [float(weight) for weight in self.weights]
        return {"weights": weights, "order": list(self.order), "losses": list(self.losses), "metric": self.metric}


@dataclass(frozen=True)
class CrossFitted:
    """An ensemble with predictions whose weights never saw the row that they predict.

    Attributes:
        selection: The weights from all rows: what will be used on new rows.
        prediction: (rows, outputs); the weights of each row were fitted on the other folds.
        loss: The loss of `prediction`: honest.
        best_single: The loss of the single best member, chosen in the same cross-fitted way.
    """

    selection: Selection
    prediction: Array
    loss: float
    best_single: float


def greedy_selection(
    problem: str, y: Array, predictions: Array, *, steps: int = 40, metric: str | None = None, tolerance: float = 1e-6
) -> Selection:
    """Add members one at a time, with replacement, each time the one that lowers the ensemble's loss most.

    Starts from the single best member, prefers members already in when the losses are equal within `tolerance` (relative), and
    keeps the best prefix.

    Args:
        problem: "binary", "multiclass" or "regression".
        y: Codes or numbers, (rows,).
        predictions: Out-of-fold predictions, (members, rows, outputs).
        steps: The most greedy steps.
        metric: "log_loss", "brier", "rmse" or "mae"; by default the problem's loss.
        tolerance: Relative difference of losses that counts as equal.

    Returns:
        A :class:`Selection`.

    Raises:
        UsageError: No members, or a metric that is no mean over rows.

    Example:
        >>> predictions = np.array([[[0.9], [2.1]], [[1.1], [1.9]], [[5.0], [5.0]]])
        >>> greedy_selection("regression", np.array([1.0, 2.0]), predictions).weights.tolist()
        [0.5, 0.5, 0.0]
    """
    if len(predictions) == 0:
        raise UsageError("An ensemble needs at least one member. Received none.")
    name = metric or loss(problem)
    candidates = _objective(name, np.asarray(y), predictions)
    return _greedy(candidates, len(predictions), steps, name, tolerance)


def _greedy(candidates: Callable[[Array], Array], members: int, steps: int, name: str, tolerance: float) -> Selection:
    counts = np.zeros(members)
    order: list[int] = []
    losses: list[float] = []
    for _ in range(max(1, steps)):
        values = candidates(counts)
        least = float(values.min())
        ties = np.flatnonzero(values <= least + tolerance * abs(least))
        inside = ties[counts[ties] > 0]
        chosen = int(inside[np.argmin(values[inside])] if len(inside) else ties[np.argmin(values[ties])])
        counts[chosen] += 1
        order.append(chosen)
        losses.append(float(values[chosen]))
    best = int(np.argmin(np.round(losses, 12))) + 1
    weights = np.bincount(order[:best], minlength=members) / best
    return Selection(weights, tuple(order[:best]), tuple(losses[:best]), name)


def _objective(name: str, y: Array, predictions: Array) -> Callable[[Array], Array]:
    """Return ``counts → loss of the ensemble after adding each member`` for one metric."""
    if name == "log_loss":
        code = np.asarray(y, dtype=np.int64)
        truth = np.stack([np.maximum(member[np.arange(len(code)), code], CLIP) for member in predictions]).astype(np.float32)
        return _separable(truth, lambda mean: float(-np.log(mean, out=mean).mean(dtype=np.float64)))
    if name == "mae":
        error = np.stack([np.asarray(member, dtype=np.float64).reshape(-1) - y for member in predictions]).astype(np.float32)
        return _separable(error, lambda mean: float(np.abs(mean, out=mean).mean(dtype=np.float64)))
    if name in ("rmse", "brier"):
        return _quadratic(_gram(name, y, predictions), root=name == "rmse")
    raise UsageError(f"`metric` of a selection must be log_loss, brier, rmse or mae. Received metric={name!r}.")


def _separable(values: Array, reduce: Callable[[Array], float]) -> Callable[[Array], Array]:
    """One number per member and row suffices: the true class' probability, or the error."""
    buffer = np.empty(values.shape[1], dtype=values.dtype)

    def candidates(counts: Array) -> Array:
        used = np.flatnonzero(counts)
        total = counts[used].astype(values.dtype) @ values[used] if len(used) else np.zeros_like(buffer)
        scale = values.dtype.type(1 / (counts.sum() + 1))
        losses = np.empty(len(values))
        for member, row in enumerate(values):
            np.add(total, row, out=buffer)
            np.multiply(buffer, scale, out=buffer)
            losses[member] = reduce(buffer)
        return losses

    return candidates


def _quadratic(gram: Array, root: bool) -> Callable[[Array], Array]:
    """A squared loss of a weighted mean of errors is wᵀGw, so that no step looks at a row again."""

    def candidates(counts: Array) -> Array:
        product = gram @ counts
        squared = (counts @ product + 2 * product + np.diag(gram)) / (counts.sum() + 1) ** 2
        squared = np.maximum(squared, 0)
        return np.asarray(np.sqrt(squared) if root else squared)

    return candidates


def _gram(name: str, y: Array, predictions: Array) -> Array:
    """Return the mean products of the members' errors, (members, members)."""
    members, rows = len(predictions), len(y)
    gram = np.zeros((members, members))
    for start in range(0, rows, CHUNK):
        part = slice(start, start + CHUNK)
        values = np.stack([np.asarray(member[part], dtype=np.float64) for member in predictions])
        if name == "rmse":
            error = values.reshape(members, -1) - y[part]
        else:
            truth = np.arange(values.shape[2]) == np.asarray(y[part])[:, None]
            # Two columns hold the same error twice; the binary Brier score counts it once.
            error = (values - truth).reshape(members, -1) / (np.sqrt(2) if values.shape[2] == 2 else 1)
        gram += error @ error.T
    return np.asarray(gram / max(rows, 1))


def blend(predictions: Array, weights: Array) -> Array:
    """Return the weighted mean of the members' predictions, float64 (rows, outputs).

    Example:
        >>> blend(np.array([[[0.2]], [[0.6]]]), np.array([0.5, 0.5])).round(3).tolist()
        [[0.4]]
    """
    total = np.zeros(np.shape(predictions[0]))
    for member in np.flatnonzero(weights):
        total += weights[member] * np.asarray(predictions[member], dtype=np.float64)
    return total


def cross_fitted_selection(
    problem: str, y: Array, predictions: Array, fold: Array | None = None, *, folds: int = 5, seed: int = 0, steps: int = 40,
    metric: str | None = None,
) -> CrossFitted:
    """Fit the weights on all rows and, for honest numbers, once per fold on the rows outside it.

    Args:
        problem: "binary", "multiclass" or "regression".
        y: Codes or numbers, (rows,).
        predictions: Out-of-fold predictions, (members, rows, outputs).
        fold: Fold of every row, (rows,); None draws `folds` random ones (for a single validation part).
        folds: How many to draw where `fold` is None.
        seed: Of the random folds.
        steps: The most greedy steps.
        metric: As in :func:`greedy_selection`.

    Returns:
        A :class:`CrossFitted`.
    """
    y, name = np.asarray(y), metric or loss(problem)
    if fold is None:
        fold = np.random.default_rng(seed).permutation(np.arange(len(y)) % folds)
    prediction = np.zeros(np.shape(predictions[0]))
    single = np.zeros(len(y))
    for part in np.unique(fold):
        inside, outside = np.flatnonzero(fold == part), np.flatnonzero(fold != part)
        if not len(outside):
            outside = inside
        train, test = predictions[:, outside], predictions[:, inside]
        selection = greedy_selection(problem, y[outside], train, steps=steps, metric=name)
        prediction[inside] = blend(test, selection.weights)
        single[inside] = row_losses(problem, y[inside], test[selection.order[0]], name)
    selection = greedy_selection(problem, y, predictions, steps=steps, metric=name)
    honest, best = row_losses(problem, y, prediction, name).mean(), single.mean()
    root = np.sqrt if name == "rmse" else float
    return CrossFitted(selection, prediction, float(root(honest)), float(root(best)))
