"""What a search for anomalies would do is told before it, in Python and on the command line."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import automl
from automl.cli import main
from automl.errors import DataError, UsageError

ROWS = pd.DataFrame(
    {
        "hour": pd.date_range("2026-01-01", periods=120, freq="h"),
        "flow": np.sin(np.arange(120.0)),
        "same": 1,
        "fault": ([0] * 29 + [1]) * 4,
    }
)


def test_order_columns_and_rate_are_told():
    found = automl.detect(ROWS, problem="anomaly_detection", alarms=0.05, ignore=["fault"])
    assert found.task.name == "anomaly_detection"
    assert found.plan["time"] == "hour"
    assert found.plan["judged"] == ["flow"]
    assert set(found.plan["not_judged"]) == {"same", "fault"}
    assert found.plan["alarms"] == 0.05
    assert found.plan["labels"] is None


def test_labels_are_counted_and_not_judged():
    found = automl.detect(ROWS, "fault", problem="anomaly_detection")
    assert found.plan["labels"] == {"column": "fault", "anomalies": 4, "rows": 120}
    assert "fault" not in found.plan["judged"]


def test_what_a_fit_would_refuse_is_refused():
    with pytest.raises(DataError, match="at least 50 rows"):
        automl.detect(ROWS.head(20), problem="anomaly_detection")
    with pytest.raises(UsageError, match="a share of rows between"):
        automl.detect(ROWS, alarms=3.0)
    with pytest.raises(UsageError, match="horizon"):
        automl.detect(ROWS, problem="anomaly_detection", horizon=3)


def test_the_command_tells_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ROWS.to_csv(tmp_path / "rows.csv", index=False)
    assert main(["detect", str(tmp_path / "rows.csv"), "--task", "anomaly_detection"]) == 0
    out = capsys.readouterr().out
    assert "Task: anomaly detection, no target" in out
    assert "What a fit would do" in out
    assert main(["detect", str(tmp_path / "rows.csv"), "--task", "anomaly_detection", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["plan"]["alarms"] == 0.01
