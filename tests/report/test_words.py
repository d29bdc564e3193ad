"""Numbers in words: rounding, plurals, shares that add up."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from automl.report import words

finite = st.floats(allow_nan=False, allow_infinity=False, min_value=-1e12, max_value=1e12)


def _read(text: str) -> float:
    plain = text.replace(",", "").replace(words.MINUS, "-").replace(" × 10", "e")
    return float(plain.translate(str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-")))


@given(finite)
def test_three_digits_are_within_half_a_percent(value: float) -> None:
    assert math.isclose(_read(words.number(value)), value, rel_tol=0.0051, abs_tol=1e-300)


@given(finite, finite)
def test_an_interval_keeps_its_order(first: float, second: float) -> None:
    low, high = sorted((first, second))
    left, right = words.interval(low, high).split(" to ")
    assert _read(left) <= _read(right)


@given(st.floats(0, 1))
def test_only_none_is_none_and_only_all_is_all(share: float) -> None:
    text = words.percent(share)
    assert text.startswith("100") == (share == 1)
    assert 0 <= _read(text.removesuffix(f"{words.SPACE}%")) <= 100


@given(st.lists(st.integers(0, 10**6), min_size=4, max_size=4).filter(any))
def test_a_hundred_stays_a_hundred(counts: list[int]) -> None:
    scaled = words.to_hundred(counts)
    assert sum(scaled) == 100
    assert all(abs(part - 100 * count / sum(counts)) < 1 for part, count in zip(scaled, counts, strict=True))


@pytest.mark.parametrize("value", [None, float("nan"), float("inf")])
def test_what_is_not_known_is_a_dash(value: float | None) -> None:
    assert {words.number(value), words.percent(value), words.seconds(value), words.money(value)} == {words.NOTHING}


def test_one_is_singular() -> None:
    assert words.count(1, "case", "cases") == "1 case"
    assert words.count(2, "case", "cases") == "2 cases"


@given(st.integers(0, 500), st.integers(0, 500))
def test_wilson_holds_the_share(hits: int, others: int) -> None:
    known = words.wilson(hits, hits + others)
    if hits + others == 0:
        assert known is None
    else:
        assert known is not None
        assert 0 <= known[0] <= hits / (hits + others) + 1e-12
        assert hits / (hits + others) - 1e-12 <= known[1] <= 1
