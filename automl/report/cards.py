"""``model_card.md`` and ``annex_iv.md``: the report's facts in the order in which others ask for them."""

from __future__ import annotations

from collections.abc import Sequence

from automl.report import governance, words
from automl.report.facts import ReportFacts
from automl.report.markdown import heading, plain, table

_CARD = (  # the sections of a model card (Mitchell et al., 2019) and the fields that fill them
    ("Model details", ("identity", "owner", "surroundings", "architecture")),
    ("Intended use", ("purpose", "not_for", "affected", "instructions")),
    ("Data", ("data", "data_rights", "data_quality")),
    ("How it was made", ("method", "alternatives", "metrics")),
    ("Evaluation", ("validation", "calibration", "limits")),
    ("Groups of people", ("groups",)),
    ("Explanations", ("explanation",)),
    ("Use with care", ("oversight", "risks", "monitoring", "logging")),
    ("Reproduction", ("reproduction", "security")),
)


def model_card(facts: ReportFacts) -> str:
    """Return a model card as Markdown (Mitchell et al., 2019, Model Cards for Model Reporting).

    Args:
        facts: The report's facts.
    """
    found = {field.id: (field, text) for field, text, _ in governance.answers(facts)}
    lines = [
        heading(1, f"Model card: {facts.title}"),
        "",
        f"**Can it be used?** {plain(facts.answer.verdict)}: {plain(facts.answer.headline)}",
        "",
    ]
    for title, ids in _CARD:
        lines += [heading(2, title), ""]
        lines += [f"- **{found[name][0].title}:** {plain(found[name][1])}" for name in ids]
        if title == "Evaluation":
            lines += ["", *_scores(facts)]
        lines.append("")
    return "\n".join([*lines, _ending(facts), ""])


def annex_iv(facts: ReportFacts) -> str:
    """Return what the report knows for the technical documentation of Annex IV of the EU AI Act, item by item, as Markdown.

    Args:
        facts: The report's facts.
    """
    known, found = governance.mapping(), governance.answers(facts)
    act = next(framework for framework in known.frameworks if framework.id == "ai_act")
    blank = sum(not given for _, _, given in found)
    lines = [
        heading(1, f"Technical documentation (Annex IV): {facts.title}"),
        "",
        f"{plain(act.reference)}. {plain(act.applies)} Looked up {act.checked}, mapping {known.version} of {known.date}.",
        "",
        f"{words.count(blank, 'question')} of {len(found)} {'waits' if blank == 1 else 'wait'} for the owner. This supports documentation;"
        " it claims no conformity.",
        "",
    ]
    for number, title in known.items.items():
        lines += [heading(2, f"{number}. {title}"), ""]
        for field, text, _ in found:
            if _item(field.references["ai_act"]) == number:
                lines.append(f"- **{field.title}** ({field.references['ai_act']}): {plain(text)}")
        if number == 2:
            lines += ["", *_scores(facts)]
        lines.append("")
    return "\n".join([*lines, _ending(facts), ""])


def _item(reference: str) -> int:
    """Return the number of the Annex IV item that a reference begins with.

    Example:
        >>> _item("2(d), Art. 10")
        2
    """
    digits = reference[: next((place for place, letter in enumerate(reference) if not letter.isdigit()), len(reference))]
    return int(digits)


def _scores(facts: ReportFacts) -> Sequence[str]:
    rows = [
        (score.title, words.number(score.value), words.interval(score.low, score.high), words.number(score.naive))
        for score in facts.evaluation.scores.values()
    ]
    return table(("Metric", "Value", "95 % interval", "Naive predictor"), rows)


def _ending(facts: ReportFacts) -> str:
    return f"Made by automl {facts.automl_version} on {facts.created[:10]} from report.json, schema version {facts.schema_version}."
