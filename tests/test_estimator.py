"""AutoML: one object that fits, predicts, explains itself and is kept."""

import datetime
import json
import pickle

import numpy as np
import pandas as pd
import polars
import pytest
from small import FEATURES, fit, people

import automl
from automl import AutoML, Budget
from automl.errors import DataError, UsageError

DATA = people()
X = DATA[FEATURES]


@pytest.fixture(scope="module")
def churn():
    return fit(DATA[[*FEATURES, "churn"]], "churn")


@pytest.fixture(scope="module")
def spent():
    return fit(DATA[[*FEATURES, "spent"]], "spent")


@pytest.fixture(scope="module")
def tier():
    return fit(DATA[[*FEATURES, "tier"]], "tier")


# ── predictions


def test_two_classes(churn):
    assert (churn.task_.problem, churn.classes_.tolist()) == ("binary", ["no", "yes"])
    probability = churn.predict_proba(X)
    assert probability.shape == (160, 2)
    np.testing.assert_allclose(probability.sum(axis=1), 1)
    assert (churn.predict(X) == np.where(probability[:, 1] > 0.5, "yes", "no")).all()
    assert churn.score(X, DATA["churn"]) > 0.8


def test_more_classes_with_text_labels(tier):
    assert (tier.task_.problem, tier.classes_.tolist()) == ("multiclass", ["bronze", "gold", "silver"])
    assert tier.predict_proba(X).shape == (160, 3)
    assert set(tier.predict(X)) <= {"bronze", "gold", "silver"}
    assert tier.score(X, DATA["tier"]) > 0.6


def test_numbers_with_intervals_that_cover(spent):
    fresh = people(400, seed=9)
    lower, upper = spent.predict_interval(fresh)
    prediction = spent.predict(fresh)
    assert prediction.shape == lower.shape == upper.shape == (400,)
    assert ((lower <= prediction) & (prediction <= upper)).all()
    assert 0.83 < ((lower <= fresh["spent"]) & (fresh["spent"] <= upper)).mean() < 0.97
    assert spent.score(fresh, fresh["spent"]) > 0.5


def test_sets_of_classes_that_cover(churn, tier):
    fresh = people(400, seed=9)
    for model, target in ((churn, "churn"), (tier, "tier")):
        sets = model.predict_set(fresh, coverage=0.9)
        assert sets.shape == (400,)
        assert all(isinstance(labels, tuple) and set(labels) <= set(model.classes_) for labels in sets)
        assert 0.83 < np.mean([truth in labels for truth, labels in zip(fresh[target], sets, strict=True)]) <= 1
        wider = model.predict_set(fresh, coverage=0.98)
        assert all(set(small) <= set(large) for small, large in zip(sets, wider, strict=True))
        told = model.facts_.evaluation.sets
        assert told.low <= told.measured <= told.high
        assert (told.nominal, told.mean_size >= 1) == (0.9, True)
    with pytest.raises(UsageError, match=r"Did you mean 0\.9"):
        tier.predict_set(X, coverage=90)


def test_a_set_may_be_a_column_of_the_table(tier, spent):
    table = tier.predictions(X, sets=0.9)
    assert table.columns[-1] == "set"
    assert all(prediction == text.split(" | ")[0] for prediction, text in zip(table["prediction"], table["set"], strict=True))
    with pytest.raises(UsageError, match="`sets` is for classes"):
        spent.predictions(X, sets=0.9)


def test_predictions_as_a_table(churn, tier, spent):
    assert churn.predictions(X).columns.tolist() == ["prediction", "probability_no", "probability_yes"]
    assert tier.predictions(X).columns.tolist() == ["prediction", "probability_bronze", "probability_gold", "probability_silver"]
    assert spent.predictions(X).columns.tolist() == ["prediction", "lower", "upper"]
    assert len(spent.predictions(X.iloc[:3])) == 3


def test_what_fits_only_the_other_problem_is_refused(churn, spent):
    with pytest.raises(UsageError, match="`predict_interval` is for numbers"):
        churn.predict_interval(X)
    with pytest.raises(UsageError, match="`predict_proba` is for classes"):
        spent.predict_proba(X)
    with pytest.raises(UsageError, match="`predict_set` is for classes"):
        spent.predict_set(X)
    assert hasattr(churn, "predict_proba")
    assert not hasattr(spent, "predict_proba")


@pytest.mark.parametrize(
    "rows",
    [
        X.iloc[:4],
        X.iloc[:4][FEATURES[::-1]],  # another order
        DATA.iloc[:4],  # more columns, the target among them
        X.iloc[:4].set_index(np.array([9, 9, 2, 1])),
        polars.from_pandas(X.iloc[:4]),
        X.iloc[:4].to_dict("list"),
        X.iloc[:4].to_dict("records"),
    ],
    ids=["frame", "order", "columns", "index", "polars", "dict", "records"],
)
def test_rows_come_in_any_form(churn, rows):
    np.testing.assert_allclose(churn.predict_proba(rows), churn.predict_proba(X)[:4])


def test_rows_come_from_a_file(churn, tmp_path):
    rows = X.assign(since=pd.NaT)
    rows.to_csv(tmp_path / "rows.csv", index=False, sep=";", decimal=",")
    np.testing.assert_allclose(churn.predict_proba(tmp_path / "rows.csv"), churn.predict_proba(rows), atol=1e-9)


def test_one_record_is_one_row(churn):
    record = X.iloc[0].to_dict()
    np.testing.assert_allclose(churn.predict_proba(record), churn.predict_proba(X.iloc[:1]))


def test_no_rows_no_predictions(churn):
    assert churn.predict(X.iloc[:0]).shape == (0,)
    assert churn.predict_proba(X.iloc[:0]).shape == (0, 2)


def test_new_categories_and_missing_values_are_predicted(churn):
    rows = X.iloc[:3].assign(city=["Paris", None, "Brno"], age=[np.nan, np.inf, 30], since=[pd.NaT, X["since"][0], X["since"][1]])
    assert np.isfinite(churn.predict_proba(rows)).all()


def test_columns_written_as_text_are_read(churn):
    rows = X.iloc[:5].assign(age=X["age"].astype(str), member=X["member"].map({True: "True", False: "False"}))
    np.testing.assert_allclose(churn.predict_proba(rows), churn.predict_proba(X.iloc[:5]))


def test_every_missing_column_is_named(churn):
    with pytest.raises(DataError, match=r"Missing 2 columns: 'age', 'city'"):
        churn.predict(X.drop(columns=["age", "city"]))
    with pytest.raises(DataError, match="Missing column: 'city'"):
        churn.explain(X[["age", "income", "member", "since"]].iloc[:1])


# ── data without names


def arrays(columns=3, rows=60):
    rng = np.random.default_rng(1)
    x = rng.normal(size=(rows, columns))
    return x, (x[:, 0] + 0.3 * rng.normal(size=rows) > 0).astype(int)


def test_columns_of_an_array_are_known_by_their_place():
    x, y = arrays()
    model = fit(x, y)
    assert model.n_features_in_ == 3
    assert not hasattr(model, "feature_names_in_")
    expected = model.predict_proba(x)
    np.testing.assert_allclose(model.predict_proba(pd.DataFrame(x)), expected)
    np.testing.assert_allclose(model.predict_proba(x.tolist()), expected)
    with pytest.warns(UserWarning, match="X has valid feature names, but AutoML was fitted without feature names"):
        np.testing.assert_allclose(model.predict_proba(pd.DataFrame(x, columns=["a", "b", "c"])), expected)
    with pytest.raises(DataError, match="X has 2 features, but AutoML is expecting 3 features as input"):
        model.predict(x[:, :2])
    with pytest.raises(DataError, match="X has 4 features"):
        model.predict(np.column_stack([x, x[:, 0]]))


def test_names_that_look_like_numbers_of_columns_are_still_names():
    x, y = arrays()
    model = fit(pd.DataFrame(x, columns=["x1", "x2", "x3"]), y)
    turned = pd.DataFrame(x[:, ::-1], columns=["x3", "x2", "x1"])
    np.testing.assert_allclose(model.predict_proba(turned), model.predict_proba(pd.DataFrame(x, columns=["x1", "x2", "x3"])))
    with pytest.raises(DataError, match="Missing column: 'x2'"):
        model.predict(pd.DataFrame(x, columns=["x1", "x3", "x4"]))


def test_an_array_for_a_model_with_names_is_taken_by_place_with_a_warning():
    x, y = arrays()
    model = fit(pd.DataFrame(x, columns=["a", "b", "c"]), y)
    assert model.feature_names_in_.tolist() == ["a", "b", "c"]
    with pytest.warns(UserWarning, match="X does not have valid feature names, but AutoML was fitted with feature names"):
        by_place = model.predict_proba(x)
    np.testing.assert_allclose(by_place, model.predict_proba(pd.DataFrame(x, columns=["a", "b", "c"])))


def test_the_target_may_be_a_column_of_the_array():
    x, y = arrays()
    table = np.column_stack([x[:, 0], y, x[:, 1:]])
    model = fit(table, "x1")
    np.testing.assert_allclose(model.predict_proba(table), model.predict_proba(x))


def test_pictures_are_rows():
    rng = np.random.default_rng(0)
    y = rng.random(80) < 0.5
    pictures = rng.random((80, 8, 8)) / 3
    pictures[:, :4] += 0.5 * y[:, None, None]
    model = fit(pictures, y)
    assert model.n_features_in_ == 1  # one column whose cells are pictures
    assert model.task_.modality == "image"
    assert model.score(pictures, y) > 0.8


@pytest.mark.parametrize("kind", ["series", "list", "frame", "polars", "column"])
def test_the_target_comes_in_any_form(kind):
    x, y = arrays()
    labels = np.where(y == 1, "up", "down")
    forms = {
        "series": lambda: pd.Series(labels, index=range(100, 160), name="direction"),
        "list": lambda: labels.tolist(),
        "frame": lambda: pd.DataFrame({"name": labels}),
        "polars": lambda: polars.Series("direction", labels),
        "column": lambda: labels[:, None],
    }
    if kind == "column":
        with pytest.warns(UserWarning, match="A column-vector y was passed"):
            model = fit(x, forms[kind]())
    else:
        model = fit(x, forms[kind]())
    assert sorted(model.classes_) == ["down", "up"]
    assert model.score(x, labels) > 0.8
    assert model.task_.target == {"series": "direction", "polars": "direction", "frame": "name"}.get(kind, "target")


def test_booleans_stay_booleans():
    x, y = arrays()
    model = fit(x, y.astype(bool))
    assert model.classes_.tolist() == [False, True]
    assert model.predict(x).dtype == bool
    assert model.score(x, y.astype(bool)) > 0.8


def test_rows_without_a_target_are_left_out_and_told():
    x, y = arrays()
    labels = [None if row < 7 else "yes" if value else "no" for row, value in enumerate(y)]
    model = fit(x, labels)
    assert model.classes_.tolist() == ["no", "yes"]
    assert model.facts_.evaluation.rows == 53
    assert any(finding.check == "target_missing" and "7" in finding.because for finding in model.findings_)


# ── arguments


def test_a_cap_on_trials_keeps_the_budget_that_was_handed_in():
    x, y = arrays()
    budget = Budget("10m")
    model = AutoML(budget=budget, trials=1, families="linear").fit(x, y)
    assert budget.trials is None
    assert (model.leaderboard()["family"] == "linear").sum() == 1


def test_ignored_columns_are_not_used():
    model = fit(DATA[[*FEATURES, "churn"]], "churn", ignore=["age", "income"])
    assert [column.name for column in model.schema_.features] == ["city", "member", "since"]
    rows = X.iloc[:5]
    np.testing.assert_array_equal(model.predict_proba(rows.drop(columns=["age", "income"])), model.predict_proba(rows))
    assert fit(DATA[[*FEATURES, "churn"]], "churn", ignore="age").schema_["age"].role == "dropped"


def test_types_are_overruled():
    model = fit(DATA[[*FEATURES, "churn"]], "churn", types={"age": "category"})
    assert model.schema_["age"].type == "category"


def test_the_positive_class_is_asked_for():
    model = fit(DATA[["age", "city", "churn"]], "churn", positive="no")
    assert model.classes_.tolist() == ["yes", "no"]


def test_costs_move_the_threshold():
    dear, cheap = (fit(DATA[["age", "city", "churn"]], "churn", costs={"miss": miss, "false_alarm": 1}) for miss in (9, 1))
    assert dear.fitted_.predictor.threshold.value == pytest.approx(0.1)
    assert (dear.predict(X) == "yes").sum() > (cheap.predict(X) == "yes").sum()


def test_a_least_recall_is_reached():
    model = fit(DATA[["age", "city", "churn"]], "churn", min_recall=0.95)
    positive = (DATA["churn"] == "yes").to_numpy()
    assert (model.predict(X) == "yes")[positive].mean() >= 0.9
    assert model.facts_.threshold.rule == "minimum recall"


def test_the_problem_is_overruled():
    assert fit(DATA[["income", "city", "age"]], "age").task_.problem == "regression"
    small = DATA.assign(stars=DATA["age"] % 4)[["income", "city", "stars"]]
    assert fit(small, "stars", problem="multiclass").task_.problem == "multiclass"
    assert fit(small, "stars", problem="regression").task_.problem == "regression"


# ── what it tells


def test_the_leaderboard_has_the_naive_predictor_and_the_ensemble(churn):
    board = churn.leaderboard()
    assert set(board["family"]) == {"ensemble", "linear", "naive"}
    assert board["rank"].tolist() == [1, 2, 3]
    assert board["loss"].is_monotonic_increasing
    assert ((board["low"] <= board["loss"]) & (board["loss"] <= board["high"])).all()
    board.loc[0, "loss"] = -1
    assert churn.leaderboard()["loss"].min() > 0  # a copy


def test_every_choice_is_told(churn):
    table = churn.decisions()
    assert {"stage", "what", "chosen", "because", "alternatives", "override"} <= set(table.columns)
    assert {"detect", "choose", "ensemble"} <= set(table["stage"])
    assert (table["because"].str.len() > 0).all()


def test_contributions_add_up_to_the_prediction(churn, spent, tier):
    for model, value in ((churn, churn.predict_proba(X)[:, 1]), (spent, spent.predict(X)), (tier, tier.predict_proba(X).max(axis=1))):
        told = model.explain(X.iloc[:3])
        assert set(told["column"]) == set(FEATURES)
        sums = told.groupby("row")["contribution"].sum()
        base = value[:3] - sums.to_numpy()
        if model is not tier:  # the base is the mean over the background rows, the same for every row of one output
            np.testing.assert_allclose(base, base[0], atol=1e-6)
    assert churn.explain(X.iloc[:1]).set_index("column")["contribution"].abs().idxmax() in ("age", "city")


def test_the_report_is_one_page(churn, tmp_path):
    path = churn.report(tmp_path / "deep" / "report.html")
    page = (tmp_path / "deep" / "report.html").read_text(encoding="utf-8")
    assert path.endswith("report.html")
    assert page.lstrip().startswith("<!")
    assert "churn" in page
    json.loads(json.dumps(churn.facts_.model_dump(mode="json")))


def test_progress_is_told():
    seen = []
    AutoML(budget=None, trials=1, families=["linear"]).fit(X, DATA["churn"], progress=seen.append)
    stages = list(dict.fromkeys(record.stage for record in seen))
    assert stages == ["read", "detect", "check", "prepare", "search", "ensemble", "judge", "explain", "examine", "compare", "report"]
    assert seen[-1].best < np.log(2)
    assert seen[-1].trials == 2


# ── kept


def test_saved_and_loaded_it_is_the_same(churn, spent, tmp_path):
    for model in (churn, spent):
        again = automl.load(model.save(tmp_path / "model.automl"))
        pd.testing.assert_frame_equal(again.predictions(X), model.predictions(X))
        pd.testing.assert_frame_equal(again.leaderboard(), model.leaderboard())
        pd.testing.assert_frame_equal(again.decisions(), model.decisions())
        pd.testing.assert_frame_equal(again.explain(X.iloc[:2]), model.explain(X.iloc[:2]))
        assert again.facts_ == model.facts_
        assert again.findings_ == model.findings_
        assert again.feature_names_in_.tolist() == model.feature_names_in_.tolist()
        assert again.get_params()["target"] == model.task_.target


def test_a_fitted_model_can_be_pickled_by_those_who_want_to(churn):
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(churn)).predict_proba(X), churn.predict_proba(X))


def test_a_folder_that_does_not_allow_writing(churn, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(DataError, match="A report must be written to a folder that allows it"):
        churn.report(tmp_path / "file" / "report.html")
    with pytest.raises(DataError):
        churn.save(tmp_path / "file" / "model.automl")


def test_dates_of_any_kind_are_predicted(churn):
    rows = X.iloc[:2].assign(since=[datetime.date(2021, 3, 4), datetime.date(2022, 1, 1)])
    assert np.isfinite(churn.predict_proba(rows)).all()
