"""The record of trials: stored at once, read back whole, replaced by the next run."""

import sqlite3

import numpy as np
import pytest

from automl.errors import DataError
from automl.families import family_by_name
from automl.families.base import Trained
from automl.trials import Trial, TrialStore


def trial(number=0, loss=0.5, status="finished"):
    trained = Trained({"C": 1.0, "seed": 3}, [], np.zeros((2, 2)), 1.0, details={"best_epoch": [4]}) if loss is not None else None
    return Trial(number, family_by_name("linear"), {"C": 1.0, "seed": 3}, status, loss, 1.5, 2.5, trained, None if trained else "why")


def test_a_trial_is_in_the_file_as_soon_as_it_is_added(tmp_path):
    store = TrialStore.in_folder(tmp_path / "new" / "folder")
    store.add(trial())
    store.add(trial(1, None, "failed"))
    with sqlite3.connect(tmp_path / "new" / "folder" / "trials.sqlite") as other:  # another process would see the same
        assert other.execute("select family, status, loss, reason from trials order by number").fetchall() == [
            ("linear", "finished", 0.5, None),
            ("linear", "failed", None, "why"),
        ]
    first, second = store.rows()
    assert first["config"] == {"C": 1.0, "seed": 3}
    assert first["details"] == {"best_epoch": [4]}
    assert second["details"] == {}


def test_the_next_run_begins_a_new_record(tmp_path):
    store = TrialStore.in_folder(tmp_path)
    store.add(trial())
    store.close()
    assert list(TrialStore.in_folder(tmp_path).rows()) == []


def test_a_folder_that_cannot_be_written_to_is_told(tmp_path):
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(DataError, match="`directory` must be a folder"):
        TrialStore.in_folder(tmp_path / "file")


def test_only_finite_losses_are_usable():
    assert trial().usable
    assert not trial(loss=None).usable
    assert not trial(loss=float("inf")).usable
