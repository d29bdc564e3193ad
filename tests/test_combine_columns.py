"""Combined columns from the argument to the stored model: found, told, attributed to the table's own columns, the same when read back."""

import numpy as np
import pandas as pd
import pytest

import automl
from automl import AutoML
from automl.trials import recorded_run

ASKED = {"budget": None, "trials": 2, "families": ["linear", "mlp"], "combine_columns": True, "seed": 2}
OWN = {"wind", "current", "town", "age"}


@pytest.fixture(scope="module")
def table():
    rng = np.random.default_rng(5)
    rows = 900
    frame = pd.DataFrame(
        {
            "wind": rng.normal(size=rows),
            "current": rng.normal(size=rows),
            "town": rng.choice(["Brno", "Praha", "Ostrava"], rows),
            "age": rng.integers(18, 80, rows),
        }
    )
    frame["drift"] = frame["wind"] * frame["current"] + rng.normal(0, 0.3, rows)
    frame.loc[::20, "wind"] = np.nan
    return frame


@pytest.fixture(scope="module")
def model(table):
    return automl.fit(table, "drift", **ASKED)


def test_what_was_planted_is_found_told_and_better(model, table):
    told = [decision for decision in model.decisions_ if decision.what.startswith("combined column")]
    assert told[0].override == "combine_columns=False"
    assert told[1].chosen == "wind × current"
    assert told[1].because.startswith("5 of 5 folds' models get it: it explains ")
    assert model.fitted_.predictor.preprocessor.spec.encoded == len(told) - 1
    assert "combine_columns=True" in model.facts_.reproduce.python
    plain = automl.fit(table, "drift", **{**ASKED, "families": ["linear"], "trials": 1, "combine_columns": False})
    alone = model.leaderboard().query("family == 'linear'")["loss"].min()
    assert alone < 0.7 * plain.leaderboard().query("family == 'linear'")["loss"].min()
    assert not any(decision.what.startswith("combined column") for decision in plain.decisions_)
    assert "combine_columns" not in plain.facts_.reproduce.python


def test_importance_and_explanations_speak_of_the_tables_own_columns(model, table):
    importance = {name: entry.value for entry in model.facts_.importance.entries for name in [entry.column]}
    assert set(importance) == OWN
    assert min(importance["wind"], importance["current"]) > 5 * max(importance["age"], importance["town"], 0.0)
    assert set(model.explain(table.head(2))["column"]) == OWN


def test_a_stored_model_predicts_the_same_also_row_by_row(model, table, tmp_path):
    again = automl.load(model.save(tmp_path / "drift.automl"))
    later = table.assign(town=["a new town", None, *table["town"][2:]], current=[0.0, np.nan, *table["current"][2:]]).drop(columns="drift")
    expected = model.predict(later)
    assert np.isfinite(expected).all()
    np.testing.assert_array_equal(again.predict(later), expected)
    for row in (0, 1, 2, 20):
        np.testing.assert_allclose(again.predict(later.iloc[[row]]), expected[[row]], rtol=1e-5)


class Crash(BaseException):
    """Stands for the end of the process."""


def test_a_run_that_goes_on_takes_its_columns_from_the_record(model, table, tmp_path, monkeypatch):
    left = [1]

    def progress(record):
        left[0] -= record.stage == "ensemble"
        if not left[0]:
            raise Crash

    with pytest.raises(Crash):
        automl.fit(table, "drift", directory=tmp_path, progress=progress, **ASKED)
    recorded = recorded_run(tmp_path)
    assert recorded["arguments"]["combine_columns"] is True
    assert recorded["settled"]["combined columns"]["formulas"]
    monkeypatch.delattr("automl.preprocessing.preparation.choose")  # with another clock it might choose otherwise
    again = AutoML.resume(tmp_path, table)
    np.testing.assert_allclose(again.predict(table), model.predict(table), rtol=1e-6)
    assert [decision for decision in again.decisions_ if decision.stage == "prepare"] == [
        decision for decision in model.decisions_ if decision.stage == "prepare"
    ]
