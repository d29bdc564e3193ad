"""Segments, cohorts and groups against hand-computed cases and planted weaknesses."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from automl.evaluation.cohort import worst_cohort
from automl.evaluation.groups import Rate, katz, newcombe, treatments
from automl.evaluation.segments import parts_of, segments


def cases(rows: int = 2000, seed: int = 0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {"kind": rng.choice(list("abcdefgh"), rows), "x": rng.normal(size=rows), "y": rng.normal(size=rows), "flag": rng.random(rows) < 0.5}
    )


def test_columns_are_cut_into_named_parts() -> None:
    part, names = parts_of(pd.Series([*range(100), np.nan]))
    assert names == ["0 to 24", "24 to 49", "49 to 74", "74 to 99", "missing"]
    assert np.bincount(part).tolist() == [25, 25, 25, 25, 1]
    _, names = parts_of(cases()["kind"])
    assert len(names) == 7
    assert names[-1] == "all others"
    dates = pd.Series(pd.Timestamp("2026-01-01") + pd.to_timedelta(range(50), unit="D"))
    assert parts_of(dates)[1][0] == "2026-01-01 to 2026-01-13"


def test_a_weak_segment_comes_first_and_noise_is_not_told_as_different() -> None:
    frame = cases().replace({"kind": {"g": "b", "h": "c"}})
    rng = np.random.default_rng(1)
    loss = (rng.random(len(frame)) < np.where(frame["kind"] == "a", 0.5, 0.2)).astype(float)
    found = segments(frame, loss, share=True)
    assert (found[0].column, found[0].name, found[0].differs) == ("kind", "a", "worse")
    assert found[0].low < 0.5 < found[0].high
    assert all(segment.differs == "" for segment in found[1:] if segment.column != "kind")


def test_few_rows_are_drawn_to_the_whole() -> None:
    rng = np.random.default_rng(2)
    frame = pd.DataFrame({"kind": np.repeat(["few", "b", "c", "d", "e", "f"], [40, 392, 392, 392, 392, 392])})
    loss = (rng.random(len(frame)) < 0.3).astype(float)
    loss[:40] = np.tile([1, 0], 20)
    found = {segment.name: segment for segment in segments(frame, loss, share=True)}
    assert loss.mean() < found["few"].shrunk < found["few"].value
    noise = segments(pd.DataFrame({"k": rng.choice(list("abcdef"), 3000)}), (rng.random(3000) < 0.3).astype(float), share=True)
    assert np.ptp([segment.shrunk for segment in noise]) < np.ptp([segment.value for segment in noise])


def test_of_many_segments_without_a_difference_few_runs_tell_one() -> None:
    told = 0
    for seed in range(60):
        frame = cases(600, seed)
        loss = (np.random.default_rng(900 + seed).random(600) < 0.3).astype(float)
        told += any(segment.differs for segment in segments(frame, loss, share=True))
    assert told <= 7  # 5 % of 60, and what chance allows


def test_coverage_is_told_by_segment() -> None:
    frame = cases()
    inside = np.where(frame["flag"], np.random.default_rng(0).random(len(frame)) < 0.9, np.random.default_rng(0).random(len(frame)) < 0.6)
    found = segments(frame, np.abs(frame["x"].to_numpy()), share=False, inside=inside, columns=["flag"])
    held = {segment.name: segment for segment in found}
    assert held["False"].coverage_high < 0.9 < held["True"].coverage_high
    assert held["False"].low < held["False"].value < held["False"].high


def test_the_tree_finds_the_planted_cohort() -> None:
    frame = cases(4000)
    weak = (frame["kind"].isin(["a", "b"]) & (frame["x"] > 0.5)).to_numpy()
    loss = (np.random.default_rng(3).random(len(frame)) < np.where(weak, 0.6, 0.1)).astype(float)
    found = worst_cohort(frame, loss, share=True)
    assert found is not None
    assert found.worse
    leaf = found.leaves[0]
    assert any(rule.startswith("kind is") and "a" in rule and "b" in rule for rule in leaf.rules)
    assert any(rule.startswith("x above") for rule in leaf.rules)
    assert leaf.value == pytest.approx(0.6, abs=0.12)
    assert sum(one.rows for one in found.leaves) == found.rows == 2000


def test_a_tree_over_noise_does_not_tell_a_cohort_as_worse() -> None:
    worse = 0
    for seed in range(40):
        loss = (np.random.default_rng(seed).random(1000) < 0.3).astype(float)
        found = worst_cohort(cases(1000, 100 + seed), loss, share=True, seed=seed)
        worse += found is not None and found.worse
    assert worse <= 4


def test_missing_values_have_their_place_in_the_rules() -> None:
    frame = pd.DataFrame({"x": np.where(np.arange(2000) % 4 == 0, np.nan, np.random.default_rng(0).normal(size=2000))})
    found = worst_cohort(frame, frame["x"].isna().to_numpy(float), share=True)
    assert found is not None
    assert "missing" in found.leaves[0].rules[0]
    assert worst_cohort(frame.head(50), np.ones(50), share=True) is None


# ── groups


def test_rates_by_group_are_those_of_a_hand_computed_table() -> None:
    """30 women: 10 positive of which 8 flagged, 20 negative of which 5 flagged; 40 men: 20 of which 10, 20 of which 8."""
    sex = ["f"] * 30 + ["m"] * 40
    y = np.array([1] * 10 + [0] * 20 + [1] * 20 + [0] * 20)
    flagged = np.array([1] * 8 + [0] * 2 + [1] * 5 + [0] * 15 + [1] * 10 + [0] * 10 + [1] * 8 + [0] * 12)
    told = treatments(pd.DataFrame({"sex": sex}), pd.DataFrame(index=range(70)), "binary", y, flagged)[0]
    rates = {group.name: {name: rate.value for name, rate in group.rates.items()} for group in told.groups}
    assert rates["f"] == pytest.approx(
        {"flagged": 13 / 30, "found": 0.8, "false alarms": 0.25, "right when flagged": 8 / 13, "wrong": 7 / 30}
    )
    assert rates["m"] == pytest.approx(
        {"flagged": 18 / 40, "found": 0.5, "false alarms": 0.4, "right when flagged": 10 / 18, "wrong": 18 / 40}
    )
    gaps = {gap.rate: gap for gap in told.gaps}
    assert gaps["flagged"].difference == pytest.approx(18 / 40 - 13 / 30)
    assert gaps["flagged"].ratio == pytest.approx((13 / 30) / (18 / 40))
    assert gaps["false alarms"].highest == "m"
    assert "found" not in gaps  # ten women are too few to compare


def test_intervals_of_differences_and_ratios() -> None:
    one, two = Rate(0.8, 0.6922, 0.8769, 70), Rate(0.6, 0.4904, 0.7005, 80)
    assert newcombe(one, two) == pytest.approx((0.2, 0.0527, 0.3339), abs=1e-3)
    ratio, low, high = katz(two, one)
    assert ratio == pytest.approx(0.75)
    error = np.sqrt(0.4 / 0.6 / 80 + 0.2 / 0.8 / 70)
    assert (low, high) == pytest.approx((0.75 * np.exp(-1.96 * error), 0.75 * np.exp(1.96 * error)))
    assert katz(Rate(0.0, 0, 0.1, 30), one) == (0.0, None, None)


def test_the_interval_of_a_difference_covers_it() -> None:
    from automl.evaluation.groups import _rate

    rng, held = np.random.default_rng(0), []
    for _ in range(400):
        one, two = (rng.random(60) < 0.3).astype(float), (rng.random(90) < 0.15).astype(float)
        _, low, high = newcombe(_rate(one, True), _rate(two, True))
        held.append(low <= 0.15 <= high)
    assert 0.92 <= np.mean(held) <= 0.985


def test_two_columns_make_intersections_and_proxies_are_told() -> None:
    rng = np.random.default_rng(0)
    people = pd.DataFrame({"sex": rng.choice(["f", "m"], 800), "age": rng.integers(18, 80, 800)})
    used = pd.DataFrame({"height": rng.normal(165, 5, 800) + 15 * (people["sex"] == "m"), "noise": rng.normal(size=800)})
    told = treatments(people, used, "binary", rng.integers(0, 2, 800), rng.integers(0, 2, 800))
    assert [one.columns for one in told] == [("sex",), ("age",), ("sex", "age")]
    assert len(told[2].groups) == 8
    assert [name for name, _ in told[0].proxies] == ["height"]
    assert told[0].proxies[0][1] > 0.7
    assert told[1].proxies == ()


def test_numbers_are_compared_by_their_errors() -> None:
    rng = np.random.default_rng(0)
    people = pd.DataFrame({"region": np.repeat(["north", "south"], 200)})
    y = rng.normal(size=400)
    told = treatments(people, people[[]], "regression", y, y, prediction=y + np.repeat([0.0, 1.0], 200) + rng.normal(0, 0.1, 400))[0]
    gaps = {gap.rate: gap for gap in told.gaps}
    assert gaps["error"].difference == pytest.approx(1, abs=0.05)
    assert gaps["error"].lowest == "south"
    assert gaps["size of error"].low > 0.8
