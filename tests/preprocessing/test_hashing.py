"""Texts are hashed once while a table is prepared, alike in any company, and as far as the clock allows."""

from __future__ import annotations

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings

from automl.budget import Budget
from automl.preprocessing import hashing
from automl.preprocessing.hashing import BUCKETS, LENGTHS, LONGEST, hash_texts, hashed_once, length_for
from automl.preprocessing.settled import Settled

WORDS = ["late", "broken", "red apple", "ünïcode 水", "a" * 400, "x y z"]


def counted(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Return a list that grows by the number of texts of each call of the hash."""
    sizes: list[int] = []
    real = hashing._hashed

    def hashed(texts, longest):
        sizes.append(len(texts))
        return real(texts, longest)

    monkeypatch.setattr(hashing, "_hashed", hashed)
    return sizes


@settings(max_examples=25, deadline=None)
@given(st.lists(st.lists(st.sampled_from(WORDS), max_size=6), max_size=4), st.sampled_from([0, 60, 10**9]))
def test_what_is_kept_changes_nothing(asked: list[list[str]], room: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(hashing, "MOST_VALUES", room)
        with hashed_once():
            kept = [hash_texts(texts) for texts in asked]
    for texts, found in zip(asked, kept, strict=True):
        expected = hash_texts(texts)
        assert found.shape == (len(texts), 2 * BUCKETS)
        np.testing.assert_array_equal(found.data, expected.data)
        np.testing.assert_array_equal(found.indices, expected.indices)
        np.testing.assert_array_equal(found.indptr, expected.indptr)


def test_a_text_is_hashed_once_within_and_again_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    sizes = counted(monkeypatch)
    with hashed_once():
        hash_texts(["late", "broken", "late"])
        with hashed_once():
            hash_texts(["broken", "red"])
        hash_texts(["red", "late"])
        assert sizes == [2, 1]
        hash_texts(["late"], longest=2)
        assert sizes == [2, 1, 1]
    hash_texts(["late"])
    assert sizes == [2, 1, 1, 1]


def test_the_clock_decides_how_much_of_a_text_is_looked_at_and_only_once(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    real = hashing._hashed

    def slow(texts, longest):
        now[0] += 1e-5 * sum(min(len(text), longest) for text in texts)
        return real(texts, longest)

    monkeypatch.setattr(hashing, "_hashed", slow)
    texts = ["word " * 600] * 2_000  # 3,000 characters each: 60 s in all
    for limit, longest in ((4_000.0, LONGEST), (150.0, 1_000), (60.0, 250), (3.0, LENGTHS[-1])):
        settled = Settled(Budget(limit, clock=lambda: now[0], started=now[0]))
        assert length_for("remark", texts, settled) == longest
        settled.budget.spend(0.99 * limit)
        assert length_for("remark", texts, settled) == longest
        assert Settled(None, dict(settled.known)).once("characters of remark", lambda: 0) == longest
    assert length_for("remark", texts, Settled()) == LONGEST
    assert length_for("remark", texts[:50], Settled(Budget(3.0, clock=lambda: now[0], started=now[0]))) == LONGEST
