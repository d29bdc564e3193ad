"""The simplest model that is as good as the best, by the rule of one standard error."""

from __future__ import annotations

from automl.report import words
from automl.report.measured import LeaderboardFacts, LeaderboardRow
from automl.report.tried_facts import SimplestFacts

_ORDER = {"naive": 0, "linear": 1, "tree": 2, "other": 3, "network": 3, "ensemble": 4}
_NORMAL = 1.959964


def simplest(board: LeaderboardFacts) -> SimplestFacts | None:
    """Find the simplest model whose score is within one standard error of the best score.

    Simpler is, in this order: a model that looks at no column, a linear one, trees, a network, the ensemble; within a kind the smaller
    one. The standard error is that of the best score, from its interval. The rule is that of Breiman et al. (1984), Classification and
    Regression Trees, section 3.4.3.

    Args:
        board: All models side by side.

    Returns:
        None where nothing has a score with an interval.

    Example:
        >>> rows = [
        ...     {"rank": 1, "name": "net", "family": "n", "title": "Net", "kind": "network", "score": 0.40, "low": 0.36, "high": 0.44},
        ...     {"rank": 2, "name": "line", "family": "l", "title": "Line", "kind": "linear", "score": 0.41, "low": 0.37, "high": 0.45},
        ... ]
        >>> simplest(LeaderboardFacts(metric="log_loss", metric_title="log-loss", rows=rows)).name
        'line'
    """
    sign = -1.0 if board.greater_is_better else 1.0
    scored = [row for row in board.rows if row.score is not None]
    known = [row for row in scored if row.low is not None and row.high is not None]
    if not known or scored[0].score is None:
        return None
    best = min(known, key=lambda row: sign * (row.score or 0.0))
    assert best.score is not None
    assert best.low is not None
    assert best.high is not None
    error = (best.high - best.low) / (2 * _NORMAL)
    bound = best.score + sign * error
    near = [row for row in scored if row.score is not None and sign * row.score <= sign * bound]
    chosen = min(near, key=lambda row: (_ORDER.get(row.kind, 3), row.size_bytes or 1 << 60, sign * (row.score or 0.0)))
    assert chosen.score is not None
    return SimplestFacts(
        name=chosen.name,
        title=chosen.title,
        kind=chosen.kind,
        score=chosen.score,
        best=best.title,
        best_score=best.score,
        error=error,
        bound=bound,
        sentence=_sentence(chosen, best, error, bound, board),
    )


def _sentence(chosen: LeaderboardRow, best: LeaderboardRow, error: float, bound: float, board: LeaderboardFacts) -> str:
    metric = words.metric(board.metric_title)
    lead = f"The best {metric} is {words.number(best.score)} with a standard error of {words.number(error, 2)} ({best.title})"
    if chosen is best:
        return f"{lead}; no simpler model reaches {words.number(bound)}, so nothing simpler is as good."
    told = f"{lead}; the simplest model within one standard error is {chosen.title} ({words.number(chosen.score)})"
    if chosen.kind == "naive":
        looks = {"wql": "only repeats what was last seen", "average_precision": "knows nothing of them"}
        only = looks.get(board.metric, "looks at no column")
        return f"{told}, which {only}: nothing that was learned stands out from chance."
    if chosen.difference is None or chosen.name == board.best_single:
        return f"{told}."
    worse = (chosen.difference > 0) != board.greater_is_better
    gap = f"{words.number(abs(chosen.difference))} {'worse' if worse else 'better'} than the best single model"
    sure = "beyond noise" if chosen.beyond_noise else "within noise"
    return f"{told}. On the same rows it is {gap}, {sure} (paired test)."
