"""Words as numbers: no row is told by its own target, ridge regressions are those of scikit-learn, and what says nothing is left out."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.linear_model import Ridge

import automl
from automl.preprocessing.base import Spec
from automl.preprocessing.text import TextComponents
from automl.preprocessing.word_encoding import WordEncoding, affordable, ridge

WORDS = ["red", "green", "blue", "fast", "slow", "large", "small", "round", "flat", "loud"]


def told(rows: int, seed: int = 0) -> tuple[list[str], np.ndarray]:
    """Remarks of four words, some of which raise or lower a number."""
    rng = np.random.default_rng(seed)
    drawn = rng.integers(0, len(WORDS), (rows, 4))
    worth = np.linspace(-1, 1, len(WORDS))
    return [" ".join(WORDS[word] for word in row) for row in drawn], worth[drawn].sum(axis=1) + rng.normal(0, 0.5, rows)


def spec(problem: str, rows: int, outputs: int = 1) -> Spec:
    return Spec(1, 1, (), outputs, problem, rows)


def weighed(texts: list[str]) -> dict[str, tuple[TextComponents, list[Any]]]:
    return {"remark": (TextComponents.fit(texts, 0), texts)}


def test_conjugate_gradients_solve_each_ridge_regression() -> None:
    rng = np.random.default_rng(3)
    words = sparse.random(80, 12, 0.4, random_state=1, format="csr")
    values = rng.normal(size=(80, 2)).astype(np.float32)
    keep = rng.random((80, 3)) < 0.7
    found = ridge(words, values, keep, [0.5, 4.0], steps=40)
    for subset in range(3):
        rows = np.flatnonzero(keep[:, subset])
        centred = values[rows] - values[rows].mean(axis=0)
        for place, penalty in enumerate([0.5, 4.0]):
            one = Ridge(penalty, fit_intercept=False).fit(words[rows].toarray(), centred)
            assert np.allclose(found[subset, place], one.coef_.T, atol=1e-4)


@pytest.mark.parametrize("folds", [1, 2, 5])
def test_no_row_is_told_by_its_own_target_nor_by_the_fold_that_its_model_leaves_out(folds: int) -> None:
    texts, target = told(300)
    fold = np.arange(300) % folds if folds > 1 else np.where(np.arange(300) % 5 == 0, 0, -1)
    columns = weighed(texts)
    _, rows = WordEncoding.fit(columns, target, fold, folds, spec("regression", 300))
    for one, two in ((10, 20), (100, 180)):  # of one fold: to swap their targets changes neither mean nor variance of all
        other = target.copy()
        other[[one, two]] = target[[two, one]]
        assert fold[one] == fold[two] >= 0
        _, again = WordEncoding.fit(columns, other, fold, folds, spec("regression", 300))
        assert np.allclose(rows[:, fold[one]], again[:, fold[one]], atol=1e-5)  # nothing of the model that leaves both out moves
        if folds == 5:  # a part is a fold: no model tells them by each other
            assert np.allclose(rows[[one, two]], again[[one, two]], atol=1e-5)
            assert not np.allclose(rows[:, (fold[one] + 1) % 5], again[:, (fold[one] + 1) % 5], atol=1e-5)


def test_a_target_that_has_nothing_to_do_with_the_words_gives_no_column() -> None:
    texts, _ = told(600)
    noise = np.random.default_rng(5).normal(size=600)
    found, rows = WordEncoding.fit(weighed(texts), noise, np.arange(600) % 5, 5, spec("regression", 600))
    assert found.columns == ()
    assert rows.shape == (600, 5, 0)


@pytest.mark.parametrize(("problem", "outputs", "width"), [("regression", 1, 1), ("binary", 2, 1), ("multiclass", 3, 3)])
def test_new_texts_are_told_like_those_that_were_left_out(problem: str, outputs: int, width: int) -> None:
    texts, value = told(600)
    target = value if outputs == 1 else np.digitize(value, np.quantile(value, np.linspace(0, 1, outputs + 1)[1:-1]))
    fold = np.arange(600) % 5
    columns = weighed(texts)
    found, rows = WordEncoding.fit(columns, target, fold, 5, spec(problem, 600, outputs))
    assert found.width == width
    new = found.transform(columns)
    own = np.arange(600)
    assert np.allclose(new[own, fold], rows[own, fold], atol=1e-5)
    if outputs == 1:
        unseen, truth = told(300, seed=9)
        answers = found.transform({"remark": (columns["remark"][0], unseen)})[:, 0, 0]
        assert np.corrcoef(answers, truth)[0, 1] > 0.8
    again = WordEncoding.from_arrays(found.columns, found.folds, found.to_arrays("words"), "words")
    assert np.array_equal(again.transform(columns), new)
    assert (found.transform({"remark": (columns["remark"][0], ["", None])}) == 0).all()


def test_texts_that_share_nothing_are_left_alone() -> None:
    frame = pd.DataFrame({"mood": ["alpha", "bravo"] * 130, "size": np.arange(260.0), "worth": np.arange(260.0) % 7})
    model = automl.fit(frame, "worth", budget=None, trials=1, families=["linear"], types={"mood": "text"})
    assert len(model.predict(frame)) == 260


def test_what_the_clock_does_not_allow_is_left_alone() -> None:
    texts, _ = told(5_000)
    columns = weighed(texts)
    assert affordable(columns, spec("regression", 5_000), 5, None) == ["remark"]
    assert affordable(columns, spec("regression", 5_000), 5, 0.5) == []
    assert affordable(columns, spec("multiclass", 5_000, 40), 5, None) == []


def test_trees_beside_texts_learn_from_words_and_the_model_survives_its_file(tmp_path: Any) -> None:
    texts, target = told(500)
    price = np.random.default_rng(2).normal(size=500)
    frame = pd.DataFrame({"remark": texts, "size": price, "worth": target + price})
    model = automl.fit(frame, "worth", budget=None, trials=1, families=["hist_gradient_boosting"])
    assert any(entry.what == "target encoding of texts" for entry in model.decisions_)
    model.save(tmp_path / "model.automl")
    again = automl.load(tmp_path / "model.automl")
    assert np.array_equal(model.predict(frame), again.predict(frame))
    unseen, truth = told(200, seed=4)
    other = np.random.default_rng(8).normal(size=200)
    predicted = again.predict(pd.DataFrame({"remark": unseen, "size": other}))
    assert np.corrcoef(predicted, truth + other)[0, 1] > 0.9
