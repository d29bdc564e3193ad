"""One clock for the whole run, and no other."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from small import HandClock

from automl.budget import BASELINES_UNTIL, SEARCH_UNTIL, Budget, parse_bytes, parse_seconds, process_started
from automl.errors import UsageError


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90", 90), ("90s", 90), ("1.5m", 90), ("5 min", 300), ("1h30m", 5400), ("1H 30M", 5400), ("1d", 86400), (12, 12), (0.5, 0.5)],
)
def test_durations(text, seconds):
    assert parse_seconds(text) == seconds


@pytest.mark.parametrize("text", ["", "soon", "0", 0, -1, "-5m", "5 fortnights", "m5", "5m,", float("nan"), float("inf"), None, True, [5]])
def test_what_is_no_duration_is_refused(text):
    with pytest.raises(UsageError, match="positive duration"):
        parse_seconds(text)


@given(st.integers(0, 99), st.integers(0, 59), st.integers(1, 59))
def test_hours_minutes_and_seconds_add_up(hours, minutes, seconds):
    assert parse_seconds(f"{hours}h{minutes}m{seconds}s") == 3600 * hours + 60 * minutes + seconds


@given(st.text())
def test_any_text_is_a_duration_or_a_sentence(text):
    try:
        seconds = parse_seconds(text)
    except UsageError:
        return
    assert 0 < seconds < float("inf")


@pytest.mark.parametrize(
    ("text", "amount"), [("4GB", 4e9), ("512MiB", 2**29), ("2 g", 2e9), ("100", 100), (4096, 4096), ("1.5kb", 1500), ("1GiB", 2**30)]
)
def test_amounts_of_memory(text, amount):
    assert parse_bytes(text) == amount


@pytest.mark.parametrize("text", ["", "much", "0", "-1GB", "4TB", "GB"])
def test_what_is_no_amount_of_memory_is_refused(text):
    with pytest.raises(UsageError, match="`memory` must be"):
        parse_bytes(text)


@pytest.mark.parametrize("trials", [0, -1, 2.5, "x", "3", True, [1]])
def test_trials_are_a_whole_number_above_0(trials):
    with pytest.raises(UsageError, match="`trials` must be a whole number above 0"):
        Budget(trials=trials)


def test_a_budget_limits_something():
    with pytest.raises(UsageError, match="seconds or the trials"):
        Budget()


def test_the_clock_is_the_one_handed_in():
    clock = HandClock()
    clock.now = 1000.0
    budget = Budget("100s", clock=clock)
    assert (budget.elapsed(), budget.remaining(), budget.remaining(until=0.5)) == (0.0, 100.0, 50.0)
    clock.now += 60
    assert (budget.elapsed(), budget.remaining(), budget.remaining(until=0.5)) == (60.0, 40.0, 0.0)
    assert budget.over(until=0.5)
    assert not budget.over()
    clock.now += 1000
    assert budget.remaining() == 0.0
    assert budget.over()


def test_time_before_the_budget_was_made_counts_where_it_is_told():
    clock = HandClock()
    clock.now = 30.0
    assert Budget(100, clock=clock, started=10.0).remaining() == 80.0
    assert Budget.of(100, started=process_started()).remaining() < 100.0


def test_a_deadline_is_the_earlier_of_share_and_seconds():
    clock = HandClock()
    budget = Budget(100, clock=clock)
    assert budget.deadline(until=0.5, seconds=10).remaining() == 10.0
    assert budget.deadline(until=0.5, seconds=80).remaining() == 50.0
    deadline = budget.deadline(until=0.5)
    clock.now = 49.0
    assert not deadline.over()
    clock.now = 50.0
    assert deadline.over()


def test_a_cancelled_budget_ends_what_runs_and_nothing_else():
    budget = Budget(100, clock=HandClock())
    deadline = budget.deadline()
    budget.cancelled = True
    assert deadline.over()
    budget.cancelled = False
    assert deadline.remaining() == 100.0


def test_without_seconds_nothing_is_ever_over():
    budget = Budget(trials=3)
    assert not budget.timed
    assert budget.remaining() == float("inf")
    assert not budget.deadline(until=0.01).over()
    assert budget.deadline(seconds=5).remaining() <= 5.0


def test_chunks_are_short():
    assert Budget(10).chunk == pytest.approx(0.2)
    assert Budget(3600).chunk == 2.0
    assert Budget(trials=1).chunk == 2.0


def test_memory_is_half_of_the_machines_where_nothing_is_said():
    assert Budget(1, memory="2GB").memory_limit == 2_000_000_000
    assert Budget(1).memory_limit > 10**8


def test_a_budget_is_made_of_what_people_give():
    budget = Budget(5)
    assert Budget.of(budget) is budget
    assert Budget.of(None).limit == 300.0
    assert Budget.of("2m").limit == 120.0


def test_the_process_began_in_the_past():
    assert 0.0 < time.monotonic() - process_started() < 86_400


def test_the_stages_have_an_order():
    assert 0 < BASELINES_UNTIL < SEARCH_UNTIL < 1
