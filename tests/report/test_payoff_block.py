"""What decisions are worth, on the page: net benefit from counts, money with its interval."""

from __future__ import annotations

import report_samples

from automl.report.blocks import decided
from automl.report.facts import PayoffFacts
from automl.report.html import render


def test_net_benefit_is_told_from_counts() -> None:
    facts = report_samples.binary()
    block = decided.payoff(facts)
    assert block is not None
    row = facts.threshold.table[40]  # type: ignore[union-attr]
    cases = row.true_positive + row.false_positive + row.false_negative + row.true_negative
    expected = 100 * (row.true_positive - row.false_positive * row.threshold / (1 - row.threshold)) / cases
    assert abs((decided.net_benefit(row) or 0) - expected) < 1e-9
    assert "worth more than flagging everybody or nobody for thresholds from" in block.sentence
    assert 'id="benefit"' in render(facts)


def test_flagging_everybody_is_worth_the_prevalence_at_zero_and_nothing_at_the_prevalence() -> None:
    row = report_samples.binary().threshold.table[0]  # type: ignore[union-attr]
    share = (row.true_positive + row.false_negative) / (row.true_positive + row.false_positive + row.false_negative + row.true_negative)
    at_zero = decided.net_benefit(decided._everybody(row.model_copy(update={"threshold": 0.0})))
    at_share = decided.net_benefit(decided._everybody(row.model_copy(update={"threshold": share})))
    assert abs((at_zero or 0) - 100 * share) < 1e-9
    assert abs(at_share or 0) < 1e-9


def test_money_leads_where_costs_are_known() -> None:
    known = PayoffFacts(
        cost=20.0,
        cost_low=18.0,
        cost_high=22.0,
        without="everybody",
        saved=4.0,
        saved_low=-1.0,
        saved_high=9.0,
        optimum=0.17,
        optimum_low=0.12,
        optimum_high=0.21,
    )
    block = decided.payoff(report_samples.binary().model_copy(update={"payoff": known}))
    assert block is not None
    assert "saves €4,000 on 1,000 customers against flagging everybody" in block.sentence
    assert "−€1,000 to €9,000" in block.sentence
    assert [row[1] for row in block.tables[-1].rows][:2] == ["€20,000", "€4,000"]


def test_without_a_threshold_there_is_no_block() -> None:
    assert decided.payoff(report_samples.regression()) is None
