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


WORDS = st.text(st.characters(codec="utf-8", exclude_categories=("C", "Z")), min_size=1, max_size=12).map(lambda text: f"w{text}")
VALUES = {
    "whole": st.integers(-(2**53), 2**53),
    "float": st.floats(-1e9, 1e9, allow_subnormal=False),
    "word": WORDS,
    "truth": st.booleans(),
    "day": st.datetimes(pd.Timestamp("1900-01-01").to_pydatetime(), pd.Timestamp("2100-01-01").to_pydatetime()).map(
        lambda moment: moment.replace(microsecond=0)
    ),
}
WAYS = {
    "csv": lambda frame, path: frame.to_csv(path, index=False),
    "semicolons.csv": lambda frame, path: frame.to_csv(path, index=False, sep=";", quoting=1),
    "bars.txt": lambda frame, path: frame.to_csv(path, index=False, sep="|"),
    "csv.gz": lambda frame, path: frame.to_csv(path, index=False),
    "zip": lambda frame, path: frame.to_csv(path, index=False, compression={"method": "zip", "archive_name": "t.csv"}),
    "utf16.csv": lambda frame, path: frame.to_csv(path, index=False, encoding="utf-16"),
    "parquet": lambda frame, path: frame.to_parquet(path),
    "feather": lambda frame, path: frame.to_feather(path),
    "jsonl": lambda frame, path: frame.to_json(path, orient="records", lines=True, date_format="iso", double_precision=15),
    "json": lambda frame, path: frame.to_json(path, orient="records", date_format="iso", double_precision=15),
    "xlsx": lambda frame, path: frame.to_excel(path, index=False),
}


def _same(name: str, written: pd.Series, found: pd.Series) -> None:
    kind = name.split("_")[0]
    if kind == "day":
        read = pd.to_datetime(found, utc=True, format="ISO8601" if found.dtype == object or found.dtype == "string" else None)
        assert read.dt.tz_localize(None).astype("datetime64[s]").tolist() == written.astype("datetime64[s]").tolist()
    elif kind == "truth":
        assert [str(cell) in ("True", "1", "1.0") for cell in found] == written.tolist()
    elif kind == "word":
        assert [str(cell) for cell in found] == written.tolist()
    else:
        np.testing.assert_allclose(found.to_numpy(dtype=float), written.to_numpy(dtype=float), rtol=1e-9, atol=1e-9)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    data=st.data(),
    rows=st.integers(12, 25),
    kinds=st.lists(st.sampled_from(list(VALUES)), min_size=2, max_size=5),
    way=st.sampled_from(list(WAYS)),
)
def test_what_pandas_wrote_in_any_format_is_read_back(data: Any, rows: int, kinds: list[str], way: str, tmp_path_factory: Any) -> None:
    from automl.dataset import read

    columns = {f"{kind}_{place}": data.draw(st.lists(VALUES[kind], min_size=rows, max_size=rows)) for place, kind in enumerate(kinds)}
    frame = pd.DataFrame({"word_first": [f"row {k}" for k in range(rows)], **columns})
    path = tmp_path_factory.mktemp("written") / f"t.{way}"
    WAYS[way](frame, path)
    again = read(path).frame
    assert list(again.columns) == list(frame.columns)
    assert len(again) == rows
    for name in frame.columns:
        _same(name, frame[name], again[name])


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(seed=st.integers(0, 10_000), name=st.sampled_from(SOME))
def test_any_order_and_any_names_give_the_same_answer(seed: int, name: str, tmp_path_factory: Any) -> None:
    case, random = CASES[name], np.random.default_rng(seed)
    frame = case.data(tmp_path_factory.mktemp("case")).reset_index(drop=True)
    known = summary(automl.detect(frame, case.target).to_dict())
    names = random.permutation([f"{chr(97 + k)}{random.integers(9999)}" for k in range(frame.shape[1])])
    renamed = dict(zip(frame.columns, names, strict=True))
    mixed = frame.sample(frac=1, random_state=seed).reset_index(drop=True).rename(columns=renamed)
    assert summary(automl.detect(mixed, renamed[case.target]).to_dict(), {new: old for old, new in renamed.items()}) == known
