"""Many pictures and little time: they become smaller, then fewer; the choice is told, and the same in a run that goes on."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from small import HandClock, album

from automl.budget import Budget
from automl.dataset.picture import Picture
from automl.decisions import DecisionLog
from automl.preprocessing.encoders import Circumstances
from automl.preprocessing.pictures import affordable
from automl.preprocessing.pictures.affordable import Pace, largest_side, left_for_networks, measured, rows_and_folds
from automl.preprocessing.pictures.components import PictureComponents
from automl.preprocessing.pictures.encoder import Pictures, SeenPictures
from automl.preprocessing.pictures.plan import Form
from automl.preprocessing.settled import Settled
from automl.run import Run, RunSettings
from automl.schema import Column, Schema

ONE = Picture(np.arange(64 * 64 * 3).reshape(64, 64, 3).astype(np.uint8))
SCHEMA = Schema((Column("photo", "image"),))


def planned(rows: int, settled: Settled, log: DecisionLog | None = None) -> tuple[int, int]:
    return rows_and_folds(pd.DataFrame({"photo": [ONE] * 8}), SCHEMA, rows, settled, DecisionLog() if log is None else log)


def limited(seconds: float) -> Settled:
    return Settled(Budget(seconds, clock=HandClock()))


def paced(monkeypatch: pytest.MonkeyPatch, read: float, described: float) -> None:
    monkeypatch.setattr(affordable, "measured", lambda cells, form, clock: Pace(read, described, form.side))


def test_nothing_is_given_up_where_there_is_time(monkeypatch: pytest.MonkeyPatch) -> None:
    paced(monkeypatch, read=1e-4, described=1e-4)
    settled, log = limited(300), DecisionLog()
    assert planned(5_000, settled, log) == (5_000, 1)
    assert largest_side(settled) == 64
    assert not len(log)
    assert left_for_networks(settled) == pytest.approx(affordable.PREPARED * 300 - 1)


def test_pictures_become_smaller_before_they_become_fewer(monkeypatch: pytest.MonkeyPatch) -> None:
    paced(monkeypatch, read=1e-4, described=1e-3)  # 55 s of 120 s for all of them; at half the side 17.5 s
    settled, log = limited(120), DecisionLog()
    assert planned(50_000, settled, log)[0] == 50_000
    assert largest_side(settled) == 32
    (told,) = log.entries
    assert (told.what, told.chosen, told.alternatives) == ("detail of pictures", "32 × 32 pixels", ("64 × 64 pixels",))
    assert "about 55 s, at 32 × 32 about 18 s; 25 s are for that" in told.because
    assert told.override is not None


@pytest.mark.parametrize("passed", [0.0, 90.0])
def test_rows_are_fewer_where_small_pictures_take_too_long(monkeypatch: pytest.MonkeyPatch, passed: float) -> None:
    paced(monkeypatch, read=1e-3, described=5e-3)
    settled, log = limited(120), DecisionLog()
    assert settled.budget is not None
    settled.budget.clock.now = passed  # type: ignore[attr-defined]
    rows, folds = planned(50_000, settled, log)
    assert folds == 1
    assert 0 < rows * 2.25e-3 <= min(0.21 * 120, 0.3 * (120 - passed))
    assert [told.chosen for told in log.entries] == ["32 × 32 pixels", f"{rows:,} of 50,000"]
    assert left_for_networks(settled) == pytest.approx(max(42 - rows * 2.25e-3, 0), abs=0.01)


def test_no_detail_is_given_up_where_files_are_slow_to_open(monkeypatch: pytest.MonkeyPatch) -> None:
    paced(monkeypatch, read=2e-3, described=1e-3)
    settled, log = limited(120), DecisionLog()
    assert planned(50_000, settled, log)[0] == 8_400
    assert largest_side(settled) == 64
    assert [told.what for told in log.entries] == ["rows to learn from"]


def test_a_run_that_goes_on_makes_the_same_choice(monkeypatch: pytest.MonkeyPatch) -> None:
    paced(monkeypatch, read=2e-3, described=1e-3)
    settled, log = limited(120), DecisionLog()
    first = planned(50_000, settled, log)
    monkeypatch.setattr(affordable, "measured", lambda *given: pytest.fail("it was chosen before"))
    again, told = Settled(Budget(120, clock=lambda: 1e6, started=0.0), json.loads(json.dumps(settled.known))), DecisionLog()
    assert planned(50_000, again, told) == first
    assert largest_side(again) == largest_side(settled)
    assert [one.to_dict() for one in told] == [one.to_dict() for one in log]


@pytest.mark.parametrize(("rows", "budget"), [(10**6, Budget(trials=1)), (400, Budget("20s"))])
def test_without_a_clock_and_of_few_pictures_no_pace_is_measured(monkeypatch: pytest.MonkeyPatch, rows: int, budget: Budget) -> None:
    monkeypatch.setattr(affordable, "measured", lambda *given: pytest.fail("nothing depends on it"))
    settled = Settled(budget)
    assert planned(rows, settled)[0] == rows
    assert largest_side(settled) is None


def test_the_pace_is_of_one_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    clock, decode = HandClock(), affordable.decode
    seen: list[int] = []

    def slow(cells: Any, *given: Any, **options: Any) -> Any:
        clock.now += 0.02 * len(cells)
        seen.append(len(cells))
        return decode(cells, *given, **options)

    monkeypatch.setattr(affordable, "decode", slow)
    pace = measured([ONE, None, float("nan"), *[ONE] * 200], Form(16, 3, 64), clock)
    assert pace.read == pytest.approx(0.02)
    assert seen == [8, 25]  # half a second
    assert measured([None], Form(16, 3, 64), clock).read == 0.0


def test_all_that_reads_pictures_keeps_to_the_size_that_there_is_time_for() -> None:
    settled = Settled(None, {affordable.NAME: {"rows": 6, "side": 16, "seconds": 9.0, "decisions": []}})
    cells = pd.DataFrame({"photo": pd.Series([ONE] * 6, dtype=object)})
    assert PictureComponents.fit([ONE] * 6, 0, settled).form.side == 16
    made = Pictures.fit(cells, Circumstances("binary", settled=settled))
    assert made is not None
    assert made.extra[0].shape == (16, 16, 3)


def test_what_reading_takes_is_no_longer_there_for_the_trained_network() -> None:
    cells = pd.DataFrame({"photo": pd.Series([ONE] * 6, dtype=object)})
    settled = Settled(Budget(60, clock=lambda: 0.0, started=0.0), {affordable.NAME: {"side": 16, "seconds": 21.0}})
    assert SeenPictures.fit(cells, Circumstances("binary", settled=settled)) is None


def test_a_run_learns_from_a_sample_of_every_class(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(affordable, "LEAST_ROWS", 20)
    paced(monkeypatch, read=0.2, described=0.0)
    run = Run(RunSettings(Budget(40, clock=HandClock())), None)
    run.detect(*run.read(str(album(tmp_path)), None))
    run.check()
    run.split()
    assert len(run.parts.train) == len(np.unique(run.parts.train)) == 42  # 8.4 s of 40
    assert np.bincount(run.y[run.parts.train]).tolist() == [21, 21]
    assert "42 of 60" in [told.chosen for told in run.log]
    assert run.settled.known["pictures"]["rows"] == 42
