"""Reports of what is odd, from the fit to the page: hostile names, no class but one ever named, no percentages, nothing to divide by."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import plain_words
import pytest
from small import FakeFamily
from test_html import HOSTILE, _Page

import automl
from automl.report import words
from automl.report.html import drawn_parts, render
from automl.report.markdown import render_markdown

UNSEEN = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"


def without_fault(facts: Any) -> _Page:
    """Draw a report, and look for all that a name could do to it."""
    text = render(facts)
    page = _Page(text)
    assert page.open == []
    assert [tag for tag, _ in page.tags].count("script") <= 2
    assert not any(name.startswith("on") for _, attributes in page.tags for name in attributes)
    assert len(page.ids) == len(set(page.ids))
    assert not any(sign in text + render_markdown(facts) for sign in UNSEEN)
    assert not {"None", "nan", "None."} & set(page.text.split())
    assert plain_words.faults(facts) == []
    return page


def sentences(facts: Any) -> dict[str, str]:
    return {block.name: block.sentence for part in drawn_parts(facts) for block in part["blocks"]}


class Decided(FakeFamily):
    """Names a class and gives no percentages: 0 and 1 alone; the first class is never named."""

    def train(self, configs: Any, data: Any, **more: Any) -> list[Any]:
        made = super().train(configs, data, **more)
        for one in made:
            named = np.maximum(np.asarray(one.out_of_fold).argmax(axis=1), 1)
            one.out_of_fold[:] = np.eye(data.spec.outputs, dtype=np.float32)[named]
        return made


@pytest.mark.parametrize("kind", [FakeFamily, Decided])
def test_a_table_of_hostile_names_and_a_model_without_percentages(kind: Any) -> None:
    rng = np.random.default_rng(0)
    group = np.array(["<b>a</b> 🙂", "\u202eb\u202c \"'", HOSTILE])[rng.integers(0, 3, 120)]
    kinds = np.where(np.arange(120) % 12 == 0, f"hardly any {HOSTILE}", np.where(rng.random(120) < 0.5, "some & <i>few</i>", "many 🙂"))
    data = pd.DataFrame({f"a {HOSTILE}": rng.normal(size=120), f"b {HOSTILE}": group, f"t {HOSTILE}": kinds})
    family = kind(clock=None)
    model = automl.fit(data, f"t {HOSTILE}", budget=None, trials=1, families=[family], sensitive=[f"b {HOSTILE}"])
    page = without_fault(model.facts_)
    assert "alert(1)" in page.text
    scores, table = model.facts_.evaluation.scores, model.facts_.evaluation.confusion
    assert all(score.value is not None and np.isfinite(score.value) for score in scores.values())
    assert table is not None
    never = [not sum(called) for called in zip(*table.counts, strict=True)]
    assert any(never) is (kind is Decided)
    assert ("never predicted" in page.text) is (kind is Decided)


def series(count: int, steps: int = 40) -> pd.DataFrame:
    rng = np.random.default_rng(1)
    day = np.tile(pd.date_range("2026-01-01", periods=steps), count)
    names = np.repeat([f"{HOSTILE} {number}" for number in range(count)], steps)
    value = 20 + 5 * np.sin(np.tile(np.arange(steps), count)) + rng.normal(size=count * steps)
    promo = np.where(rng.random(count * steps) < 0.3, "yes \u202e<b>", "no '\"")
    code = [f"{HOSTILE} {row}" for row in range(count * steps)]
    return pd.DataFrame({f"s {HOSTILE}": names, f"d {HOSTILE}": day, f"p {HOSTILE}": promo, "code": code, f"y {HOSTILE}": value})


def forecast(frame: pd.DataFrame, **options: Any) -> Any:
    given = {"time": f"d {HOSTILE}", "series": [f"s {HOSTILE}"], "horizon": 4, "budget": None, "trials": 1, "families": ["ridge_lags"]}
    return automl.fit(frame, f"y {HOSTILE}", **{**given, **options}).facts_


def test_series_of_hostile_names() -> None:
    facts = forecast(series(3), known=[f"p {HOSTILE}"])
    page = without_fault(facts)
    assert page.text.count("alert(1)") > 10
    assert {entry.name for entry in facts.forecast.by_series} == {f"{HOSTILE} {number}" for number in range(3)}


def test_hundreds_of_series_and_of_categories_stay_small() -> None:
    facts = forecast(series(300), families=["drift"])
    assert len(facts.forecast.by_series) == 40
    assert len(render(facts)) < 300_000
    assert next(one for one in facts.data.column_list if one.name == "code").role == "dropped"
    assert f"{HOSTILE} 7" not in facts.model_dump_json(exclude={"forecast"})  # of a column that is not used, no cell


def test_where_nothing_can_be_divided_by_that_is_said() -> None:
    frame = series(3)
    frame[f"y {HOSTILE}"] = 5.0
    facts = forecast(frame, families=["drift"])
    without_fault(facts)
    assert facts.evaluation.scores["mase"].undefined is not None
    told = sentences(facts)
    assert told["series"] == "The errors of series cannot be held against the seasonal naive, which makes none in the past."
    assert told["horizon"].startswith("The error goes from 0 (1 step ahead) to 0 (4 steps ahead)")
    assert words.NOTHING not in told["series"] + told["horizon"]
