"""Where the model can be taken at its word and where it fails: reliability, who decides what, segments, cohorts, groups of people."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from automl.evaluation.cohort import Cohorts, worst_cohort
from automl.evaluation.corp import Reliability, reliability_of
from automl.evaluation.groups import Treatment, treatments
from automl.evaluation.payoff import Payoff, payoff
from automl.evaluation.segmented import SegmentCounts, counts_of, with_honesty
from automl.evaluation.segments import Segment, segments
from automl.evaluation.selective import Selective, risk_coverage
from automl.metrics import row_losses

if TYPE_CHECKING:
    from automl.run import Run

Array = NDArray[Any]
ROWS = 50_000
CLASSES = 8
COLUMNS = 10
HARDEST = 5
UNTIL = 0.985


@dataclass(frozen=True)
class Hard:
    """One of the rows that the model is most wrong about: its place in the data, what was said, what is true, and its loss."""

    row: int
    prediction: Array
    actual: Any
    loss: float


@dataclass(frozen=True)
class Examined:
    """What was found.

    Attributes:
        reliability: One entry for the positive class, or for each of the commonest classes.
        selective: Who decides what; None for numbers.
        payoff: What decisions cost and save; None without costs.
        whole: Mean loss of all judged rows.
        measure: What `segments` and `cohorts` measure: "share wrong" or "size of error".
        segments: Kinds of cases, the worst first.
        cohorts: The leaves of the error tree.
        hardest: The rows that the model is most wrong about.
        treatments: How groups of people are treated.
        counts: What every threshold would do by segment (two classes).
        skipped: What time did not allow, in sentences.
    """

    reliability: tuple[Reliability, ...] = ()
    selective: Selective | None = None
    payoff: Payoff | None = None
    whole: float = float("nan")
    measure: str = "share wrong"
    segments: tuple[Segment, ...] = ()
    cohorts: Cohorts | None = None
    hardest: tuple[Hard, ...] = ()
    treatments: tuple[Treatment, ...] = ()
    counts: tuple[SegmentCounts, ...] = ()
    skipped: tuple[str, ...] = ()


def examine_run(run: Run) -> Examined:
    """Look where the judged predictions can be taken at their word and where they fail.

    Args:
        run: A run that is judged; what it knows of the importance of columns decides which of them make segments.
    """
    judged = run.judgement
    rows = run.parts.holdout if len(run.parts.holdout) else run.parts.train[run.judged_rows]
    classes = run.task.is_classification
    y = np.asarray(judged.y)
    known = np.flatnonzero(y >= 0 if classes else np.isfinite(y))
    if len(known) > ROWS:
        known = np.sort(np.random.default_rng(run.settings.seed).choice(known, ROWS, replace=False))
    if len(known) < 2:
        return Examined()
    return _Examining(run, rows[known], y[known], known).examined()


class _Examining:
    """The arrays of one examination."""

    def __init__(self, run: Run, rows: Array, y: Array, known: Array) -> None:
        self.run, self.rows, self.y, self.known = run, rows, y, known
        judged = run.judgement
        self.prediction = judged.prediction[known]
        self.classes = run.task.is_classification
        self.seed = run.settings.seed
        # A text or a picture is no segment: each is its own, and its cells belong to single rows.
        self.features = [column.name for column in run.schema.features if column.type not in ("text", "image", "series")]
        self.frame = _finite(run.dataset.frame.iloc[rows].reset_index(drop=True))
        self.decided = y if judged.decided is None else judged.decided[known]
        self.loss = (self.decided != y).astype(np.float64) if self.classes else np.abs(self.prediction[:, 0] - y)
        self.skipped: list[str] = []

    def examined(self) -> Examined:
        inside = None
        if self.run.judgement.ends is not None:
            low, high = (np.asarray(end)[self.known] for end in self.run.judgement.ends)
            inside = (self.y >= low) & (self.y <= high)
        sensitive = [name for name in self.run.settings.sensitive if name in self.frame.columns]
        told: dict[str, Any] = {
            "reliability": self._reliability() if self.classes else (),
            "selective": self._selective() if self.classes else None,
            "measure": "share wrong" if self.classes else "size of error",
            "hardest": self._hardest(),
            "payoff": self._payoff(),
            "whole": float(self.loss.mean()),
        }
        if self._time("to look for segments and the worst cohort"):
            columns = [*self._columns(), *sensitive]
            told["segments"] = segments(self.frame, self.loss, share=self.classes, inside=inside, columns=columns) if columns else ()
            told.update(self._by_segment(told["segments"]))
            if self.features:
                told["cohorts"] = worst_cohort(self.frame[[*self.features]], self.loss, share=self.classes, seed=self.seed)
        if sensitive:  # asked for by name: done whatever the clock says, it takes less than a second
            told["treatments"] = self._treatments(sensitive)
        return Examined(**told, skipped=tuple(self.skipped))

    def _by_segment(self, found: tuple[Segment, ...]) -> dict[str, Any]:
        """Tell by segment whether percentages hold, and of two classes what every threshold would do."""
        threshold = self.run.judgement.threshold
        if not self.classes or not found:
            return {}
        said = with_honesty(self.run.task.problem, found, self.frame, self.y, self.prediction, self.decided)
        told: dict[str, Any] = {"segments": said}
        if threshold is not None and self.prediction.shape[1] == 2:
            limits = [row.threshold for row in threshold.table]
            told["counts"] = counts_of(found, self.frame, self.y, self.prediction[:, 1], limits)
        return told

    def _time(self, what: str) -> bool:
        late = self.run.budget.over(UNTIL)
        if late:
            self.skipped.append(f"There was no time {what}.")
        return not late

    def _columns(self) -> list[str]:
        """Return the most important columns, or the first ones where nothing is known of their importance."""
        why = self.run.why
        if why is None or why.importance is None:
            return self.features[:COLUMNS]
        return [column for entry in why.importance.columns for column in entry.columns[:1] if column in self.features][:COLUMNS]

    def _reliability(self) -> tuple[Reliability, ...]:
        before = self.run.judgement.uncalibrated if self.run.judgement.calibration.method != "none" else None
        counts = np.bincount(self.y.astype(np.int64), minlength=self.prediction.shape[1])
        codes = [1] if self.prediction.shape[1] == 2 else np.argsort(-counts, kind="stable")[:CLASSES].tolist()
        return tuple(
            reliability_of(
                self.y == code,
                self.prediction[:, code],
                label=self.run.task.classes[code],
                before=None if before is None else before[self.known][:, code],
                seed=self.seed,
            )
            for code in codes
            if counts[code]
        )

    def _selective(self) -> Selective | None:
        """Order cases by the chance that their decision is right, or where mistakes cost money by what deciding otherwise would lose."""
        costs = self.run.settings.costs
        if self.prediction.shape[1] == 2 and costs:
            miss, alarm = float(costs["miss"]), float(costs["false_alarm"])
            confidence = np.abs(self.prediction[:, 1] * miss - (1 - self.prediction[:, 1]) * alarm)
            loss = np.where(self.decided == 1, alarm * (self.y == 0), miss * (self.y == 1))
            return risk_coverage(confidence, loss, measure="cost of a case", seed=self.seed)
        confidence = self.prediction[np.arange(len(self.y)), self.decided]
        return risk_coverage(confidence, self.loss, seed=self.seed)

    def _payoff(self) -> Payoff | None:
        costs = self.run.settings.costs
        if not costs or not self.classes or self.prediction.shape[1] != 2:
            return None
        money = float(costs["miss"]), float(costs["false_alarm"])
        return payoff(self.y, self.prediction[:, 1], self.decided, *money, seed=self.seed)

    def _hardest(self) -> tuple[Hard, ...]:
        losses = row_losses(self.run.task.problem, self.y, self.prediction)
        frame = self.run.dataset.frame[self.run.task.target]
        places: Sequence[int] = np.argsort(-losses, kind="stable")[:HARDEST].tolist()
        return tuple(Hard(int(self.rows[at]), self.prediction[at], frame.iloc[int(self.rows[at])], float(losses[at])) for at in places)

    def _treatments(self, sensitive: Sequence[str]) -> tuple[Treatment, ...]:
        people: pd.DataFrame = self.frame[list(sensitive)]
        numbers = None if self.classes else self.prediction[:, 0]
        read = self.frame[[column.name for column in self.run.schema.features]]
        return treatments(people, read, self.run.task.problem, self.y, self.decided, prediction=numbers)


def _finite(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the table with infinite numbers as missing, as the model reads them."""
    numbers = [place for place, dtype in enumerate(frame.dtypes) if isinstance(dtype, np.dtype) and dtype.kind == "f"]
    wrong = [frame.columns[place] for place in numbers if np.isinf(frame.iloc[:, place].to_numpy()).any()]
    return frame.assign(**{name: frame[name].replace([np.inf, -np.inf], np.nan) for name in wrong}) if wrong else frame
