"""Bad data and impossible arguments through Python: one sentence with the value and a hint, never another exception."""

import numpy as np
import pandas as pd
import pytest
from small import FakeFamily, fit, people

import automl
from automl import Budget, DataError, UsageError
from automl.errors import ArtifactError

DATA = people(80)[["age", "city", "churn"]]


def written(tmp_path, text, name="data.csv"):
    (tmp_path / name).write_text(text)
    return tmp_path / name


FILES = {
    "empty": ("", "is empty"),
    "header only": ("a,b\n", "must hold rows below its header"),
    "one row": ("a,b\n1,2\n", "one class"),
    "nine rows": ("a,b\n" + "1,x\n2,y\n3,y\n" * 3, "at least 10 rows"),
    "binary": ("\x00\x01\x02" * 50, ""),
}


@pytest.mark.parametrize("case", FILES)
def test_a_file_that_holds_too_little(case, tmp_path):
    text, part = FILES[case]
    with pytest.raises(DataError) as caught:
        fit(written(tmp_path, text), "b")
    assert part in str(caught.value)


def test_a_file_that_is_not_there_is_guessed(tmp_path):
    written(tmp_path, "a,b\n1,2\n", "churn.csv")
    with pytest.raises(DataError, match=r"must be a file that exists.*Did you mean 'churn.csv'"):
        fit(tmp_path / "churm.csv", "b")
    with pytest.raises(DataError, match="Received the folder"):
        fit(tmp_path, "b")


TARGETS = {
    "one class": (DATA.assign(churn="yes"), "churn", "at least two different values"),
    "absent": (DATA, "price", "`target` must be a column of the data"),
    "misspelt": (DATA, "chrun", "Did you mean 'churn'?"),
    "none": (DATA, None, "The most plausible one is 'churn'"),
    "all missing": (DATA.assign(churn=None), "churn", "All 80 values of 'churn' are missing"),
    "infinite": (DATA.assign(age=np.where(np.arange(80) == 3, np.inf, DATA["age"])), "age", "1 values of 'age' are infinite"),
    "dates": (DATA.assign(churn=pd.date_range("2020", periods=80)), "churn", "must hold classes or numbers"),
    "names": (DATA.assign(churn=[f"person {row}" for row in range(80)]), "churn", "A class must occur in several rows"),
    "too short": (DATA[["age"]], ["yes", "no"], "one value per row. Received shape (2,) for 80 rows"),
    "labels that nobody has": (DATA[["age"]], np.zeros((80, 2)), "At least one label must have 8 rows with it"),
    "nothing to learn from": (DATA[["churn"]], "churn", "must have a column to learn from"),
}


@pytest.mark.parametrize("case", TARGETS)
def test_a_target_that_cannot_be_learnt(case):
    data, target, part = TARGETS[case]
    with pytest.raises(DataError) as caught:
        fit(data, target)
    assert part in str(caught.value)


@pytest.mark.parametrize("data", [None, 42, object(), {}, [], np.zeros(()), np.zeros((0, 3)), np.zeros((3, 0)), np.ones((20, 2), complex)])
def test_what_is_no_table(data):
    with pytest.raises(DataError):
        fit(data, "x0")


def test_numbers_in_one_dimension_may_be_a_row_or_a_column():
    with pytest.raises(DataError, match="Expected 2D array, got 1D array instead"):
        fit(np.arange(20.0), np.arange(20) % 2)
    model = fit(np.arange(20.0)[:, None], np.arange(20) > 9)
    with pytest.raises(DataError, match="Reshape your data"):
        model.predict(np.array([3.0]))


ARGUMENTS = {
    "families": ({"families": ["lineer"]}, "Did you mean 'linear'?"),
    "no families": ({"families": []}, "at least one"),
    "budget": ({"budget": "soon"}, "positive duration"),
    "no time": ({"budget": 0}, "positive duration"),
    "trials": ({"trials": 0}, "whole number above 0"),
    "half a trial": ({"trials": 1.5}, "whole number above 0"),
    "seed": ({"seed": "abc"}, "`seed` must be a whole number"),
    "negative seed": ({"seed": -1}, "`seed` must be a whole number"),
    "problem": ({"problem": "clasification"}, "`problem` must be one of"),
    "regression of words": ({"problem": "regression"}, "only for numbers"),
    "positive": ({"positive": "maybe"}, "one of the target's classes"),
    "types": ({"types": {"agee": "number"}}, "Did you mean 'age'?"),
    "a type": ({"types": {"age": "numbr"}}, "Did you mean 'number'?"),
    "ignore": ({"ignore": ["towm"]}, "`ignore` must name columns"),
    "ignored target": ({"ignore": ["churn"]}, "other columns than the target"),
    "cost": ({"costs": {"mis": 1, "false_alarm": 1}}, "Did you mean 'miss'?"),
    "one cost": ({"costs": {"miss": 1}}, "'miss' and 'false_alarm' as numbers"),
    "negative cost": ({"costs": {"miss": -1, "false_alarm": 1}}, "not negative"),
    "worded cost": ({"costs": {"miss": "5", "false_alarm": 1}}, "as numbers"),
    "free": ({"costs": {"miss": 0, "false_alarm": 0}}, "not both 0"),
    "recall": ({"min_recall": 2}, "`min_recall` must be a share above 0"),
    "precision": ({"min_precision": "high"}, "`min_precision` must be a share above 0"),
}


@pytest.mark.parametrize("case", ARGUMENTS)
def test_an_impossible_argument_is_refused_before_anything_is_trained(case):
    options, part = ARGUMENTS[case]
    stages = []
    with pytest.raises(UsageError) as caught:
        fit(DATA, "churn", progress=lambda record: stages.append(record.stage), **options)
    assert part in str(caught.value)
    assert not {"ensemble", "judge"} & set(stages)


def test_wishes_about_mistakes_need_two_classes():
    with pytest.raises(UsageError, match=r"for a target of two classes\. Received a regression target 'age'"):
        fit(DATA, "age", costs={"miss": 2, "false_alarm": 1}, problem="regression")


# ── odd data that works


def test_infinite_numbers_count_as_missing():
    odd = DATA.assign(age=np.where(np.arange(80) < 5, np.inf, DATA["age"]))
    model = fit(odd, "churn")
    np.testing.assert_allclose(model.predict_proba(odd), model.predict_proba(odd.replace(np.inf, np.nan)))
    assert any(finding.check == "infinite" for finding in model.findings_)


def test_duplicate_column_names_are_told_apart():
    rng = np.random.default_rng(0)
    odd = pd.DataFrame(np.column_stack([DATA["age"], rng.normal(size=80)]), columns=["a", "a"]).assign(churn=DATA["churn"])
    model = fit(odd, "churn")
    assert model.feature_names_in_.tolist() == ["a", "a.2"]
    assert model.predict_proba(odd).shape == (80, 2)  # the same names again
    assert any("renamed" in chosen for chosen in model.decisions()["chosen"])


def test_a_column_whose_type_changes_midway():
    odd = DATA.assign(age=[value if row < 40 else f"code {row % 3}" for row, value in enumerate(DATA["age"])])
    assert fit(odd, "churn").predict(odd).shape == (80,)
    as_text = DATA.assign(age=[value if row < 40 else f" {value} " for row, value in enumerate(DATA["age"])])
    model = fit(as_text, "churn")
    assert model.schema_["age"].type == "number"
    np.testing.assert_allclose(model.predict_proba(as_text), model.predict_proba(DATA))


ODD_COLUMNS = {
    "all missing": [None] * 80,
    "lists": [[1, 2]] * 80,
    "bytes": [b"a", b"b"] * 40,
    "complex": [1j] * 80,
    "durations": pd.to_timedelta(np.arange(80), "D"),
    "months": pd.period_range("2020-01", periods=80, freq="M"),
    "beyond 64 bits": [10**30 + row for row in range(80)],
    "objects": [object() for _ in range(80)],
    "nullable": pd.array([1, None] * 40, dtype="Int64"),
    "sparse": pd.arrays.SparseArray(np.arange(80) % 3),
    "categorical": pd.Categorical(["a", None, "b", "b"] * 20),
}


@pytest.mark.parametrize("case", ODD_COLUMNS)
def test_odd_cells_do_no_harm(case):
    odd = DATA.assign(odd=ODD_COLUMNS[case])
    assert fit(odd, "churn").predict(odd).shape == (80,)


@pytest.mark.slow
def test_ten_thousand_columns():
    rng = np.random.default_rng(0)
    wide = pd.DataFrame(rng.normal(size=(60, 10_000))).add_prefix("c")
    wide["y"] = np.where(wide["c0"] > 0, "up", "down")
    model = fit(wide, "y", budget=Budget(5, trials=1))
    assert model.predict_proba(wide).shape == (60, 2)
    assert model.n_features_in_ == 10_000


def test_ten_rows_are_enough():
    assert fit(DATA.head(10), "churn").predict(DATA).shape == (80,)
    lone = DATA.head(12).assign(churn=["yes"] + ["no"] * 11)
    assert fit(lone, "churn").predict(DATA).shape == (80,)


# ── at prediction time


@pytest.fixture(scope="module")
def model():
    return fit(DATA, "churn")


def test_new_categories_and_unreadable_cells(model):
    rows = DATA.head(3).assign(city=["Paris", None, 7], age=["abc", "", 1e300])
    assert np.isfinite(model.predict_proba(rows)).all()


def test_missing_columns_are_named(model):
    with pytest.raises(DataError, match="Missing column: 'city'"):
        model.predict(DATA[["age"]])
    with pytest.raises(DataError, match="Missing 2 columns: 'age', 'city'"):
        model.predict(DATA[["churn"]])


@pytest.mark.parametrize("rows", [None, 3, [], {}, "nowhere.csv"])
def test_what_are_no_rows(model, rows):
    with pytest.raises(DataError):
        model.predict(rows)


# ── model files


def test_a_damaged_model_file(model, tmp_path):
    model.save(tmp_path / "m.automl")
    whole = (tmp_path / "m.automl").read_bytes()
    (tmp_path / "cut.automl").write_bytes(whole[: len(whole) // 2])
    for place in (100, len(whole) // 2, len(whole) - 30):
        altered = bytearray(whole)
        altered[place] ^= 0xFF
        (tmp_path / f"altered{place}.automl").write_bytes(bytes(altered))
    (tmp_path / "other.automl").write_text("a,b\n1,2\n")
    for path in tmp_path.glob("*.automl"):
        if path.name != "m.automl":
            with pytest.raises(ArtifactError, match="A model"):
                automl.load(path)
    with pytest.raises(DataError, match="nothere"):
        automl.load(tmp_path / "nothere.automl")
    with pytest.raises(DataError, match="folder"):
        model.save(tmp_path)


# ── in the middle of the search


def test_a_family_that_raises_does_not_end_the_run():
    def fail(call):
        raise TypeError("a bug in a family")

    model = fit(DATA, "churn", families=["linear", FakeFamily("broken", before=fail)], trials=2)
    board = model.leaderboard().set_index("family")
    assert board.loc["broken", "status"] == "failed"
    assert np.isnan(board.loc["broken", "loss"])
    assert board.loc["linear", "weight"] > 0
    assert model.facts_.search.failed == 1


def test_ctrl_c_returns_the_best_so_far():
    def press(call):
        raise KeyboardInterrupt

    model = fit(DATA, "churn", families=["linear", FakeFamily("slow", "network", before=press)], trials=5)
    assert model.interrupted_
    assert model.score(DATA, DATA["churn"]) > 0.7
    assert not fit(DATA, "churn").interrupted_


class Fails(FakeFamily):
    def train(self, configs, data, **options):
        raise ValueError("no luck")


def test_no_usable_model_at_all_is_a_sentence(monkeypatch):
    monkeypatch.setattr("automl.families.naive.Naive.train", Fails.train)
    with pytest.raises(DataError, match=r"At least one model must be trained.*no luck"):
        fit(DATA, "churn", families=[Fails("bad")])


def test_ctrl_c_before_the_first_model_is_ctrl_c(monkeypatch):
    def press(*arguments, **options):
        raise KeyboardInterrupt

    monkeypatch.setattr("automl.families.naive.Naive.train", press)
    with pytest.raises(KeyboardInterrupt):
        fit(DATA, "churn")


