"""The page says what the facts say, escapes all of it, stays small and leaves out what is not known."""

from __future__ import annotations

import base64
import hashlib
import html
import json
import re
from html.parser import HTMLParser

import pytest
import report_samples
from anomaly_samples import photos, pump

from automl.report import words
from automl.report.facts import (
    ClassScoreFacts,
    ColumnFacts,
    ConfusionFacts,
    Contribution,
    DecisionFacts,
    ExampleFacts,
    FindingFacts,
    ImportanceEntry,
    ReportFacts,
)
from automl.report.html import render

SAMPLES = (report_samples.binary, report_samples.multiclass, report_samples.regression, report_samples.bare, pump, photos)
HOSTILE = "<script>alert(1)</script>\"' onload='x' \u202e\u2067{{ 7*7 }} {% raw %} 🙂 &amp; ]]> --> </title>"


class _Page(HTMLParser):
    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.ids: list[str] = []
        self.headings: list[int] = []
        self.open: list[str] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if (name := dict(attrs).get("id")) is not None:
            self.ids.append(name)
        if re.fullmatch("h[1-6]", tag):
            self.headings.append(int(tag[1]))
        if tag not in ("meta", "link", "input", "br", "img"):
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if not {"script", "style"} & set(self.open):
            self.text += data


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.__name__)
def test_the_page_is_well_formed_and_self_contained(sample) -> None:
    text = render(sample())
    page = _Page(text)
    assert page.open == []
    assert len(page.ids) == len(set(page.ids))
    assert page.headings[0] == 1
    assert page.headings.count(1) == 1
    assert all(after - before <= 1 for before, after in zip(page.headings, page.headings[1:], strict=False))
    for tag, attributes in page.tags:
        assert tag not in ("link", "iframe", "object", "embed", "base")
        assert "style" not in attributes  # the content security policy forbids it
        assert not any(name.startswith("on") for name in attributes)
        assert (attributes.get("href") or "#").startswith("#")
        assert tag == "img" or "src" not in attributes
        assert str(attributes.get("src", "data:image/")).startswith("data:image/")
    assert len(text.encode()) < 200_000


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.__name__)
def test_every_link_and_name_leads_somewhere(sample) -> None:
    page = _Page(render(sample()))
    for _, attributes in page.tags:
        for key in ("href", "aria-labelledby", "for"):
            for target in (attributes.get(key) or "").split():
                assert target.removeprefix("#") in page.ids


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.__name__)
def test_every_block_says_what_it_cannot_tell(sample) -> None:
    text = render(sample())
    assert text.count('class="limits"') == text.count('class="block"') - text.count('id="glossary"')


def test_the_policy_allows_exactly_what_is_inside() -> None:
    text = render(report_samples.binary())
    policy = html.unescape(re.search(r'Security-Policy" content="([^"]+)"', text).group(1))  # type: ignore[union-attr]
    assert policy.startswith("default-src 'none'")
    assert "unsafe" not in policy
    style = re.search(r"<style>(.*?)</style>", text, re.S).group(1)  # type: ignore[union-attr]
    script = re.search(r"<script>(.*?)</script>", text, re.S).group(1)  # type: ignore[union-attr]
    for content in (style, script):
        assert base64.b64encode(hashlib.sha256(content.encode()).digest()).decode() in policy
    assert "script-src 'none'" in render(report_samples.regression()).replace("&#39;", "'")


def test_numbers_in_the_page_are_those_of_the_facts() -> None:
    facts = report_samples.binary()
    said = _Page(render(facts)).text
    for name, score in facts.evaluation.scores.items():
        share = name in ("accuracy", "balanced_accuracy", "precision", "recall", "f1", "macro_f1", "calibration_error")
        assert (words.percent if share else words.number)(score.value) in said
        assert words.interval(score.low, score.high, share) in said
    assert facts.evaluation.confusion is not None
    for row in facts.evaluation.confusion.counts:
        for count in row:
            assert words.whole(count) in said
    assert facts.leaderboard is not None
    for model in facts.leaderboard.rows:
        assert model.title in said
        assert words.number(model.score) in said
    assert facts.importance is not None
    for entry in facts.importance.entries:
        assert words.number(entry.value) in said
    for decision in facts.decisions:
        assert decision.because in said
    assert facts.answer.headline in said
    assert all(warning in said for warning in facts.answer.warnings)


def test_the_slider_gets_every_row_of_the_table() -> None:
    facts = report_samples.binary()
    assert facts.threshold is not None
    text = re.search(r'id="thresholds">(.*?)</script>', render(facts), re.S).group(1)  # type: ignore[union-attr]
    payload = json.loads(text)
    assert [row[1] for row in payload["rows"]] == [row.true_positive for row in facts.threshold.table]
    assert [row[5] for row in payload["rows"]] == [row.cost for row in facts.threshold.table]


def _hostile(facts: ReportFacts) -> ReportFacts:
    """Write HTML, quotes, marks that turn the text round, emoji and template code into every text."""
    threshold, board, importance = facts.threshold, facts.leaderboard, facts.importance
    assert threshold is not None
    assert threshold.costs is not None
    assert board is not None
    assert importance is not None
    columns = tuple(column.model_copy(update={"name": HOSTILE, "evidence": HOSTILE}) for column in facts.data.column_list)
    return facts.model_copy(
        update={
            "title": HOSTILE,
            "model_name": HOSTILE,
            "answer": facts.answer.model_copy(
                update={"rule": HOSTILE, "headline": HOSTILE, "sentences": (HOSTILE,), "warnings": (HOSTILE,)}
            ),
            "task": facts.task.model_copy(
                update={
                    "target": HOSTILE,
                    "positive": HOSTILE,
                    "classes": ("No", HOSTILE),
                    "case": HOSTILE,
                    "cases": HOSTILE,
                    "target_label": HOSTILE,
                }
            ),
            "data": facts.data.model_copy(update={"name": HOSTILE, "source": HOSTILE, "column_list": columns}),
            "findings": (
                FindingFacts(check=HOSTILE, columns=(HOSTILE,), severity="high", action=HOSTILE, because=HOSTILE, override=HOSTILE),
            ),
            "threshold": threshold.model_copy(
                update={"because": HOSTILE, "costs": threshold.costs.model_copy(update={"currency": HOSTILE})}
            ),
            "leaderboard": board.model_copy(
                update={"rows": tuple(row.model_copy(update={"title": HOSTILE, "config": {HOSTILE: HOSTILE}}) for row in board.rows)}
            ),
            "importance": importance.model_copy(
                update={"method": HOSTILE, "entries": (ImportanceEntry(column=HOSTILE, value=1.0, note=HOSTILE),)}
            ),
            "examples": (
                ExampleFacts(
                    title=HOSTILE,
                    prediction=HOSTILE,
                    actual=HOSTILE,
                    contributions=(Contribution(column=HOSTILE, value=HOSTILE, contribution=1.0),),
                ),
            ),
            "decisions": (DecisionFacts(stage=HOSTILE, what=HOSTILE, chosen=HOSTILE, because=HOSTILE, override=HOSTILE),),
        }
    )


def test_hostile_names_stay_text() -> None:
    text = render(_hostile(report_samples.binary()))
    page = _Page(text)
    assert page.open == []
    assert [tag for tag, _ in page.tags].count("script") == 2
    assert "<script>alert" not in text
    assert not any(name.startswith("on") for _, attributes in page.tags for name in attributes)
    assert "\u202e" not in text  # it would turn round the sentence that it stands in
    assert "alert(1)" in page.text
    assert "{{ 7*7 }}" in page.text
    assert json.loads(re.search(r'id="thresholds">(.*?)</script>', text, re.S).group(1))["cases"] == HOSTILE.translate(
        {0x202E: None, 0x2067: None}
    )  # type: ignore[union-attr]


def test_ten_thousand_categories_and_columns_stay_small() -> None:
    facts = report_samples.multiclass()
    labels = [f"category number {i} with a rather long name" for i in range(10_000)]
    confusion = ConfusionFacts(labels=tuple(labels[:300]), counts=tuple(tuple(int(i == j) for j in range(300)) for i in range(300)))
    many = facts.model_copy(
        update={
            "task": facts.task.model_copy(update={"classes": tuple(labels)}),
            "data": facts.data.model_copy(
                update={"column_list": tuple(ColumnFacts(name=label, type="number", role="feature", evidence="x" * 90) for label in labels)}
            ),
            "findings": (
                FindingFacts(check="constant", columns=tuple(labels), severity="warning", action="a", because="b"),
                *(FindingFacts(check="identifier", columns=(label,), severity="info", action="a", because="b") for label in labels),
            ),
            "evaluation": facts.evaluation.model_copy(
                update={"confusion": confusion, "per_class": tuple(ClassScoreFacts(label=label, rows=1, precision=0.5) for label in labels)}
            ),
            "decisions": tuple(DecisionFacts(stage="check", what=label, chosen="x", because="y" * 400) for label in labels),
        }
    )
    assert len(render(many).encode()) < 1_000_000


def test_what_is_not_known_is_absent_not_empty() -> None:
    page = _Page(render(report_samples.bare()))
    sections = {attributes["id"] for tag, attributes in page.tags if tag == "section"}
    assert sections == {"answer", "task", "scores", "reproduce", "governance", "glossary"}
    assert "script" not in [tag for tag, _ in page.tags]
    assert "None" not in page.text
    assert "nan" not in page.text.split()


@pytest.mark.parametrize(
    ("name", "section"),
    [
        ("threshold", "threshold"),
        ("importance", "importance"),
        ("leaderboard", "leaderboard"),
        ("search", "search"),
        ("examples", "examples"),
        ("findings", "findings"),
        ("decisions", "decisions"),
    ],
)
def test_each_section_can_be_left_out_alone(name: str, section: str) -> None:
    facts = report_samples.binary()
    assert f'id="{section}"' in render(facts)
    empty = () if isinstance(getattr(facts, name), tuple) else None
    assert f'id="{section}"' not in render(facts.model_copy(update={name: empty}))


def test_without_costs_no_money_is_mentioned() -> None:
    facts = report_samples.binary()
    assert facts.threshold is not None
    rows = tuple(row.model_copy(update={"cost": None}) for row in facts.threshold.table)
    plain = facts.threshold.model_copy(update={"costs": None, "table": rows, "because": "Even odds.", "rule": "even odds"})
    answer = facts.answer.model_copy(update={"sentences": ()})
    page = _Page(render(facts.model_copy(update={"threshold": plain, "answer": answer})))
    assert "€" not in page.text
    assert "Cheapest" not in page.text


def test_a_class_that_is_never_flagged_is_said() -> None:
    facts = report_samples.binary()
    confusion = ConfusionFacts(labels=("No", "Yes"), counts=((4000, 0), (2000, 0)))
    evaluation = facts.evaluation.model_copy(update={"confusion": confusion})
    page = _Page(render(facts.model_copy(update={"evaluation": evaluation})))
    assert "flags no customer at all" in page.text


def test_a_score_that_cannot_be_computed_says_why() -> None:
    facts = report_samples.binary()
    broken = facts.evaluation.scores["roc_auc"].model_copy(
        update={"value": None, "low": None, "high": None, "undefined": "One class only."}
    )
    evaluation = facts.evaluation.model_copy(update={"scores": {**facts.evaluation.scores, "roc_auc": broken}})
    assert "Not computed: One class only." in _Page(render(facts.model_copy(update={"evaluation": evaluation}))).text


def test_rendering_twice_gives_the_same_page() -> None:
    assert render(report_samples.regression()) == render(report_samples.regression())
