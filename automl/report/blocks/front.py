"""The first page: can we use it, how good is it against doing without, what does it cost, and the worst warnings."""

from __future__ import annotations

from typing import Any

from automl.report import of_anomalies, svg, words
from automl.report.blocks.decided import at, per_thousand, without_model
from automl.report.blocks.judged import SHARES, short, written
from automl.report.facts import ComparisonFacts, EvaluationFacts, ReportFacts

_ANSWERS = {"yes": "Yes", "yes, with review": "Yes, with review", "no": "No"}
_SECOND = {
    "binary": ("roc_auc", "accuracy"),
    "multiclass": ("accuracy",),
    "regression": ("mae", "r2"),
    "forecasting": ("mae",),
    "multilabel": ("f1_macro", "f1_micro"),
    "anomaly_detection": (),
}
_NOT_ASSESSED = "not assessed: no sensitive column was named"
_TONES = {"yes": "good", "yes, with review": "review", "no": "bad"}


def front(facts: ReportFacts) -> dict[str, Any]:
    """Return what the first page shows."""
    answer = facts.answer
    return {
        "verdict": _ANSWERS[answer.verdict],
        "tone": _TONES[answer.verdict],
        "headline": answer.headline,
        "rule": answer.rule,
        "sentences": answer.sentences,
        "warnings": answer.warnings,
        "picture": ruler(facts),
        "tiles": tiles(facts),
        "about": _about(facts),
    }


def _about(facts: ReportFacts) -> list[tuple[str, str]]:
    data = facts.data
    rows = f"{words.count(data.rows, 'row')}, {words.count(data.columns_used, 'column')} used"
    mark = data.sha256 or facts.reproduce.data_fingerprint
    return [
        ("Model", facts.model_name),
        ("Data", f"{words.shorten(data.name, 40)}, {rows}"),
        ("Judged on", words.count(facts.evaluation.rows, "unseen row")),
        ("Groups of people", f"compared by {words.listing(facts.sensitive)}" if facts.treatments else _NOT_ASSESSED),
        *([("Fingerprint", mark[:12])] if mark else []),
        ("Made", facts.created[:10]),
    ]


def is_worse(comparison: ComparisonFacts) -> bool:
    """Say whether ours was shown to be worse."""
    return comparison.high is not None and comparison.high < 0


def is_naive(comparison: ComparisonFacts) -> bool:
    """Say whether the other model is the naive predictor."""
    return "naive" in comparison.against.lower()


def rivals(evaluation: EvaluationFacts, metric: str) -> list[ComparisonFacts]:
    """Return one comparison for each other model, on the metric that the search improved where there is one."""
    found: dict[str, ComparisonFacts] = {}
    for comparison in evaluation.comparisons:
        if comparison.against not in found or comparison.metric == metric:
            found[comparison.against] = comparison
    return sorted(found.values(), key=lambda comparison: not is_naive(comparison))


def ruler(facts: ReportFacts) -> dict[str, Any] | None:
    """Draw our model, the simplest and the naive one on one scale."""
    metric = facts.task.metric
    ours = facts.evaluation.scores.get(metric)
    if ours is None or ours.value is None:
        return None
    others = [
        ("Naive predictor", c.theirs, "naive") if is_naive(c) else (f"Simplest: {c.against}", c.theirs, "linear")
        for c in rivals(facts.evaluation, metric)
        if c.theirs is not None and c.metric == metric
    ]
    if ours.naive is not None and not any(kind == "naive" for _, _, kind in others):
        others.append(("Naive predictor", ours.naive, "naive"))
    if not others:
        return None
    values = [end for end in (ours.value, ours.low, ours.high, *(theirs for _, theirs, _ in others)) if end is not None]
    room = (max(values) - min(values)) * 0.08 or abs(max(values)) * 0.1 or 1.0
    domain = (min(values) - room, max(values) + room)
    picture = svg.dot_interval(ours.value, ours.low, ours.high, domain, kind="network")
    rows = [
        {
            "title": "This model",
            "value": written(metric, ours.value, facts.task),
            "interval": words.interval(ours.low, ours.high),
            "ours": True,
            "drawing": picture,
        }
    ]
    for label, theirs, kind in sorted(others, key=lambda item: item[2] == "naive"):
        rows.append(
            {
                "title": words.shorten(label),
                "value": written(metric, theirs, facts.task),
                "interval": "",
                "ours": False,
                "drawing": svg.dot_interval(theirs, None, None, domain, kind=kind),
            }
        )
    axis = svg.axis([(t, words.number(t)) for t in svg.ticks(*domain, 4)], domain)
    direction = "further right is better" if ours.greater_is_better else "further left is better"
    return {"title": short(ours.title)[0], "direction": direction, "rows": rows, "axis": axis}


def tiles(facts: ReportFacts) -> list[dict[str, Any]]:
    """Return the three or four numbers that a decision hangs on."""
    if facts.anomalies is not None:
        return of_anomalies.tiles(facts)[:4]
    found = [*_rivals(facts), *_second(facts), *_money(facts)]
    return found[:4]


def _rivals(facts: ReportFacts) -> list[dict[str, Any]]:
    """Show how much better the model is than the naive predictor and than the simplest model."""
    made = []
    for comparison in rivals(facts.evaluation, facts.task.metric)[:2]:
        if comparison.difference is None:
            continue
        score = facts.evaluation.scores.get(comparison.metric)
        name = spoken(short(score.title)[0] if score else comparison.metric)
        more = score is not None and score.greater_is_better
        against = "the naive predictor" if is_naive(comparison) else "the simplest model"
        if not comparison.better:
            made.append(
                {
                    "label": f"Better than {against}?",
                    "value": "No, worse" if is_worse(comparison) else "Not shown",
                    "under": f"difference in {name} {_difference(comparison)}",
                }
            )
        elif more or not comparison.theirs or comparison.low is None or comparison.high is None:
            made.append(
                {
                    "label": f"Better {name} than {against}, by",
                    "value": words.number(comparison.difference),
                    "under": words.confidence(comparison.low, comparison.high),
                }
            )
        else:
            theirs = comparison.theirs
            bounds = words.confidence(comparison.low / theirs, comparison.high / theirs, share=True)
            made.append({"label": f"Less {name} than {against}", "value": words.percent(comparison.difference / theirs), "under": bounds})
    return made


def _difference(comparison: ComparisonFacts) -> str:
    bounds = words.interval(comparison.low, comparison.high)
    return words.number(comparison.difference) + (f" ({bounds})" if bounds != words.NOTHING else "")


def spoken(name: str) -> str:
    """Write a metric's name as inside a sentence: acronyms stay as they are."""
    return name if name[1:2].isupper() else name[:1].lower() + name[1:]


def _second(facts: ReportFacts) -> list[dict[str, Any]]:
    """Show one score that people know: ROC AUC, accuracy, or the share explained."""
    rule = facts.evaluation.rule
    for name in (*((rule.metric,) if rule is not None else ()), *_SECOND[facts.task.problem]):
        score = facts.evaluation.scores.get(name)
        if score is not None and score.value is not None:
            bounds = words.interval(score.low, score.high, share=name in SHARES or name == "r2")
            value = words.percent(score.value) if name == "r2" else written(name, score.value, facts.task)
            label = {
                "roc_auc": "Pairs ranked rightly (ROC AUC)",
                "accuracy": "Named rightly",
                "balanced_accuracy": "Found, mean over the classes",
                "macro_f1": "Macro-F1, mean over the classes",
                "f1": "F1 of the class that is looked for",
                "mae": "Mean size of an error",
                "r2": "Differences explained (R²)",
                "f1_macro": "F1, mean over the labels",
                "f1_micro": "F1 over all labels",
            }[name]
            return [{"label": label, "value": value, "under": f"95 % interval {bounds}" if bounds != words.NOTHING else ""}]
    return []


def _money(facts: ReportFacts) -> list[dict[str, Any]]:
    chosen = facts.threshold
    if chosen is None or not chosen.table or chosen.costs is None:
        return []
    cost, without = per_thousand(at(chosen)), without_model(chosen)
    if cost is None:
        return []
    currency = chosen.costs.currency
    under = f"instead of {words.money(without[1], currency)} when {without[0]} is flagged" if without else ""
    return [{"label": f"Cost of 1,000 {facts.task.cases}", "value": words.money(cost, currency), "under": under}]
