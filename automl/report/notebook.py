"""The answer as a few lines of HTML for a notebook's cell: no script, no style sheet, no request."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from automl.report import words
from automl.report.blocks.front import front
from automl.report.facts import ReportFacts
from automl.report.html import shown

_TONES = {"good": "#17734a", "review": "#8a5a00", "bad": "#b3261e"}
_LINE = "border-bottom:1px solid rgba(128,128,128,.3);padding:3px 14px 3px 0;text-align:"
_MODELS = 8


def summary(facts: ReportFacts) -> str:
    """Return the answer, the scores against the naive predictor and the best models as HTML that inherits the notebook's colours.

    Args:
        facts: What is told.

    Example:
        >>> from automl.report.facts import Answer, DataFacts, EvaluationFacts, TaskFacts
        >>> facts = ReportFacts(
        ...     title="Prices",
        ...     created="2026-01-01",
        ...     automl_version="0.1.0",
        ...     answer=Answer(verdict="no", rule="r", headline="Do not use it."),
        ...     task=TaskFacts(problem="regression", target="price", metric="rmse"),
        ...     data=DataFacts(name="houses", rows=90, columns=3, columns_used=2, rows_train=90),
        ...     evaluation=EvaluationFacts(rows=90, source="holdout", scores={}),
        ... )
        >>> "Do not use it." in summary(facts)
        True
    """
    page = front(facts)
    parts = [
        _tag("div", f"Model report · {facts.title}", "font-size:85%;opacity:.75"),
        Markup('<div style="font-size:140%;font-weight:650;margin:2px 0 4px">Can we use it? <span style="color:{}">{}</span></div>').format(
            _TONES[page["tone"]], page["verdict"]
        ),
        _tag("div", page["headline"], "max-width:72ch"),
        _tag("div", f"The rule that decided: {page['rule']}", "font-size:85%;opacity:.75;margin:4px 0 8px;max-width:80ch"),
    ]
    if page["warnings"]:
        items = Markup("").join(_tag("li", text, "") for text in page["warnings"])
        parts.append(Markup('<ol style="margin:6px 0;padding-left:1.4em">{}</ol>').format(items))
    scores = [
        (score.title.split(" (")[0], words.number(score.value), words.interval(score.low, score.high), words.number(score.naive))
        for score in facts.evaluation.scores.values()
    ]
    parts.append(_table(("Score", "Value", "95 % interval", "Naive"), scores))
    if facts.leaderboard is not None:
        models = [
            (row.title, words.number(row.score), words.interval(row.low, row.high), words.percent(row.weight) if row.weight else "")
            for row in facts.leaderboard.rows[:_MODELS]
            if row.score is not None
        ]
        parts.append(_table(("Model", facts.leaderboard.metric_title, "95 % interval", "Weight"), models))
    judged = f"Judged on {words.count(facts.evaluation.rows, 'unseen row')}. model.report() writes everything as one page."
    parts.append(_tag("div", judged, "font-size:85%;opacity:.75;margin-top:6px"))
    return str(Markup('<div style="line-height:1.45;padding:4px 0">{}</div>').format(Markup("").join(parts)))


def _tag(name: str, text: str, style: str) -> Markup:
    return Markup('<{} style="{}">{}</{}>').format(name, style, shown(text), name)


def _table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> Markup:
    if not rows:
        return Markup("")
    lines = [Markup("").join(_cell("th", text, place) for place, text in enumerate(head))]
    lines += [Markup("").join(_cell("td", text, place) for place, text in enumerate(row)) for row in rows]
    body = Markup("").join(Markup("<tr>{}</tr>").format(line) for line in lines)
    return Markup('<table style="border-collapse:collapse;margin:8px 0;font-size:92%">{}</table>').format(body)


def _cell(name: str, text: str, place: int) -> Markup:
    return Markup('<{} style="{}">{}</{}>').format(name, _LINE + ("left" if place == 0 else "right"), shown(text), name)
