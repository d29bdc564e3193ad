"""How good the model is: scores against the baseline, confusion, curves, reliability, errors of numbers."""

from __future__ import annotations

from typing import Any

from markupsafe import Markup

from automl.report import charts, of_anomalies, ruled, svg, words
from automl.report.blocks.base import Block, Cell, Table, cut
from automl.report.facts import ConfusionFacts, EvaluationFacts, ReportFacts, ScoreFacts, TaskFacts

SHARES = {
    *("accuracy", "balanced_accuracy", "precision", "recall", "f1", "macro_f1", "f1_macro", "calibration_error", "coverage"),
    *("f1_micro", "subset_accuracy", "hamming_loss", "false_alarms", "share_of_alarms"),
}
_MOST_CLASSES = 12
_SCALE = (-0.1, 1.0)  # from a little worse than the naive predictor (0) to perfect (1)


def written(name: str, amount: float | None, task: TaskFacts) -> str:
    """Write the value of a score: shares as percents, errors with the target's unit."""
    if name in SHARES:
        return words.percent(amount)
    if name == "smape":
        return words.number(amount) + (f"{words.SPACE}%" if amount is not None else "")
    return words.value(amount, task) if name in ("rmse", "mae") else words.number(amount)


def short(title: str) -> tuple[str, str]:
    """Split a score's title into its name and the explanation in brackets."""
    name, _, rest = title.partition(" (")
    return name, rest.rstrip(")")


_MEANINGS = {
    "accuracy": "named rightly",
    "balanced_accuracy": "found, mean over the classes",
    "precision": "right when flagged",
    "recall": "found",
    "f1": "precision and recall in one",
    "macro_f1": "every class counts alike",
    "roc_auc": "pairs ranked rightly",
    "pr_auc": "precision over all levels of recall",
    "calibration_error": "mean gap between said and happened",
    "f1_macro": "every label counts alike",
    "f1_micro": "every label of every row counts alike",
    "subset_accuracy": "rows with all labels right and none too many",
    "hamming_loss": "answers that are wrong, one for each row and label",
}


def meaning(name: str, score: ScoreFacts, task: TaskFacts) -> str:
    """Say in a few words what a score means for this problem."""
    text = _MEANINGS.get(name, short(score.title)[1])
    spread = task.problem == "multiclass" and name in ("precision", "recall", "f1", "roc_auc", "pr_auc")
    return f"{text}, mean over the classes" if spread else text


def skill(score: ScoreFacts, amount: float | None) -> float | None:
    """Return where `amount` lies between the naive predictor (0) and perfection (1); None where the naive one is perfect already."""
    if amount is None or score.naive is None:
        return None
    perfect = 1.0 if score.greater_is_better else 0.0
    room = perfect - score.naive
    return (amount - score.naive) / room if abs(room) > 1e-9 else None


def scores(facts: ReportFacts) -> Block | None:
    """Draw every score on one scale from guessing to perfect; of anomalies only where labels are known."""
    if facts.anomalies is not None and facts.anomalies.known is None:
        return None
    several = facts.task.problem == "multiclass"  # of several classes F1 is the macro mean: once is enough
    known = {name: score for name, score in facts.evaluation.scores.items() if not (several and name == "macro_f1")}
    table: list[list[Cell]] = []
    for name, score in known.items():
        amounts = (score.value, score.low, score.high, score.naive, score.before_calibration)
        direction = "as promised" if name == "coverage" else "higher" if score.greater_is_better else "lower"
        table.append([short(score.title)[0], *(written(name, amount, facts.task) for amount in amounts), direction, score.undefined or ""])
    head, table = _filled(("Score", "Value", "Low", "High", "Naive", "Uncalibrated", "Better", "Remark"), table)
    texts = frozenset(place for place, name in enumerate(head) if name in ("Score", "Better", "Remark"))
    return Block(
        "scores",
        "Scores",
        of_anomalies.how_good(facts) if facts.anomalies is not None else how_good(facts.task, facts.evaluation),
        "How the model will do when the world changes: intervals cover the luck of the sample, not a shift in time or in customers.",
        notes=(f"Measured on {words.count(facts.evaluation.rows, 'row')}: {words.source(facts.evaluation.source)}.", *_never(facts)),
        template="scores",
        data={
            "rows": [_score_row(name, score, facts.task) for name, score in known.items()],
            "axis": svg.axis([(0.0, "naive"), (0.5, "half way"), (1.0, "perfect")], _SCALE),
            "before": any(score.before_calibration is not None for score in known.values()),
        },
        tables=(Table("Scores with 95 % intervals", head, table, texts), *comparisons(facts)),
    )


def _filled(head: tuple[str, ...], rows: list[list[Cell]]) -> tuple[tuple[str, ...], list[list[Cell]]]:
    """Leave out the columns of a table that say nothing in any row."""
    kept = [place for place in range(len(head)) if any(row[place] not in ("", words.NOTHING) for row in rows)]
    return tuple(head[place] for place in kept), [[row[place] for place in kept] for row in rows]


def _never(facts: ReportFacts) -> tuple[str, ...]:
    """Say which classes are never predicted, and what that does to means over the classes."""
    table = facts.evaluation.confusion
    if table is None or facts.task.problem != "multiclass":
        return ()
    never = [words.shorten(label, 40) for label, *called in zip(table.labels, *table.counts, strict=True) if not sum(called)]
    told = f"{words.listing(never, 5)} {words.are(len(never))} never predicted"
    return (f"{told}: precision and F1 of such a class count as 0 in the means over the classes.",) if never else ()


def _score_row(name: str, score: ScoreFacts, task: TaskFacts) -> dict[str, Any]:
    """Return the texts and the drawing of one score."""
    place = None if name == "calibration_error" or score.undefined is not None else skill(score, score.value)
    drawing = None
    if place is not None:
        ends = sorted(end for end in (skill(score, score.low), skill(score, score.high)) if end is not None)
        low, high = (ends[0], ends[1]) if len(ends) == 2 else (None, None)
        drawing = svg.dot_interval(place, low, high, _SCALE, reference=0.0, hollow=skill(score, score.before_calibration))
    return {
        "title": short(score.title)[0],
        "meaning": meaning(name, score, task),
        "value": written(name, score.value, task),
        "interval": words.interval(score.low, score.high, name in SHARES),
        "naive": written(name, score.naive, task),
        "undefined": score.undefined,
        "drawing": drawing,
    }


def how_good(task: TaskFacts, evaluation: EvaluationFacts) -> str:
    """Say in one sentence how good the model is, in numbers of cases or in the unit of the target."""
    scored, confusion = evaluation.scores, evaluation.confusion
    if task.problem == "binary" and confusion is not None and len(confusion.labels) == 2:
        return flagged(task, confusion)
    if task.problem == "multilabel":
        return _labelled(evaluation)
    right, error = scored.get("accuracy"), scored.get("mae") or scored.get("rmse")
    if task.problem == "multiclass" and right is not None and right.value is not None:
        sure = words.confidence(right.low, right.high, share=True)
        naive = f"; always naming the most frequent class is right for {words.of_hundred(right.naive)}" if right.naive is not None else ""
        return f"Of 100 {task.cases}, the model names the right class for {words.of_hundred(right.value)}{words.bracket(sure)}{naive}."
    if task.problem in ("regression", "forecasting") and error is not None and error.value is not None:
        sure = words.confidence(error.low, error.high)
        instead = "without a model" if task.problem == "regression" else "by repeating the last season"
        naive = f", against {words.value(error.naive, task)} {instead}" if error.naive is not None else ""
        what = "prediction" if task.problem == "regression" else "forecast"
        kind = f"On average a {what} is off" if "mae" in scored else f"A typical {what} is off (root mean squared error)"
        return f"{kind} by {words.value(error.value, task)}{words.bracket(sure)}{naive}."
    name, score = next(((name, score) for name, score in scored.items() if score.value is not None), ("", None))
    if score is None:
        return "No score could be computed on the judged rows."
    sure = words.confidence(score.low, score.high)
    return f"{short(score.title)[0]} is {written(name, score.value, task)}{words.bracket(sure)}."


def _labelled(evaluation: EvaluationFacts) -> str:
    """Say what becomes of 100 labels that the model gives and of 100 labels that rows have."""
    right, found = evaluation.scores.get("precision"), evaluation.scores.get("recall")
    if right is None or right.value is None or found is None or found.value is None:
        return "The model gives no label at all."
    sure = (
        words.bracket(words.confidence(right.low, right.high, share=True)),
        words.bracket(words.confidence(found.low, found.high, share=True)),
    )
    return (
        f"Of 100 labels that the model gives, {words.of_hundred(right.value)} are right{sure[0]}; of 100 labels that rows have, it finds"
        f" {words.of_hundred(found.value)}{sure[1]}."
    )


def flagged(task: TaskFacts, confusion: ConfusionFacts) -> str:
    """Say what becomes of 100 flagged cases and of 100 cases that are looked for."""
    hit, miss, alarm, _ = decided(task, confusion)
    if hit + alarm == 0:
        return f"The model flags no {task.case} at all: none of the {words.whole(miss)} with {words.event(task)} is found."
    known = words.wilson(hit, hit + alarm)
    sure = f" ({words.confidence(*known, share=True)})" if known else ""
    turn = f"Of 100 {task.cases} the model flags, {words.of_hundred(hit / (hit + alarm))} really turn out {words.event(task)}{sure}"
    found = words.wilson(hit, hit + miss)
    ends = f" ({words.interval(*found, share=True)})" if found else ""
    return turn + (f"; of 100 such {task.cases} it finds {words.of_hundred(hit / (hit + miss))}{ends}." if hit + miss else ".")


def decided(task: TaskFacts, table: ConfusionFacts) -> tuple[int, int, int, int]:
    """Return hits, misses, false alarms and rightly left alone of a table of two classes."""
    at = 0 if str(table.labels[0]) == str(words.positive(task)) else 1
    return table.counts[at][at], table.counts[at][1 - at], table.counts[1 - at][at], table.counts[1 - at][1 - at]


def comparisons(facts: ReportFacts) -> tuple[Table, ...]:
    """List the paired tests against other models."""
    rows: list[list[Cell]] = [
        [
            c.against,
            c.metric,
            words.number(c.ours),
            words.number(c.theirs),
            words.number(c.difference),
            words.interval(c.low, c.high),
            words.number(c.p_value, 2),
            "yes" if c.better else "not shown",
        ]
        for c in facts.evaluation.comparisons
    ]
    head = ("Against", "Score", "Ours", "Theirs", "Difference", "95 % interval", "p-value", "Better?")
    return (
        (Table("Paired comparisons on the same rows; a positive difference speaks for ours", head, rows, frozenset({0, 1, 7})),)
        if rows
        else ()
    )


def confusion(facts: ReportFacts) -> Block | None:
    """Draw who is taken for what."""
    table = facts.evaluation.confusion
    if table is None or not table.counts:
        return None
    total, right = sum(map(sum, table.counts)), sum(row[i] for i, row in enumerate(table.counts))
    labels, counts, merged = _largest(table)
    grouped = f"The {len(labels) - 1} most frequent classes are shown; all others are counted together." if merged else ""
    rule = facts.evaluation.rule if facts.threshold is None else None  # a threshold says its reason itself
    wrong = [(counts[i][j], labels[i], labels[j]) for i in range(len(labels)) for j in range(len(labels)) if i != j]
    often = max(wrong, key=lambda item: item[0], default=(0, "", ""))
    cases = facts.task.cases
    mix = f" The most frequent mistake: {words.whole(often[0])} {cases} that are {often[1]} are called {often[2]}." if often[0] else ""
    most = max((sum(row) for row in counts), default=1) or 1
    cells = [
        {
            "label": label,
            "cells": [
                {
                    "count": words.whole(c),
                    "share": words.percent(c / (sum(row) or 1)),
                    "depth": round(10 * c / (sum(row) or 1)),
                    "right": i == j,
                }
                for j, c in enumerate(row)
            ],
            "sum": words.whole(sum(row)),
        }
        for i, (label, row) in enumerate(zip(labels, counts, strict=True))
    ]
    per_class = sorted(facts.evaluation.per_class, key=lambda entry: entry.rows, reverse=True)
    rows: list[list[Cell]] = [
        [words.shorten(c.label, 50), words.whole(c.rows), words.percent(c.precision), words.percent(c.recall), words.percent(c.f1)]
        for c in per_class
    ]
    shown, more = cut(rows, 60)
    return Block(
        "confusion",
        "Who is taken for what",
        f"{words.whole(right)} of {words.whole(total)} {cases} ({words.percent(right / (total or 1))}) are named rightly.{mix}",
        "How much each kind of mistake costs you: a table of counts treats a missed case and a false alarm alike.",
        notes=tuple(note for note in (grouped, ruled.told(facts.evaluation), rule.because if rule else "") if note),
        template="confusion",
        data={"labels": labels, "rows": cells, "most": most},
        tables=(
            Table("Each class", ("Class", "Cases", "Right when named (precision)", "Found (recall)", "F1"), shown, frozenset({0}), more),
        )
        if rows
        else (),
    )


def _largest(table: ConfusionFacts) -> tuple[list[str], list[list[int]], bool]:
    """Keep the most frequent classes and add the others up."""
    labels, counts = [words.shorten(label, 32) for label in table.labels], [list(row) for row in table.counts]
    if len(labels) <= _MOST_CLASSES:
        return labels, counts, False
    order = sorted(range(len(labels)), key=lambda i: -sum(counts[i]))[: _MOST_CLASSES - 1]
    keep = sorted(order)
    others = [i for i in range(len(labels)) if i not in set(keep)]
    groups = [[i] for i in keep] + [others]
    merged = [[sum(counts[i][j] for i in rows for j in columns) for columns in groups] for rows in groups]
    return [*(labels[i] for i in keep), f"{len(others):,} others"], merged, True


def curves(facts: ReportFacts) -> Block | None:
    """Draw precision–recall and ROC; with several classes precision–recall of each, the hardest first."""
    known = facts.evaluation.curves
    if known is None or not (known.precision_recall or known.roc):
        return None
    if facts.task.problem == "multiclass" or len(known.precision_recall) > 1:
        return _class_curves(facts)
    pr, roc = next(iter(known.precision_recall.values()), None), next(iter(known.roc.values()), None)
    what, cases = words.event(facts.task), facts.task.cases
    here_pr, here_roc = _chosen_points(facts)
    figures: list[tuple[Markup, Cell]] = []
    sentence = ""
    if pr is not None:
        figures.append(
            (
                charts.curve(
                    pr, "pr", f"Precision and recall for {what}", ("Found (recall)", "Right when flagged (precision)"), here=here_pr
                ),
                "The higher to the right, the better; the dashed line is guessing.",
            )
        )
        base = f" where {words.of_hundred(pr.baseline)} in 100 are {what}" if pr.baseline is not None else ""
        sentence = (
            f"Averaged over all thresholds, {words.percent(pr.area)} of flagged {cases} are right{base}." if pr.area is not None else ""
        )
    if roc is not None:
        figures.append(
            (
                charts.curve(roc, "roc", f"ROC curve for {what}", ("False alarms", "Found (recall)"), diagonal=True, here=here_roc),
                "The nearer to the upper left, the better; the diagonal is guessing.",
            )
        )
        if roc.area is not None:
            ranked = f"Given one {facts.task.case} of each kind, the model ranks them rightly {words.of_hundred(roc.area)} times in 100."
            sentence = f"{ranked} {sentence}".strip()
    tables = tuple(
        _curve_table(curve.x, curve.y, head)
        for curve, head in ((pr, ("Found (recall)", "Right when flagged (precision)")), (roc, ("False alarms", "Found (recall)")))
        if curve is not None and curve.x
    )
    return Block(
        "curves",
        "Ranking",
        sentence or "How many are found at the price of how many false alarms.",
        "Which point to choose: that depends on what mistakes cost, see the threshold below.",
        figures=tuple(figures),
        tables=tables,
    )


def _chosen_points(facts: ReportFacts) -> tuple[tuple[float, float] | None, tuple[float, float] | None]:
    table = facts.evaluation.confusion
    if facts.threshold is None or table is None or len(table.labels) != 2:
        return None, None
    hit, miss, alarm, rest = decided(facts.task, table)
    if not (hit + miss and hit + alarm and alarm + rest):
        return None, None
    recall = hit / (hit + miss)
    return (recall, hit / (hit + alarm)), (alarm / (alarm + rest), recall)


def _curve_table(x: tuple[float, ...], y: tuple[float, ...], head: tuple[str, str]) -> Table:
    picked = sorted({round(i * (len(x) - 1) / 14) for i in range(15)})
    rows: list[list[Cell]] = [[words.percent(x[i]), words.percent(y[i])] for i in picked]
    return Table(f"{head[1]} against {head[0].lower()}", head, rows, frozenset())


def _class_curves(facts: ReportFacts) -> Block:
    known = facts.evaluation.curves
    assert known is not None
    ranked = sorted(known.precision_recall.items(), key=lambda item: item[1].area if item[1].area is not None else 2.0)
    figures: list[tuple[Markup, Cell]] = [
        (
            charts.curve(curve, f"pr-{i}", f"Precision and recall of {label}", ("Found (recall)", "Precision"), small=True),
            Markup("<b>{}</b> area {}").format(words.shorten(label, 40), words.number(curve.area)),
        )
        for i, (label, curve) in enumerate(ranked[:6])
    ]
    rows: list[list[Cell]] = [
        [
            words.shorten(label, 50),
            words.number(curve.area),
            words.number(curve.baseline),
            words.number(known.roc[label].area if label in known.roc else None),
        ]
        for label, curve in ranked
    ]
    shown, more = cut(rows, 60)
    label, hard = ranked[0]
    areas = f"area under its precision–recall curve {words.number(hard.area)}, guessing gives {words.number(hard.baseline)}"
    hardest = f"{words.shorten(label, 40)} is the hardest class to find ({areas})"
    easiest = f", {words.shorten(ranked[-1][0], 40)} the easiest ({words.number(ranked[-1][1].area)})" if len(ranked) > 1 else ""
    return Block(
        "curves",
        "Ranking",
        f"{hardest}{easiest}.",
        "Which mistakes matter: each class is judged against all others together.",
        figures=tuple(figures),
        tables=(
            Table(
                "Area under the curves of each class, the hardest first",
                ("Class", "Precision–recall", "Guessing", "ROC"),
                shown,
                frozenset({0}),
                more,
            ),
        ),
    )
