"""The contract of the two texts of a block: where the analyst's headline holds a term that needs a glossary, the manager's holds none."""

from __future__ import annotations

import re

from automl.report.facts import ReportFacts
from automl.report.html import drawn_parts
from automl.report.words import SPACE

JARGON = re.compile(
    r"\b(MASE|RMSSE|sMAPE|RMSE|MAE|AUC|F1|ALE|PIT|Brier|Shapley|conformal|log-loss|quantile loss|accumulated local|seasonal naive"
    r"|precision–recall|area under|cohort|correlate|configurations?|transformers?|over all thresholds|the loss|the \d+ % interval)\b|\(H \d"
)


def faults(facts: ReportFacts) -> list[str]:
    """Return what breaks the contract, block by block."""
    told = []
    for part in drawn_parts(facts):
        for block in part["blocks"]:
            sentence, plain = (text.replace(SPACE, " ") for text in (block.sentence, block.plain))
            if JARGON.search(sentence) and not plain:
                told.append(f"{block.name} has no second text for: {sentence}")
            if JARGON.search(plain):
                told.append(f"{block.name} is not plain: {plain}")
    return told
