"""What the explanation of pictures needs of the model: which pictures tell most, their pixels, and where its networks looked."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from automl.explanation import Clock, PictureEffect, picture_effects
from automl.predictor import Predictor
from automl.preprocessing.pictures.decode import decode
from automl.task import Task

MISTAKES, CLEAR = 4, 3
CLOSER = 128  # pixels at which pictures are looked at for a map of places, where the features came from fewer: 2 × 2 places tell nothing


def look_at(
    predictor: Predictor, task: Task, frame: pd.DataFrame, y: NDArray[Any], prediction: NDArray[Any], clock: Clock, at: Sequence[int]
) -> tuple[PictureEffect, ...]:
    """Cover parts of a few pictures of unseen rows, and ask networks where they looked.

    Args:
        predictor: The model.
        task: The task.
        frame: Unseen rows.
        y: Class codes or numbers, (rows,).
        prediction: Calibrated predictions, (rows, outputs).
        clock: When to stop.
        at: Row of the data of each row.

    Returns:
        What was found; empty where there are no pictures, or no time.
    """
    columns = [column.name for column in predictor.schema.features if column.type == "image"]
    rows = telling_rows(prediction, y, task, predictor) if columns else []
    if not rows:
        return ()
    fixed = {"regression": 0, "binary": 1}.get(task.problem)
    outputs = [int(predictor.codes(prediction[[row]])[0]) if fixed is None else fixed for _, row in rows]
    places = grad_cam_of(predictor)
    return picture_effects(predictor, frame, columns[0], rows, opened, clock=clock, outputs=outputs, places=places, at=at)


def opened(cells: Sequence[Any], side: int) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
    """Return pictures in colours, uint8 (rows, side, side, 3), and whether each could be read."""
    found = decode(cells, side, 3)
    return found.pixels, found.present


def telling_rows(prediction: NDArray[Any], y: NDArray[Any], task: Task, predictor: Predictor) -> list[tuple[str, int]]:
    """Return title and row of a few clear cases, each of another class, and of the most confident mistakes; of numbers the largest errors.

    Args:
        prediction: Calibrated predictions, (rows, outputs).
        y: Class codes or numbers, (rows,).
        task: The task.
        predictor: Tells the decisions.
    """
    if not task.is_classification:
        error = np.abs(prediction[:, 0] - y)
        order = np.argsort(error, kind="stable")
        return [("A large error", int(row)) for row in order[::-1][:MISTAKES]] + [("A small error", int(row)) for row in order[:CLEAR]]
    decided = task.encode(predictor.decide(prediction))
    sure = prediction[np.arange(len(prediction)), decided]
    wrong = np.flatnonzero(decided != y)
    rows = [("A confident mistake", int(row)) for row in wrong[np.argsort(-sure[wrong], kind="stable")][:MISTAKES]]
    for code in np.argsort(-np.bincount(y.astype(np.int64), minlength=len(task.classes)), kind="stable")[:CLEAR]:
        right = np.flatnonzero((decided == y) & (y == code))
        if len(right):
            rows.append((f"A clear case of {task.classes[int(code)]}", int(right[sure[right].argmax()])))
    return rows


def grad_cam_of(predictor: Predictor) -> Callable[[pd.DataFrame, Sequence[int]], NDArray[Any] | None] | None:
    """Return what tells where the networks of a model looked in its first picture column; None where no family can.

    The family with the largest share that has maps is asked: convolutions over pixels, or a network that joins several kinds of data.
    """
    parts = [part for part in predictor.parts if "pixels" in part.family.tags.inputs]
    if not parts:
        return None
    from automl.families._grad_cam import grad_cam
    from automl.preprocessing.pictures.encoder import SeenPictures
    from automl.preprocessing.pictures.frozen import last_maps

    parts.sort(key=lambda one: -one.share)
    columns = sum(column.type == "image" for column in predictor.schema.features)
    looks = next((one.looks for one in predictor.preprocessor.encoders if isinstance(one, SeenPictures)), None)
    seen = None if looks is None or columns > 1 else lambda arrays: last_maps(arrays["pixels"], max(looks, CLOSER))

    def places(frame: pd.DataFrame, outputs: Sequence[int]) -> NDArray[Any] | None:
        arrays = predictor.preprocessor.transform(predictor.schema.cast(frame))
        found = (grad_cam(part.fitted, arrays, outputs, seen) for part in parts)
        heat = next((one for one in found if one is not None), None)
        return None if heat is None else heat[:, :, : heat.shape[2] // columns]  # pictures of several columns stand side by side

    return places
