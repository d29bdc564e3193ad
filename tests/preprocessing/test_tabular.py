import json
import time
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from automl.decisions import DecisionLog
from automl.errors import DataError
from automl.preprocessing.base import State
from automl.preprocessing.tabular import TabularPreprocessor

TASK = SimpleNamespace(outputs=2, problem="binary")


def schema(**types):
    return SimpleNamespace(features=tuple(SimpleNamespace(name=name, type=kind) for name, kind in types.items()))


def table(rows=400, seed=0):
    rng = np.random.default_rng(seed)
    words = np.array(["good", "bad", "slow", "quick", "service", "Zürich", "naïve", "room", "dirty", "clean"])
    text = [" ".join(rng.choice(words, rng.integers(1, 9))) for _ in range(rows)]
    text[::17] = [None] * len(text[::17])
    text[1::29] = ["  "] * len(text[1::29])
    town = rng.choice(np.array(["Rome", "Oslo", "Bern", None], dtype=object), rows, p=[0.5, 0.3, 0.1, 0.1])
    town[5] = "seen once"
    return pd.DataFrame(
        {
            "income": np.where(rng.random(rows) < 0.1, np.nan, rng.lognormal(3, 2, rows)),
            "age": rng.integers(18, 90, rows).astype(float),
            "member": np.where(rng.random(rows) < 0.05, np.nan, rng.integers(0, 2, rows)),
            "since": (np.datetime64("2019-03-01") + rng.integers(0, 10**6, rows).astype("timedelta64[m]")).astype("datetime64[ns]"),
            "town": pd.Series(town, dtype=object),
            "remark": pd.Series(text, dtype=object),
        }
    )


SCHEMA = schema(income="number", age="number", member="boolean", since="datetime", town="category", remark="text")


@pytest.fixture(scope="module")
def fitted():
    return TabularPreprocessor(seed=1).fit(table(), SCHEMA, TASK)


def column(preprocessor, arrays, array, name):
    return arrays[array][:, preprocessor.feature_names[array].index(name)]


def one(kind, values, later=None):
    """Fit one column on `values`; return the preprocessor and the arrays of `later`."""

    def frame(cells):
        return pd.DataFrame({"x": pd.Series(cells, dtype=object if kind in ("category", "text") else None)})

    preprocessor = TabularPreprocessor().fit(frame(values), schema(x=kind), TASK)
    return preprocessor, preprocessor.transform(frame(values if later is None else later))


def test_shapes_types_and_names_agree(fitted):
    arrays = fitted.transform(table(50, seed=2))
    spec = fitted.spec
    assert arrays["numbers"].shape == (50, spec.numbers)
    assert arrays["raw_numbers"].shape == (50, spec.raw_numbers)
    assert arrays["categories"].shape == (50, len(spec.categories))
    assert [arrays[name].dtype for name in ("numbers", "raw_numbers", "categories")] == [np.float32, np.float32, np.int32]
    assert spec.rows == 400
    assert spec.outputs == 2
    for name, array in arrays.items():
        assert len(fitted.feature_names[name]) == len(fitted.sources[name]) == array.shape[1]
        assert len(set(fitted.feature_names[name])) == array.shape[1]
    used = {name for names in fitted.sources.values() for name in names}
    assert used == {column.name for column in SCHEMA.features}  # nothing is thrown away


def test_numbers_are_finite_and_bounded(fitted):
    arrays = fitted.transform(table(300, seed=3))
    assert np.isfinite(arrays["numbers"]).all()
    assert np.abs(arrays["numbers"]).max() <= 3.0


def test_a_row_alone_equals_its_row_in_a_batch(fitted):
    frame = table(60, seed=4)
    batch = fitted.transform(frame)
    for row in range(60):
        alone = fitted.transform(frame.iloc[[row]])
        for name, array in batch.items():
            assert alone[name].tobytes() == array[[row]].tobytes(), name


def test_row_order_and_index_do_not_matter(fitted):
    frame = table(80, seed=5)
    order = np.random.default_rng(0).permutation(80)
    shuffled = fitted.transform(frame.iloc[order].set_axis([7] * 80))
    for name, array in fitted.transform(frame).items():
        assert shuffled[name].tobytes() == array[order].tobytes()


def test_chunks_join_without_a_seam(fitted, monkeypatch):
    frame = table(100, seed=6)
    whole = fitted.transform(frame)
    monkeypatch.setattr("automl.preprocessing.tabular.CHUNK", 7)
    monkeypatch.setattr("automl.preprocessing.text.CHUNK", 3)
    for name, array in fitted.transform(frame).items():
        assert array.tobytes() == whole[name].tobytes()


def test_input_is_never_changed():
    frame = table(100)
    before = frame.copy(deep=True)
    TabularPreprocessor().fit(frame, SCHEMA, TASK).transform(frame)
    pd.testing.assert_frame_equal(frame, before)


def test_state_survives_json_and_npz_bit_by_bit(fitted, tmp_path):
    state = fitted.state()
    np.savez(tmp_path / "arrays.npz", **state.arrays)
    with np.load(tmp_path / "arrays.npz", allow_pickle=False) as stored:
        arrays = {name: stored[name] for name in stored.files}
    again = TabularPreprocessor.from_state(State(json.loads(json.dumps(state.json)), arrays))
    assert state.estimators == {}
    assert again.spec == fitted.spec
    assert again.feature_names == fitted.feature_names
    assert again.sources == fitted.sources
    frame = table(100, seed=7)
    for name, array in fitted.transform(frame).items():
        assert again.transform(frame)[name].tobytes() == array.tobytes()
    assert again.state().json == state.json


def test_same_seed_same_arrays():
    first, again = (TabularPreprocessor(seed=3).fit(table(), SCHEMA, TASK).transform(table(30, seed=8)) for _ in range(2))
    assert all(first[name].tobytes() == again[name].tobytes() for name in first)


class Watched(pd.DataFrame):
    """A table that notes which rows are read."""

    _metadata = ["reads"]

    @property
    def _constructor(self):
        return Watched

    def __getitem__(self, key):
        getattr(self, "reads", []).append(list(self.index))
        return super().__getitem__(key)


def test_rows_that_do_not_train_never_reach_it():
    frame = table(300)
    training = frame.iloc[:200]
    poisoned = frame.copy()
    poisoned.loc[200:, "income"] = 1e30
    poisoned.loc[200:, "town"] = "only in test"
    poisoned.loc[200:, "remark"] = "only in test"
    poisoned.loc[200:, "since"] = pd.Timestamp("1971-01-01")
    watched = Watched(poisoned.iloc[:200])
    watched.reads = []
    with_poison = TabularPreprocessor().fit(watched, SCHEMA, TASK).state()
    assert {row for rows in watched.reads for row in rows} <= set(range(200))
    alone = TabularPreprocessor().fit(training, SCHEMA, TASK).state()
    assert with_poison.json == alone.json
    assert all(np.array_equal(alone.arrays[name], array) for name, array in with_poison.arrays.items())


def test_transform_learns_nothing(fitted):
    before = json.dumps(fitted.state().json)
    first = fitted.transform(table(40, seed=9))
    fitted.transform(table(500, seed=10))
    assert json.dumps(fitted.state().json) == before
    assert fitted.transform(table(40, seed=9))["numbers"].tobytes() == first["numbers"].tobytes()


# ── numbers ───────────────────────────────────────────────────────────────────────────────────────


def test_number_follows_the_formula():
    values = [1.0, 2.0, 3.0, 4.0, 100.0]
    _, arrays = one("number", values)
    scaled = (np.array(values) - 3.0) / (4.0 - 2.0)
    assert arrays["numbers"].ravel() == pytest.approx(scaled / np.sqrt(1 + (scaled / 3) ** 2), rel=1e-6)
    assert arrays["raw_numbers"].ravel().tolist() == values


def test_number_without_middle_spread_uses_its_range():
    _, arrays = one("number", [0.0] * 9 + [8.0])
    expected = 2.0 / np.sqrt(1 + (2 / 3) ** 2)
    assert arrays["numbers"].ravel() == pytest.approx([0.0] * 9 + [expected], rel=1e-6)


@pytest.mark.parametrize("values", [[5.0] * 6, [0.1 + 0.2] * 3 + [0.3] * 3, [np.nan] * 6, [np.inf, -np.inf] * 3])
def test_constant_or_empty_number_becomes_zero(values):
    _, arrays = one("number", values, later=[5.0, 7.0, np.nan])
    assert (arrays["numbers"][:, 0] == 0).all()


def test_missing_number_is_neutral_flagged_and_kept_raw():
    preprocessor, arrays = one("number", [1.0, 2.0, 3.0, np.nan, np.inf])
    assert preprocessor.feature_names["numbers"] == ["x", "x is missing"]
    assert preprocessor.sources["numbers"] == ["x", "x"]
    assert arrays["numbers"][3:].tolist() == [[0.0, 1.0], [0.0, 1.0]]
    assert np.isnan(arrays["raw_numbers"][3:]).all()


def test_no_indicator_where_training_was_complete():
    preprocessor, arrays = one("number", [1.0, 2.0, 3.0], later=[np.nan])
    assert preprocessor.feature_names["numbers"] == ["x"]
    assert arrays["numbers"].tolist() == [[0.0]]


@settings(max_examples=150, deadline=None)
@given(
    values=st.lists(st.floats(allow_nan=True, allow_infinity=True), min_size=1, max_size=30),
    later=st.lists(st.floats(allow_nan=True, allow_infinity=True), min_size=1, max_size=10),
)
def test_any_float_gives_bounded_numbers_and_keeps_order(values, later):
    _, arrays = one("number", values, later)
    numbers, raw = arrays["numbers"], arrays["raw_numbers"][:, 0]
    assert np.isfinite(numbers).all()
    assert np.abs(numbers).max() <= 3.0
    assert not np.isinf(raw).any()
    known = ~np.isnan(raw)
    order = np.argsort(np.clip(np.array(later)[known], -3e38, 3e38), kind="stable")
    assert (np.diff(numbers[known, 0][order]) >= 0).all()


def test_boolean_is_one_minus_one_or_zero():
    _, arrays = one("boolean", [0.0, 1.0, np.nan])
    assert arrays["numbers"].tolist() == [[-1.0, 0.0], [1.0, 0.0], [0.0, 1.0]]
    assert arrays["raw_numbers"][:2].ravel().tolist() == [0.0, 1.0]


# ── categories ────────────────────────────────────────────────────────────────────────────────────


def test_categories_are_numbered_by_frequency():
    values = ["b"] * 3 + ["a"] * 3 + ["c"] * 4 + ["once", None]
    preprocessor, arrays = one("category", values, later=["c", "a", "b", "once", "never seen", None, float("nan"), pd.NA, ""])
    assert arrays["categories"].ravel().tolist() == [2, 3, 4, 1, 1, 0, 0, 0, 1]
    assert preprocessor.spec.categories == (5,)


def test_at_most_a_thousand_levels():
    values = [f"level {number}" for number in range(1_500) for _ in range(2 if number >= 10 else 3)]
    preprocessor, arrays = one("category", values)
    assert preprocessor.spec.categories == (1_002,)
    codes = arrays["categories"].ravel()
    assert codes.max() == 1_001
    assert (codes[:30] >= 2).all()  # the most frequent ones are kept


@settings(max_examples=100, deadline=None)
@given(values=st.lists(st.one_of(st.none(), st.text(max_size=4)), min_size=1, max_size=40))
def test_any_category_gets_a_code_below_the_count(values):
    preprocessor, arrays = one("category", values)
    codes = arrays["categories"].ravel()
    assert codes.min() >= 0
    assert codes.max() < preprocessor.spec.categories[0]
    assert [code == 0 for code in codes] == [value is None for value in values]
    assert TabularPreprocessor.from_state(preprocessor.state()).spec == preprocessor.spec


# ── dates ─────────────────────────────────────────────────────────────────────────────────────────


def dates(*texts):
    return np.array(texts, dtype="datetime64[ns]")


def test_dates_become_calendar_parts():
    preprocessor, arrays = one("datetime", dates("2023-12-31", "2024-02-29", "1969-07-20"))
    names = ("year", "month", "day of month", "day of week")
    raw = {name: column(preprocessor, arrays, "raw_numbers", f"x: {name}").tolist() for name in names}
    assert raw == {"year": [2023, 2024, 1969], "month": [12, 2, 7], "day of month": [31, 29, 20], "day of week": [6, 3, 6]}
    assert column(preprocessor, arrays, "raw_numbers", "x: days since start")[2] == 0
    assert "x: hour" not in preprocessor.feature_names["raw_numbers"]


@settings(max_examples=100, deadline=None)
@given(moment=st.datetimes(min_value=pd.Timestamp("1700-01-01").to_pydatetime(), max_value=pd.Timestamp("2200-01-01").to_pydatetime()))
def test_parts_agree_with_pandas(moment):
    start = dates("2020-01-01T00:00", "2020-06-01T12:30")
    preprocessor, arrays = one("datetime", start, later=np.array([moment], dtype="datetime64[ns]"))
    stamp = pd.Timestamp(moment).floor("s")

    def part(name):
        return column(preprocessor, arrays, "raw_numbers", f"x: {name}")[0]

    expected = (stamp.year, stamp.month, stamp.day, stamp.day_of_week)
    assert (part("year"), part("month"), part("day of month"), part("day of week")) == expected
    assert part("season sine") == pytest.approx(np.sin(2 * np.pi * (stamp.day_of_year - 1) / 365.25), abs=1e-6)
    assert part("hour") == pytest.approx(stamp.hour + stamp.minute / 60 + stamp.second / 3600, abs=1e-4)
    assert part("days since start") == pytest.approx((stamp - pd.Timestamp("2020-01-01")) / pd.Timedelta(days=1), rel=1e-6, abs=1e-3)


def test_missing_dates_are_neutral_and_flagged_once():
    preprocessor, arrays = one("datetime", dates("2023-01-01", "2024-01-01", "NaT"))
    assert sum("missing" in name for name in preprocessor.feature_names["numbers"]) == 1
    assert arrays["numbers"][2, :-1].tolist() == [0.0] * 7
    assert arrays["numbers"][2, -1] == 1
    assert np.isnan(arrays["raw_numbers"][2]).all()


def test_date_far_outside_training_stays_bounded():
    _, arrays = one("datetime", dates("2023-01-01", "2023-01-02", "2023-01-03"), later=dates("2250-01-01", "1700-01-01"))
    assert np.abs(arrays["numbers"]).max() <= 3.0


def test_dates_of_any_unit_and_all_missing():
    nano, milli = dates("2023-01-01T10:00", "2024-01-01"), dates("2023-01-01T10:00", "2024-01-01").astype("datetime64[ms]")
    assert one("datetime", nano)[1]["numbers"].tobytes() == one("datetime", milli)[1]["numbers"].tobytes()
    assert np.isfinite(one("datetime", dates("NaT", "NaT"))[1]["numbers"]).all()


# ── text ──────────────────────────────────────────────────────────────────────────────────────────


def test_text_components_tell_topics_apart():
    rng = np.random.default_rng(0)
    topics = [["engine", "wheel", "brake", "road"], ["flour", "sugar", "oven", "butter"]]
    label = rng.integers(0, 2, 200)
    texts = [" ".join(rng.choice(topics[number], 4)) for number in label]
    preprocessor, arrays = one("text", texts[:150], later=texts[150:])
    components = arrays["numbers"][:, [i for i, name in enumerate(preprocessor.feature_names["numbers"]) if "component" in name]]
    assert components.shape[1] <= 32
    correlation = [abs(np.corrcoef(part, label[150:])[0, 1]) for part in components.T if part.std() > 0]
    assert max(correlation) > 0.95


def test_blank_text_is_missing():
    preprocessor, arrays = one("text", ["red apple", "green apple", "red car", None, "", " \n"])
    flag = column(preprocessor, arrays, "numbers", "x is missing")
    assert flag.tolist() == [0, 0, 0, 1, 1, 1]
    assert np.isnan(arrays["raw_numbers"][3:]).all()


@pytest.mark.parametrize("texts", [[None, None], ["a", "b"], ["!!!", "???"], ["same text"] * 5, ["x" * 20_000, "y"], ["\ud800 odd", "odd"]])
def test_odd_texts_never_fail(texts):
    preprocessor, arrays = one("text", texts, later=[*texts, "never seen words"])
    assert np.isfinite(arrays["numbers"]).all()
    assert "x" in preprocessor.sources["numbers"]


@settings(max_examples=30, deadline=None)
@given(texts=st.lists(st.one_of(st.none(), st.text(max_size=30)), min_size=1, max_size=12))
def test_any_text_alone_equals_the_batch(texts):
    preprocessor, arrays = one("text", texts)
    again = TabularPreprocessor.from_state(preprocessor.state())
    for row, text in enumerate(texts):
        alone = again.transform(pd.DataFrame({"x": pd.Series([text], dtype=object)}))
        assert alone["numbers"].tobytes() == arrays["numbers"][[row]].tobytes()


# ── the table as a whole ──────────────────────────────────────────────────────────────────────────


def test_table_without_numbers_or_without_categories():
    _, only_categories = one("category", ["a", "a", "b"])
    _, only_numbers = one("number", [1.0, 2.0])
    assert only_categories["numbers"].shape == (3, 0)
    assert only_numbers["categories"].shape == (2, 0)


def test_no_rows_at_prediction_time(fitted):
    arrays = fitted.transform(table(10).iloc[:0])
    assert arrays["numbers"].shape == (0, fitted.spec.numbers)


def test_extra_columns_are_ignored_and_absent_ones_named(fitted):
    frame = table(10)
    assert fitted.transform(frame.assign(more=1))["numbers"].tobytes() == fitted.transform(frame)["numbers"].tobytes()
    with pytest.raises(DataError, match="'age', 'town'"):
        fitted.transform(frame.drop(columns=["age", "town"]))


def test_nothing_to_learn_from_gets_a_sentence():
    with pytest.raises(DataError, match="0 rows"):
        TabularPreprocessor().fit(table().iloc[:0], SCHEMA, TASK)
    with pytest.raises(DataError, match="0 columns"):
        TabularPreprocessor().fit(table(), schema(), TASK)


def test_preparation_is_recorded():
    log = DecisionLog()
    TabularPreprocessor().fit(table(), SCHEMA, TASK, log=log)
    assert {entry.stage for entry in log} == {"prepare"}
    assert any("income" in entry.because for entry in log if entry.what == "missing values")


def test_one_row_is_quick_and_many_rows_too():
    rng = np.random.default_rng(0)
    towns = np.array([f"town {number}" for number in range(500)], dtype=object)
    frame = pd.DataFrame({f"n{number}": rng.normal(size=50_000) for number in range(12)})
    frame = frame.assign(**{f"c{number}": pd.Series(towns[rng.integers(0, 500, 50_000)], dtype=object) for number in range(8)})
    preprocessor = TabularPreprocessor().fit(frame, schema(**{name: "number" if name[0] == "n" else "category" for name in frame}), TASK)
    rows = [frame.iloc[[row]] for row in range(30)]
    seconds = []
    for row in rows:
        start = time.perf_counter()
        preprocessor.transform(row)
        seconds.append(time.perf_counter() - start)
    assert np.median(seconds) < 0.005
    start = time.perf_counter()
    preprocessor.transform(frame)
    assert time.perf_counter() - start < 1.5  # 0.5 s is a million rows in ten
