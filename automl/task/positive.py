"""Of two classes, find the one that people look for."""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from automl.errors import UsageError, did_you_mean
from automl.percents import percent
from automl.schema import cell_text
from automl.task.facts import TargetFacts

# What people call the outcome that they look for, and its opposite. Whole values, lower case.
_POSITIVE = frozenset(
    [
        "yes",
        "true",
        "y",
        "t",
        "bad",
        "dead",
        "died",
        "death",
        "killed",
        "positive",
        "pos",
        "churn",
        "churned",
        "left",
        "lost",
        "default",
        "defaulted",
        "fraud",
        "fraudulent",
        "fail",
        "failed",
        "failure",
        "sick",
        "ill",
        "disease",
        "malignant",
        "spam",
        "attack",
        "abnormal",
        "cancelled",
        "canceled",
        "rejected",
        "defective",
        "faulty",
        "anomaly",
        "outlier",
        "on",
        "won",
        "win",
        "bought",
        "converted",
        "delayed",
        "late",
        "ja",
        "ano",
        "áno",
        "oui",
        "sí",
        "sì",
        "sim",
        "tak",
        "igen",
        "да",
    ]
)
_NEGATIVE = frozenset(
    [
        "no",
        "false",
        "n",
        "f",
        "good",
        "alive",
        "survived",
        "negative",
        "neg",
        "stayed",
        "healthy",
        "benign",
        "ham",
        "normal",
        "none",
        "ok",
        "off",
        "legit",
        "genuine",
        "passed",
        "never",
        "retained",
        "active",
        "nein",
        "ne",
        "nie",
        "non",
        "não",
        "nem",
        "нет",
    ]
)


def positive_class(target: TargetFacts, wanted: Any) -> tuple[int, str, str]:
    """Return (place of the positive class among the two levels, why, the argument that changes it)."""
    texts, folded = list(target.texts), [str(text).casefold() for text in target.texts]
    if wanted is not None:
        text = cell_text(wanted)
        place = texts.index(text) if text in texts else folded.index(str(text).casefold()) if str(text).casefold() in folded else -1
        if place < 0:
            shown = " or ".join(repr(text) for text in texts)
            raise UsageError(
                f"`positive` must be one of the target's classes, {shown}. Received positive={wanted!r}.{did_you_mean(wanted, texts)}"
            )
        return place, "It was asked for.", ""
    override = "positive={!r}"
    for words, is_positive in ((_POSITIVE, True), (_NEGATIVE, False)):
        found = [word in words for word in folded]
        if sum(found) == 1:
            place = found.index(True) if is_positive else 1 - found.index(True)
            word = texts[found.index(True)]
            return (
                place,
                f"The word {word!r} names {'the outcome looked for' if is_positive else 'its opposite'}.",
                override.format(texts[1 - place]),
            )
    for zero in ("0", "-1"):
        if zero in texts and all(re.fullmatch(r"-?[\d.]+", text) for text in texts):
            place = 1 - texts.index(zero)
            return place, f"The other number is {zero}.", override.format(texts[1 - place])
    place = int(np.argmin(target.counts)) if target.counts[0] != target.counts[1] else int(np.argmax(texts))
    share = target.counts[place] / target.rows
    return place, f"It is the rarer class ({percent(share)} of the rows).", override.format(texts[1 - place])
