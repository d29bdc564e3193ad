"""The story from data to facts: stages in order, a holdout where there is one, the same again for the same seed."""

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from small import FEATURES, fit, people

import automl
from automl import Budget, DataError, UsageError
from automl.run import Run, RunSettings

DATA = people(200)
CHURN = DATA[[*FEATURES, "churn"]]


# ── rows for judging


def test_without_a_holdout_every_row_is_judged_by_models_that_did_not_see_it():
    facts = fit(CHURN, "churn").facts_
    assert facts.evaluation.source == "cross-fitted"
    assert (facts.evaluation.rows, facts.data.rows_train, facts.data.rows_holdout) == (200, 200, 0)


@pytest.mark.parametrize("target", ["churn", "tier", "spent"])
def test_where_rows_are_plenty_some_are_held_out(target, monkeypatch):
    monkeypatch.setattr("automl.run.HOLDOUT_FROM", 150)
    monkeypatch.setattr("automl.split.HOLDOUT_FROM", 150)
    model = fit(DATA[[*FEATURES, target]], target)
    facts = model.facts_
    assert facts.evaluation.source == "holdout"
    assert (facts.data.rows_train, facts.data.rows_holdout, facts.evaluation.rows) == (160, 40, 40)
    assert facts.data.rows_test == 0
    assert model.facts_.importance.rows == 40


def test_a_test_file_judges_and_is_used_for_nothing_else(tmp_path):
    test = people(90, seed=7)[[*FEATURES, "churn"]]
    test.loc[:9, "churn"] = None
    test.loc[10:14, "churn"] = "perhaps"  # a label that the training rows do not have
    test.to_csv(tmp_path / "test.csv", index=False)
    model, alone = fit(CHURN, "churn", test=tmp_path / "test.csv"), fit(CHURN, "churn")
    facts = model.facts_
    assert (facts.evaluation.source, facts.evaluation.rows, facts.data.rows_test) == ("test file", 75, 75)
    assert model.classes_.tolist() == ["no", "yes"]
    np.testing.assert_array_equal(model.predict_proba(CHURN), alone.predict_proba(CHURN))
    assert any("75 of 90 rows" in text for text in model.decisions()["because"])
    proper = test.iloc[15:]
    assert model.score(proper, proper["churn"]) == pytest.approx(facts.evaluation.scores["accuracy"].value)


def test_a_test_file_that_cannot_judge():
    with pytest.raises(DataError, match=r"`test` must have the columns of the data.*city"):
        fit(CHURN, "churn", test=CHURN.drop(columns="city"))
    with pytest.raises(DataError, match=r"rows with a known target \(one of \['no', 'yes'\]\)\. Received none in 200 rows"):
        fit(CHURN, "churn", test=CHURN.assign(churn="perhaps"))
    assert fit(CHURN, "churn", test=CHURN.head(1)).facts_.evaluation.rows == 1


def test_a_test_file_of_a_regression():
    test = people(60, seed=3)
    model = fit(DATA[[*FEATURES, "spent"]], "spent", test=test)
    assert model.facts_.evaluation.rows == 60
    error = np.sqrt(np.mean((model.predict(test) - test["spent"]) ** 2))
    assert model.facts_.evaluation.scores["rmse"].value == pytest.approx(error)


# ── stages


@pytest.fixture(scope="module")
def run():
    run = Run(RunSettings(Budget(trials=2), families=("linear",)), None)
    run.detect(*run.read(CHURN, "churn"))
    run.check()
    run.split()
    run.prepare()
    run.search()
    run.ensemble()
    run.judge()
    run.explain()
    return run


def test_each_stage_leaves_what_the_next_one_needs(run):
    assert run.task.problem == "binary"
    assert run.data.rows == len(run.parts.train) == 200
    assert sum(trial.usable for trial in run.trials) == 3
    assert run.weights.sum() == pytest.approx(1.0)
    assert run.honest.shape == (200, 2)
    assert run.judgement.prediction.shape == (200, 2)
    assert {entry.column for entry in run.why.importance.columns} == set(FEATURES)
    assert len(run.why.background) <= 60


def test_the_examples_are_rows_that_their_models_did_not_see(run):
    assert 1 <= len(run.why.examples) <= 3
    for title, row, found in run.why.examples:
        assert run.parts.fold[np.flatnonzero(run.parts.train == row)[0]] == 0
        assert title.startswith(("A clear case of", "The most confident mistake"))
        assert found.prediction == pytest.approx(run.why.predictions[row][1], abs=1e-5)


def test_nothing_is_found_out_twice(run):
    stages = [decision.stage for decision in run.log]
    assert [stage for stage in stages if stage in ("choose", "ensemble")] == ["choose", "ensemble"]


def test_no_time_left_means_no_explanation_and_a_report_all_the_same():
    class Clock:
        now = 0.0

        def __call__(self):
            return self.now

    clock = Clock()
    run = Run(RunSettings(Budget(100, trials=1, clock=clock), families=("linear",)), None)
    run.detect(*run.read(CHURN, "churn"))
    for stage in (run.check, run.split, run.prepare, run.search, run.ensemble, run.judge):
        stage()
    clock.now = 99.0
    run.explain()
    assert run.why.importance is None
    assert "no time" in run.why.skipped[0]
    assert run.fitted().facts.importance is None


# ── the same again


SCRIPT = """
    import sys
    import numpy as np, pandas as pd
    import automl
    from small import FEATURES, people
    data = people(120, seed=4)
    model = automl.fit(data[[*FEATURES, "churn"]], "churn", budget=None, trials=3, families=["linear", "mlp"], seed=11)
    np.save(sys.argv[1], model.predict_proba(data))
    if len(sys.argv) > 2:
        model.save(sys.argv[2])
"""
OPEN = """
    import sys
    import numpy as np
    import automl
    from small import people
    np.save(sys.argv[1], automl.load(sys.argv[2]).predict_proba(people(120, seed=4)))
"""


def elsewhere(script, *arguments, backend="tensorflow"):
    """Run a script in a process of its own."""
    places = [str(Path(automl.__file__).parent.parent), str(Path(__file__).parent)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(places), "KERAS_BACKEND": backend, "TF_CPP_MIN_LOG_LEVEL": "3"}
    command = [sys.executable, "-c", textwrap.dedent(script), *map(str, arguments)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stderr[-2000:]
    return np.load(arguments[0])


@pytest.fixture(scope="module")
def stored(tmp_path_factory):
    folder = tmp_path_factory.mktemp("stored")
    return elsewhere(SCRIPT, folder / "p.npy", folder / "m.automl"), folder / "m.automl"


def test_the_same_seed_gives_the_same_predictions_in_another_process(stored, tmp_path):
    expected, _ = stored
    np.testing.assert_array_equal(elsewhere(SCRIPT, tmp_path / "again.npy"), expected)


def test_a_saved_model_predicts_the_same_in_another_process(stored, tmp_path):
    expected, path = stored
    np.testing.assert_allclose(elsewhere(OPEN, tmp_path / "p.npy", path), expected, atol=1e-12)


def test_a_saved_model_predicts_the_same_under_another_backend(stored, tmp_path):
    pytest.importorskip("jax")
    expected, path = stored
    np.testing.assert_allclose(elsewhere(OPEN, tmp_path / "p.npy", path, backend="jax"), expected, atol=1e-5)


def test_the_same_seed_gives_the_same_model_twice():
    first, second = (fit(CHURN, "churn", seed=5, families=["linear", "mlp"], trials=2) for _ in range(2))
    np.testing.assert_array_equal(first.predict_proba(CHURN), second.predict_proba(CHURN))
    columns = ["model", "loss", "weight", "config"]
    pd.testing.assert_frame_equal(first.leaderboard()[columns], second.leaderboard()[columns])


def test_another_seed_gives_another_model():
    first, second = (fit(CHURN, "churn", seed=seed) for seed in (5, 6))
    assert not np.array_equal(first.predict_proba(CHURN), second.predict_proba(CHURN))


def test_the_input_stays_as_it_was():
    before = CHURN.copy(deep=True)
    fit(CHURN, "churn", test=CHURN.head(20), ignore=["age"], types={"income": "number"})
    pd.testing.assert_frame_equal(CHURN, before)


def test_what_is_said_about_columns_must_be_about_columns():
    with pytest.raises(UsageError, match=r"`ignore` must name columns of the data\. Received 'aeg'\. Did you mean 'age'"):
        fit(CHURN, "churn", ignore=["aeg"])
