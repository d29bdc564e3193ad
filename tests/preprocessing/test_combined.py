"""Values of combined columns: what each kind means, what is missing, what levels say, and that they come back from storing."""

import json

import numpy as np
import pandas as pd
import pytest
from combinations import planted, schema_of, task_of

from automl.errors import ArtifactError
from automl.preprocessing.base import Spec, State
from automl.preprocessing.combined import KINDS, PRIOR_ROWS, CombinedColumns, Formula, formulas_from
from automl.preprocessing.combining import Choice
from automl.preprocessing.preparation import add_chosen
from automl.preprocessing.tabular import TabularPreprocessor

NUMBERS = np.array([[6.0, 2.0], [1.0, 0.0], [np.nan, 4.0], [-3.0, np.nan], [0.0, -5.0]])
CODES = np.array([[2], [2], [3], [1], [0]], dtype=np.int32)
EVERY = [Formula("minus", 0, 1), Formula("times", 0, 1), Formula("over", 0, 1), Formula("over", 1, 0)]
LEVELS = [Formula("minus level", 0, 0), Formula("over level", 1, 0), Formula("level rows", 0, 0)]


def made(formulas, numbers=NUMBERS, codes=CODES, given=None):
    given = np.ones((1, len(formulas)), dtype=bool) if given is None else given
    return CombinedColumns.fit(formulas, given, numbers, codes, (4,))


def test_arithmetic_is_what_its_name_says():
    values = made(EVERY).values(NUMBERS, CODES)
    nan = np.nan
    expected = [[4, 12, 3, 1 / 3], [1, 0, nan, 0], [nan] * 4, [nan] * 4, [5, 0, 0, nan]]  # by 0 nothing can be divided
    np.testing.assert_array_equal(values, np.array(expected).astype(float) + 0.0)
    assert [formula.name(["income", "rooms"], []) for formula in EVERY] == [
        "income − rooms", "income × rooms", "income / rooms", "rooms / income",
    ]  # fmt: skip


def test_levels_are_beside_their_shrunken_mean():
    values = made(LEVELS).values(NUMBERS, CODES)
    whole = np.nanmean(NUMBERS[:, 0])
    usual = (6 + 1 + PRIOR_ROWS * whole) / (2 + PRIOR_ROWS)
    np.testing.assert_allclose(values[:, 0], [6 - usual, 1 - usual, np.nan, -3 - whole, 0 - PRIOR_ROWS * whole / (1 + PRIOR_ROWS)])
    assert values[:, 2].tolist() == [2, 2, 1, 1, 1]
    assert [formula.name(["a", "b"], ["town"]) for formula in LEVELS] == [
        "a − its mean by town",
        "b / its mean by town",
        "rows with the same town",
    ]
    assert [formula.sources(["a", "b"], ["town"]) for formula in LEVELS] == [["a", "town"], ["b", "town"], ["town"]]


def test_an_unseen_level_has_the_statistics_of_the_whole():
    columns = made(LEVELS)
    later = np.array([[10.0, 10.0]])
    rare, unseen = (columns.values(later, np.array([[code]])) for code in (1, 99))
    np.testing.assert_array_equal(rare, unseen)
    assert unseen[0, 0] == pytest.approx(10 - np.nanmean(NUMBERS[:, 0]))
    assert unseen[0, 1] == pytest.approx(10 / np.nanmean(NUMBERS[:, 1]))


def test_statistics_of_levels_come_from_the_rows_given_and_no_others():
    few = made(LEVELS, NUMBERS[:3], CODES[:3])
    again = made(LEVELS, NUMBERS[:3].copy(), CODES[:3].copy())
    np.testing.assert_array_equal(few.values(NUMBERS, CODES), again.values(NUMBERS, CODES))
    assert not np.array_equal(few.values(NUMBERS, CODES), made(LEVELS).values(NUMBERS, CODES), equal_nan=True)


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_columns_are_finite_of_unit_size_and_neutral_where_missing(kind):
    rng = np.random.default_rng(0)
    numbers = rng.lognormal(0, 6, (500, 2)) * rng.choice([-1, 0, 1], (500, 2))
    numbers[::7, 0] = np.nan
    numbers[1::7] = 3e38
    codes = rng.integers(0, 4, (500, 1))
    columns = made([Formula(kind, 0, 0 if "level" in kind else 1)], numbers, codes)
    scaled = columns.transform(numbers, codes)
    assert scaled.dtype == np.float32
    assert np.isfinite(scaled).all()
    assert np.abs(scaled).max() <= 3
    assert (scaled[np.isnan(columns.values(numbers, codes))] == 0).all()


def test_a_column_that_a_model_does_not_get_is_zero():
    given = np.array([[True, False], [True, True]])
    scaled = made(EVERY[:2], given=given).transform(NUMBERS, CODES)
    assert scaled.shape == (5, 2, 2)
    assert not scaled[:, 0, 1].any()
    assert scaled[:, 1, 1].any()
    np.testing.assert_array_equal(scaled[:, 0, 0], scaled[:, 1, 0])


def test_they_come_back_from_json_and_arrays_and_damage_is_told():
    columns = made(EVERY + LEVELS)
    told, arrays = json.loads(json.dumps(columns.to_json())), columns.to_arrays("c")
    again = CombinedColumns.from_json(told, arrays, "c")
    np.testing.assert_array_equal(again.transform(NUMBERS, CODES), columns.transform(NUMBERS, CODES))
    assert CombinedColumns.from_json(made([]).to_json(), made([]).to_arrays("c"), "c").width == 0
    with pytest.raises(ArtifactError, match="statistics of their levels"):
        CombinedColumns.from_json(told, {name: array for name, array in arrays.items() if name != "c_5"}, "c")
    with pytest.raises(ArtifactError, match=r"one of .* Received \['root'\]"):
        formulas_from({"formulas": [["root", 0, 1]], "given": [[1]]})


# ── as part of the table ──────────────────────────────────────────────────────────────────────────


def fitted(frame, target, formulas, folds=3, problem="binary"):
    table = TabularPreprocessor().fit(frame, schema_of(frame), task_of(problem))
    arrays = table.fit_target(frame, target, np.arange(len(frame)) % folds, folds)
    given = np.ones((folds, len(formulas)), dtype=bool)
    return table, add_chosen(table, Choice(tuple(formulas), given, ()), frame, arrays)


def wide_table():
    frame, _ = planted("ratio", "binary", 600)
    rng = np.random.default_rng(1)
    street = rng.integers(0, 60, len(frame))
    frame["street"] = pd.Series([f"s{number}" for number in street], dtype=object)
    frame["ordered"] = pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(0, 90, len(frame)), unit="D")
    frame["shipped"] = frame["ordered"] + pd.to_timedelta(rng.integers(0, 9, len(frame)), unit="D")
    frame.loc[::11, "income"] = np.nan
    frame.loc[::13, "rooms"] = 0.0
    frame.loc[::17, "town"] = None
    return frame, (street % 2 ^ (rng.random(len(frame)) < 0.1)).astype(np.int64)


def test_the_table_makes_stores_and_names_them_behind_the_encoded_columns():
    frame, target = wide_table()
    table = TabularPreprocessor().fit(frame, schema_of(frame), task_of("binary"))
    income, rooms = (table.feature_names["raw_numbers"].index(name) for name in ("income", "rooms"))
    first, last = table.places("datetime")
    formulas = [Formula("over", income, rooms), Formula("minus", last, first), Formula("over level", income, 0)]
    table, arrays = fitted(frame, target, formulas)
    assert table.spec.encoded == 1 + 3  # "street" by its target
    assert table.feature_names["encoded"] == [
        "street: target", "income / rooms", "shipped: days since start − ordered: days since start", "income / its mean by town",
    ]  # fmt: skip
    assert table.sources["encoded"] == ["street", "income and rooms", "shipped and ordered", "income and town"]
    state = table.state()
    again = TabularPreprocessor.from_state(State(json.loads(json.dumps(state.json)), state.arrays))
    assert again.spec == table.spec
    later = frame.assign(town=["new town", None, *frame["town"][2:]])
    whole = again.transform(later)["encoded"]
    np.testing.assert_array_equal(whole, table.transform(later)["encoded"])
    np.testing.assert_array_equal(arrays["encoded"][2:, :, 1:], whole[2:, :, 1:])  # training rows look like later ones
    for row in (0, 1, 11, 13, 99):
        np.testing.assert_array_equal(again.transform(later.iloc[[row]])["encoded"][0], whole[row])


def test_a_preparation_of_an_earlier_version_opens():
    frame, target = wide_table()
    table, _ = fitted(frame, target, [])
    state = table.state()
    assert "combined" not in state.json
    assert TabularPreprocessor.from_state(state).combined is None


def test_a_million_rows_are_made_in_blocks_of_the_same_values(monkeypatch):
    frame, target = wide_table()
    whole = fitted(frame, target, EVERY)[0].transform(frame)["encoded"]
    monkeypatch.setattr("automl.preprocessing.tabular.CHUNK", 64)
    table, arrays = fitted(frame, target, EVERY)
    np.testing.assert_array_equal(table.transform(frame)["encoded"], whole)
    np.testing.assert_array_equal(arrays["encoded"][:, :, -4:], whole[:, :, -4:])
    assert Spec.from_dict(table.spec.to_dict()) == table.spec
