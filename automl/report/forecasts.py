"""What is said of forecasts, as facts: fans of series, scores by step and by series, covariates, patterns of the calendar."""

from __future__ import annotations

from typing import Literal

from automl.report.measured import Fact


class FanFacts(Fact):
    """One series on the window that no choice has seen: the past, what was forecast, and what came true.

    `low` and `high` are the ends of the 80 % interval, `inner_low` and `inner_high` those of the 40 % interval; `score` is its MASE.
    `past` and `truth` are empty where no value of the data is to be told.
    """

    kind: Literal["worst", "typical", "best"]
    name: str
    score: float | None = None
    past_times: tuple[str, ...] = ()
    past: tuple[float | None, ...] = ()
    times: tuple[str, ...] = ()
    truth: tuple[float | None, ...] = ()
    median: tuple[float, ...] = ()
    low: tuple[float, ...] = ()
    high: tuple[float, ...] = ()
    inner_low: tuple[float, ...] = ()
    inner_high: tuple[float, ...] = ()


class StepFacts(Fact):
    """How good forecasts of steps `first` to `last` ahead are: mean absolute error, the naive one's, and coverage of the 80 % interval."""

    first: int
    last: int
    mae: float | None = None
    naive_mae: float | None = None
    coverage: float | None = None
    values: int = 0


class SeriesScoreFacts(Fact):
    """How good the forecast of one series is, by MASE (below 1 beats the seasonal naive on its own past)."""

    name: str
    mase: float | None = None
    smape: float | None = None
    coverage: float | None = None


class LevelFacts(Fact):
    """How often values lay inside of an interval that should hold a share of `nominal`."""

    nominal: float
    measured: float
    values: int


class CovariateFacts(Fact):
    """What a column adds: by how much the weighted quantile loss rises when blocks of time of it are exchanged."""

    name: str
    role: Literal["known", "past", "static"]
    rise: float | None = None
    share: float | None = None


class PatternLevelFacts(Fact):
    """How far values of one hour, weekday or month lie from the mean of their cycle on average, with a 95 % interval over `cycles`.

    A share of that mean where the pattern is relative, else in units of the target; `forecast` is the same of what was forecast.
    """

    name: str
    mean: float
    low: float | None = None
    high: float | None = None
    cycles: int = 0
    forecast: float | None = None


class PatternFacts(Fact):
    """What comes again with the calendar: the levels of `part` within each `cycle`."""

    part: Literal["hour", "weekday", "month"]
    cycle: str
    relative: bool
    levels: tuple[PatternLevelFacts, ...]


class ForecastFacts(Fact):
    """Everything that is said of forecasts alone."""

    horizon: int
    frequency: str
    seasons: tuple[int, ...] = ()
    series: int
    steps: int
    windows: int
    unseen: bool = True
    kept: str = ""
    fans: tuple[FanFacts, ...] = ()
    by_step: tuple[StepFacts, ...] = ()
    by_series: tuple[SeriesScoreFacts, ...] = ()
    levels: tuple[LevelFacts, ...] = ()
    covariates: tuple[CovariateFacts, ...] = ()
    patterns: tuple[PatternFacts, ...] = ()
