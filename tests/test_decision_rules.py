"""Decisions that serve the measure that the user asked for, on rows that the rule has not seen."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.special import softmax
from small import fit

import automl
from automl import artifact
from automl.decision_rules import DecisionRule, choose_rule, cross_fitted_decisions
from automl.errors import UsageError
from automl.judgement import Judged, Wishes, judge
from automl.metrics import score
from automl.predictor import Predictor
from automl.recipe import load_recipe
from automl.report.html import render
from automl.task import Task
from automl.threshold import choose_threshold, cross_fitted_thresholds
from automl.verifying import verify

SHARES = np.array([0.72, 0.16, 0.08, 0.04])
CENTRES = np.array([[0.0, 0.0, 0.5], [1.2, 0.0, 0.0], [0.0, 1.4, 0.0], [-1.0, -1.2, 0.0]])


def drawn(rows, seed, sharpness=1.0, shares=SHARES):
    """Codes, and probabilities that are right, or too sure where `sharpness` is above 1."""
    rng = np.random.default_rng(seed)
    centres = CENTRES[: len(shares)]
    y = rng.choice(len(shares), rows, p=shares / shares.sum())
    x = centres[y] + rng.normal(size=(rows, 3))
    return y, softmax(sharpness * (x @ centres.T - (centres**2).sum(axis=1) / 2 + np.log(shares / shares.sum())), axis=1), x


def of(metric, y, codes, classes=4):
    return score(metric, y, np.eye(classes)[codes])


@pytest.mark.parametrize("metric", ["macro_f1", "balanced_accuracy"])
@pytest.mark.parametrize("sharpness", [1.0, 2.0])
def test_the_rule_serves_its_measure_on_fresh_rows(metric, sharpness):
    y, p, _ = drawn(20_000, 99, sharpness)
    gains = []
    for seed in range(6):
        known, said, _ = drawn(400, seed, sharpness)
        gains.append(of(metric, y, choose_rule(metric, known, said).decide(p)) - of(metric, y, p.argmax(axis=1)))
    assert min(gains) > -0.005
    assert np.mean(gains) > 0.02


def test_balanced_accuracy_is_the_probability_by_the_share_of_the_class():
    y, p, _ = drawn(3_000, 0)
    np.testing.assert_array_equal(choose_rule("balanced_accuracy", y, p).decide(p), (p / p.mean(axis=0)).argmax(axis=1))


def test_two_classes_have_the_threshold_of_the_same_rule():
    y, p, _ = drawn(4_000, 1, shares=np.array([0.9, 0.1]))
    for metric in ("macro_f1", "balanced_accuracy"):
        rule, threshold = choose_rule(metric, y, p), choose_threshold(y, p, serves=metric)
        np.testing.assert_array_equal(rule.decide(p), p[:, 1] > threshold.value)
        assert threshold.rule == f"highest {metric.replace('_', '-' if metric == 'macro_f1' else ' ').replace('f1', 'F1')}"
    new, said, _ = drawn(20_000, 9, shares=np.array([0.9, 0.1]))
    for metric in ("f1", "macro_f1", "balanced_accuracy"):
        served, usual = said[:, 1] > choose_threshold(y, p, serves=metric).value, said.argmax(axis=1)
        assert of(metric, new, served.astype(np.int64), 2) > of(metric, new, usual, 2) + 0.01
    assert choose_threshold(y, p, serves="balanced_accuracy").value == pytest.approx(p[:, 1].mean())
    assert choose_threshold(y, p, serves="f1").rule == "highest F1"
    assert choose_threshold(y, p, serves="accuracy").value == 0.5


def test_a_row_does_not_choose_its_own_rule():
    y, p, _ = drawn(300, 3)
    fold = np.arange(300) % 3
    changed = y.copy()
    changed[fold == 1] = 0
    before, after = (cross_fitted_decisions("macro_f1", labels, p, fold=fold) for labels in (y, changed))
    np.testing.assert_array_equal(before[fold == 1], after[fold == 1])


def test_classes_that_do_not_occur_are_never_named():
    y, p, _ = drawn(500, 4)
    p = np.column_stack([p, np.full(500, 1e-9)])
    for metric in ("macro_f1", "balanced_accuracy"):
        assert set(choose_rule(metric, y, p).decide(p)) <= {0, 1, 2, 3}
    empty = choose_rule("macro_f1", np.zeros(0, dtype=int), np.zeros((0, 3)))
    assert empty.decide(np.zeros((0, 3))).shape == (0,)


def test_a_rule_is_json_and_scale_does_not_matter():
    y, p, _ = drawn(500, 5)
    rule = choose_rule("macro_f1", y, p, ("a", "b", "c", "d"))
    assert DecisionRule.from_dict(rule.to_dict()) == rule
    assert max(rule.factors) == 1
    assert "macro-F1" in rule.because
    assert "is named for" in rule.because


@pytest.mark.parametrize("holdout", [False, True])
def test_the_judgement_decides_by_the_rule(holdout):
    task = Task("multiclass", "kind", tuple("abcd"))
    y, p, _ = drawn(600, 6)
    new, said, _ = drawn(500, 7)
    naive = np.tile(SHARES, (600, 1))
    unseen = Judged(new, said, naive[:500], None, "", "holdout") if holdout else None
    found = judge(task, Judged(y, p, naive, None, "", "cross-fitted"), unseen, Wishes(serves="macro_f1"))
    scores = found.evaluation.scores
    assert scores["macro_f1"].value == pytest.approx(of("macro_f1", found.y, found.decided))
    assert scores["accuracy"].value < score("accuracy", found.y, found.prediction)
    assert scores["accuracy"].naive == score("accuracy", found.y, naive[: len(found.y)])
    assert np.sum(found.evaluation.confusion["counts"], axis=0).tolist() == np.bincount(found.decided, minlength=4).tolist()
    if holdout:
        np.testing.assert_array_equal(found.decided, found.rule.decide(found.prediction))
    plain = judge(task, Judged(y, p, naive, None, "", "cross-fitted"), unseen, Wishes(serves="accuracy"))
    assert plain.rule is None
    assert plain.evaluation.scores["log_loss"] == scores["log_loss"]
    np.testing.assert_array_equal(plain.decided, plain.prediction.argmax(axis=1))


def table(rows, seed, shares=SHARES):
    y, _, x = drawn(rows, seed, shares=shares)
    return pd.DataFrame(x, columns=["a", "b", "c"]).assign(kind=np.array(["usual", "second", "third", "rare"])[y])


@cache
def model(metric):
    return fit(table(500, 0), "kind", metric=metric)


def test_a_model_serves_macro_f1_on_new_rows_and_says_so():
    new = table(3_000, 1)
    truth = model("macro_f1").task_.encode(new["kind"])
    served, plain = (model(metric).task_.encode(model(metric).predict(new)) for metric in ("macro_f1", None))
    assert of("macro_f1", truth, served) > of("macro_f1", truth, plain) + 0.02
    np.testing.assert_array_equal(model("macro_f1").predict_proba(new), model(None).predict_proba(new))
    facts, rule = model("macro_f1").facts_, model("macro_f1").facts_.evaluation.rule
    assert (facts.task.metric, rule.metric) == ("log_loss", "macro_f1")
    assert rule.value == facts.evaluation.scores["macro_f1"].value > rule.usual
    assert rule.usual == pytest.approx(model(None).facts_.evaluation.scores["macro_f1"].value)
    assert rule.usual_accuracy == pytest.approx(model(None).facts_.evaluation.scores["accuracy"].value)
    assert facts.where.whole == pytest.approx(1 - rule.accuracy)  # segments and cohorts look at the same decisions
    page = render(facts).replace("\xa0", " ")
    assert "Decisions serve macro-F1, as asked" in page
    assert "It was asked to serve rare kinds" in page
    assert "decision rule" in [decision.what for decision in model("macro_f1").decisions_]
    assert model(None).facts_.evaluation.rule is None


def test_examples_and_explanations_are_of_the_decided_class():
    fitted, rows = model("macro_f1"), table(500, 0)
    for example in fitted.facts_.examples:
        assert float(example.prediction.split("%")[0]) / 100 == pytest.approx(example.end, abs=0.006)  # explained is what is said
    odd = rows[fitted.predict(rows) != model(None).predict(rows)].head(2)
    told = fitted.explain(odd)
    codes, sums = fitted.fitted_.predictor.codes(fitted.predict_proba(odd)), told.groupby("row")["contribution"].sum()
    base = fitted.predict_proba(fitted.fitted_.background).mean(axis=0)
    np.testing.assert_allclose(base[codes] + sums, fitted.predict_proba(odd)[np.arange(2), codes], atol=0.05)


def test_file_and_verification(tmp_path: Path):
    fitted, rows = model("macro_f1"), table(500, 0)
    path = fitted.save(tmp_path / "m.automl")
    opened = automl.load(path)
    assert opened.predict(rows).tolist() == fitted.predict(rows).tolist()
    assert opened.predictions(rows)["prediction"].tolist() == fitted.predict(rows).tolist()
    assert {check.name: check.agrees for check in verify(path, rows).checks}["scores"] is True
    states = dict(artifact.read(path).parts)
    del states["model"].json["judged"]["rule"]  # a file from before there were rules
    assert Predictor.from_states(states).rule is None


def test_binary_f1():
    rows, new = table(400, 2, SHARES[[0, 2]]), table(3_000, 3, SHARES[[0, 2]])
    truth = (new["kind"] == "second").to_numpy(dtype=np.int64)
    reached = []
    for metric in (None, "f1"):
        fitted = fit(rows, "kind", metric=metric, positive="second")
        reached.append(of("f1", truth, (fitted.predict(new) == "second").astype(np.int64), 2))
    assert reached[1] > reached[0] + 0.02
    assert fitted.facts_.evaluation.rule.metric == "f1"
    assert fitted.facts_.threshold.rule == "highest F1"


def test_thresholds_that_serve_a_measure_are_cross_fitted():
    y, p, _ = drawn(200, 8, shares=np.array([0.9, 0.1]))
    limits = cross_fitted_thresholds(y, p, serves="macro_f1")
    assert len(np.unique(limits)) > 1


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"metric": "macro_f"}, r"`metric` must be .* for several classes\. Received metric='macro_f'\. Did you mean 'macro_f1'\?"),
        ({"metric": "f1"}, r"for several classes\. Received metric='f1'\. Did you mean 'macro_f1'\?"),
        ({"metric": "macro_f1", "min_recall": 0.9}, r"`metric='macro_f1'` and `min_recall` both say how to decide.*min_recall=0.9"),
        ({"metric": "f1", "costs": {"miss": 5, "false_alarm": 1}}, r"`metric='f1'` and `costs` both say how to decide"),
    ],
)
def test_what_does_not_go_together_is_refused(asked, told):
    with pytest.raises(UsageError, match=told):
        fit(table(120, 0), "kind", **asked)


def test_numbers_have_no_decisions():
    with pytest.raises(UsageError, match=r"must be 'rmse' or 'mae' for numbers\. Received metric='macro_f1'"):
        fit(table(120, 0).assign(a=np.arange(120) / 7), "a", metric="macro_f1")


def test_a_recipe_may_ask_for_it(tmp_path: Path):
    table(60, 0).to_csv(tmp_path / "kinds.csv", index=False)
    (tmp_path / "r.yaml").write_text("name: kinds\ndata: kinds.csv\ntarget: kind\nmetric: macro_f1\n")
    assert load_recipe(tmp_path / "r.yaml").metric == "macro_f1"
    (tmp_path / "r.yaml").write_text("name: kinds\ndata: kinds.csv\ntarget: kind\nmetric: macro\n")
    with pytest.raises(UsageError, match="metric"):
        load_recipe(tmp_path / "r.yaml")
