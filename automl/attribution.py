"""What each column contributed to each prediction of a fitted model, and which kinds of data a model reads."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pandas as pd

from automl.explanation import RowExplanation, explain_rows

if TYPE_CHECKING:
    from automl.schema import Column
    from automl.storage import Fitted

KINDS = {"text": "text", "image": "pictures", "series": "series"}  # all other types are told as the table


def kinds_of(features: Iterable[Column]) -> dict[str, list[str]]:
    """Return the columns of each kind of data, where there are several kinds; nothing where there is one.

    Example:
        >>> from automl.schema import Column
        >>> kinds_of([Column("age", "number"), Column("note", "text"), Column("town", "category")])
        {'table': ['age', 'town'], 'text': ['note']}
    """
    found: dict[str, list[str]] = {}
    for column in features:
        found.setdefault(KINDS.get(column.type, "table"), []).append(column.name)
    return found if len(found) > 1 else {}


def explain_decided(
    predict: Callable[[pd.DataFrame], Any], background: pd.DataFrame, rows: pd.DataFrame, codes: Sequence[int], **given: Any
) -> tuple[RowExplanation, ...]:
    """Explain each row by the class that it is told with, which need not be the most probable one.

    Args:
        predict: Maps a frame to probabilities (rows, classes).
        background: Typical rows.
        rows: The rows.
        codes: The class of each row, (rows,).
        given: Further arguments of :func:`automl.explanation.explain_rows`.
    """
    told: list[RowExplanation | None] = [None] * len(rows)
    for code in sorted({int(code) for code in codes}):
        places = [place for place, own in enumerate(codes) if own == code]
        found = explain_rows(predict, background, rows.iloc[places], output=code, **given)
        for place, one in zip(places, found, strict=True):
            told[place] = replace(one, row=place)
    return tuple(one for one in told if one is not None)


def contributions(fitted: Fitted, frame: pd.DataFrame, seed: int) -> pd.DataFrame:
    """Return what each column contributed to the prediction of each row of a fitted model.

    Args:
        fitted: The model.
        frame: The rows.
        seed: Of the sampling.

    Returns:
        One line for each row and column: row, column, value, contribution, standard_error.
    """
    predictor = fitted.predictor
    predictor.schema.cast(frame.head(1))  # says which columns are missing
    used = frame[[column.name for column in predictor.schema.features]]
    background = fitted.background if fitted.background is not None else used
    problem = predictor.task.problem
    output = 1 if problem == "binary" else None if predictor.task.is_classification else 0
    if predictor.rule is not None:
        explained = explain_decided(predictor, background, used, predictor.codes(predictor(used)).tolist(), problem=problem, seed=seed)
    else:
        explained = explain_rows(predictor, background, used, problem=problem, output=output, seed=seed)
    return pd.DataFrame([{"row": row, **entry.to_dict()} for row, one in enumerate(explained) for entry in one.contributions])
