"""What the stages found becomes the facts of the report."""

import numpy as np
import pandas as pd
import pytest
from small import FEATURES, FakeFamily, fit, people

from automl.report.facts import ReportFacts

DATA = people(160)


@pytest.fixture(scope="module")
def churn():
    def fail(call):
        raise ValueError("no")

    families = ["linear", "naive", FakeFamily("broken", "tree", before=fail)]
    return fit(
        DATA[[*FEATURES, "churn"]], "churn", families=families, trials=4, costs={"miss": 3, "false_alarm": 1, "currency": "EUR"}, seed=2
    )


@pytest.fixture(scope="module")
def spent():
    return fit(DATA[[*FEATURES, "spent"]], "spent", ignore=["member"])


def test_facts_survive_json(churn, spent):
    for model in (churn, spent):
        assert ReportFacts.model_validate_json(model.facts_.model_dump_json()) == model.facts_


def test_the_task_and_the_data(churn):
    facts = churn.facts_
    assert (facts.task.problem, facts.task.target, facts.task.classes, facts.task.positive) == ("binary", "churn", ("no", "yes"), "yes")
    assert (facts.data.rows, facts.data.columns, facts.data.columns_used, facts.data.folds) == (160, 6, 5, 5)
    missing = {column.name: column.missing for column in facts.data.column_list}
    assert missing["income"] == pytest.approx(DATA["income"].isna().mean())
    assert missing["age"] == 0


def test_the_threshold_has_its_costs(churn, spent):
    assert churn.facts_.threshold.costs.currency == "EUR"
    assert churn.facts_.threshold.value == pytest.approx(0.25)
    assert any(row.cost is not None for row in churn.facts_.threshold.table)
    assert spent.facts_.threshold is None
    assert spent.facts_.calibration is None


def test_the_leaderboard_holds_the_best_of_each_family(churn):
    table, rows = churn.leaderboard(), churn.facts_.leaderboard.rows
    assert len(table) == 6  # the ensemble, the naive predictor, three linear models and the broken one
    assert sorted(row.family for row in rows) == ["broken", "ensemble", "linear", "naive"]
    linear = next(row for row in rows if row.family == "linear")
    own = table[table["family"] == "linear"]
    assert (linear.trials, linear.score) == (3, own["loss"].min())
    assert linear.weight == pytest.approx(own["weight"].sum())
    assert table.iloc[-1]["status"] == "failed"
    assert table["weight"].sum() == pytest.approx(1.0)
    assert [row.rank for row in rows] == [1, 2, 3, 4]
    assert linear.size_bytes > 0


def test_the_seed_of_a_trial_is_no_part_of_its_configuration(churn):
    assert all("seed" not in config for config in churn.leaderboard()["config"])


def test_the_search_is_told(churn):
    search = churn.facts_.search
    assert (search.trials, search.failed, search.budget) == (5, 1, "4 trials")
    best = [point.best for point in search.history]
    assert best == sorted(best, reverse=True)
    assert best[-1] == pytest.approx(churn.leaderboard().query("kind != 'ensemble'")["loss"].min(), abs=1e-6)


def test_losses_of_numbers_are_in_the_targets_units(spent):
    board = spent.leaderboard().set_index("family")
    assert board.loc["naive", "loss"] == pytest.approx(DATA["spent"].std(), rel=0.05)
    assert spent.facts_.search.history[0].best == pytest.approx(board.loc["naive", "loss"], rel=1e-6)


def test_how_to_reproduce(churn, spent):
    told = churn.facts_.reproduce.python
    assert "automl.fit(data, target='churn', budget=None, trials=4, seed=2" in told
    assert "costs={'miss': 3, 'false_alarm': 1, 'currency': 'EUR'}" in told
    assert "families=['linear', 'naive', 'broken']" in told
    assert "ignore=['member']" in spent.facts_.reproduce.python
    assert {"automl", "python", "keras", "scikit-learn"} <= set(churn.facts_.reproduce.versions)


def test_the_call_that_reproduces_it_does(spent):
    import automl

    again = eval(spent.facts_.reproduce.python, {"automl": automl, "data": DATA[[*FEATURES, "spent"]]})
    np.testing.assert_array_equal(again.predict(DATA), spent.predict(DATA))


def test_examples_and_importance_speak_of_columns(churn, spent):
    for model, columns in ((churn, FEATURES), (spent, ["age", "income", "city", "since"])):
        facts = model.facts_
        assert {entry.column for entry in facts.importance.entries} == set(columns)
        assert facts.importance.entries[0].value >= facts.importance.entries[-1].value
        for example in facts.examples:
            total = sum(entry.contribution for entry in example.contributions)
            assert total == pytest.approx(example.end - example.start, abs=1e-5 * max(1, abs(example.end)))
            assert example.actual


def test_every_decision_and_finding_is_there(churn):
    facts = churn.facts_
    assert len(facts.decisions) == len(churn.decisions_)
    assert len(facts.findings) == len(churn.findings_)
    assert isinstance(churn.leaderboard(), pd.DataFrame)


def test_where_no_model_was_trained_the_budget_is_to_blame_not_the_data():
    def fail(call):
        raise ValueError("no")

    model = fit(DATA[[*FEATURES, "churn"]], "churn", families=["naive", FakeFamily("broken", "tree", before=fail)], trials=2)
    assert model.facts_.answer.verdict == "no"
    assert "budget was too short" in model.facts_.answer.headline
