"""On shuffled labels the report does not say yes."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "benchmarks"))

import verdicts


@pytest.mark.parametrize("kind", verdicts.KINDS)
def test_a_shuffled_target_is_not_usable_and_a_real_one_is(kind: str) -> None:
    assert verdicts.answer_of(kind, 300, 3, ["linear"], shuffled=True)["verdict"] == "no"
    told = verdicts.answer_of(kind, 600, 3, ["linear"], shuffled=False)
    assert told["verdict"] != "no"
    assert told["covered"]


@pytest.mark.slow
def test_of_many_shuffled_runs_at_most_one_in_twenty_says_yes() -> None:
    told = [verdicts.answer_of(verdicts.KINDS[run % 3], 200, run, ["linear"], shuffled=True)["verdict"] for run in range(90)]
    assert told.count("yes") <= 4


def test_the_summary_counts() -> None:
    told = [{"verdict": "yes", "covered": {"rmse": True}}] * 3 + [{"verdict": "no", "covered": {"rmse": False}}]
    assert "no 1, yes 3" in verdicts.summary(told, True)
    assert "75.0 % of 4 runs" in verdicts.summary(told, False)
