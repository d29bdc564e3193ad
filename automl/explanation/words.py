"""Which words and phrases of a text moved the prediction: each is taken out, and the model is asked again."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd

from automl.explanation.frames import Clock, Predict

MOST_PARTS = 30  # words or phrases of one text that are taken out
TEXTS = 80
LEAST_TEXTS = 2  # that a word must have been taken out of, to be told as a word
SHOWN = 12
_WORD = re.compile(r"[^\W_]+(?:['’\-][^\W_]+)*", re.UNICODE)


@dataclass(frozen=True)
class Part:
    """A word or a phrase of one text.

    Attributes:
        start: Of its first character in the text.
        stop: Behind its last one.
        value: How much the prediction falls when it is taken out: in probability, or in the target's units.
    """

    start: int
    stop: int
    value: float


@dataclass(frozen=True)
class WordEffect:
    """What a word is worth over several texts.

    Attributes:
        word: In small letters.
        of: Column of the prediction that it moves: the class, or 0.
        value: Mean fall of the prediction when it is taken out.
        texts: From how many texts it was taken out.
    """

    word: str
    of: int
    value: float
    texts: int


@dataclass(frozen=True)
class Words:
    """The words of one column.

    Attributes:
        column: The column.
        texts: How many texts were looked at.
        effects: The words that move the prediction most, the strongest first.
        parts: Words and phrases of each text, by its row in the frame.
    """

    column: str
    texts: int
    effects: tuple[WordEffect, ...]
    parts: dict[int, tuple[Part, ...]]

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values without any text but single words."""
        return {"column": self.column, "texts": self.texts, "effects": [asdict(effect) for effect in self.effects]}


def cut(text: str, most: int = MOST_PARTS) -> list[tuple[int, int]]:
    """Return start and end of the words of a text, or of as many phrases of equal length where there are more.

    Example:
        >>> cut("so good!"), len(cut("word " * 300))
        ([(0, 2), (3, 7)], 30)
    """
    words = [(found.start(), found.end()) for found in _WORD.finditer(text)]
    if len(words) <= most:
        return words
    edges = np.linspace(0, len(words), most + 1).astype(int)
    return [(words[first][0], words[last - 1][1]) for first, last in itertools.pairwise(edges)]


def word_effects(
    predict: Predict, frame: pd.DataFrame, column: str, *, clock: Clock, outputs: Sequence[int] | int, seed: int = 0, texts: int = TEXTS
) -> Words | None:
    """Take words out of unseen texts, one at a time, and see how far the prediction falls.

    Source: occlusion as in Zeiler and Fergus (2014, arXiv:1311.2901), on words. It says how the model counts a word where it stands; two
    words that say the same hide each other.

    Args:
        predict: Maps a frame to predictions (rows, outputs).
        frame: Unseen rows.
        column: The text column.
        clock: When to stop.
        outputs: Column of the prediction that is looked at: one for each row of `frame`, or one for all.
        seed: Of the choice of texts.
        texts: How many are looked at.

    Returns:
        The words; None where there was no time for a single text or there are no texts.
    """
    cells = frame[column].tolist()
    of = np.broadcast_to(np.asarray(outputs), (len(frame),))
    order = [int(row) for row in np.random.default_rng(seed).permutation(len(frame)) if isinstance(cells[row], str) and cut(cells[row])]
    parts: dict[int, tuple[Part, ...]] = {}
    for row in order[:texts]:
        places = cut(cells[row])
        if not clock.allows(len(places) + 1):
            break
        asked = frame.iloc[np.full(len(places) + 1, row)].reset_index(drop=True)
        asked[column] = [cells[row], *(cells[row][:start] + " " + cells[row][stop:] for start, stop in places)]
        told = clock.time(predict, asked)[:, of[row]]
        parts[row] = tuple(Part(start, stop, float(told[0] - value)) for (start, stop), value in zip(places, told[1:], strict=True))
    if not parts:
        return None
    return Words(column, len(parts), _together(cells, parts, of), parts)


def _together(cells: Sequence[Any], parts: dict[int, tuple[Part, ...]], of: Any) -> tuple[WordEffect, ...]:
    """Return the mean effect of each word that was taken out of several texts, for each column of the prediction."""
    found: dict[tuple[str, int], list[float]] = {}
    for row, several in parts.items():
        for part in several:
            word = cells[row][part.start : part.stop].casefold()
            if _WORD.fullmatch(word):
                found.setdefault((word, int(of[row])), []).append(part.value)
    effects = [WordEffect(word, output, float(np.mean(v)), len(v)) for (word, output), v in found.items() if len(v) >= LEAST_TEXTS]
    strongest = sorted(effects, key=lambda effect: -abs(effect.value) * np.sqrt(effect.texts))
    return tuple(effect for effect in strongest[: 4 * SHOWN] if effect.value != 0.0)
