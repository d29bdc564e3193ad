"""Every headline that needs a glossary has a second text that needs none, and that text says no more than its numbers allow."""

from __future__ import annotations

from typing import Any

import plain_words
import pytest
import report_samples

from automl.report.facts import ReportFacts
from automl.report.forecasts import (
    CovariateFacts,
    FanFacts,
    ForecastFacts,
    LevelFacts,
    PatternFacts,
    PatternLevelFacts,
    SeriesScoreFacts,
    StepFacts,
)
from automl.report.html import drawn_parts
from automl.report.words import SPACE

SAMPLES = (report_samples.binary, report_samples.multiclass, report_samples.regression, report_samples.bare)


def forecast(**changes: Any) -> ReportFacts:
    """Three shops, seven days ahead."""
    weekday = (
        PatternLevelFacts(name="Monday", mean=-0.1, low=-0.2, high=-0.05),
        PatternLevelFacts(name="Friday", mean=0.3, low=0.2, high=0.4),
    )
    told: dict[str, Any] = {
        "horizon": 7,
        "frequency": "D",
        "series": 3,
        "steps": 90,
        "windows": 3,
        "fans": (
            FanFacts(
                kind="typical", name="Brno", times=("a", "b"), median=(1, 2), low=(0, 1), high=(2, 3), inner_low=(1, 1), inner_high=(1, 2)
            ),
        ),
        "by_step": (
            StepFacts(first=1, last=1, mae=2.0, coverage=0.8, values=3),
            StepFacts(first=7, last=7, mae=3.0, coverage=0.7, values=3),
        ),
        "by_series": (SeriesScoreFacts(name="Brno", mase=1.4, smape=9.0), SeriesScoreFacts(name="Praha", mase=0.5, smape=4.0)),
        "levels": (LevelFacts(nominal=0.8, measured=0.76, values=21),),
        "covariates": (CovariateFacts(name="promo", role="known", rise=0.1, share=0.5),),
        "patterns": (PatternFacts(part="weekday", cycle="week", relative=True, levels=weekday),),
    }
    bare = report_samples.bare()
    task = bare.task.model_copy(update={"problem": "forecasting", "target": "sales", "metric": "wql"})
    return bare.model_copy(update={"task": task, "forecast": ForecastFacts(**{**told, **changes})})


def plains(facts: ReportFacts) -> dict[str, str]:
    return {block.name: block.plain.replace(SPACE, " ") for part in drawn_parts(facts) for block in part["blocks"]}


@pytest.mark.parametrize("sample", [*SAMPLES, forecast], ids=lambda sample: sample.__name__)
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
    told = plains(forecast())
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
    facts = forecast(
        patterns=(flat,), covariates=(idle,), by_series=(SeriesScoreFacts(name="a", mase=2.0), SeriesScoreFacts(name="b", mase=3.0))
    )
    told = plains(facts)
    assert told["patterns"] == "No hour stands out of its day by more than chance."
    assert told["covariates"] == "No other column was shown to help the forecasts."
    assert "None of the 2 series" in told["series"]
    block = next(block for part in drawn_parts(facts) for block in part["blocks"] if block.name == "covariates")
    assert block.sentence.startswith("No column was shown to add anything")
    alone = forecast(series=1, by_step=forecast().forecast.by_step[:1], levels=())  # type: ignore[union-attr]
    assert plains(alone)["forecasts"].startswith("Where the series goes")
    assert plains(alone)["horizon"] == "On average forecasts are off by 2."
