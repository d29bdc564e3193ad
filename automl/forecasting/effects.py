"""What each covariate adds: the loss after blocks of time of it are exchanged."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from automl.forecasting.measures import weighted_quantile_loss
from automl.forecasting.world import Windows, World

if TYPE_CHECKING:
    from automl.forecasting.run import ForecastRun

Array = NDArray[Any]
UNTIL = 0.93  # of the budget
MOST_WINDOWS = 120


def measure_covariates(run: ForecastRun) -> dict[str, float]:
    """Return by how much the weighted quantile loss rises without each covariate; "" is the loss with all of them.

    Blocks of one horizon are exchanged in time (of known and past columns) or between series (of fixed ones), so that the covariate keeps
    its values and its rhythm and loses what it says of this moment. Measured on the windows that give the score, with the ensemble as it
    was trained before them: a model that has learnt from these windows says of noise, too, that it adds something there.
    """
    windows = run.last_windows()
    windows = windows.take(np.arange(0, len(windows), max(-(-len(windows) // MOST_WINDOWS), 1)))
    entries = [(role, place, entry) for role in ("known", "past", "static") for place, entry in enumerate(run.layout.of(role))]
    if not entries or run.budget.over(UNTIL):
        return {}
    rng = np.random.default_rng([run.settings.seed, 5])
    clock, truth = run.budget.clock, windows.truth()
    started = clock()
    base = weighted_quantile_loss(truth, run.quantiles_before(windows))
    each = clock() - started
    found = {"": base}
    for role, place, entry in entries:
        if run.budget.timed and run.budget.remaining(UNTIL) < 1.5 * each:
            break
        other = exchanged(windows, role, place, rng)
        found[entry.name] = max(weighted_quantile_loss(truth, run.quantiles_before(other)) - base, 0.0)
    return found


def exchanged(windows: Windows, role: str, place: int, rng: np.random.Generator, steady: bool = True) -> Windows:
    """Return the windows in a world where blocks of one covariate stand elsewhere.

    Args:
        windows: The windows.
        role: "known", "past" or "static".
        place: Of the covariate among those of its role.
        rng: Says where.
        steady: Whether a step that the covariate closes stays closed.
    """
    panel = windows.world.panel
    values = np.array(getattr(panel, role))
    if role == "static":
        values[:, place] = values[rng.permutation(len(values)), place]
    else:
        column = values[:, :, place]
        length = max(min(windows.horizon, column.shape[1] // 4), 1)
        blocks = column.shape[1] // length
        order = rng.permutation(blocks)
        start = column.shape[1] - blocks * length
        cut = column[:, start:].reshape(len(column), blocks, length)
        # Rolled inside of a block, too: promotions come in step with the blocks as often as not.
        values[:, start:, place] = np.roll(cut[:, order], length // 3, axis=2).reshape(len(column), -1)
        if role == "known" and steady:  # whether a step is closed is no opinion of the model
            values[:, :, place] = np.where(windows.world.closed, column, values[:, :, place])
    world = World(replace(panel, **{role: values}), windows.world.rules)  # type: ignore[arg-type]
    return Windows(world, windows.series, windows.origin, windows.horizon, windows.folds)
