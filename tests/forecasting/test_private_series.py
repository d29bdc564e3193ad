"""How much of its data the report of a forecast holds: what series are called and what they were is in no file unless it may be shown."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from small_series import daily

import automl
from automl.cli import main
from automl.errors import UsageError
from automl.results import write_results

SECRET = "xyzzyplugh"
EXTREMES = (77771.5, 88883.5, 66669.5)  # of a covariate known in advance, the target and a covariate of the past, each of a single step
QUICK = {"time": "day", "series": ["shop"], "horizon": 7, "budget": None, "trials": 1, "families": ["theta"]}


def visits() -> pd.DataFrame:
    """Series that are called by persons, and a column of addresses that no forecast reads."""
    frame = daily(3, 80)[["shop", "day", "sales"]]
    frame["shop"] = "anna " + SECRET + frame["shop"]
    frame["price"] = np.random.default_rng(1).normal(100.0, 5.0, len(frame))
    frame["age"] = np.arange(len(frame)) % 7 + 0.5
    frame.loc[17, "price"], frame.loc[33, "sales"], frame.loc[5, "age"] = EXTREMES
    frame["mail"] = [f"at.{SECRET}{place}@example.com" for place in range(len(frame))]
    return frame


def told_by(model: Any, folder: Path) -> str:
    write_results(model, folder)
    (folder / "notebook.html").write_text(model.facts_._repr_html_(), encoding="utf-8")
    return "\n".join(path.read_text("utf-8") for path in folder.rglob("*") if path.suffix in (".html", ".json", ".md", ".csv"))


@pytest.mark.parametrize("examples", [None, "none", "few"])
def test_a_report_holds_of_series_what_may_be_shown(examples: str | None, tmp_path: Path) -> None:
    frame = visits()
    model = automl.fit(frame, "sales", examples=examples, **QUICK)
    told = told_by(model, tmp_path)
    assert (f"anna {SECRET}" in told) is (examples != "none")
    assert (f"at.{SECRET}" in told) is (examples == "few")
    quoted = [f"{value:g}" in told for value in EXTREMES]
    assert quoted == ([False] * 3 if examples == "none" else [False, True, False])
    facts = model.facts_.forecast
    if examples == "none":
        assert {fan.name for fan in facts.fans} <= {"series 1", "series 2", "series 3"}
        assert all(fan.past == fan.past_times == fan.truth == () for fan in facts.fans)
        assert "examples='none'" in model.facts_.reproduce.python
        assert "Dots came true" not in told
    else:
        last = {fan.name: fan.truth for fan in facts.fans}
        assert np.allclose(last[frame["shop"].iloc[-1]], frame["sales"].tail(7), atol=1e-3)
        assert "Dots came true" in told
    assert facts.horizon == len(facts.fans[0].median) == 7


def test_another_word_is_refused_and_the_command_line_knows_it(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"'none' or 'few'.*examples='fwe'.*Did you mean 'few'"):
        automl.fit(visits(), "sales", **{**QUICK, "examples": "fwe"})
    data, out = tmp_path / "visits.csv", tmp_path / "out"
    visits()[lambda rows: rows["shop"] == rows["shop"].iloc[0]].drop(columns="mail").to_csv(data, index=False)
    words = ["fit", str(data), "--target", "sales", "--task", "forecasting", "--horizon", "1", "--trials", "1", "--families", "drift"]
    assert main([*words, "--examples", "none", "--out", str(out), "--quiet"]) == 0
    assert SECRET not in (out / "report.json").read_text("utf-8")
    assert "fan-typical" in (out / "report.html").read_text("utf-8")
