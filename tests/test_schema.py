"""Types: found by looking at the values, and cast the same however a value arrives."""

from __future__ import annotations

import datetime
import decimal
import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from automl.dataset import Dataset, read
from automl.decisions import DecisionLog
from automl.errors import DataError, UsageError
from automl.schema import TYPES, Column, Schema, detect_schema


def schema_of(**columns: Any) -> Schema:
    return detect_schema(read({name: list(values) for name, values in columns.items()}))


def kind(values: Any) -> str:
    return detect_schema(read(pd.DataFrame({"x": values})))["x"].type


SENTENCES = [
    f"The {a} product {b} and I would {c} buy it again soon" for a in ("red", "old", "big") for b in ("broke", "works") for c in "abcdefgh"
]
NAMES = [
    f"{first} {last}" for first in ("Anna", "Ben", "Cara", "Dan", "Eva") for last in ("Adams", "Baker", "Clark", "Davis", "Evans", "Frank")
]
CODES = [f"N{number:05d}X" for number in range(7, 3000, 61)]


# ── types


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([1.5, 2.5, None], "number"),
        (list(range(18, 80)), "number"),
        (["1.234,56", "12,5", "?"], "number"),
        (["$1,200", "$15", " "], "number"),
        (["45 %", "7 %", "n/a"], "number"),
        (["1 200", "15 000", "-"], "number"),
        ([decimal.Decimal("1.5"), decimal.Decimal(2)], "number"),
        ([2**70, 2**71, 5], "number"),
        (pd.array([1, None, 3], dtype="Int64"), "number"),
        (pd.array([1.5, None], dtype="Float64"), "number"),
        (pd.arrays.SparseArray([0.0, 2.5, 0.0]), "number"),
        (pd.to_timedelta(["1h", "2h", None]), "number"),
        ([20.0, 21.0, math.inf], "number"),
        (["yes", "no", "yes"], "boolean"),
        (["Yes", "no", None], "boolean"),
        (["ja", "nein", "ja"], "boolean"),
        (["ano", "ne", "ne"], "boolean"),
        (["oui", "non", "?"], "boolean"),
        (["t", "f", "f"], "boolean"),
        (["True", "False", ""], "boolean"),
        ([True, False, None], "boolean"),
        ([0, 1, 1], "boolean"),
        ([0.0, 1.0, None], "boolean"),
        (["0", "1", "x"], "category"),
        (pd.array([True, None], dtype="boolean"), "boolean"),
        (["yes", "no", "maybe"], "category"),
        (["male", "female"] * 3, "category"),
        (pd.Categorical(["a", "b", "a"]), "category"),
        (pd.Categorical([1, 2, 1]), "category"),
        (["007", "008", "123"], "category"),
        (CODES, "category"),
        (CODES * 3, "category"),
        (["Electronic check", "Bank transfer (automatic)", "Credit card (automatic)"] * 20, "category"),
        (SENTENCES, "text"),
        (NAMES, "text"),
        (["2024-01-05", "2024-02-29", None], "datetime"),
        (["2024-01-05 10:30:00", "2024-02-29T11:00:00Z"], "datetime"),
        (["5.1.2024", "31.12.2023"], "datetime"),
        (["01/31/2024", "12/05/2023"], "datetime"),
        (["31/01/2024", "05/12/2023"], "datetime"),
        (["2024/01/31", "2023/12/05 10:00"], "datetime"),
        (["January 5, 2024", "May 30, 2011", "Mar 3, 2020"], "datetime"),
        (["5 Jan 2024", "30 May 2011"], "datetime"),
        (["05-Jan-24", "30-May-11"], "datetime"),
        (["1/31/2024 10:30 PM", "12/5/2023 1:05 AM"], "datetime"),
        (["2024-01-05", "5.1.2024"] * 5, "datetime"),
        (["2024-01", "2023-12"], "datetime"),
        ([20240101 + day for day in range(28)], "datetime"),
        ([20240101 + step * 37 for step in range(28)], "number"),
        (pd.date_range("2024", periods=3, tz="Europe/Prague"), "datetime"),
        (pd.period_range("2024-01", periods=3, freq="M"), "datetime"),
        ([datetime.date(2024, 1, 5), None], "datetime"),
        (["10.0.1", "10.0.2", "9.13.1"], "category"),
        (["12:30", "13:45", "1:05"], "category"),
        (["2:3:1", "2:5:1", "11:6:2"], "category"),
        ([1999, 2005, 2020], "number"),
        ([[1, 2], [3], None], "list"),
        ([b"abc", b"def"], "category"),
        ([None, None], "category"),
        ([np.nan, np.nan], "number"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_types(values: Any, expected: str) -> None:
    assert kind(values) == expected


def test_evidence_and_confidence() -> None:
    for column in schema_of(a=range(30), b=["x", "y"] * 15, c=NAMES).columns:
        assert column.evidence.endswith(".")
        assert any(letter.isdigit() for letter in column.evidence)
        assert 0 < column.confidence <= 1


def test_ambiguous_day_and_month_are_told() -> None:
    log = DecisionLog()
    detect_schema(Dataset(pd.DataFrame({"d": ["01/02/2024", "03/04/2024"]})), log=log)
    decision = next(entry for entry in log if "'d'" in entry.what)
    assert "do not prove" in decision.because
    assert decision.override == "types={'d': 'number'}"


def test_target_gets_its_role() -> None:
    schema = detect_schema(read({"a": [1, 2], "y": [0, 1]}), "y")
    assert [column.role for column in schema.columns] == ["feature", "target"]
    assert [column.name for column in schema.features] == ["a"]


def test_a_few_odd_words_among_numbers_count_as_missing() -> None:
    values = [str(number / 7) for number in range(100)] + ["see note"]
    column = schema_of(x=values)["x"]
    assert column.type == "number"
    assert column.parse["unread"] == pytest.approx(1 / 101, abs=1e-5)
    assert column.parse["examples"] == ["see note"]


def test_a_frequent_word_among_many_numbers_counts_as_missing() -> None:
    column = schema_of(x=[str(number) for number in range(1000, 1200)] + ["unknown"] * 40)["x"]
    assert column.type == "number"


def test_a_column_that_changes_midway_is_a_category() -> None:
    column = schema_of(x=[str(number % 7) for number in range(100)] + [f"w{number % 5}" for number in range(100)])["x"]
    assert column.type == "category"
    assert column.parse["numeric_halves"] == [1.0, 0.0]


def test_a_rare_third_word_beyond_the_sample_is_no_boolean() -> None:
    values = ["yes", "no"] * 15_000
    values[29_999] = "unclear"
    assert kind(values) == "category"
    numbers = np.tile([0, 1], 15_000)
    numbers[29_998] = 7
    assert kind(numbers) == "number"


def test_declared_types() -> None:
    data = read({"zip": [10115, 10117], "when": ["soon", "2024-01-05"], "n": ["1,5", "x"], "b": ["f", "m"], "c": [1.0, 2.0]})
    declared = {"zip": "category", "when": "datetime", "n": "number", "b": "boolean", "c": "text"}
    schema = detect_schema(data, types=declared)
    assert {column.name: column.type for column in schema.columns} == declared
    assert all(column.declared for column in schema.columns)
    typed = schema.cast(data.frame)
    assert typed["zip"].tolist() == ["10115", "10117"]
    assert typed["when"].isna().tolist() == [True, False]
    assert typed["n"].tolist()[0] == 1.5
    assert typed["b"].tolist() == [0.0, 1.0]
    assert typed["c"].tolist() == ["1", "2"]


def test_wrong_declarations_are_refused() -> None:
    data = read({"price": [1, 2]})
    with pytest.raises(UsageError, match="Did you mean 'price'"):
        detect_schema(data, types={"prise": "number"})
    with pytest.raises(UsageError, match="Did you mean 'number'"):
        detect_schema(data, types={"price": "numbr"})


# ── cast


def test_cast_types_and_order() -> None:
    data = read({"y": [0, 1], "n": ["1", "?"], "b": ["no", "yes"], "c": ["u", None], "d": ["2024-01-05", "bad"], "t": ["x", "y"]})
    kinds = {"n": "number", "b": "boolean", "c": "category", "d": "datetime", "t": "text"}
    schema = detect_schema(data, "y", types=kinds)
    shuffled = (
        data.frame[["t", "d", "extra", "n", "c", "b"]] if "extra" in data.frame else data.frame[["t", "d", "n", "c", "b"]].assign(extra=1)
    )
    typed = schema.cast(shuffled.set_index(pd.Index([5, 5])))
    assert list(typed.columns) == ["n", "b", "c", "d", "t"]
    assert [str(dtype) for dtype in typed.dtypes] == ["float64", "float64", "object", "datetime64[ns]", "object"]
    assert isinstance(typed.index, pd.RangeIndex)
    assert typed["c"].tolist() == ["u", None]
    assert typed["b"].tolist() == [0.0, 1.0]


@pytest.mark.parametrize("value", [5, 5.0, "5", " 5", "5.0", np.float32(5), np.int8(5), decimal.Decimal(5), b"5", "5."])
def test_one_level_however_it_arrives(value: Any) -> None:
    schema = Schema((Column("c", "category"),))
    assert schema.cast(pd.DataFrame({"c": pd.Series([value], dtype=object)}))["c"].tolist() == ["5"]
    assert schema.cast(pd.DataFrame({"c": [value]}))["c"].tolist() == ["5"]
    assert schema.cast(pd.DataFrame({"c": pd.Categorical([value])}))["c"].tolist() == ["5"]


@pytest.mark.parametrize("missing", [None, np.nan, pd.NA, pd.NaT, "", " ", "NA", " ?", "n/a", "null", "-", "None"])
@pytest.mark.parametrize("kind", TYPES)
def test_missing_however_it_arrives(missing: Any, kind: str) -> None:
    frame = pd.DataFrame({"c": pd.Series([missing], dtype=object)})
    assert Schema((Column("c", kind, parse={"formats": ["ISO8601"]}),)).cast(frame)["c"].isna().all()


@pytest.mark.parametrize("value", [True, 1, 1.0, "yes", "Yes", " YES ", "True", "1", np.bool_(True)])
def test_truth_however_it_arrives(value: Any) -> None:
    schema = schema_of(b=["Yes", "No"])
    assert schema.cast(pd.DataFrame({"b": pd.Series([value], dtype=object)}))["b"].tolist() == [1.0]
    assert schema.cast(pd.DataFrame({"b": [value]}))["b"].tolist() == [1.0]


def test_dates_however_they_arrive() -> None:
    schema = schema_of(d=["5.1.2024", "31.12.2023"])
    expected = pd.Timestamp("2024-01-05")
    for value in (
        "5.1.2024",
        "05.01.2024",
        expected,
        datetime.date(2024, 1, 5),
        datetime.datetime(2024, 1, 5),
        np.datetime64("2024-01-05"),
    ):
        assert schema.cast(pd.DataFrame({"d": pd.Series([value], dtype=object)}))["d"].tolist() == [expected], value
        assert schema.cast(pd.DataFrame({"d": [value]}))["d"].tolist() == [expected], value
    zoned = pd.DataFrame({"d": pd.DatetimeIndex(["2024-01-05 01:00"], tz="Europe/Prague")})
    assert schema.cast(zoned)["d"].tolist() == [pd.Timestamp("2024-01-05")]
    assert schema.cast(pd.DataFrame({"d": [5.0]}))["d"].isna().all()


def test_zones_and_far_dates() -> None:
    schema = schema_of(d=["2024-01-05T10:00:00+02:00", "2024-01-06T10:00:00Z"])
    typed = schema.cast(pd.DataFrame({"d": ["2024-01-05T10:00:00+02:00", "9999-12-31", "0001-01-01"]}))
    assert typed["d"].iloc[0] == pd.Timestamp("2024-01-05 08:00")
    assert typed["d"].isna().tolist() == [False, True, True]


def test_infinite_and_unreadable_numbers_are_missing() -> None:
    schema = Schema((Column("n", "number"),))
    frame = pd.DataFrame({"n": pd.Series([math.inf, "-inf", "x", [1], {"a": 1}, 10**400, datetime.datetime(2024, 1, 1), 3], dtype=object)})
    assert schema.cast(frame)["n"].isna().tolist() == [True] * 7 + [False]


def test_missing_columns_are_all_named() -> None:
    schema = schema_of(age=[1, 2], job=["a", "b"], size=[1.5, 2.5])
    with pytest.raises(DataError, match=r"2 columns: 'age', 'size'\. The data have 'Age' instead") as caught:
        schema.cast(pd.DataFrame({"Age": [1], "job": ["a"]}))
    assert caught.value.exit_code == 3


def test_roles() -> None:
    schema = schema_of(a=[1, 2], b=[3, 4])
    changed = schema.with_roles({"a": "dropped"})
    assert [column.name for column in changed.features] == ["b"]
    assert [column.name for column in schema.features] == ["a", "b"]
    with pytest.raises(UsageError):
        schema.with_roles({"zz": "feature"})
    with pytest.raises(UsageError):
        schema.with_roles({"a": "featur"})
    with pytest.raises(KeyError, match="Did you mean 'a'"):
        schema["A"]


def test_json_round_trip() -> None:
    schema = schema_of(a=["1,5 kg", "2 kg"], b=["ano", "ne"], c=["5.1.2024", "31.1.2024"], d=NAMES[:2])
    assert Schema.from_dict(json.loads(json.dumps(schema.to_dict()))) == schema


# ── any values

ODD = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.floats(),
    st.text(max_size=8),
    st.sampled_from(["1,5", "12 %", "2024-01-05", "5.1.24", "yes", "no", " ?", "007", "1e5", "inf", "-0", "٣", "1/2/3"]),
    st.binary(max_size=3),
    st.datetimes(),
    st.dates(),
    st.timedeltas(),
    st.decimals(),
    st.lists(st.integers(), max_size=2),
    st.just(pd.NaT),
    st.just(pd.NA),
    st.complex_numbers(),
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(values=st.lists(ODD, min_size=1, max_size=12), declared=st.sampled_from([None, *TYPES]))
def test_detection_never_raises_and_a_row_alone_equals_its_row_in_a_batch(values: list[Any], declared: str | None) -> None:
    frame = pd.DataFrame({"x": pd.Series(values, dtype=object)})
    before = frame.copy(deep=True)
    data = read(frame)
    schema = detect_schema(data, types={"x": declared} if declared else None)
    typed = schema.cast(data.frame)["x"]
    many = schema.cast(pd.concat([data.frame] * 70, ignore_index=True))["x"].iloc[: len(values)]
    alone = pd.concat([schema.cast(data.frame.iloc[[place]]) for place in range(len(values))], ignore_index=True)["x"]
    assert typed.equals(alone.astype(typed.dtype))
    assert typed.equals(many)
    assert all(
        a is b or a == b or (a != a and b != b) for a, b in zip(frame["x"].tolist(), before["x"].tolist(), strict=True) if a is not pd.NA
    )
    assert json.dumps(schema.to_dict())


@settings(max_examples=60, deadline=None)
@given(order=st.permutations(range(6)), names=st.lists(st.text(min_size=1, max_size=5), min_size=6, max_size=6, unique=True))
def test_order_and_names_do_not_change_types(order: list[int], names: list[str]) -> None:
    columns = [
        list(range(30)),
        ["yes", "no"] * 15,
        NAMES,
        CODES[:30],
        [f"{day}.1.2024" for day in range(1, 31)],
        ["1.234,5", "2,5", "?"] * 10,
    ]
    expected = ["number", "boolean", "text", "category", "datetime", "number"]
    frame = pd.DataFrame({names[place]: columns[place] for place in order})
    schema = detect_schema(Dataset(frame))
    assert [column.type for column in schema.columns] == [expected[place] for place in order]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.lists(
        st.tuples(
            st.one_of(st.none(), st.integers(-(10**9), 10**9)),
            st.one_of(st.none(), st.floats(-1e6, 1e6)),
            st.one_of(st.none(), st.sampled_from(["A", "B", "5", "5.0", "x y"])),
            st.one_of(st.none(), st.booleans()),
            st.one_of(st.none(), st.datetimes(datetime.datetime(1970, 1, 1), datetime.datetime(2100, 1, 1))),
        ),
        min_size=1,
        max_size=10,
    )
)
def test_a_file_and_a_frame_are_cast_alike(tmp_path: Path, rows: list[tuple[Any, ...]]) -> None:
    frame = pd.DataFrame(rows, columns=["i", "f", "c", "b", "d"]).astype({"i": "Int64", "b": "boolean", "d": "datetime64[us]"})
    parse = {"formats": ["ISO8601"], "true_values": ["True"], "false_values": ["False"]}
    kinds = {"i": "number", "f": "number", "c": "category", "b": "boolean", "d": "datetime"}
    schema = Schema(tuple(Column(name, kind, parse=parse) for name, kind in kinds.items()))
    frame.to_csv(tmp_path / "t.csv", index=False)
    back = read(tmp_path / "t.csv").frame
    pd.testing.assert_frame_equal(schema.cast(back), schema.cast(frame))
    as_category = Schema(tuple(Column(name, "category") for name in ("i", "f", "c", "b")))
    pd.testing.assert_frame_equal(as_category.cast(back), as_category.cast(frame))


def test_the_frame_is_not_changed() -> None:
    frame = pd.DataFrame({"a": [1.0, np.inf], "b": ["x", None], "d": pd.to_datetime(["2024-01-01", None])})
    before = frame.copy(deep=True)
    schema = detect_schema(read(frame))
    typed = schema.cast(frame)
    typed.iloc[0, 0] = 99.0
    pd.testing.assert_frame_equal(frame, before)


def test_a_column_of_dates_may_come_back_as_iso_text():
    frame = pd.DataFrame({"day": pd.date_range("2024-01-01", periods=30, freq="36h"), "x": range(30)})
    schema = detect_schema(read(frame))
    text = frame.assign(day=frame["day"].dt.strftime("%Y-%m-%d %H:%M:%S"))
    pd.testing.assert_frame_equal(schema.cast(text), schema.cast(frame))
