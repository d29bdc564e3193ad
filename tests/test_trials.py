"""The record of a run: whole packs or nothing, models without pickle, one process at a time, and no failure of a disk ends a run."""

import json
import os
import sqlite3
import subprocess
import sys
from contextlib import suppress

import numpy as np
import pytest
from sklearn.ensemble import ExtraTreesClassifier
from sklearn.linear_model import LogisticRegression
from small import FakeFamily, needs_lightgbm

from automl.budget import Budget
from automl.errors import ArtifactError, DataError, UsageError
from automl.families import family_by_name
from automl.families.base import Trained
from automl.testing import toy_data
from automl.trials import Pack, RunFolder, Trial, TrialStore, forget_run, note_run, recorded_run
from automl.trials.folder import FORMAT, NAME
from automl.trials.lock import FolderLock
from automl.trials.models import dump_model, load_model, squeeze, unsqueeze

DATA = toy_data("binary", rows=60)
FAMILY = family_by_name("linear")


def trial(number=0, family=FAMILY, loss=0.5, models=None):
    config = {**family.defaults(DATA.spec), "seed": 3 + number}
    if loss is None:
        return Trial(number, family, config, "failed", None, 1.5, 2.5, None, "why")
    if models is None:
        (trained,) = family.train([config], DATA, deadline=Budget(trials=1).deadline(), seed=0)
    else:
        trained = Trained(config, models, np.full((DATA.rows, 2), 0.5, np.float32), 1.0)
    trained.details["best_epoch"] = [4, np.int64(5)]
    return Trial(number, family, config, "finished", loss, 1.5, 2.5, trained)


def pack(*trials, **options):
    family = trials[0].family
    return Pack(family, tuple(one.config for one in trials), trials, 3.0, 2.5, np.random.default_rng(1).bit_generator.state, **options)


def stored(tmp_path, *packs):
    store = TrialStore(tmp_path / NAME)
    for one in packs:
        store.add(one)
    store.close()
    return TrialStore(tmp_path / NAME)


# ── what is recorded


def test_a_pack_is_in_the_file_as_soon_as_it_is_added(tmp_path):
    store = TrialStore(tmp_path / NAME)
    store.add(pack(trial(), trial(1, loss=None)))
    with sqlite3.connect(tmp_path / NAME) as other:  # another process would see the same
        assert other.execute("select family, status, loss, reason, pack from trials order by number").fetchall() == [
            ("linear", "finished", 0.5, None, 0),
            ("linear", "failed", None, "why", 0),
        ]
        assert other.execute("pragma journal_mode").fetchone() == ("wal",)
    first, second = store.rows()
    assert first["config"] == {"C": 1.0, "seed": 3}
    assert first["details"] == {"best_epoch": [4, 5]}
    assert second["details"] == {}


@pytest.mark.parametrize(
    "name", ["naive", "linear", pytest.param("lightgbm", marks=needs_lightgbm), "hist_gradient_boosting", "extra_trees", "mlp"]
)
def test_a_trial_comes_back_as_it_was(name, tmp_path):
    family = family_by_name(name)
    before = trial(family=family)
    store = stored(tmp_path, pack(before, exhausted=True, largest=4))
    assert (store.upcoming.asked, store.upcoming.exhausted, store.upcoming.largest) == ((before.config,), True, 4)
    np.random.default_rng().bit_generator.state = store.upcoming.generator
    (after,) = store.take(family, DATA.spec, DATA.rows)
    assert store.upcoming is None
    assert (after.number, after.family, after.config, after.status, after.loss) == (0, family, before.config, "finished", 0.5)
    assert (after.seconds, after.elapsed) == (1.5, 2.5)
    np.testing.assert_array_equal(after.trained.out_of_fold, before.trained.out_of_fold)
    predicted = [
        family.combine([(one.config, one.trained.models, 1.0)], DATA.spec).predict(DATA.arrays) for one in (before, after)
    ]
    np.testing.assert_array_equal(*predicted)
    assert family.size(after.trained) == family.size(before.trained)


def test_models_of_any_shape_come_back():
    x, y = np.arange(20.0)[:, None], np.repeat([0, 1], 10)
    model = {
        "fortran": np.asfortranarray(np.random.default_rng(0).normal(size=(3, 4))),
        "parts": [1, 2.5, "x", None, (True, float("inf"))],
        "scalar": np.float32(0.1),
        "nested": {"empty": np.zeros((0, 3), np.int8), 7: np.array(["a", "b"])},
        "line": LogisticRegression().fit(x, y),
        "trees": ExtraTreesClassifier(3, random_state=0).fit(x, y),
    }
    again = load_model(*dump_model(model, "m"), "m")
    assert again["fortran"].flags.f_contiguous
    np.testing.assert_array_equal(again["fortran"], model["fortran"])
    assert again["parts"] == model["parts"]
    assert type(again["scalar"]) is np.float32
    assert again["scalar"] == np.float32(0.1)
    assert again["nested"]["empty"].shape == (0, 3)
    assert again["nested"][7].tolist() == ["a", "b"]
    for name in ("line", "trees"):
        np.testing.assert_array_equal(again[name].predict_proba(x), model[name].predict_proba(x))


@pytest.mark.parametrize("model", [{"a": object()}, {"a": np.array([{}, None])}, {"a": lambda x: x}, {"a": DATA}])
def test_what_only_a_pickle_could_hold_is_not_stored(model):
    with pytest.raises(ArtifactError):
        dump_model(model, "m")


def test_only_what_compresses_is_compressed():
    weights = np.random.default_rng(0).normal(size=100_000).astype(np.float32).tobytes()
    assert squeeze(b"PK" + weights) == b"PK" + weights
    empty = b"PK" + bytes(10**6)
    assert len(squeeze(empty)) < 10**5
    assert unsqueeze(squeeze(empty)) == empty
    assert unsqueeze(squeeze(b"PK" + weights)) == b"PK" + weights
    assert len(squeeze(b"PK" + bytes(2**25))) > 2**25  # would hold up the run


def test_a_model_that_cannot_be_stored_is_told_and_its_pack_is_not_whole(tmp_path):
    told = []
    store = TrialStore(tmp_path / NAME, told.append)
    store.add(pack(trial(models=[{"a": object()}])))
    store.add(pack(trial(1)))
    store.close()
    assert len(told) == 1
    assert "a resumed run trains them again" in told[0]
    again = TrialStore(tmp_path / NAME)
    assert [row["number"] for row in again.rows()] == [0, 1]
    with pytest.raises(ArtifactError, match="must hold its models"):
        again.take(FAMILY, DATA.spec, DATA.rows)
    assert again.take(FAMILY, DATA.spec, DATA.rows)[0].number == 1


def test_a_damaged_model_is_noticed_and_its_pack_replaced(tmp_path):
    store = stored(tmp_path, pack(trial()), pack(trial(1)))
    content = bytearray(store.connection.execute("select content from models where trial = 0 and place = 1").fetchone()[0])
    content[len(content) // 2] ^= 0xFF
    store.connection.execute("update models set content = ? where trial = 0 and place = 1", (bytes(content),))
    damaged = store.upcoming
    with pytest.raises(ArtifactError):
        store.take(FAMILY, DATA.spec, DATA.rows)
    store.again(damaged)
    store.add(pack(trial(0, loss=0.25)))
    assert store.upcoming.number == 1
    assert store.take(FAMILY, DATA.spec, DATA.rows)[0].number == 1
    store.close()
    again = TrialStore(tmp_path / NAME)
    assert again.take(FAMILY, DATA.spec, DATA.rows)[0].loss == 0.25


@pytest.mark.parametrize(
    "change",
    [
        "delete from predictions",
        "delete from models",
        "update trials set config = '{'",
        "update models set described = '{\"array\": \"9\"}'",
        "update models set described = '[]'",
        "update predictions set content = x'00'",
    ],
)
def test_an_incomplete_trial_is_noticed(change, tmp_path):
    store = stored(tmp_path, pack(trial()))
    store.connection.execute(change)
    with pytest.raises(ArtifactError):
        store.take(FAMILY, DATA.spec, DATA.rows)


def test_predictions_of_other_rows_do_not_fit(tmp_path):
    with pytest.raises(ArtifactError, match="must fit the data"):
        stored(tmp_path, pack(trial())).take(FAMILY, DATA.spec, DATA.rows + 1)


# ── what goes wrong


def test_a_full_disk_is_told_and_what_waits_is_written_later(tmp_path):
    told = []
    store = TrialStore(tmp_path / NAME, told.append)
    store.add(pack(trial()))
    pages = store.connection.execute("pragma page_count").fetchone()[0]
    store.connection.execute(f"pragma max_page_count = {pages}")
    store.add(pack(trial(1, family_by_name("extra_trees"))))
    store.add(pack(trial(2)))
    assert len(told) == 1
    assert "full" in told[0]
    assert "goes on in memory" in store.trouble
    assert [row["number"] for row in store.rows()] == [0]  # nothing of the pack that did not fit
    store.connection.execute("pragma max_page_count = 1000000")
    store.add(pack(trial(3)))
    assert store.trouble is None
    store.close()
    again = TrialStore(tmp_path / NAME)
    assert [row["number"] for row in again.rows()] == [0, 1, 2, 3]
    assert [again.take(family_by_name(again.upcoming.family), DATA.spec, DATA.rows)[0].number for _ in range(4)] == [0, 1, 2, 3]


def test_a_file_that_somebody_else_holds_does_not_stop_the_run(tmp_path, monkeypatch):
    monkeypatch.setattr("automl.trials.store.WAIT", 0.01)
    store = TrialStore(tmp_path / NAME)
    other = sqlite3.connect(tmp_path / NAME, isolation_level=None)
    other.execute("begin immediate")
    for number in range(5):
        store.add(pack(trial(number)))
    store.note({"seed": 1})
    assert "locked" in store.trouble
    assert list(store.rows()) == []
    other.execute("rollback")
    store.close()  # the last chance to write
    assert len(list(TrialStore(tmp_path / NAME).rows())) == 5


def test_half_of_a_pack_is_never_there(tmp_path):
    class Crash(BaseException):
        """Stands for the end of the process."""

    class Family(FakeFamily):
        broken = False

    family = Family()
    store = TrialStore(tmp_path / NAME)

    class Model(dict):
        def items(self):
            raise Crash

    trials = [trial(0, family, models=[{}]), trial(1, family, models=[Model(a=1)])]
    with pytest.raises(Crash):
        store.add(pack(*trials))
    assert list(TrialStore(tmp_path / NAME).rows()) == []


# ── the folder


def begun(folder, *packs, state=None):
    run = RunFolder(folder)
    store = run.begin({"seed": 7})
    for one in packs:
        store.add(one)
    if state:
        run.finish(state)
    run.close()


@pytest.mark.parametrize("state", ["finished", "interrupted"])
def test_a_new_run_replaces_one_that_ended_with_a_model(state, tmp_path):
    begun(tmp_path / "new" / "folder", pack(trial()), state=state)
    assert recorded_run(tmp_path / "new" / "folder") == {"format": FORMAT, "seed": 7, "state": state}
    begun(tmp_path / "new" / "folder")
    assert list(TrialStore(tmp_path / "new" / "folder" / NAME).rows()) == []


def test_a_new_run_does_not_replace_an_unfinished_one(tmp_path):
    begun(tmp_path, pack(trial()))
    with pytest.raises(UsageError, match=r"with 1 models of a run that was cut off; go on with `automl resume .*--start-over"):
        RunFolder(tmp_path)
    forget_run(tmp_path)
    begun(tmp_path)


def test_a_run_without_any_model_has_nothing_to_lose(tmp_path):
    begun(tmp_path, pack(trial(family=family_by_name("naive"))), pack(trial(1, loss=None)))
    begun(tmp_path)


def test_a_run_goes_on(tmp_path):
    begun(tmp_path, pack(trial()))
    run = RunFolder(tmp_path, resume=True)
    store = run.begin({"seed": 8})
    assert store.notes()["seed"] == 7
    assert store.upcoming.asked == (trial().config,)
    run.close()


def test_notes_are_added(tmp_path):
    note_run(tmp_path, {"command": "x"})  # no record: nothing to do
    assert not (tmp_path / NAME).exists()
    begun(tmp_path)
    note_run(tmp_path, {"command": "automl fit"})
    assert recorded_run(tmp_path)["command"] == "automl fit"


def test_without_a_record_there_is_nothing_to_resume(tmp_path):
    for call in (recorded_run, lambda path: RunFolder(path, resume=True)):
        with pytest.raises(DataError, match="must hold the record of a run"):
            call(tmp_path)
    forget_run(tmp_path)


def test_a_record_that_is_none_is_told_and_put_aside(tmp_path):
    (tmp_path / NAME).write_bytes(b"no database at all" * 1000)
    with pytest.raises(DataError, match="must be a sound database"):
        RunFolder(tmp_path, resume=True)
    begun(tmp_path)
    assert (tmp_path / f"{NAME}.damaged").read_bytes().startswith(b"no database")


def test_a_record_of_another_format_is_told(tmp_path):
    begun(tmp_path, pack(trial()))
    note_run(tmp_path, {"format": 99})
    with pytest.raises(DataError, match=f"must have format {FORMAT}"):
        RunFolder(tmp_path, resume=True)


def test_a_folder_that_cannot_be_written_to_is_told(tmp_path):
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(DataError, match="`directory` must be a folder"):
        RunFolder(tmp_path / "file")


@pytest.mark.parametrize("place", ["automl.trials.folder.FolderLock", "automl.trials.folder._remove"])
def test_a_disk_that_is_full_from_the_start_does_not_stop_the_run(place, tmp_path, monkeypatch):
    def full(*arguments):
        raise OSError(28, "No space left on device")

    told = []
    monkeypatch.setattr(place, full)
    run = RunFolder(tmp_path, tell=told.append)
    run.begin({}).add(pack(trial()))
    assert "No space left" in run.trouble
    assert len(told) == 1
    run.finish("finished")
    run.close()


# ── one process at a time

HOLD = """
import sys
from automl.trials.lock import FolderLock
lock = FolderLock(sys.argv[1])
print("held" if lock.held else "refused", flush=True)
sys.stdin.read()
"""


def test_a_lock_dies_with_its_process(tmp_path):
    holder = subprocess.Popen([sys.executable, "-c", HOLD, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(UsageError, match=rf"another process works \(process {holder.pid}\); wait for it or name another folder\."):
            RunFolder(tmp_path)
        begun_here = FolderLock(tmp_path)
        assert not begun_here.held
    finally:
        holder.kill()  # the hard way
        holder.wait()
    begun(tmp_path)


def test_a_record_in_use_is_not_forgotten(tmp_path):
    run = RunFolder(tmp_path)
    run.begin({})
    with pytest.raises(UsageError, match="while a process writes it"):
        forget_run(tmp_path)
    run.close()
    forget_run(tmp_path)


def test_a_file_system_without_locks_keeps_nobody_out(tmp_path, monkeypatch):
    def none(file):
        raise OSError(37, "No locks available")

    monkeypatch.setattr("automl.trials.lock._take", none)
    lock = FolderLock(tmp_path)
    assert lock.held
    assert not lock.certain
    lock.release()


def test_only_finite_losses_are_usable():
    assert trial().usable
    assert not trial(loss=None).usable
    assert not trial(loss=float("inf")).usable


def test_the_record_is_read_by_anybody(tmp_path):
    begun(tmp_path, pack(trial()))
    with suppress(FileNotFoundError):
        os.chmod(tmp_path / "trials.lock", 0o444)
    with sqlite3.connect(f"file:{tmp_path / NAME}?mode=ro", uri=True) as connection:
        assert json.loads(connection.execute("select value from run where key = 'seed'").fetchone()[0]) == 7
