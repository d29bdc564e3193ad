"""The words of a recipe in the report: title, question, what matters, what columns are called."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from automl.recipe import Recipe
    from automl.report.facts import ReportFacts


def retold(facts: ReportFacts, recipe: Recipe) -> ReportFacts:
    """Put the recipe's words into the report's facts: title, question, what matters, what columns are called, what was left out."""
    from automl.report.facts import DecisionFacts

    words = (
        ("columns left out as not wanted", ", ".join(recipe.ignore)),
        ("columns left out as sensitive", ", ".join(recipe.sensitive)),
    )
    told = tuple(DecisionFacts(stage="recipe", what=what, chosen=text, because="The recipe says so.") for what, text in words if text)
    changes: dict[str, Any] = {
        "title": recipe.heading,
        "model_name": recipe.name,
        "question": recipe.question,
        "matters": recipe.matters,
        "owner": recipe.governance,
        "names": recipe.glossary,
        "units": recipe.units,
        "decisions": (*told, *facts.decisions),
    }
    only = recipe.targets[0] if len(recipe.targets) == 1 else ""
    called = {"target_label": recipe.glossary.get(only), "unit": recipe.units.get(only)}
    changes["task"] = facts.task.model_copy(update={name: text for name, text in called.items() if text})
    if facts.importance is not None:
        entries = tuple(
            entry.model_copy(update={"note": entry.note or recipe.glossary.get(entry.column)}) for entry in facts.importance.entries
        )
        changes["importance"] = facts.importance.model_copy(update={"entries": entries})
    return facts.model_copy(update=changes)
