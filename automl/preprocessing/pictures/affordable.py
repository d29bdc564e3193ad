"""How much of many pictures there is time to look at: their size first, then their number, by the pace of a few.

What costs accuracy least is given up first. At half the side the numbers for models of tables hardly change and take a quarter of the
time, and networks average large pictures down anyway; a sample of the rows is learnt from where even that is not enough, or where to open
files is what takes so long. What is left of the share of the clock is for the trained network; see
:mod:`automl.preprocessing.pictures.frozen`.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from automl.budget import Budget
from automl.decisions import Decision, DecisionLog
from automl.percents import percent
from automl.preprocessing.pictures.decode import Decoded, decode
from automl.preprocessing.pictures.plan import FOLDS, Form, folds_of, shared_form
from automl.preprocessing.pictures.traits import outlines, shrunk, traits
from automl.preprocessing.settled import Settled
from automl.schema import Schema

PREPARED = 0.35  # of the budget that all preparation of pictures may take: networks are to learn from them in the rest
READ = 0.21  # of the budget for reading and describing them
LEFT = 0.3  # of what is left of the budget, for the same, where much of it has passed
LEAST_SIDE = 32  # no picture becomes smaller for the clock's sake
WORTH = 0.7  # of the time, or less, is what half the side must take: where reading takes most of it, fewer rows cost less than details
LEAST_ROWS = 500  # are learnt from, however slow it is
FEW, MANY = 8, 256  # pictures that tell how many can be measured with, and the most of these
SECONDS = 0.5  # for the measurement
NAME = "pictures"  # of the choice
LONGER = "budget=..., longer"


@dataclass(frozen=True)
class Pace:
    """Seconds for one picture.

    Attributes:
        read: To open, decode and scale it.
        described: To tell it in numbers, at the side that was measured.
        side: That side.
    """

    read: float
    described: float
    side: int

    def at(self, side: int) -> float:
        """Return the seconds for a picture that is scaled to another side.

        Example:
            >>> Pace(0.25, 1.0, 64).at(32)
            0.5
        """
        return self.read + self.described * (side / self.side) ** 2


def rows_and_folds(frame: pd.DataFrame, schema: Schema, rows: int, settled: Settled, log: DecisionLog) -> tuple[int, int]:
    """Return of how many rows there is time to prepare the pictures and into how many folds they are dealt, and settle how large these are.

    Args:
        frame: The data.
        schema: Tells which columns hold pictures.
        rows: Rows that can be learnt from.
        settled: Holds the clock, and what was chosen before.
        log: Where it is recorded that something was given up.

    Returns:
        All rows and five folds where there are no pictures, or time enough.

    Example:
        >>> from automl.schema import Column
        >>> rows_and_folds(pd.DataFrame({"n": [1.0, 2.0]}), Schema((Column("n", "number"),)), 2, Settled(), DecisionLog())
        (2, 5)
    """
    pictures = [frame[column.name].tolist() for column in schema.features if column.type == "image"]
    if not pictures or settled.budget is None:
        return rows, FOLDS
    budget = settled.budget
    chosen = settled.once(NAME, lambda: _chosen(pictures, rows, budget))
    log.entries.extend(map(Decision.from_dict, chosen["decisions"]))
    return chosen["rows"], settled.once("folds", lambda: folds_of(pictures, chosen["rows"], budget, chosen["side"]))


def largest_side(settled: Settled) -> int | None:
    """Return the side that there is time for; None where that was not asked, or does not matter.

    Example:
        >>> largest_side(Settled()) is None
        True
    """
    chosen = settled.known.get(NAME)
    return None if chosen is None else chosen["side"]


def left_for_networks(settled: Settled) -> float:
    """Return the seconds that a trained network may look at pictures for: what reading them leaves of their share of the budget."""
    if settled.budget is None or not settled.budget.timed:
        return float("inf")
    return max(PREPARED * settled.budget.limit - float(settled.known.get(NAME, {}).get("seconds", 0.0)), 0.0)


def _chosen(pictures: Sequence[Sequence[Any]], rows: int, budget: Budget) -> dict[str, Any]:
    """Return rows, side, the seconds that they take, and the decisions to tell; JSON-ready, for a run that goes on."""
    count = rows * len(pictures)
    if not budget.timed or count <= LEAST_ROWS:
        return {"rows": rows, "side": None, "seconds": 0.0, "decisions": []}
    form = shared_form(pictures, rows)
    pace = measured([cell for cells in pictures for cell in cells], form, budget.clock)
    allowed = min(READ * budget.limit, LEFT * budget.remaining())
    side = form.side
    while count * pace.at(side) > allowed and side // 2 >= LEAST_SIDE and pace.at(side // 2) <= WORTH * pace.at(side):
        side //= 2
    fitting = int(allowed / max(len(pictures) * pace.at(side), 1e-9))
    kept = rows if fitting >= rows else min(max(fitting, LEAST_ROWS), rows)
    told = []
    if side < form.side:
        told.append(_smaller(form.side, side, count, pace, allowed))
    if kept < rows:
        told.append(_fewer(kept, rows, len(pictures) * pace.at(side), allowed))
    return {
        "rows": kept,
        "side": side,
        "seconds": round(kept * len(pictures) * pace.at(side), 3),
        "decisions": [decision.to_dict() for decision in told],
    }


def measured(cells: Sequence[Any], form: Form, clock: Callable[[], float]) -> Pace:
    """Return what a picture takes, by some of them, with all threads at work as later.

    Args:
        cells: Pictures, paths, or None.
        form: What they are brought to.
        clock: Source of seconds.
    """
    present = [cell for cell in cells if cell is not None and not pd.isna(cell)]
    if not present:
        return Pace(0.0, 0.0, form.side)
    _, each = _read(present, FEW, form, clock)
    found, read = _read(present, int(np.clip(SECONDS / max(each, 1e-6), FEW, MANY)), form, clock)
    _describe(found, slice(0, FEW))  # the first call of a function takes longer
    before = clock()
    _describe_all(found)
    return Pace(read, (clock() - before) / len(found.present), form.side)


def _read(cells: Sequence[Any], count: int, form: Form, clock: Callable[[], float]) -> tuple[Decoded, float]:
    """Return so many pictures from all over the column, and the seconds that one took."""
    places = np.unique(np.linspace(0, len(cells) - 1, count).astype(np.int64)).tolist()
    before = clock()
    found = decode([cells[place] for place in places], form.side, form.channels, at_once=4)
    return found, (clock() - before) / len(places)


def _describe(found: Decoded, part: slice) -> None:
    pixels: NDArray[np.uint8] = found.pixels[part]
    traits(pixels, found.sizes[part])
    outlines(pixels)
    shrunk(pixels, LEAST_SIDE // 2)


def _describe_all(found: Decoded) -> None:
    parts = [slice(start, start + 16) for start in range(0, len(found.present), 16)]
    with ThreadPoolExecutor(os.cpu_count() or 1) as threads:
        list(threads.map(lambda part: _describe(found, part), parts))


def _smaller(before: int, side: int, count: int, pace: Pace, allowed: float) -> Decision:
    because = (
        f"To read {count:,} pictures and describe them at {before} × {before} pixels would take about {count * pace.at(before):.0f} s, at "
        f"{side} × {side} about {count * pace.at(side):.0f} s; {allowed:.0f} s are for that, so that networks have time to learn from them."
    )
    sizes = (f"{size} × {size} pixels" for size in (side, before))
    return Decision("prepare", "detail of pictures", next(sizes), because, tuple(sizes), LONGER)


def _fewer(kept: int, rows: int, each: float, allowed: float) -> Decision:
    because = (
        f"To read and describe the pictures of a row takes {1000 * each:,.1f} ms here, of all rows {rows * each:,.0f} s; {allowed:.0f} s "
        f"are for that, so that networks have time to learn from them. {percent(kept / rows)} of the rows are learnt from, drawn by class."
    )
    return Decision("split", "rows to learn from", f"{kept:,} of {rows:,}", because, ("all rows",), LONGER)
