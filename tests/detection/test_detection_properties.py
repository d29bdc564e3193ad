"""What holds of any table: detection never raises, never changes its input, and neither names nor the order of rows matter."""

from __future__ import annotations

from typing import Any

import cases_findings  # noqa: F401
import cases_hard  # noqa: F401
import cases_sequences  # noqa: F401
import cases_targets  # noqa: F401
import numpy as np
import pandas as pd
import pytest
from detection_cases import CASES
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.pandas import column, data_frames, range_indexes

import automl
from automl.errors import AutoMLError

CELLS = st.one_of(
    st.none(),
    st.integers(-5, 5),
    st.floats(allow_nan=True, allow_infinity=True),
    st.text(max_size=8),
    st.booleans(),
    st.dates(),
    st.sampled_from(["yes", "no", "1,5", "$3", "2024-01-05", "a;b", "007", " ", "NA", "x.png", "low", "high", "medium"]),
)
TABLES = data_frames(
    [column("a", elements=CELLS, dtype=object), column("b", elements=CELLS, dtype=object), column("c", elements=st.floats(-9, 9))],
    index=range_indexes(min_size=1, max_size=40),
)


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(frame=TABLES, target=st.sampled_from([None, "a", "b", "c", ["a", "c"]]))
def test_any_table_is_detected_or_refused_with_a_sentence(frame: pd.DataFrame, target: Any) -> None:
    before = frame.copy(deep=True)
    refused, told = None, {}
    try:
        told = automl.detect(frame, target).to_dict()
    except AutoMLError as problem:
        refused = problem
    if refused is None:
        assert set(told["columns"]) == {"a", "b", "c"}
        assert 0 <= told["confidence"] <= 1
    else:
        assert str(refused).strip()
        assert refused.exit_code in (2, 3)
    pd.testing.assert_frame_equal(frame, before)


SOME = [
    "binary: yes no",
    "multiclass: codes 0 to 9",
    "multiclass: gapped codes",
    "ordinal: stars",
    "regression: ages",
    "regression: euro text",
    "count: poisson 2",
    "multilabel: semicolons",
    "leakage: filled in afterwards",
    "group: patients",
    "time: sorted sales",
    "forecasting: daily",
    "forecasting: stores",
    "series: classes, long",
    "mixed: text and table",
    "hard series: months as text",
    "hard: product titles",
]


def summary(told: dict[str, Any], names: dict[str, str] | None = None) -> tuple[Any, ...]:
    names = names or {}
    return told["task"], told["modality"], {names.get(name, name): one["type"] for name, one in told["columns"].items()}


@pytest.mark.parametrize("name", SOME)
def test_the_order_of_rows_and_the_names_of_columns_change_neither_task_nor_types(name: str, tmp_path: Any) -> None:
    case = CASES[name]
    frame = case.data(tmp_path).reset_index(drop=True)
    known = summary(automl.detect(frame, case.target).to_dict())
    shuffled = frame.sample(frac=1, random_state=5).reset_index(drop=True)
    assert summary(automl.detect(shuffled, case.target).to_dict()) == known
    renamed = {old: f"q{place}" for place, old in enumerate(frame.columns)}
    told = automl.detect(frame.rename(columns=renamed), renamed[case.target]).to_dict()
    assert summary(told, {new: old for old, new in renamed.items()}) == known


@settings(max_examples=25, deadline=None)
@given(
    floats=st.lists(st.floats(-1e6, 1e6), min_size=12, max_size=30),
    decimal=st.sampled_from([".", ","]),
    separator=st.sampled_from([";", "\t"]),
    index=st.booleans(),
)
def test_a_table_that_pandas_wrote_is_read_back(
    floats: list[float], decimal: str, separator: str, index: bool, tmp_path_factory: Any
) -> None:
    from automl.dataset import read

    frame = pd.DataFrame({"x": floats, "name": [f"n {k}" for k in range(len(floats))], "k": range(len(floats))})
    path = tmp_path_factory.mktemp("written") / "t.csv"
    frame.to_csv(path, sep=separator, decimal=decimal, index=index)
    again = read(path).frame
    np.testing.assert_allclose(again["x"].to_numpy(dtype=float), frame["x"].to_numpy(), rtol=1e-12)
    assert again["name"].tolist() == frame["name"].tolist()
    assert again["k"].tolist() == frame["k"].tolist()
