"""What columns are called among people stands wherever a column is named, also inside of sentences."""

from __future__ import annotations

import report_samples

from automl.report import words
from automl.report.examined import CohortFacts, LeafFacts, WhereFacts
from automl.report.facts import ColumnFacts, ReportFacts
from automl.report.html import render
from automl.report.naming import with_names

NAMES = {"pay": "way of paying", "pay day": "day of the month"}
RULES = ("pay is by card", "pay day above 12", "other at most 3")


def _told() -> ReportFacts:
    facts = report_samples.binary()
    leaf = LeafFacts(rules=RULES, rows=90, value=0.6, low=0.5, high=0.7, found=0.65)
    known = WhereFacts(measure="share wrong", whole=0.2, cohorts=CohortFacts(leaves=(leaf,), whole=0.2, rows=450, worse=True))
    answer = facts.answer.model_copy(update={"warnings": (f"It does worst where {words.cohort(RULES)}: 60 % are wrong, 20 % of all.",)})
    columns = tuple(ColumnFacts(name=name, type="category", role="feature") for name in ("pay", "pay day", "other"))
    data = facts.data.model_copy(update={"column_list": columns})
    return facts.model_copy(update={"where": known, "answer": answer, "data": data, "names": NAMES, "units": {}})


def test_rules_of_a_cohort_and_the_warning_of_it_name_columns_as_people_do() -> None:
    told = with_names(_told())
    assert told.where is not None
    assert told.where.cohorts is not None
    assert told.where.cohorts.leaves[0].rules == ("way of paying is by card", "day of the month above 12", "other at most 3")
    assert told.answer.warnings[0].startswith("It does worst where way of paying is by card and day of the month above 12")
    page = render(_told())
    assert "pay is by card" not in page
    assert page.count("way of paying is by card") >= 2


def test_the_beginning_of_a_name_is_not_taken_for_another_column() -> None:
    told = with_names(_told().model_copy(update={"names": {"pay": "way of paying"}}))
    assert told.where is not None
    assert told.where.cohorts is not None
    assert told.where.cohorts.leaves[0].rules == ("way of paying is by card", "pay day above 12", "other at most 3")


def test_without_a_glossary_nothing_is_changed() -> None:
    facts = _told().model_copy(update={"names": {}})
    assert with_names(facts) is facts
