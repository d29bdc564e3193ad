"""How far forecasts lead is said in days and weeks, not in steps of a code."""

from __future__ import annotations

import pytest
import report_samples

from automl.report.blocks import ahead
from automl.report.blocks.ahead import _steps, how_far
from automl.report.forecasts import SeriesScoreFacts, StepFacts
from automl.report.plain_forecasts import FORECASTS
from automl.report.words import SPACE


@pytest.mark.parametrize(("steps", "code", "told"), [(14, "D", "14 days"), (1, "W-SUN", "1 week"), (3, "30min", "3 steps of 30 minutes")])
def test_the_horizon_has_a_unit(steps: int, code: str, told: str) -> None:
    assert how_far(steps, code).replace(SPACE, " ") == told


def test_one_step_is_not_steps() -> None:
    assert (_steps(StepFacts(first=1, last=1, mae=1.0)), _steps(StepFacts(first=13, last=14, mae=1.0))) == ("1 step", "13–14 steps")


@pytest.mark.parametrize(("mase", "told"), [(0.5, "at least as well as"), (2.0, "less well than")])
def test_one_series_is_neither_all_nor_none(mase: float, told: str) -> None:
    facts = report_samples.forecast(by_series=(SeriesScoreFacts(name="Brno", mase=mase), SeriesScoreFacts(name="Praha")))
    only = "Brno, the only series for which that can be told, is forecast"
    assert FORECASTS["series"](facts) == f"{only} {told} repeating the last season did in the past."
    block = ahead.by_series(facts)
    assert block is not None
    times = f"{mase:g} times that of the seasonal naive in the past"
    assert block.sentence == f"The error is {times}, for the only series where that can be told."


def test_the_next_day_has_no_number() -> None:
    assert FORECASTS["forecasts"](report_samples.forecast(horizon=1)).startswith("Where 3 series go in the next day:")
