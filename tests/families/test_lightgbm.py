"""The trees of LightGBM, kept as plain arrays, predict what LightGBM predicts, and need it no more."""

import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

import automl
from automl.budget import Budget
from automl.families._boosting import EARLY_STOPPING_FROM, HISTOGRAMS, QUICKEST, Problem, inputs_of, quicker
from automl.families._trees import from_lightgbm
from automl.families.base import TrainingData
from automl.families.lightgbm import LightGBM
from automl.preprocessing.base import Spec
from automl.testing import toy_data

lightgbm = pytest.importorskip("lightgbm", exc_type=(ImportError, OSError))  # without the system's OpenMP it cannot be loaded
FAMILY = LightGBM()


def fit(data, rows=slice(None), deadline=None, seed=0, **config):
    arrays = {name: values[rows] for name, values in data.arrays.items()}
    config = {**FAMILY.defaults(data.spec), "min_data_in_leaf": 5, **config}
    return FAMILY.fit(config, arrays, data.target[rows], data.spec, deadline=deadline or Budget(trials=1).deadline(), seed=seed)


@pytest.fixture
def boosters(monkeypatch):
    """The models of LightGBM that are made while a test runs."""
    made = []

    class Kept(lightgbm.Booster):
        def __init__(self, *arguments, **options):
            super().__init__(*arguments, **options)
            self.learnt_from = arguments[1].num_data()
            made.append(self)

    monkeypatch.setattr(lightgbm, "Booster", Kept)
    return made


@pytest.mark.parametrize("rows", [400, 2_000])
@pytest.mark.parametrize("problem", ["binary", "multiclass", "regression"])
def test_flat_trees_predict_what_lightgbm_predicts(problem, rows, boosters):
    data = toy_data(problem, rows=rows)
    model = fit(data, set_levels=254)
    inputs = inputs_of(model, data.arrays)
    assert np.isnan(inputs).any()
    assert model["nodes"]["is_categorical"].any()
    trees = (len(model["starts"]) - 1) // len(model["baseline"])
    expected = boosters[-1].predict(inputs, num_iteration=trees)
    assert len(boosters) == (2 if rows > EARLY_STOPPING_FROM else 1)  # the second one learns from the rows that chose its length, too
    expected = np.column_stack([1 - expected, expected]) if problem == "binary" else expected.reshape(rows, -1)
    assert FAMILY.predict(model, data.arrays, data.spec) == pytest.approx(expected, abs=1e-12)


def test_a_value_that_was_never_missing_goes_with_the_most_rows():
    x = np.r_[np.linspace(-3, -1, 70), np.linspace(1, 3, 30)][:, None]
    rows = lightgbm.Dataset(x, (x[:, 0] > 0).astype(float))
    options = {"objective": "regression", "num_leaves": 2, "min_data_in_leaf": 5, "verbosity": -1}
    text = lightgbm.train(options, rows, 1).model_to_string()
    (split,) = [node for node in from_lightgbm(text, 1, 0)["nodes"] if not node["is_leaf"]]
    assert split["missing_go_to_left"] == 1  # LightGBM itself would read a 0, which is right of the threshold


def test_a_level_that_was_never_seen_goes_where_missing_ones_go():
    data = toy_data("binary", rows=600)
    model = fit(data, set_levels=254)
    unseen = {name: values.copy() for name, values in data.arrays.items()}
    unseen["categories"][:, :] = 1  # the code of levels that were not there in training
    missing = {**unseen, "categories": np.zeros_like(unseen["categories"])}
    assert np.array_equal(FAMILY.predict(model, unseen, data.spec), FAMILY.predict(model, missing, data.spec))


def test_early_stopping_keeps_the_best_number_of_trees():
    data = toy_data("binary", rows=2_400)
    noise = np.random.default_rng(0).permutation(data.target)
    learned = fit(data)
    guessed = fit(TrainingData(data.arrays, noise, data.fold, data.folds, data.spec))
    assert 2 * len(guessed["starts"]) < len(learned["starts"])


def test_trees_are_grown_again_on_all_rows_where_there_is_time(boosters):
    data = toy_data("binary", rows=2_000)
    now = [0.0]

    def clock():
        now[0] += 0.01
        return now[0]

    calm = fit(data, deadline=Budget(1e6, clock=clock, started=0.0).deadline())
    assert [model.learnt_from for model in boosters] == [1_800, 2_000]
    spent = now[0]
    boosters.clear()
    short = fit(data, deadline=Budget(1e6, clock=clock, started=0.0).deadline(seconds=0.85 * spent))
    assert len(boosters) == 1
    grown = [len(model["starts"]) - 1 for model in (short, calm)]
    assert grown[1] == round(grown[0] / 0.9)


@pytest.mark.parametrize("rows", [100, 3_000])
def test_a_draw_without_a_split_is_not_the_end(rows):
    rng = np.random.default_rng(1)
    numbers = rng.normal(size=(rows, 1)).astype(np.float32)  # one threshold is drawn for it, and may leave too few rows on one side
    arrays = {"numbers": numbers, "raw_numbers": numbers, "categories": np.zeros((rows, 0), np.int32)}
    target = (numbers[:, 0] + 0.3 * rng.normal(size=rows) > 0).astype(np.int64)
    data = TrainingData(arrays, target, np.zeros(rows, np.int64), 1, Spec(1, 1, (), 2, "binary", rows))
    assert len(fit(data, learning_rate=0.05)["starts"]) - 1 >= 50


def test_rows_too_few_to_split_predict_their_mean():
    data = toy_data("regression", rows=60)
    model = fit(data, min_data_in_leaf=100)
    assert FAMILY.predict(model, data.arrays, data.spec) == pytest.approx(data.target.mean(), abs=1e-6)


def test_stops_at_the_deadline_with_the_trees_it_has():
    data = toy_data("binary", rows=1_600)
    now = [0.0]

    def clock():
        now[0] += 0.2
        return now[0]

    model = fit(data, deadline=Budget(3, clock=clock).deadline(), learning_rate=0.01)
    assert 3 <= len(model["starts"]) - 1 < 20
    assert fit(data, deadline=Budget(1, clock=lambda: 9.0, started=0.0).deadline()) is None


def test_where_time_is_short_trees_learn_faster():
    assert quicker(0.02, 100.0) == pytest.approx(0.06)  # three times the configuration's, and no more
    assert quicker(0.1, 100.0) == pytest.approx(0.17)
    assert quicker(0.1, 1.0) == QUICKEST
    assert quicker(0.3, 1.0) == 0.3
    data = toy_data("binary", rows=2_000)
    now = [0.0]

    def clock():
        now[0] += 0.01
        return now[0]

    deadlines = [Budget(seconds, clock=clock, started=0.0).deadline() for seconds in (1, 1e6)]
    hurried, calm = (fit(data, deadline=deadline, learning_rate=0.01) for deadline in deadlines)
    last = [np.abs(model["nodes"][model["starts"][12] : model["starts"][13]]["value"]).max() for model in (hurried, calm)]
    assert last[0] > 2 * last[1]


def test_the_same_seed_gives_the_same_trees():
    data = toy_data("binary", rows=600)
    first, second, other = (fit(data, seed=seed, bagging_fraction=0.7)["nodes"] for seed in (3, 3, 4))
    assert np.array_equal(first, second)
    assert not np.array_equal(first, other)


def test_wide_tables_get_smaller_histograms(boosters):
    rng = np.random.default_rng(0)
    spec = Spec(0, 1_200, (), 2, "binary", 60)
    numbers = rng.normal(size=(60, 1_200)).astype(np.float32)
    arrays = {"numbers": numbers, "raw_numbers": numbers, "categories": np.zeros((60, 0), np.int32)}
    data = TrainingData(arrays, (numbers[:, 0] > 0).astype(np.int64), np.zeros(60, np.int64), 1, spec)
    fit(data, num_leaves=127)
    assert boosters[0].params["max_bin"] == 63
    problem = Problem(np.zeros((60, 5_000), np.float32), data.target, np.zeros(60, dtype=bool), 0, spec)
    assert problem.leaves(127) * 5_000 * 63 * 20 <= HISTOGRAMS < 127 * 5_000 * 63 * 20


def test_a_model_predicts_where_lightgbm_cannot_be_loaded(tmp_path):
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"size": rng.normal(size=200), "kind": rng.choice(["a", "b"], 200)})
    frame["price"] = frame["size"] * 3 + (frame["kind"] == "a") + rng.normal(size=200)
    model = automl.fit(frame, "price", budget=None, trials=1, families=["lightgbm"])
    model.save(tmp_path / "model.automl")
    frame.to_csv(tmp_path / "rows.csv", index=False)
    code = (
        "import sys; sys.modules['lightgbm'] = None\n"
        "import automl, pandas as pd\n"
        "from automl.selection import choose_families\n"
        "from automl.preprocessing.base import Spec\n"
        f"print(*automl.load({str(tmp_path / 'model.automl')!r}).predict(pd.read_csv({str(tmp_path / 'rows.csv')!r}))[:5])\n"
        "plan = choose_families(Spec(3, 2, (4,), 2, 'binary', 500))\n"
        "print([family.name for family in plan.families if family.tags.kind == 'tree'], plan.left_out['lightgbm'])\n"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.splitlines()
    assert [float(value) for value in said[0].split()] == pytest.approx(np.asarray(model.predict(frame))[:5], rel=1e-6)
    assert "hist_gradient_boosting" in said[1]
    assert "needs the library lightgbm" in said[1]


@pytest.mark.parametrize("rows", [500, 50_000])
def test_the_second_configuration_is_of_another_shape_than_the_first(rows):
    spec = Spec(4, 4, (), 1, "regression", rows)
    first, second, *rest = (FAMILY.complete(config, spec) for config in FAMILY.portfolio(spec))
    assert first["num_leaves"] != second["num_leaves"]
    assert all(config != first for config in (second, *rest))
