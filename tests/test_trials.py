"""What was tried is kept: at once, in order, on disk."""

import json
import sqlite3

import numpy as np
from small import FakeFamily

from automl.families.base import Trained
from automl.trials import Trial, TrialStore


def trial(number=0, status="finished", loss=0.25, **changes):
    family = FakeFamily()
    config = {"strength": 0.1 * number, "shape": "round", "seed": number}
    trained = Trained(config, [], np.zeros((3, 2), np.float32), 1.5, status, {"best_epoch": [3, 4]})
    values = {"reason": None, "trained": trained, **changes}
    return Trial(number, family, config, status, loss, 1.5, 10.0 + number, values["trained"], values["reason"])


def test_rows_survive_closing_the_file(tmp_path):
    path = tmp_path / "trials.sqlite"
    store = TrialStore(path)
    store.add(trial(1))
    store.add(trial(0, "failed", None, trained=None, reason="ValueError: no"))
    store.close()
    again = TrialStore(path)
    first, second = again.rows()
    assert (first["number"], first["status"], first["loss"], first["reason"]) == (0, "failed", None, "ValueError: no")
    assert second["config"] == {"strength": 0.1, "shape": "round", "seed": 1}
    assert second["details"] == {"best_epoch": [3, 4]}
    assert (second["loss"], second["seconds"], second["elapsed"], second["family"]) == (0.25, 1.5, 11.0, "fake")
    again.add(trial(2))
    assert [row["number"] for row in again.rows()] == [0, 1, 2]
    again.close()


def test_a_row_is_on_disk_before_anything_is_closed(tmp_path):
    store = TrialStore(tmp_path / "trials.sqlite")
    store.add(trial(0))
    other = sqlite3.connect(tmp_path / "trials.sqlite")
    assert other.execute("select count(*) from trials").fetchone() == (1,)
    other.close()
    store.close()


def test_a_number_told_twice_is_one_trial(tmp_path):
    store = TrialStore()
    store.add(trial(0, loss=0.5))
    store.add(trial(0, loss=0.4))
    assert [row["loss"] for row in store.rows()] == [0.4]


def test_only_what_has_models_and_a_loss_is_usable():
    assert trial().usable
    assert trial(status="halved").usable
    assert not trial(loss=None).usable
    assert not trial(loss=float("inf")).usable
    assert not trial(trained=None).usable


def test_numbers_of_numpy_are_stored_as_numbers():
    store = TrialStore()
    family = FakeFamily()
    store.add(Trial(0, family, {"units": 3}, "finished", np.float64(0.5), np.float64(1), 2.0, None))
    (row,) = store.rows()
    assert json.loads(json.dumps(row))["loss"] == 0.5
