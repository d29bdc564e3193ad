"""What the explanation of texts needs of the model: what its words are worth, and where its transformers attended."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from automl.errors import UsageError
from automl.explanation import AttendedText, Attention, Clock, Words, agreement, attended_text, word_effects
from automl.families._attention import attends, attention
from automl.predictor import Predictor
from automl.preprocessing.tokens import Tokens, clean

COMPARED = 40  # texts at most whose attention is held against their words


def words_of(predictor: Predictor, frame: pd.DataFrame, prediction: NDArray[Any], clocks: Sequence[Clock], seed: int) -> tuple[Words, ...]:
    """Take words out of the texts of unseen rows, column by column, each with its clock.

    Args:
        predictor: The model.
        frame: Unseen rows.
        prediction: Calibrated predictions, (rows, outputs).
        clocks: When to stop with each column of :func:`text_columns`.
        seed: Of the choice of texts.
    """
    problem = predictor.task.problem
    outputs: Any = 1 if problem == "binary" else 0 if problem == "regression" else predictor.codes(prediction)
    given = zip(text_columns(predictor), clocks, strict=True)
    found = [word_effects(predictor, frame, name, clock=clock, outputs=outputs, seed=seed) for name, clock in given]
    return tuple(one for one in found if one is not None)


def text_columns(predictor: Predictor) -> list[str]:
    """Return the columns of texts that a model reads."""
    return [column.name for column in predictor.schema.features if column.type == "text"]


def attend(
    predictor: Predictor, frame: pd.DataFrame, rows: Mapping[int, int], clock: Clock, words: Sequence[Words] = ()
) -> tuple[Attention, ...]:
    """Return where the transformers of a model attended in the texts of a few unseen rows, column by column.

    Args:
        predictor: The model.
        frame: Unseen rows.
        rows: The rows of the frame to tell, and the row of the data of each.
        clock: When to leave it out.
        words: What taking words out did, to hold attention against.

    Returns:
        One entry for each column of texts; empty where no part of the ensemble attends to texts, or there is no time.
    """
    parts = {one.column: one.parts for one in words}
    others = sorted({row for found in parts.values() for row in found} - set(rows))[:COMPARED]
    asked = [*rows, *others]
    if share_of_attention(predictor) == 0.0 or not asked or not clock.allows(4 * len(asked)):
        return ()
    told = attended_texts(predictor, frame.iloc[asked].reset_index(drop=True))
    found = []
    for column, texts in told.items():
        by_row = dict(zip(asked, texts, strict=True))
        # Words were taken out of the texts as they stand in the data: places agree where nothing had to be cleaned.
        same = [
            (by_row[row], own)
            for row, own in parts.get(column, {}).items()
            if row in by_row and by_row[row].text == frame[column].iloc[row]
        ]
        shown = {at: by_row[row] for row, at in rows.items() if by_row[row].words}
        found.append(Attention(column, share_of_attention(predictor), shown, *agreement(same)))
    return tuple(found)


def attention_table(predictor: Predictor, frame: pd.DataFrame) -> pd.DataFrame:
    """Return where the transformers of a model attended, a line for each word.

    Args:
        predictor: The model.
        frame: Rows.

    Raises:
        UsageError: If no part of the ensemble attends to texts.
    """
    if share_of_attention(predictor) == 0.0:
        law = "Attention is told by models with a text transformer in their ensemble"
        names = ", ".join(part.family.name for part in predictor.parts)
        raise UsageError(f"{law}. Received one of {names}; fit it with families=[…, 'text_transformer'].")
    columns = ["row", "column", "word", "start", "stop", "attention"]
    lines = [
        (row, column, told.text[word.start : word.stop], word.start, word.stop, word.share)
        for column, texts in attended_texts(predictor, frame).items()
        for row, told in enumerate(texts)
        for word in told.words
    ]
    return pd.DataFrame(lines, columns=columns).sort_values("row", kind="stable", ignore_index=True)


def share_of_attention(predictor: Predictor) -> float:
    """Return the weight of the families in the ensemble that attend to texts, between 0 and 1."""
    return float(sum(part.share for part in predictor.parts if attends(part.fitted)))


def attended_texts(predictor: Predictor, frame: pd.DataFrame) -> dict[str, list[AttendedText]]:
    """Return where the transformers attended in each row, by column; a mean by weight where several families attend."""
    typed = predictor.schema.cast(frame)
    encoder = next(one for one in predictor.preprocessor.encoders if isinstance(one, Tokens))
    arrays = predictor.preprocessor.transform(typed, {"tokens"})
    shares = np.zeros(arrays["tokens"].shape)
    for part in predictor.parts:
        found = attention(part.fitted, arrays)
        if found is not None:
            shares += part.share * found
    cells = typed[list(encoder.columns)]
    places = encoder.places(cells)
    told: dict[str, list[AttendedText]] = {}
    for number, column in enumerate(encoder.columns):
        texts = [clean(text) for text in cells[column].tolist()]
        told[column] = [
            attended_text(
                text, [(p.start, p.stop, p.word, float(own[k])) for k, p in enumerate(row) if p is not None and p.column == number]
            )
            for text, row, own in zip(texts, places, shares, strict=True)
        ]
    return told
