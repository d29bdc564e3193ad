"""Score against latency, whose mistakes are alike, the simplest model that is as good, and the drawing of the winner."""

from __future__ import annotations

import numpy as np
import pytest

from automl.evaluation.mistakes import as_facts, mistakes
from automl.report.blocks import compared
from automl.report.facts import LeaderboardFacts, ReportFacts
from automl.report.simplest import simplest
from automl.report.tried_charts import front, pareto, winner
from automl.report.tried_facts import DrawingFacts, LayerFacts, MistakesFacts, PartFacts, TriedFacts

RNG = np.random.default_rng(0)


def board(*models: tuple[str, str, float, float], width: float = 0.04) -> LeaderboardFacts:
    """Models as (name, kind, score, milliseconds), the best first."""
    rows = [
        {
            "rank": rank,
            "name": name,
            "title": name,
            "family": name,
            "kind": kind,
            "score": score,
            "low": score - width,
            "high": score + width,
            "predict_seconds_one": ms / 1000,
            "difference": score - models[0][2],
            "beyond_noise": True,
        }
        for rank, (name, kind, score, ms) in enumerate(models, 1)
    ]
    return LeaderboardFacts.model_validate({"metric": "log_loss", "metric_title": "log-loss", "best_single": models[0][0], "rows": rows})


def sample() -> ReportFacts:
    import report_samples

    facts = report_samples.binary()
    found = mistakes("regression", np.arange(50.0), [np.arange(50.0)[:, None] + RNG.normal(size=(50, 1)) for _ in range(3)])
    assert found is not None
    alike = MistakesFacts.model_validate(as_facts(found, ["A", "B", "C"], ["linear", "tree", "network"]))
    parts = (
        PartFacts(title="Net", kind="network", share=0.7, models=5, layers=(LayerFacts(name="dense", detail="64 units", times=2),)),
        PartFacts(title="<b>Trees</b>", kind="tree", share=0.3, models=5),
    )
    drawing = DrawingFacts(columns={"number": 3, "category": 1}, parts=parts, after=("calibrated: beta",), answer="Churn: class")
    assert facts.leaderboard is not None
    return facts.model_copy(update={"tried": TriedFacts(mistakes=alike, simplest=simplest(facts.leaderboard), drawing=drawing)})


# ── mistakes


def test_equal_mistakes_correlate_fully_and_independent_ones_do_not() -> None:
    y = RNG.normal(size=4000)
    shared, own = RNG.normal(size=4000), RNG.normal(size=4000)
    found = mistakes("regression", y, [(y + shared)[:, None], (y + 2 * shared)[:, None], (y + own)[:, None]])
    assert found is not None
    assert found.correlation[0, 1] == pytest.approx(1.0)
    assert abs(found.correlation[0, 2]) < 0.05
    assert 2 in found.least
    assert found.low <= found.correlation[found.least] <= found.high


def test_the_interval_of_the_least_pair_is_fishers() -> None:
    y = np.zeros(103)
    a = RNG.normal(size=103)
    b = a + RNG.normal(size=103)
    found = mistakes("regression", y, [a[:, None], b[:, None]])
    assert found is not None
    z = np.arctanh(np.corrcoef(a, b)[0, 1])
    assert (found.low, found.high) == pytest.approx((np.tanh(z - 0.1959964), np.tanh(z + 0.1959964)))


def test_classes_count_what_is_decided_differently() -> None:
    y = np.array([0, 1, 0, 1, 0, 1, 0, 1])
    right = np.where(y[:, None] == [0, 1], 0.9, 0.1)
    other = right.copy()
    other[:2] = other[:2, ::-1]
    found = mistakes("binary", y, [right, other])
    assert found is not None
    assert found.differ is not None
    assert found.differ[0, 1] == 0.25


def test_one_model_has_nobody_to_disagree_with() -> None:
    assert mistakes("regression", np.arange(9.0), [np.zeros((9, 1))]) is None
    assert mistakes("regression", np.zeros(9), [np.zeros((9, 1)), np.zeros((9, 1))]) is None  # no mistakes, nothing to correlate


# ── the simplest


def test_a_linear_model_within_one_standard_error_is_named() -> None:
    found = simplest(board(("Net", "network", 0.40, 3), ("Trees", "tree", 0.41, 2), ("Line", "linear", 0.415, 1)))
    assert found is not None
    assert found.name == "Line"
    assert found.error == pytest.approx(0.04 / 1.959964)
    assert found.bound == pytest.approx(0.40 + found.error)
    assert "0.015 worse than the best single model, beyond noise" in found.sentence


def test_beyond_one_standard_error_it_is_not() -> None:
    found = simplest(board(("Net", "network", 0.40, 3), ("Trees", "tree", 0.41, 2), ("Line", "linear", 0.43, 1)))
    assert found is not None
    assert found.name == "Trees"
    alone = simplest(board(("Line", "linear", 0.40, 3), ("Net", "network", 0.401, 2)))
    assert alone is not None
    assert "no simpler model" in alone.sentence


def test_a_naive_predictor_within_it_means_that_nothing_was_learned() -> None:
    found = simplest(board(("Net", "network", 0.40, 3), ("Naive", "naive", 0.41, 1)))
    assert found is not None
    assert "nothing that was learned stands out from chance" in found.sentence


def test_without_scores_there_is_none() -> None:
    rows = [{"rank": 1, "name": "a", "family": "a", "title": "A", "kind": "tree"}]
    assert simplest(LeaderboardFacts.model_validate({"metric": "rmse", "metric_title": "RMSE", "rows": rows})) is None


# ── pictures


def test_the_line_joins_what_nobody_beats_in_both() -> None:
    known = board(("slow", "network", 0.40, 9), ("quick", "linear", 0.45, 1), ("beaten", "tree", 0.46, 5), ("middle", "tree", 0.42, 4))
    assert [row.name for row in front(known.rows, False)] == ["quick", "middle", "slow"]
    assert [row.name for row in front(known.rows, True)] == ["quick", "beaten"]
    drawn = str(pareto(known, known.rows, "p"))
    assert all(name in drawn for name in ("slow", "quick", "beaten", "middle"))


@pytest.mark.parametrize("make", [compared.pareto, compared.mistakes, compared.winner])
def test_each_block_says_it_in_words_and_in_a_table(make: object) -> None:
    block = make(sample())  # type: ignore[operator]
    assert block.sentence.endswith(".")
    assert block.limits
    assert block.figures
    assert block.tables[0].rows
    assert make(sample().model_copy(update={"tried": None, "leaderboard": None})) is None  # type: ignore[operator]


def test_the_drawing_escapes_names_and_tells_the_weights() -> None:
    block = compared.winner(sample())
    assert block is not None
    drawn = str(block.figures[0][0])
    assert "<b>Trees</b>" not in drawn
    assert "&lt;b&gt;Trees" in drawn
    assert "2 × dense: 64 units" in drawn
    assert "Net (70" in block.sentence
    assert "calibrated: beta" in drawn


def test_many_parts_are_drawn_as_far_as_there_is_room() -> None:
    parts = tuple(PartFacts(title=f"P{place}", kind="tree", share=1 / 7, models=5) for place in range(7))
    assert "with 2 more parts" in str(winner(DrawingFacts(columns={"number": 1}, parts=parts), "w"))
