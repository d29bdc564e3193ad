"""Progress: what is shown, how often, and that a display is put away."""

from __future__ import annotations

import io

import pytest

from automl.progress import LiveProgress, PlainProgress, Progress, SilentProgress, clock, duration, open_progress, score


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_change_of_stage_is_always_told() -> None:
    stream = io.StringIO()
    show = PlainProgress(stream)
    for stage in ("read", "detect", "search"):
        show(Progress(stage, elapsed=0.1, budget=60.0))
    assert [line.split("] ")[1] for line in stream.getvalue().splitlines()] == ["read", "detect", "search"]


def test_within_a_stage_at_most_one_line_a_second() -> None:
    stream = io.StringIO()
    show = PlainProgress(stream)
    for tick in range(100):
        show(Progress("search", elapsed=tick / 10, budget=30.0))
    assert len(stream.getvalue().splitlines()) == 10


def test_a_long_run_is_told_in_about_sixty_lines() -> None:
    stream = io.StringIO()
    show = PlainProgress(stream)
    for second in range(3600):
        show(Progress("search", elapsed=float(second), budget=3600.0))
    assert len(stream.getvalue().splitlines()) == 60


def test_a_line_tells_stage_best_score_and_time_of_budget() -> None:
    stream = io.StringIO()
    PlainProgress(stream)(Progress("search", 0.41239, "log_loss", 1234, 75.0, 300.0, "mlp"))
    assert stream.getvalue() == "[1:15 of 5:00] search: best log loss 0.4124 after 1,234 trials; mlp\n"


@pytest.mark.parametrize("budget", [None, float("inf")])
def test_without_a_limit_only_the_used_time_is_told(budget: float | None) -> None:
    assert clock(Progress("search", elapsed=61.0, budget=budget)) == "1:01"


def test_before_the_first_model_there_is_no_score() -> None:
    assert score(Progress("read")) == ""
    assert score(Progress("search", trials=1)) == "1 trial"


@pytest.mark.parametrize(("seconds", "text"), [(0.2, "0 s"), (59.9, "59 s"), (60, "1:00"), (3600, "1:00:00"), (90061, "25:01:01")])
def test_durations_read_as_people_say_them(seconds: float, text: str) -> None:
    assert duration(seconds) == text


def test_the_display_follows_the_stream() -> None:
    assert isinstance(open_progress(io.StringIO()), PlainProgress)
    assert isinstance(open_progress(Terminal()), LiveProgress)
    assert isinstance(open_progress(Terminal(), quiet=True), SilentProgress)


def test_the_live_line_shows_the_budgets_clock_and_is_put_away() -> None:
    stream = Terminal()
    with LiveProgress(stream, elapsed=lambda: 77.0) as show:
        show(Progress("search", 0.5, "rmse", 3, elapsed=1.0, budget=120.0, message="[linear] a message with brackets"))
        show._live.refresh()
    shown = stream.getvalue()
    assert "search" in shown
    assert "1:17 of 2:00" in shown
    assert "best rmse 0.5 after 3 trials; [linear] a message" in shown
    assert not show._live.is_started


def test_the_live_line_is_put_away_after_an_error() -> None:
    show = LiveProgress(Terminal())
    with pytest.raises(KeyboardInterrupt), show:
        raise KeyboardInterrupt
    assert not show._live.is_started


def test_a_record_becomes_json_ready() -> None:
    assert Progress("read", elapsed=1.5).to_dict() == {
        "stage": "read", "best": None, "metric": "", "trials": 0, "elapsed": 1.5, "budget": None, "message": "",
    }  # fmt: skip
