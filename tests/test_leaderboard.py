"""Models side by side: paired tests, costs, prediction times, words where there is no number; and models of networks alone."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from small import FEATURES, FakeFamily, HandClock, fit, people

from automl import Budget, DataError, UsageError
from automl.families.base import Family

DATA = people(160)
CHURN = DATA[[*FEATURES, "churn"]]


def failing(name: str, kind: str = "network") -> Family:
    def fail(call: int) -> None:
        raise ValueError("it does not fit")

    return FakeFamily(name, kind, before=fail)


@pytest.fixture(scope="module")
def board() -> pd.DataFrame:
    families = ["linear", FakeFamily("net", "network", best=0.9), failing("broken"), FakeFamily("wood", "tree")]
    return fit(CHURN, "churn", families=families, trials=8)


def test_differences_are_to_the_best_single_model_and_paired(board) -> None:
    table = board.leaderboard()
    single = table[table["kind"] != "ensemble"].iloc[0]
    assert board.facts_.leaderboard.best_single == single["model"]
    assert np.isnan(single["difference"])
    assert single["beyond_noise"] is None
    naive = table.set_index("family").loc["naive"]
    assert naive["difference"] == pytest.approx(naive["loss"] - single["loss"])
    assert naive["difference_low"] < naive["difference"] < naive["difference_high"]
    assert naive["beyond_noise"]


def test_what_each_costs_is_told(board) -> None:
    table = board.leaderboard()
    for family in ("ensemble", "linear", "naive"):
        best = table[table["family"] == family].iloc[0]
        assert 0 < best["predict_ms_1"] < 60_000
        assert 0 < best["predict_ms_1000"] < 60_000
    linear = table[table["family"] == "linear"]
    assert linear["predict_ms_1"].notna().sum() == 1  # the best trial of each family
    assert (linear["size_bytes"] > 0).all()
    row = next(row for row in board.facts_.leaderboard.rows if row.family == "linear")
    assert row.predict_seconds_per_1000 * 1000 == pytest.approx(linear["predict_ms_1000"].dropna().iloc[0])


def test_a_failure_is_told_in_words(board) -> None:
    broken = board.leaderboard().set_index("family").loc["broken"]
    assert (broken["status"], broken["note"]) == ("failed", "ValueError: it does not fit")
    row = next(row for row in board.facts_.leaderboard.rows if row.family == "broken")
    assert row.note == "ValueError: it does not fit"


def test_a_family_that_was_never_tried_is_there_in_words() -> None:
    clock = HandClock()
    slow = FakeFamily("slow", "tree", before=lambda call: setattr(clock, "now", 95.0))
    model = fit(CHURN, "churn", families=[slow, FakeFamily("late", "network")], budget=Budget(100, clock=clock), trials=None)
    entry = model.leaderboard().set_index("family").loc["late"]
    assert (entry["status"], entry["note"]) == ("not tried", "too little time")
    assert model.facts_.networks.worth_it is None
    assert "No network was trained (Late: too little time)" in model.facts_.advice
    stored = next(row for row in model.facts_.leaderboard.rows if row.family == "late")
    assert (stored.trials, stored.score) == (0, None)


def test_whether_networks_are_worth_it_is_told_in_numbers(board) -> None:
    facts = board.facts_.networks
    assert facts.network == "Net"
    assert facts.sentence == board.facts_.advice
    table = board.leaderboard()
    assert facts.weight == pytest.approx(table.loc[table["kind"] == "network", "weight"].sum())
    others = table[table["kind"].isin(["tree", "linear"])]
    assert facts.difference == pytest.approx(others["loss"].min() - table.loc[table["kind"] == "network", "loss"].min())


def test_without_networks_the_ensemble_is_chosen_again() -> None:
    families = [FakeFamily("net", "network", best=0.5), FakeFamily("wood", "tree", best=0.9)]
    facts = fit(CHURN, "churn", families=families, trials=4).facts_.networks
    assert facts.weight > 0
    assert facts.ensemble_difference > 0
    assert facts.faster > 0


def test_the_ensemble_is_as_large_as_its_members(board) -> None:
    table = board.leaderboard()
    members = table[(table["weight"] > 0)]
    size = table.set_index("family").loc["ensemble", "size_bytes"]
    assert np.isnan(size) if members["size_bytes"].isna().any() else size == members["size_bytes"].sum()


# ── networks alone


def test_a_model_of_networks_alone_has_references_without_weight() -> None:
    net = FakeFamily("net", "network", best=0.2)
    model = fit(CHURN, "churn", families=["linear", net, FakeFamily("wood", "tree")], only_networks=True, trials=2)
    table = model.leaderboard().set_index("family")
    assert {part.family.tags.kind for part in model.fitted_.predictor.parts} == {"network"}
    assert table.loc["net", "weight"].sum() == pytest.approx(1.0)
    assert len(table.loc[["net"]]) == 2  # the references do not count against the cap
    for name in ("linear", "naive"):
        assert table.loc[name, "note"] == "for comparison"
        assert table.loc[name, "weight"] == 0
        assert np.isfinite(table.loc[name, "loss"])
    assert "wood" not in table.index
    board = model.facts_.leaderboard
    assert board.absent == {"tree": "only networks were asked for"}
    assert [row.reference for row in board.rows if row.family == "linear"] == [True]
    assert "only_networks=True" in model.facts_.reproduce.python
    assert any(decision.override == "only_networks=False" for decision in model.decisions_)


def test_networks_alone_that_do_not_come_about_are_a_sentence() -> None:
    with pytest.raises(DataError, match=r"At least one network must be trained\. Received none .*broken: ValueError: it does not fit"):
        fit(CHURN, "churn", families=["linear", failing("broken")], only_networks=True, trials=2)


def test_networks_alone_need_a_network() -> None:
    with pytest.raises(UsageError, match=r"`only_networks=True` needs a network.*Received \['linear'\]"):
        fit(CHURN, "churn", families=["linear"], only_networks=True)


def test_a_misspelt_family_is_told_before_anything_is_read() -> None:
    with pytest.raises(UsageError, match="Did you mean 'linear'"):
        fit("no such file.csv", "churn", families=["linaer"])
