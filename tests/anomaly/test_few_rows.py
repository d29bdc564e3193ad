"""Of few rows the strangest does not hide itself: it is not the measure of its own tail."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import automl
from automl.anomaly.scores import TAIL, Rarity


@pytest.mark.parametrize("rows", [60, 200, 700])
def test_a_far_outlier_is_the_rarest_of_few_rows(rows: int) -> None:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"a": rng.normal(size=rows), "b": rng.normal(size=rows)})
    frame.loc[5, "a"] = 1e9
    model = automl.fit(frame, problem="anomaly_detection", families=["conditional_gaussian"], budget=None)
    first, second = model.facts_.anomalies.strangest[:2]
    assert first.row == 5
    assert first.score > second.score + 0.3


def test_the_tail_is_wider_where_rows_are_few_and_survives_a_file() -> None:
    scores = np.random.default_rng(0).exponential(size=5_000)
    few, many = Rarity.fit(scores[:80]), Rarity.fit(scores)
    assert many.tail == TAIL
    assert few.tail == 0.125
    again = Rarity.from_arrays(few.to_arrays())
    assert again(scores).tolist() == few(scores).tolist()
    old = {name: values for name, values in many.to_arrays().items() if name != "tail"}  # as files had it before
    assert Rarity.from_arrays(old)(scores).tolist() == many(scores).tolist()
    assert (np.diff(few(np.sort(scores))) >= 0).all()
