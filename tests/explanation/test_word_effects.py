"""Words are taken out of texts: the one that decides is found, in any script, and nothing else is blamed."""

from __future__ import annotations

import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from automl.budget import Budget
from automl.explanation import Clock, word_effects
from automl.explanation.words import MOST_PARTS, cut

NO_CLOCK = Clock(None, 1.0)


def shout(frame: pd.DataFrame) -> np.ndarray:
    """A model that knows one word."""
    hot = frame["text"].str.contains("refund").to_numpy(dtype=float)
    return np.column_stack([0.9 - 0.8 * hot, 0.1 + 0.8 * hot])


def texts(count: int = 20) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    fill = ["please", "order", "thanks", "hello", "box"]
    return pd.DataFrame({"text": [" ".join([*rng.choice(fill, 4), *(["refund"] if row % 2 else [])]) for row in range(count)]})


def test_the_planted_word_is_found_and_no_other() -> None:
    found = word_effects(shout, texts(), "text", clock=NO_CLOCK, outputs=1)
    assert found is not None
    (effect,) = found.effects
    assert (effect.word, effect.of, effect.texts) == ("refund", 1, 10)
    assert abs(effect.value - 0.8) < 1e-9
    assert found.texts == 20


def test_each_row_can_be_asked_about_its_own_class() -> None:
    outputs = [row % 2 for row in range(20)]
    found = word_effects(shout, texts(), "text", clock=NO_CLOCK, outputs=outputs)
    assert found is not None
    assert {(effect.word, effect.of) for effect in found.effects} == {("refund", 1)}


def test_the_places_of_words_point_into_the_text() -> None:
    frame = texts(4)
    found = word_effects(shout, frame, "text", clock=NO_CLOCK, outputs=1)
    assert found is not None
    for row, parts in found.parts.items():
        strongest = max(parts, key=lambda part: part.value)
        if row % 2:
            assert frame["text"][row][strongest.start : strongest.stop] == "refund"


def test_missing_and_empty_texts_are_passed_over() -> None:
    frame = pd.DataFrame({"text": [None, "", "...", "refund"]})
    asked = frame.copy()
    found = word_effects(lambda given: shout(given.fillna("")), frame, "text", clock=NO_CLOCK, outputs=1)
    assert found is not None
    assert list(found.parts) == [3]
    pd.testing.assert_frame_equal(frame, asked)
    assert word_effects(shout, frame.iloc[:3], "text", clock=NO_CLOCK, outputs=1) is None


def test_nothing_is_begun_when_the_time_is_up() -> None:
    budget = Budget("10s", clock=lambda: 0.0)
    clock = Clock(budget, 0.5)
    clock.seconds_per_row = 60.0
    assert word_effects(shout, texts(), "text", clock=clock, outputs=1) is None


@given(st.text(max_size=400))
def test_any_text_is_cut_into_few_parts_in_order(text: str) -> None:
    places = cut(text)
    assert len(places) <= MOST_PARTS
    edges = [edge for place in places for edge in place]
    assert edges == sorted(edges)
    assert all(0 <= start < stop <= len(text) for start, stop in places)
