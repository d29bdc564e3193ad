"""Similar past cases: the nearest by the columns that matter, told as counts."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from explained_models import table

from automl.explanation import similar_cases

PAST = table(500)


def test_only_columns_that_matter_decide() -> None:
    outcome = (PAST["a"] > 0).to_numpy(int)
    row = PAST.iloc[[int(PAST["a"].to_numpy().argmax())]]
    found = similar_cases(PAST, outcome, row, {"a": 0.5, "b": 0.0, "c": -1.0}, classes=2)[0]
    assert found.counts == (0, 20)
    assert found.distance < 0.1 * found.usual


def test_levels_and_missing_values_are_far_from_others() -> None:
    past = PAST.copy()
    past.loc[:249, "city"] = None
    outcome = past["city"].isna().to_numpy(int)
    found = similar_cases(past, outcome, past.head(1), {"city": 1.0}, classes=2)[0]
    assert found.counts == (0, 20)
    assert found.distance == 0
    numbers = pd.DataFrame({"x": [np.nan, *range(99)]})
    assert similar_cases(numbers, np.arange(100), numbers.tail(1), {"x": 1.0}, cases=5)[0].mean == pytest.approx(97)


def test_numbers_have_a_mean_and_a_range() -> None:
    found = similar_cases(PAST, PAST["a"].to_numpy(), PAST.tail(2), {"a": 1.0})
    for row, one in zip(PAST.tail(2).itertuples(), found, strict=True):
        assert one.counts == ()
        assert one.low <= one.mean <= one.high
        assert abs(one.mean - row.a) < 0.3


def test_too_few_cases_or_no_weight_tell_nothing() -> None:
    assert similar_cases(PAST.head(30), np.zeros(30), PAST.tail(1), {"a": 1.0}) == ()
    assert similar_cases(PAST, np.zeros(500), PAST.tail(1), {"a": 0.0}) == ()
