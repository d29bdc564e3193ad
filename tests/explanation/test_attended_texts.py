"""Shares of tokens become shares of words, and are held against what was measured."""

import pytest

from automl.explanation import agreement, attended_text
from automl.explanation.words import Part


def words(found):
    return {found.text[word.start : word.stop]: word.share for word in found.words}


def test_pieces_of_a_word_are_added_and_shares_add_up_to_one():
    found = attended_text("unkind words!", [(0, 2, 0, 0.1), (2, 6, 0, 0.2), (6, 12, 1, 0.1), (12, 13, 2, 0.1)])
    assert words(found) == pytest.approx({"unkind": 0.6, "words": 0.2, "!": 0.2})
    assert not found.cut


def test_a_text_that_is_read_in_part_says_so():
    found = attended_text("one two three", [(0, 3, 0, 0.5), (3, 7, 1, 0.5)])
    assert found.cut
    assert words(found) == {"one": 0.5, "two": 0.5}
    assert attended_text("never read", []).words == ()


def test_bytes_of_one_sign_are_one_word_and_long_runs_are_not():
    assert words(attended_text("🙂 a", [(0, 1, 0, 0.25), (0, 1, 0, 0.25), (1, 3, 1, 0.5)])) == {"🙂": 0.5, "a": 0.5}
    run = "東京" * 30
    assert len(attended_text(run, [(2 * n, 2 * n + 2, 0, 1 / 30) for n in range(30)]).words) > 1


def test_agreement_is_that_of_the_ranks():
    text = "a b c d e"
    found = attended_text(text, [(2 * n, 2 * n + 1, n, share) for n, share in enumerate([0.1, 0.15, 0.2, 0.25, 0.3])])
    parts = [Part(2 * n, 2 * n + 1, value) for n, value in enumerate([0.0, -0.1, 0.2, 0.3, -0.4])]  # how far it moves, not which way
    assert agreement([(found, parts)]) == (pytest.approx(1.0), 1)
    assert agreement([(found, [Part(p.start, p.stop, 1 - abs(p.value)) for p in parts])])[0] == pytest.approx(-1.0)
    assert agreement([(found, parts[:2])]) == (None, 0)
