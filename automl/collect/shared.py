"""What several parts of the collection need."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from automl.report.measured import Fact

if TYPE_CHECKING:
    from automl.run import Run


def only(model: type[Fact], values: dict[str, Any]) -> dict[str, Any]:
    """Return the entries that the facts know."""
    return {name: value for name, value in values.items() if name in model.model_fields}


def short(values: Any, digits: int = 5) -> Any:
    """Round numbers, at any depth, to so many significant digits: what a picture shows needs no more.

    Example:
        >>> short([1.23456789, (0.00012345678, None)])
        [1.2346, [0.00012346, None]]
    """
    if isinstance(values, (list, tuple)):
        return [short(value, digits) for value in values]
    return float(f"{values:.{digits}g}") if isinstance(values, float) and np.isfinite(values) else values


def shown(run: Run, prediction: Any) -> str:
    """Return a prediction as a reader wants it."""
    if not run.task.is_classification:
        return f"{float(prediction[0]):,.4g}"
    code = int(run.predictor.codes(np.atleast_2d(prediction))[0]) if run.task.problem != "binary" else 1
    return f"{100 * prediction[code]:.0f} % {run.task.classes[code]}"
