"""Every headline that needs a glossary has a second text that needs none, and that text says no more than its numbers allow."""

from __future__ import annotations

from typing import Any

import plain_words
import pytest
import report_samples

from automl.report.facts import ReportFacts
from automl.report.forecasts import (
    CovariateFacts,
    PatternFacts,
    PatternLevelFacts,
    SeriesScoreFacts,
)
from automl.report.html import drawn_parts
from automl.report.words import SPACE

SAMPLES = (report_samples.binary, report_samples.multiclass, report_samples.regression, report_samples.bare)


def plains(facts: ReportFacts) -> dict[str, str]:
    return {block.name: block.plain.replace(SPACE, " ") for part in drawn_parts(facts) for block in part["blocks"]}


@pytest.mark.parametrize("sample", [*SAMPLES, report_samples.forecast], ids=lambda sample: sample.__name__)
def test_a_headline_with_a_term_has_a_plain_one(sample: Any) -> None:
    assert plain_words.faults(sample()) == []


def test_the_contract_can_be_broken() -> None:
    facts = report_samples.binary()
    assert plain_words.JARGON.search("the log-loss gets worse by 0.1")
    named = facts.model_copy(update={"kinds": facts.importance.model_copy(update={"entries": facts.importance.entries[:1]})})
    assert plain_words.faults(named) == []
    told = facts.importance.entries[0].model_copy(update={"column": "MASE of last year"})
    named = facts.model_copy(update={"importance": facts.importance.model_copy(update={"entries": (told,)})})
    assert len(plain_words.faults(named)) == 1


def test_the_plain_texts_of_a_forecast_hold_its_numbers() -> None:
    told = plains(report_samples.forecast())
    assert told["forecasts"].startswith("Where 3 series go in the next 7 days")
    assert told["horizon"] == (
        "On average forecasts are off by 2 for the next step and by 3 for the last one; of 100 true values 76 lay in the light band, 80"
        " were to."
    )
    assert (
        told["series"]
        == "1 of the 2 series shown is forecast at least as well as repeating the last season did in the past; hardest of all is Brno."
    )
    assert (
        told["covariates"]
        == "Of all other columns promo helps the forecasts most: with its values moved to other times they get worse by 50 %."
    )
    assert told["patterns"] == "Within a week, Friday is the highest and Monday is the lowest, by more than chance."


def test_a_plain_text_claims_no_more_than_was_shown() -> None:
    flat = PatternFacts(part="hour", cycle="day", relative=False, levels=(PatternLevelFacts(name="8", mean=1.0, low=-1.0, high=3.0),))
    idle = CovariateFacts(name="noise", role="past", rise=0.0, share=0.0)
    facts = report_samples.forecast(
        patterns=(flat,), covariates=(idle,), by_series=(SeriesScoreFacts(name="a", mase=2.0), SeriesScoreFacts(name="b", mase=3.0))
    )
    told = plains(facts)
    assert told["patterns"] == "No hour stands out of its day by more than chance."
    assert told["covariates"] == "No other column was shown to help the forecasts."
    assert "None of the 2 series" in told["series"]
    block = next(block for part in drawn_parts(facts) for block in part["blocks"] if block.name == "covariates")
    assert block.sentence.startswith("No column was shown to add anything")
    alone = report_samples.forecast(series=1, by_step=report_samples.forecast().forecast.by_step[:1], levels=())  # type: ignore[union-attr]
    assert plains(alone)["forecasts"].startswith("Where the series goes")
    assert plains(alone)["horizon"] == "On average forecasts are off by 2."
