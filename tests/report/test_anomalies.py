"""The report of anomalies in all its forms: three depths, the numbers of the facts, two texts per fact, nothing claimed without labels."""

from __future__ import annotations

import html
import re
from typing import Any

import pytest
from anomaly_samples import photos, pump

from automl.report import words
from automl.report.anomalies import StrangeRowFacts, named, reasons
from automl.report.board import board_frame
from automl.report.cards import annex_iv, model_card
from automl.report.facts import ReportFacts
from automl.report.governance import NOT_PROVIDED
from automl.report.html import drawn_parts, render, render_comparison
from automl.report.markdown import render_markdown

SAMPLES = (pump, photos)
BLOCKS = {
    pump: ["task", "strangest", "time-line", "strange-stretches", "scores", "alarms", "missing", "columns", "map", "detectors",
           "leaderboard", "pareto", "decisions", "reproduce", "governance"],
    photos: ["task", "strangest", "strange-pictures", "alarms", "columns", "detectors", "decisions", "reproduce", "governance"],
}  # fmt: skip
PLAIN = {"strange-pictures", "pareto"}  # whose headline managers read as it is


def text_of(page: str) -> str:
    return html.unescape(re.sub(r"<[^>]+>", " ", page)).replace(words.SPACE, " ")


def told(facts: ReportFacts) -> Any:
    assert facts.anomalies is not None
    return facts.anomalies


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.__name__)
def test_three_depths_with_headline_picture_table_and_limits(sample: Any) -> None:
    facts = sample()
    blocks = [block for part in drawn_parts(facts) for block in part["blocks"]]
    assert [block.name for block in blocks] == BLOCKS[sample]
    for block in blocks:
        assert re.search(r"\d", block.sentence) or block.name == "reproduce", block.name
        assert block.limits
        assert block.tables, block.name
        assert block.plain or block.name in PLAIN, block.name
        assert block.figures or block.template or block.open_tables or block.name == "governance", block.name
    page = render(facts)
    assert page.index('id="answer"') < page.index('id="strangest"') < page.index('id="governance"')
    assert NOT_PROVIDED in page
    assert "automl verify MODEL DATA" in page


def test_numbers_of_the_page_are_those_of_the_facts() -> None:
    facts = pump()
    page = text_of(render(facts))
    for row in told(facts).strangest:
        assert f"{row.score:.2f}" in page
        assert str(row.row) in page
    for step in told(facts).steps:
        assert f"{step.threshold:.2f} {words.whole(step.alarms)}" in re.sub(r"\s+", " ", page)
    for detector in told(facts).detectors:
        assert words.percent(detector.joint).replace(words.SPACE, " ") in page
    for score in facts.evaluation.scores.values():
        assert words.interval(score.low, score.high).replace(words.SPACE, " ") in page.replace("–", "–")
    frame = board_frame(facts)
    assert frame["model"].tolist() == ["ensemble", "autoencoder", "robust_zscore", "chance"]
    assert frame["average_precision"].tolist() == [0.58, 0.55, 0.21, 0.01]


def test_columns_are_called_as_their_owners_call_them() -> None:
    page = text_of(render(pump()))
    assert "Flow of water (m³/h) = 90" in page
    assert "Flow of water (m³/h) · power" in page


def test_more_is_better_where_precision_is_compared() -> None:
    page = text_of(render(pump()))
    assert "0.34 worse than the best single model" in page
    assert "higher is better" in page


def test_without_labels_no_detector_is_called_better() -> None:
    facts = photos()
    page, frame = text_of(render(facts)), board_frame(facts)
    assert "nobody can say which detector is better" in page
    assert "nobody can say which detector is better" in text_of(render_comparison(facts))
    assert "Not known" in page
    assert 'id="scores"' not in render(facts)
    assert frame["average_precision"].isna().all()
    assert "nobody can say" in frame.attrs["advice"]
    assert frame.attrs["agreement"].loc["Masked autoencoder", "Robust z-scores"] == 0.35
    assert not re.search(r"(precision|recall) (is|of) \d", page.lower())


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.__name__)
def test_markdown_card_and_annex_hold_the_same_numbers(sample: Any) -> None:
    facts = sample()
    text, card, annex = render_markdown(facts), model_card(facts), annex_iv(facts)
    assert "**What this cannot tell you:**" in text
    assert "4.20" in text
    assert "rows without labels" in card
    assert "Finds what is unusual" in annex
    assert "Predicts" not in card + annex
    assert NOT_PROVIDED in card
    assert f"Threshold {told(facts).threshold:.2f}" in card
    if told(facts).known is not None:
        assert "| Average precision | 0.58 | 0.5 to 0.7 | 0.01 |" in card


def test_pictures_are_allowed_by_the_policy_where_there_are_any() -> None:
    assert "img-src data:" in render(photos())
    assert "img-src data:" not in render(pump())


def test_a_failed_test_of_reasons_is_told() -> None:
    facts = pump()
    check = facts.cards[0].checks[0].model_copy(update={"passed": False})
    page = text_of(render(facts.model_copy(update={"cards": (facts.cards[0].model_copy(update={"checks": (check,)}),)})))
    assert "failed 1 of 1 test: do not rely on it" in page
    assert "Tests of the reasons: 0 passed, 1 failed." in page


def test_too_few_rows_for_the_rate_make_no_threshold() -> None:
    facts = photos()
    changed = {"threshold": None, "expected_low": None, "expected_high": None, "alarms": 0, "share_of_alarms": 0.0, "by_column": ()}
    page = text_of(render(facts.model_copy(update={"anomalies": told(facts).model_copy(update=changed)})))
    assert "No score raises an alarm" in page
    assert "No threshold: the rows are too few" in page


def test_a_row_is_called_by_its_time_and_number() -> None:
    row = StrangeRowFacts(row=3, score=1.0, alarm=False, when=("2026-01-01", "A"))
    assert named(row) == "2026-01-01, A (row 3)"
    assert reasons(row) == []
