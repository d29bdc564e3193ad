"""How far forecasts lead is said in days and weeks, not in steps of a code."""

from __future__ import annotations

import pytest

from automl.report.blocks.ahead import _steps, how_far
from automl.report.forecasts import StepFacts
from automl.report.words import SPACE


@pytest.mark.parametrize(("steps", "code", "told"), [(14, "D", "14 days"), (1, "W-SUN", "1 week"), (3, "30min", "3 steps of 30 minutes")])
def test_the_horizon_has_a_unit(steps: int, code: str, told: str) -> None:
    assert how_far(steps, code).replace(SPACE, " ") == told


def test_one_step_is_not_steps() -> None:
    assert (_steps(StepFacts(first=1, last=1, mae=1.0)), _steps(StepFacts(first=13, last=14, mae=1.0))) == ("1 step", "13–14 steps")
