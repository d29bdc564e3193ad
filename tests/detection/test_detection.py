"""The labelled suite: every case is read, and what was labelled is found. Cases that are known to fail are listed, with the reason."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import cases_columns  # noqa: F401
import cases_findings  # noqa: F401
import cases_foreign  # noqa: F401
import cases_hard  # noqa: F401
import cases_later  # noqa: F401
import cases_sequences  # noqa: F401
import cases_signs  # noqa: F401
import cases_stores  # noqa: F401
import cases_targets  # noqa: F401
import cases_trades  # noqa: F401
import pytest
from detection_cases import CASES, Case

KNOWN_TO_FAIL: dict[str, str] = {
    "education: final marks": "marks whose variance is near their mean look like counts: told as a count, with regression as the runner-up",
}


def wrong(case: Case, told: dict[str, Any]) -> list[str]:
    """Return what differs from the labels of a case."""
    found = {(one["check"], column) for one in told["findings"] for column in (*one["columns"], None)}
    problems = []
    if told["task"] not in case.task:
        problems.append(f"task {told['task']}, not {case.task[0]}")
    if told["modality"] not in case.modality:
        problems.append(f"modality {told['modality']}, not {case.modality[0]}")
    problems += [
        f"{name} is {told['columns'][name]['type']}, not {types[0]}"
        for name, types in case.types.items()
        if told["columns"][name]["type"] not in types
    ]
    problems += [f"no finding {check} on {column}" for check, column in case.findings if (check, column) not in found]
    problems += [
        f"time {key} is {told.get('time', {}).get(key)}" for key, value in case.time.items() if told.get("time", {}).get(key) != value
    ]
    problems += [f"a finding {check}" for check in case.absent if (check, None) in found]
    if case.clean:
        problems += [f"severe: {one['because']}" for one in told["findings"] if one["severity"] == "high"]
    return problems


def test_the_suite_is_large_enough() -> None:
    assert len(CASES) >= 150
    assert all(case.why for case in CASES.values())
    assert set(KNOWN_TO_FAIL) <= set(CASES)


@pytest.mark.parametrize("name", list(CASES))
def test_case(name: str, tmp_path: Path) -> None:
    case = CASES[name]
    told = case.told(case.data(tmp_path))
    assert json.loads(json.dumps(told)) == told
    problems = wrong(case, told)
    if name in KNOWN_TO_FAIL:
        assert problems, f"{name} is right now: take it off the list"
    else:
        assert not problems
