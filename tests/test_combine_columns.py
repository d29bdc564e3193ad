"""Combined columns from the argument to the stored model: found, told, attributed to the table's own columns, and the same when read back."""

import numpy as np
import pandas as pd
import pytest

import automl
from automl import AutoML
from automl.trials import recorded_run

ASKED = {"budget": None, "trials": 3, "families": ["linear", "hist_gradient_boosting", "mlp"], "combine_columns": True, "seed": 2}
OWN = {"income", "rooms", "town", "age"}


@pytest.fixture(scope="module")
def table():
    rng = np.random.default_rng(5)
    rows = 1_500
    frame = pd.DataFrame(
        {
            "income": rng.uniform(1, 10, rows),
            "rooms": rng.uniform(0.5, 6, rows),
            "town": rng.choice(["Brno", "Praha", "Ostrava"], rows),
            "age": rng.integers(18, 80, rows),
        }
    )
    frame["price"] = 100 * frame["income"] / frame["rooms"] + rng.normal(0, 20, rows)
    frame.loc[::20, "income"] = np.nan
    return frame


@pytest.fixture(scope="module")
def model(table):
    return automl.fit(table, "price", **ASKED)


def test_what_was_planted_is_found_told_and_better(model, table):
    told = [decision for decision in model.decisions_ if decision.what.startswith("combined column")]
    assert told[0].override == "combine_columns=False"
    assert {decision.chosen for decision in told[1:]} & {"income / rooms", "rooms / income"}
    assert model.fitted_.predictor.preprocessor.spec.encoded == len(told) - 1
    assert "combine_columns=True" in model.facts_.reproduce.python
    plain = automl.fit(table, "price", **{**ASKED, "families": ["linear"], "trials": 1, "combine_columns": False})
    alone = model.leaderboard().query("family == 'linear'")["loss"].min()
    assert alone < 0.7 * plain.leaderboard().query("family == 'linear'")["loss"].min()
    assert not any(decision.what.startswith("combined column") for decision in plain.decisions_)
    assert "combine_columns" not in plain.facts_.reproduce.python


def test_importance_and_explanations_speak_of_the_tables_own_columns(model, table):
    importance = {name: entry.value for entry in model.facts_.importance.entries for name in [entry.column]}
    assert set(importance) == OWN
    assert min(importance["income"], importance["rooms"]) > 5 * max(importance["age"], importance["town"], 0.0)
    assert set(model.explain(table.head(2))["column"]) == OWN


def test_a_stored_model_predicts_the_same_also_row_by_row(model, table, tmp_path):
    again = automl.load(model.save(tmp_path / "prices.automl"))
    later = table.assign(town=["a new town", None, *table["town"][2:]], rooms=[0.0, np.nan, *table["rooms"][2:]]).drop(columns="price")
    expected = model.predict(later)
    assert np.isfinite(expected).all()
    np.testing.assert_array_equal(again.predict(later), expected)
    for row in (0, 1, 2, 20):
        np.testing.assert_allclose(again.predict(later.iloc[[row]]), expected[[row]], rtol=1e-5)


class Crash(BaseException):
    """Stands for the end of the process."""


def test_a_run_that_goes_on_takes_its_columns_from_the_record(model, table, tmp_path, monkeypatch):
    left = [4]

    def progress(record):
        left[0] -= record.stage == "search"
        if not left[0]:
            raise Crash

    with pytest.raises(Crash):
        automl.fit(table, "price", directory=tmp_path, progress=progress, **ASKED)
    recorded = recorded_run(tmp_path)
    assert recorded["arguments"]["combine_columns"] is True
    assert recorded["combined columns"]["formulas"]
    monkeypatch.delattr("automl.preprocessing.preparation.choose")  # with another clock it might choose otherwise
    again = AutoML.resume(tmp_path, table)
    np.testing.assert_allclose(again.predict(table), model.predict(table), rtol=1e-6)
    assert [decision for decision in again.decisions_ if decision.stage == "prepare"] == [
        decision for decision in model.decisions_ if decision.stage == "prepare"
    ]
