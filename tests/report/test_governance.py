"""The mapping to laws is complete and dated; the report fills what it knows, and says what nobody provided."""

from __future__ import annotations

import datetime
import re

import pytest
import report_samples

from automl import UsageError
from automl.recipe import parse_recipe
from automl.report import governance
from automl.report.blocks import governed
from automl.report.cards import annex_iv, model_card
from automl.report.facts import ReportFacts
from automl.report.governance import NOT_PROVIDED, answers, check_owner, mapping, missing
from automl.report.markdown import render_markdown

SAMPLES = (report_samples.binary, report_samples.multiclass, report_samples.regression, report_samples.bare)


def test_every_framework_has_dates_and_sources() -> None:
    known = mapping()
    for text in (known.date, *(date for framework in known.frameworks for date in (framework.adopted, framework.checked))):
        datetime.date.fromisoformat(text)
    assert all(re.match("https://", source) for framework in known.frameworks for source in framework.sources)
    assert not any("SR 11-7" in framework.title for framework in known.frameworks)  # it was replaced in 2026


def test_all_nine_items_of_annex_iv_are_asked_for() -> None:
    known = mapping()
    asked = {int(re.match(r"\d", field.references["ai_act"]).group()) for field in known.fields}  # type: ignore[union-attr]
    assert asked == set(known.items) == set(range(1, 10))
    assert len({field.id for field in known.fields}) == len(known.fields)
    assert {field.answer for field in known.fields} == {"facts", "owner", "both"}


def test_what_the_report_answers_has_a_writer_and_no_other_has() -> None:
    assert set(governance._FACTS) == {field.id for field in mapping().fields if field.answer != "owner"}


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.__name__)
def test_every_report_can_be_written_as_documents(sample: object) -> None:
    facts: ReportFacts = sample()  # type: ignore[operator]
    for field, text, given in answers(facts):
        assert text
        assert given == (field.answer == "facts")
    card, annex, text = model_card(facts), annex_iv(facts), render_markdown(facts)
    assert card.count("\n## ") == 9
    assert annex.count("\n## ") == 9
    assert "None" not in card + annex + text
    assert f"{missing(facts)} questions of {len(mapping().fields)} wait for the owner" in annex
    for score in facts.evaluation.scores.values():
        assert score.title.split(" (")[0] in card


def test_owners_answers_stand_where_they_belong() -> None:
    facts = report_samples.binary().model_copy(update={"owner": {"not_for": "No credit decisions.", "purpose": "Retention calls."}})
    found = {field.id: (text, given) for field, text, given in answers(facts)}
    assert found["not_for"] == ("No credit decisions.", True)
    assert found["purpose"][0].endswith("Owner: Retention calls.")
    assert found["approval"] == (NOT_PROVIDED, False)
    assert missing(facts) == missing(report_samples.binary()) - 2
    block = governed.fields(facts)
    assert block is not None
    assert "No credit decisions." in str(block.tables[0].rows)
    assert NOT_PROVIDED in str(block.tables[0].rows)


def test_a_recipe_takes_answers_and_refuses_what_nobody_asked() -> None:
    recipe = parse_recipe("data: a.csv\ntarget: y\ngovernance:\n  owner: Sales, jane@example.org")
    assert recipe.governance == {"owner": "Sales, jane@example.org"}
    with pytest.raises(UsageError, match=r"Received 'ownr'\. Did you mean 'owner'\?"):
        parse_recipe("data: a.csv\ntarget: y\ngovernance:\n  ownr: Sales")
    with pytest.raises(UsageError, match="must leave what is measured to the report"):
        check_owner(["validation"])


def test_names_from_the_data_stay_text_in_markdown() -> None:
    facts = report_samples.binary().model_copy(update={"title": "# <script>x</script> | *a*\n## b"})
    text = render_markdown(facts)
    assert text.splitlines()[0] == r"# \# \<script\>x\</script\> \| \*a\* \#\# b"
    for line in text.splitlines():
        if line.startswith("| "):
            cells = len(re.findall(r"(?<!\\)\|", line))
            assert cells >= 3


def test_markdown_holds_every_headline_of_the_page() -> None:
    from automl.report.html import drawn_parts
    from automl.report.markdown import plain

    facts = report_samples.binary()
    text = render_markdown(facts)
    for part in drawn_parts(facts):
        for block in part["blocks"]:
            assert plain(block.sentence) in text
            assert plain(block.limits) in text
