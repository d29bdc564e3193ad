"""The worst cohort, found by a small tree on one half of the rows and measured on the other."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd

from automl.evaluation.facts import finite
from automl.evaluation.inference import mean_interval
from automl.metrics import Array, wilson

DEPTH = 3
LEAST = 0.03  # of the half that finds
LEAST_ROWS = 25
LEVELS = 20
ROWS = 40_000

Step = tuple[int, float, bool, bool]
"""Column, threshold, whether to the left, whether missing values go there."""


@dataclass(frozen=True)
class Leaf:
    """One cohort of the tree.

    Attributes:
        rules: What makes it, at most three.
        rows: Its rows on the half that measures.
        value: Their mean loss.
        low: Lower end of its 95 % interval.
        high: Upper end.
        found: Mean loss on the half that found it; it flatters the search.
    """

    rules: tuple[str, ...]
    rows: int
    value: float
    low: float
    high: float
    found: float

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values."""
        return dict(finite({**asdict(self), "rules": list(self.rules)}))


@dataclass(frozen=True)
class Cohorts:
    """All leaves, that with the largest loss where it was found first; `whole` is the mean loss of the half that measures."""

    leaves: tuple[Leaf, ...]
    whole: float
    rows: int

    @property
    def worse(self) -> bool:
        """Whether the worst cohort is shown to be worse than the whole, on rows that did not find it."""
        return bool(self.leaves) and self.leaves[0].low > self.whole

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values."""
        return {"leaves": [leaf.to_dict() for leaf in self.leaves], "whole": self.whole, "rows": self.rows, "worse": self.worse}


def worst_cohort(frame: pd.DataFrame, loss: Array, *, share: bool, seed: int = 0) -> Cohorts | None:
    """Find the kind of case that the model does worst.

    A regression tree of depth 3 over the loss (as the error tree of the Responsible AI toolbox), grown on one half of the rows; what is
    told of its leaves is measured on the other half, so that the worst of eight is not told as worse than it is.

    Args:
        frame: Raw columns of the judged rows.
        loss: Loss of each row, (rows,).
        share: Whether the mean loss is a share.
        seed: Of the halves.

    Returns:
        The leaves; None with fewer than 100 rows or no column to split by.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> frame = pd.DataFrame({"kind": rng.choice(["a", "b"], 600), "x": rng.normal(size=600)})
        >>> found = worst_cohort(frame, (frame["kind"] == "b").to_numpy(float), share=True)
        >>> found.leaves[0].rules, found.worse
        (('kind is b',), True)
    """
    from sklearn.tree import DecisionTreeRegressor

    rng = np.random.default_rng(seed)
    if len(frame) > ROWS:
        kept = np.sort(rng.choice(len(frame), ROWS, replace=False))
        frame, loss = frame.iloc[kept], loss[kept]
    if len(frame) < 100 or not frame.shape[1] or float(np.ptp(loss)) == 0:
        return None
    finds = rng.permutation(len(frame)) < len(frame) // 2
    coded = {str(name): _coded(frame[name], loss, finds) for name in frame.columns}
    x = np.column_stack([code for code, _ in coded.values()])
    least = max(LEAST_ROWS, int(LEAST * finds.sum()))
    tree = DecisionTreeRegressor(max_depth=DEPTH, min_samples_leaf=least, random_state=seed).fit(x[finds], loss[finds])
    at, found = tree.apply(x), []
    names = list(coded)
    for leaf, steps in _paths(tree.tree_).items():
        own, other = loss[~finds & (at == leaf)], loss[finds & (at == leaf)]
        if len(own) < 2:
            continue
        low, high = map(float, wilson(own.sum(), len(own))) if share else mean_interval(own)
        rules = _rules(steps, names, coded)
        found.append(Leaf(rules, len(own), float(own.mean()), low, high, float(other.mean())))
    ordered = tuple(sorted(found, key=lambda leaf: -leaf.found))
    return Cohorts(ordered, float(loss[~finds].mean()), int((~finds).sum()))


def _coded(values: pd.Series[Any], loss: Array, finds: Array) -> tuple[Array, list[str] | None]:
    """Return numbers as they are, or levels in the order of their mean loss on the half that finds, with their names."""
    if pd.api.types.is_datetime64_any_dtype(values.dtype):
        return values.astype("datetime64[ns]").astype("int64").astype(float).where(values.notna()).to_numpy(), None
    numeric = pd.api.types.is_numeric_dtype(values.dtype) and not pd.api.types.is_bool_dtype(values.dtype)
    if numeric and values.nunique() > 2:
        return values.to_numpy(dtype=np.float64, na_value=np.nan), None
    texts = values.astype("string").fillna("missing")
    common = texts.value_counts().index[:LEVELS]
    texts = texts.where(texts.isin(common), "all others")
    means = pd.Series(loss[finds]).groupby(texts.to_numpy(dtype=object)[finds]).mean().sort_values(kind="stable")
    order = [str(name) for name in means.index] + sorted(set(texts.unique()) - set(means.index))
    place = {name: number for number, name in enumerate(order)}
    return texts.map(place).to_numpy(dtype=np.float64), order


def _paths(tree: Any) -> dict[int, list[Step]]:
    """Return for every leaf its steps: column, threshold, whether to the left, whether missing values go there."""
    paths: dict[int, list[Step]] = {}
    todo: list[tuple[int, list[Step]]] = [(0, [])]
    while todo:
        node, steps = todo.pop()
        if tree.children_left[node] < 0:
            paths[node] = steps
            continue
        column, limit, left = int(tree.feature[node]), float(tree.threshold[node]), bool(tree.missing_go_to_left[node])
        todo.append((int(tree.children_left[node]), [*steps, (column, limit, True, left)]))
        todo.append((int(tree.children_right[node]), [*steps, (column, limit, False, not left)]))
    return paths


def _rules(steps: list[Step], names: list[str], coded: dict[str, tuple[Array, list[str] | None]]) -> tuple[str, ...]:
    """Write the steps as rules, one for each column."""
    told = []
    for column in dict.fromkeys(step[0] for step in steps):
        name = names[column]
        own = [step for step in steps if step[0] == column]
        low = max((limit for _, limit, left, _ in own if not left), default=-np.inf)
        high = min((limit for _, limit, left, _ in own if left), default=np.inf)
        values, levels = coded[name]
        if levels is not None:
            inside = [level for place, level in enumerate(levels) if low < place <= high]
            told.append(f"{name} is {' or '.join(inside[:4])}{' or others' if len(inside) > 4 else ''}")
            continue
        gaps = " or missing" if all(missing for *_, missing in own) and bool(np.isnan(values).any()) else ""
        ends = f"at most {high:.4g}" if np.isfinite(high) else f"above {low:.4g}"
        ends = f"{low:.4g} to {high:.4g}" if np.isfinite([low, high]).all() else ends
        told.append(f"{name} {ends}{gaps}")
    return tuple(told)
