"""The first page: can we use it, how good is it against doing without, what does it cost, and the worst warnings."""

from __future__ import annotations

from typing import Any

from markupsafe import Markup

from automl.report import svg, words
from automl.report.blocks.decided import at, per_thousand, without_model
from automl.report.blocks.judged import how_good, short, written
from automl.report.facts import ComparisonFacts, ReportFacts

_ANSWERS = {"yes": "Yes", "yes, with review": "Yes, with review", "no": "No"}
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
        *([("Fingerprint", mark[:12])] if mark else []),
        ("Made", facts.created[:10]),
    ]


def named(comparison: ComparisonFacts) -> str:
    """Name the model that ours is compared with."""
    against = comparison.against.strip()
    if "naive" in against.lower():
        return "Naive predictor"
    return against[:1].upper() + against[1:].replace("_", " ")


def ruler(facts: ReportFacts) -> dict[str, Any] | None:
    """Draw our model, the simplest and the naive one on one scale."""
    ours = facts.evaluation.scores.get(facts.task.metric) or next(iter(facts.evaluation.scores.values()), None)
    metric = next((name for name, score in facts.evaluation.scores.items() if score is ours), facts.task.metric)
    if ours is None or ours.value is None:
        return None
    title, _ = short(ours.title)
    rivals = [c for c in facts.evaluation.comparisons if c.theirs is not None and short(c.metric)[0].lower().replace("_", "-") in (title.lower(), metric.replace("_", "-"))]
    others = [(named(c), c.theirs, "naive" if "naive" in c.against.lower() else "linear") for c in rivals]
    if ours.naive is not None and not any(kind == "naive" for _, _, kind in others):
        others.append(("Naive predictor", ours.naive, "naive"))
    if not others:
        return None
    values = [end for end in (ours.value, ours.low, ours.high, *(theirs for _, theirs, _ in others)) if end is not None]
    room = (max(values) - min(values)) * 0.08 or abs(max(values)) * 0.1 or 1.0
    domain = (min(values) - room, max(values) + room)
    rows = [{"title": "This model", "value": written(metric, ours.value, facts), "interval": words.confidence(ours.low, ours.high), "ours": True, "drawing": svg.dot_interval(ours.value, ours.low, ours.high, domain, kind="network")}]
    for label, theirs, kind in sorted(others, key=lambda item: item[2] == "naive"):
        rows.append({"title": label, "value": written(metric, theirs, facts), "interval": "", "ours": False, "drawing": svg.dot_interval(theirs, None, None, domain, kind=kind)})
    axis = svg.axis([(t, words.number(t)) for t in svg.ticks(*domain, 4)], domain)
    direction = "further right is better" if ours.greater_is_better else "further left is better"
    return {"title": title, "direction": direction, "rows": rows, "axis": axis}


def tiles(facts: ReportFacts) -> list[dict[str, Any]]:
    """Return the three or four numbers that a decision hangs on."""
    found = [*_rivals(facts), *_second(facts), *_money(facts)]
    return found[:4]


def _rivals(facts: ReportFacts) -> list[dict[str, Any]]:
    made = []
    for comparison in facts.evaluation.comparisons[:2]:
        if comparison.difference is None:
            continue
        naive = "naive" in comparison.against.lower()
        share = comparison.theirs not in (None, 0) and naive and not _greater(comparison, facts)
        scale = abs(comparison.theirs or 1.0) if share else 1.0
        against = "the naive predictor" if naive else "the simplest model"
        label = f"{'Less' if not _greater(comparison, facts) else 'Higher'} {_spoken(comparison.metric)} than {against}"
        value = words.percent(comparison.difference / scale) if share else ("+" if comparison.difference > 0 else "") + words.number(comparison.difference)
        if not comparison.better:
            label, value = f"Better than {against}?", "Not shown"
        bounds = words.interval(comparison.low / scale, comparison.high / scale, share=True) if share and comparison.low is not None and comparison.high is not None else words.interval(comparison.low, comparison.high)
        under = f"95 % interval {bounds}" if comparison.better else f"difference {words.number(comparison.difference)} ({bounds})"
        made.append({"label": label, "value": value, "under": under if bounds != words.NOTHING else ""})
    return made


def _greater(comparison: ComparisonFacts, facts: ReportFacts) -> bool:
    for name, score in facts.evaluation.scores.items():
        if comparison.metric.lower() in (name, short(score.title)[0].lower(), score.title.lower()):
            return score.greater_is_better
    return False


def _spoken(metric: str) -> str:
    name = short(metric)[0].replace("_", " ")
    return name if name.isupper() else name[:1].lower() + name[1:]


def _second(facts: ReportFacts) -> list[dict[str, Any]]:
    """Show one score that people know: ROC AUC, accuracy, or the share explained."""
    for name in {"binary": ("roc_auc", "accuracy"), "multiclass": ("accuracy",), "regression": ("mae", "r2")}[facts.task.problem]:
        score = facts.evaluation.scores.get(name)
        if score is not None and score.value is not None:
            bounds = words.interval(score.low, score.high, share=name in ("accuracy", "r2"))
            value = words.percent(score.value) if name == "r2" else written(name, score.value, facts)
            label = {"roc_auc": "Pairs ranked rightly (ROC AUC)", "accuracy": "Named rightly", "mae": "Mean error", "r2": "Differences explained (R²)"}[name]
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


def lead(facts: ReportFacts) -> str | Markup:
    """Return the one sentence that says how good the model is."""
    return how_good(facts)
