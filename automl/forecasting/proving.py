"""What the file of a forecaster keeps so that others can check it later, and the scores that have to come out again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from automl.dataset import content_of
from automl.forecasting.judging import past_errors
from automl.forecasting.measures import scores
from automl.forecasting.model import ForecastModel
from automl.forecasting.panel import read_panel
from automl.forecasting.windows import origins_at_end
from automl.forecasting.world import Windows, World
from automl.proof import Proof

if TYPE_CHECKING:
    from automl.forecasting.run import ForecastRun

Array = NDArray[Any]
SAMPLE = 20  # series whose next steps are forecast again
VALUES = 300_000  # of recorded quantiles: 2 MB


def proof_of_forecast(run: ForecastRun) -> Proof:
    """Return the record of a run after its last stage.

    Returns:
        Rows are the series and the origin of each window that gave the score, (windows, 2); predictions its quantiles, (windows, horizon,
        quantiles), by models that had not seen the window. The sample is of series, whose next steps the kept model forecasts.
    """
    windows = run.last_windows()
    places = np.stack([windows.series, windows.origin], axis=1)
    quantiles = run.judged_quantiles(run.chosen)[run.scored]
    if quantiles.size > VALUES:
        places, quantiles = places[:0], quantiles[:0]
    sample = np.arange(min(SAMPLE, run.world.panel.series))
    none = np.zeros(0)
    return Proof(
        content_of(run.dataset.frame), {}, "data", False, places, quantiles, none, sample, next_steps(run.model, run.world, sample)
    )


def world_of(model: ForecastModel, frame: pd.DataFrame) -> World:
    """Return the series of a table as the model was fitted on them.

    Raises:
        DataError: If the table has no such series.
    """
    panel = read_panel(frame, model.layout, frequency=model.panel.frequency)
    return World(panel.with_ahead(max(model.horizon, panel.ahead)), model.rules)


def next_steps(model: ForecastModel, world: World, series: Array) -> Array:
    """Return the quantiles of the steps behind the end of some series, (series, horizon, quantiles)."""
    return model.quantiles(origins_at_end(world, series, model.horizon))


def scores_again(model: ForecastModel, world: World, proof: Proof) -> dict[str, float]:
    """Return all measures of the recorded quantiles against the values in the data."""
    windows = Windows(world, proof.rows[:, 0], proof.rows[:, 1], model.horizon)
    return scores(windows.truth(), proof.prediction, *past_errors(windows))
