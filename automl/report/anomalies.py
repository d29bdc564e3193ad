"""What is said of anomalies, as facts: the strangest rows and why, alarms and their rate, the time line, detectors side by side."""

from __future__ import annotations

from typing import Literal

from automl.report.measured import Fact


class ReasonFacts(Fact):
    """A column that made a row strange, and its cell as it is to be shown; None where cells of single rows are not told."""

    column: str
    value: str | None = None


class StrangeRowFacts(Fact):
    """One of the strangest rows: its number from 0, when and of what series it was, its score, and the detectors to which it is rare.

    `agree` holds the names of the detectors to which it is rarer than one row in a hundred; `known` says whether it is marked as an
    anomaly, None without labels and where cells of single rows are not told.
    """

    row: int
    when: tuple[str, ...] = ()
    score: float
    alarm: bool
    known: bool | None = None
    reasons: tuple[ReasonFacts, ...] = ()
    agree: tuple[str, ...] = ()


class StrangePictureFacts(Fact):
    """One of the strangest pictures and where it is strange, by a model that has not seen it, as inline PNG; `name` is its file."""

    row: int
    name: str | None = None
    score: float
    picture: str
    heat: str | None = None


class DrawingOfStretchFacts(Fact):
    """The most unusual number of a stretch with what stood around it; `inside` holds the first and the last place of the stretch."""

    column: str
    times: tuple[str, ...]
    values: tuple[float | None, ...]
    inside: tuple[int, int]


class StretchFacts(Fact):
    """Alarms that follow each other: from when to when, how many steps, the highest score, what was unusual."""

    first: str
    last: str
    steps: int
    score: float
    columns: tuple[str, ...] = ()
    drawing: DrawingOfStretchFacts | None = None


class TimeLineFacts(Fact):
    """The largest score of each part of the time, and the strangest of `count` stretches of alarms."""

    times: tuple[str, ...]
    scores: tuple[float, ...]
    count: int
    stretches: tuple[StretchFacts, ...] = ()


class ColumnShareFacts(Fact):
    """How many alarms have this column as their first reason."""

    column: str
    alarms: int
    share: float


class StepOfAlarmsFacts(Fact):
    """How many rows score above a threshold, and how many of them are known anomalies; None without labels."""

    threshold: float
    alarms: int
    found: int | None = None


class KnownFacts(Fact):
    """What became of the rows that are marked as anomalies in `column`; intervals stand among the scores of the evaluation."""

    column: str | None = None
    anomalies: int
    found: int
    precision: float
    recall: float
    false_alarms: float
    average_precision: float


class DetectorFacts(Fact):
    """One detector beside the others.

    `agreement`: of its strangest rows, as many as alarms were asked for, the share that is among the strangest of each other detector.
    `joint` is the same with the score of all together. `above`: share of the rows that it alone would put above the threshold. `votes`
    says whether it takes part in the score; the others are there to be compared with.
    """

    name: str
    title: str
    kind: Literal["network", "tree", "linear", "naive", "ensemble", "other"] = "other"
    votes: bool = True
    agreement: dict[str, float] = {}
    mean_agreement: float | None = None
    joint: float | None = None
    above: float | None = None
    seconds: float | None = None
    size_bytes: int | None = None
    predict_seconds_one: float | None = None
    predict_seconds_per_1000: float | None = None
    average_precision: float | None = None
    average_precision_low: float | None = None
    average_precision_high: float | None = None


class MapFacts(Fact):
    """Where the variational autoencoder puts some rows, in two directions, and which of them raise an alarm."""

    places: tuple[tuple[float, float], ...]
    alarm: tuple[bool, ...]


class ImputationFacts(Fact):
    """Cells that were hidden on purpose and filled in again: the error of numbers and the share of right levels, by what filled them in."""

    cells: int
    rmse: dict[str, float | None] = {}
    right: dict[str, float | None] = {}


class AnomalyFacts(Fact):
    """Everything that is said of anomalies alone.

    `threshold` is None where so few rows cannot tell what is as rare as was asked for. `expected_low` and `expected_high` are the share
    of new rows that should raise an alarm (95 %, rows independent); of rows of the kind that `rate_of` says.
    """

    alarms: int
    share_of_alarms: float
    threshold: float | None = None
    alarms_asked: float | None = None
    false_alarms_asked: float | None = None
    rate_of: Literal["all rows", "normal rows"] = "all rows"
    expected_low: float | None = None
    expected_high: float | None = None
    columns: tuple[str, ...] = ()
    time: str | None = None
    named_by: tuple[str, ...] = ()
    known: KnownFacts | None = None
    steps: tuple[StepOfAlarmsFacts, ...] = ()
    strangest: tuple[StrangeRowFacts, ...] = ()
    by_column: tuple[ColumnShareFacts, ...] = ()
    pictures: tuple[StrangePictureFacts, ...] = ()
    time_line: TimeLineFacts | None = None
    detectors: tuple[DetectorFacts, ...] = ()
    left_out: dict[str, str] = {}
    map: MapFacts | None = None
    imputation: ImputationFacts | None = None


def named(row: StrangeRowFacts) -> str:
    """Return what people call one of the strangest rows: when it was and of what series, and its number.

    Example:
        >>> told = {"row": 7, "score": 2.0, "alarm": True}
        >>> named(StrangeRowFacts(**told, when=("2026-01-01", "A"))), named(StrangeRowFacts(**told))
        ('2026-01-01, A (row 7)', 'row 7')
    """
    when = ", ".join(row.when)
    return f"{when} (row {row.row})" if when else f"row {row.row}"


def reasons(row: StrangeRowFacts) -> list[str]:
    """Return why a row is strange, each column with its cell where that is told.

    Example:
        >>> reasons(StrangeRowFacts(row=7, score=2.0, alarm=True, reasons=(ReasonFacts(column="a", value="3"), ReasonFacts(column="b"))))
        ['a = 3', 'b']
    """
    return [one.column if one.value is None else f"{one.column} = {one.value}" for one in row.reasons]
