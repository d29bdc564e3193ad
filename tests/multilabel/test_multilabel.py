"""Several labels a row, end to end: every label has a model and a threshold of its own, and nothing is measured on rows that chose it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import plain_words
import pytest

import automl
from automl.budget import Budget
from automl.cli import main
from automl.dataset import read
from automl.decisions import DecisionLog
from automl.errors import DataError, UsageError
from automl.multilabel.plan import affordable, make_plan
from automl.run import RunSettings

QUICK = {"budget": None, "trials": 1, "families": ["linear"]}


def tagged(rows: int = 240, seed: int = 0) -> pd.DataFrame:
    """`red` follows x, `blue` follows y, `both` comes with red alone, `rare` is too rare; a third of the rows have no label."""
    rng = np.random.default_rng(seed)
    x, y = rng.normal(size=rows), rng.normal(size=rows)
    red, blue = x + 0.4 * rng.normal(size=rows) > 0.6, y + 0.4 * rng.normal(size=rows) > 0.4
    held = {"red": red, "blue": blue, "both": red & (rng.random(rows) < 0.7), "rare": np.arange(rows) < 3}
    tags = [";".join(name for name, has in held.items() if has[row]) or None for row in range(rows)]
    return pd.DataFrame({"x": x, "y": y, "town": rng.choice(["a", "b"], rows), "tags": tags})


@pytest.fixture(scope="module")
def model():
    return automl.fit(tagged(), "tags", **QUICK)


def test_labels_are_found_and_each_has_a_threshold(model):
    assert model.labels_.tolist() == ["blue", "both", "rare", "red"]
    rows = pd.DataFrame({"x": [3.0, -3.0, -3.0], "y": [-3.0, 3.0, -3.0], "town": ["a", "b", "a"]})
    found = model.predict(rows)
    assert "red" in found[0]
    assert found[1] == ("blue",)
    assert found[2] == ()
    probability = model.predict_proba(rows)
    assert probability.shape == (3, 4)
    assert ((probability > [model.thresholds_[name] for name in model.labels_]).sum(axis=1) == [len(one) for one in found]).all()
    assert model.predictions(rows)["prediction"].tolist() == [";".join(one) for one in found]
    assert model.score(rows, [list(one) for one in found]) == 1.0
    assert plain_words.faults(model.facts_) == []


def test_a_label_with_few_rows_is_told_and_predicted_by_its_share(model):
    rare = next(one for one in model.facts_.labels.labels if one.label == "rare")
    assert not rare.learnt
    assert "only 3 of the rows have it" in rare.why
    assert np.unique(model.predict_proba(tagged())[:, 2]) == pytest.approx([3.5 / 241])
    assert model.facts_.answer.verdict == "yes, with review"
    assert "rare" in " ".join(model.facts_.answer.warnings)


def test_joint_scores_are_those_of_the_cross_fitted_decisions(model):
    scores = model.facts_.evaluation.scores
    assert model.facts_.evaluation.rows == 240
    assert model.facts_.evaluation.source == "cross-fitted"
    assert scores["f1_micro"].low < scores["f1_micro"].value < scores["f1_micro"].high
    assert scores["log_loss"].high < scores["log_loss"].naive
    by_label = [one.scores["f1"].value for one in model.facts_.labels.labels if one.learnt]
    assert scores["f1_macro"].value == pytest.approx(sum(by_label) / 4)  # the label that is not learnt counts as 0
    assert sum(one.having for one in model.facts_.labels.sizes) == 240


def test_what_comes_together_is_set_against_what_the_models_say(model):
    first = model.facts_.labels.pairs[0]
    assert {first.first, first.second} == {"both", "red"}
    assert first.together > 2 * first.by_chance


def test_a_model_survives_its_file(model, tmp_path):
    again = automl.load(model.save(tmp_path / "model.automl"))
    np.testing.assert_allclose(again.predict_proba(tagged()), model.predict_proba(tagged()), atol=1e-6)
    assert again.thresholds_ == model.thresholds_
    assert again.facts_ == model.facts_
    told = again.explain(tagged().head(1), label="red")
    assert told.sort_values("contribution", key=abs)["column"].iloc[-1] == "x"
    with pytest.raises(UsageError, match="Did you mean 'red'"):
        again.explain(tagged().head(1), label="redd")


def test_the_report_names_every_label_and_links_its_own_page(model, tmp_path):
    page = Path(model.report(tmp_path / "report.html")).read_text(encoding="utf-8")
    for one in model.facts_.labels.labels:
        assert one.label in page
        if one.detail is not None:
            assert f'href="{one.detail}"' in page
            assert (tmp_path / one.detail).is_file()
    assert "Content-Security-Policy" in page
    assert "http://" not in page.replace("http://www.w3.org", "")


def test_columns_of_two_values_with_gaps_from_the_command_line(tmp_path, capsys):
    frame = tagged(120)
    tags = frame.pop("tags").fillna("")
    frame["red"], frame["blue"] = np.where(tags.str.contains("red"), "yes", "no"), tags.str.contains("blue").astype(float)
    frame["same"] = 0
    frame.loc[:5, "blue"] = np.nan
    frame.to_csv(tmp_path / "rows.csv", index=False)
    given = ["-t", "red", "-t", "blue", "-t", "same", "--trials", "1", "--families", "linear", "--require", "f1_micro>=0.3"]
    assert main(["fit", str(tmp_path / "rows.csv"), *given, "--out", str(tmp_path / "out"), "-q"]) == 0
    assert "F1" in capsys.readouterr().out
    facts = json.loads((tmp_path / "out" / "report.json").read_text(encoding="utf-8"))
    labels = {one["label"]: one for one in facts["labels"]["labels"]}
    assert labels["blue"]["judged"] == 114
    assert labels["same"]["why"].startswith("constant")
    done = main(["predict", str(tmp_path / "out" / "model.automl"), str(tmp_path / "rows.csv"), "-o", str(tmp_path / "new.csv")])
    assert done == 0
    table = pd.read_csv(tmp_path / "new.csv")
    assert set(table.columns) == {"red", "blue", "same", "probability_red", "probability_blue", "probability_same"}
    assert set(table["red"]) == {"yes", "no"}
    assert (table["same"] == 0).all()


@pytest.mark.parametrize(
    ("frame", "target", "options", "message"),
    [
        (pd.DataFrame({"x": range(60), "a": [0] * 60, "b": [1] * 60}), ["a", "b"], {}, "At least one label"),
        (pd.DataFrame({"x": range(60), "a": [0, 1] * 30, "b": [1, 0] * 30}), ["a", "bb"], {}, "Did you mean 'b'"),
        (pd.DataFrame({"x": range(60), "a": np.arange(60) * 0.7, "b": range(60)}), ["a", "b"], {}, "several numbers"),
        (tagged(60), "tags", {"combine_columns": True}, "Multilabel learning takes"),
        (tagged(60), "tags", {"ignore": ["tags"]}, "other columns than the target"),
        (tagged(60), "town", {"problem": "multilabel"}, "join them by"),
    ],
)
def test_what_cannot_be_learnt_is_said(frame, target, options, message):
    with pytest.raises((DataError, UsageError), match=message):
        automl.fit(frame, target, **{**QUICK, **options})


def test_a_thousand_labels_are_cut_to_what_the_budget_allows():
    rng = np.random.default_rng(0)
    cells = [";".join(sorted({f"l{number}" for number in rng.zipf(1.2, 6) if number <= 1_000})) for _ in range(1_500)]
    budget = Budget("100s", clock=lambda: 0.0)
    frame = pd.DataFrame({"x": rng.normal(size=1_500), "tags": cells})
    log = DecisionLog()
    plan = make_plan(read(frame), "tags", RunSettings(budget=budget), lambda stage: None, log)
    assert len(plan.learnt) == affordable(budget)
    assert plan.labels.names[plan.learnt[0]] == "l1" or (plan.codes[:, plan.learnt[0]] == 1).mean() > 0.3
    assert any("the budget allows" in why for why in plan.left_out.values())
    assert any(one.what == "labels that are not learnt" for one in log)


def test_rows_of_a_test_file_judge_and_unknown_labels_are_told():
    test = tagged(80, seed=1)
    test["tags"] = test["tags"].fillna("green").astype(object)
    plan = make_plan(read(tagged()), "tags", RunSettings(budget=Budget(None, trials=1), test=test), lambda stage: None, DecisionLog())
    assert plan.unknown["green"] > 0
    assert len(plan.judged) == 80
    assert plan.parts.train.max() < 240
    assert any(one.check == "unknown_labels" for one in plan.findings)


def test_what_gives_one_label_away_is_used_for_none():
    frame = tagged()
    frame["copy"] = np.where(frame["tags"].fillna("").str.contains("red"), "stop", "go")
    plan = make_plan(read(frame), "tags", RunSettings(budget=Budget(None, trials=1)), lambda stage: None, DecisionLog())
    assert "copy" not in [column.name for column in plan.schema.features]
    assert any(one.check == "leakage" and "'red'" in one.because for one in plan.findings)
