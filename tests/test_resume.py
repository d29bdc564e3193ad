"""A run that was cut off goes on: nothing is trained twice, nothing is lost, and it ends with the model of an uninterrupted run."""

import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from small import FEATURES, FakeFamily, HandClock, people

import automl
from automl import AutoML, Budget, DataError, UsageError
from automl.budget import search_until
from automl.errors import InternalError
from automl.search import Study
from automl.selection import Plan
from automl.testing import toy_data
from automl.trials import TrialStore, recorded_run
from automl.trials.folder import NAME

DATA = people(150, seed=4)[[*FEATURES, "churn"]]
TOY = toy_data("binary", rows=60)
QUICK = {"budget": None, "trials": 5, "families": ["linear", "hist_gradient_boosting"], "seed": 3}


class Crash(BaseException):
    """Stands for the end of the process: nothing in the search may catch it."""


# ── the search


def families(crash_at=None, **options):
    """Three families; the process ends in the n-th training of them all."""
    count = [0]

    def before(call):
        count[0] += 1
        if count[0] == crash_at:
            raise Crash

    naive = FakeFamily("naive", "naive", portfolio=[{}], before=before, **options)
    return [naive, FakeFamily("one", before=before, **options), FakeFamily("pack", "network", pack=3, before=before, **options)]


def study(path, found, budget=None, **options):
    store = TrialStore(path)
    run = Study(Plan(tuple(found), {}), TOY, budget or Budget(trials=11), store=store, **options)
    try:
        run.run()
    finally:
        store.connection.close()  # without the last words of `close`
    return run


def shown(trials):
    return [(trial.number, trial.family.name, trial.config, trial.status, trial.loss) for trial in trials]


@pytest.fixture(scope="module")
def uninterrupted():
    return Study(Plan(tuple(families()), {}), TOY, Budget(trials=11)).run()


@pytest.mark.parametrize("crash_at", range(1, 8))
def test_a_search_goes_on_with_the_same_trials(crash_at, uninterrupted, tmp_path):
    with pytest.raises(Crash):
        study(tmp_path / NAME, families(crash_at))
    before = list(TrialStore(tmp_path / NAME).rows())
    found = families()
    run = study(tmp_path / NAME, found)
    assert shown(run.trials) == shown(uninterrupted)
    trained = [config for family in found for call in family.calls for config in call]
    assert trained == [trial.config for trial in sorted(run.trials, key=lambda t: ("naive", "one", "pack").index(t.family.name))
                       if trial.number >= len(before)]  # fmt: skip
    assert list(TrialStore(tmp_path / NAME).rows())[: len(before)] == before


def test_crash_after_crash_ends_where_one_run_ends(uninterrupted, tmp_path):
    crashes = 0
    for _ in range(20):
        try:
            run = study(tmp_path / NAME, families(2))  # one pack is finished, the next one is cut off
            break
        except Crash:
            crashes += 1
    assert crashes >= 5
    assert shown(run.trials) == shown(uninterrupted)


def test_a_finished_search_is_taken_over_as_a_whole(uninterrupted, tmp_path):
    study(tmp_path / NAME, families())
    found = families()
    told = []
    run = study(tmp_path / NAME, found, on_progress=told.append)
    assert shown(run.trials) == shown(uninterrupted)
    assert not any(family.calls for family in found)
    assert all("taken over from the record" in sentence for sentence in told)


def test_more_trials_than_before_are_added(tmp_path):
    study(tmp_path / NAME, families(), Budget(trials=4))
    before = list(TrialStore(tmp_path / NAME).rows())
    run = study(tmp_path / NAME, families(), Budget(trials=15))
    assert len(run.trials) == 16
    assert [trial.number for trial in run.trials] == list(range(16))
    assert list(TrialStore(tmp_path / NAME).rows())[: len(before)] == before
    keys = [str(sorted((k, v) for k, v in trial.config.items() if k != "seed")) + trial.family.name for trial in run.trials]
    assert len(set(keys)) == 16  # nothing twice


def test_a_record_that_does_not_fit_is_taken_as_it_is(tmp_path):
    study(tmp_path / NAME, families(), Budget(trials=6), seed=1)
    before = list(TrialStore(tmp_path / NAME).rows())
    told = []
    run = study(tmp_path / NAME, families(), Budget(trials=9), seed=2, on_progress=told.append)
    assert any("taken as they are" in sentence for sentence in told)
    assert len(run.trials) == 10
    assert list(TrialStore(tmp_path / NAME).rows())[: len(before)] == before


def test_a_damaged_pack_is_trained_again(uninterrupted, tmp_path):
    study(tmp_path / NAME, families())
    with sqlite3.connect(tmp_path / NAME) as connection:
        connection.execute("update models set content = x'504b00' where trial = 1")
    found = families()
    run = study(tmp_path / NAME, found)
    assert shown(run.trials) == shown(uninterrupted)
    assert sum(len(family.calls) for family in found) == 1
    assert shown(study(tmp_path / NAME, families(1)).trials) == shown(uninterrupted)  # and its record is whole now


def test_a_family_that_failed_stays_out(tmp_path):
    def fail(call):
        raise ValueError("no")

    def pair():
        return [FakeFamily("broken", before=fail), FakeFamily("fine")]

    first = study(tmp_path / NAME, pair(), Budget(trials=6))
    found = pair()
    second = study(tmp_path / NAME, found, Budget(trials=6))
    assert shown(first.trials) == shown(second.trials)
    assert not found[0].calls
    assert second.trials[0].reason == "ValueError: no"


def test_a_family_of_the_record_must_be_there(tmp_path):
    study(tmp_path / NAME, families())
    with pytest.raises(DataError, match=r"must have the families of its record, out of \['naive', 'one'\] here\. Received 'pack'"):
        study(tmp_path / NAME, families()[:2], Budget(100, clock=HandClock()))


# ── the clock


def test_time_that_was_spent_counts(tmp_path):
    clock = HandClock()
    with pytest.raises(Crash):
        study(tmp_path / NAME, families(6, clock=clock, cost=4.0), Budget(100, clock=clock))
    spent = list(TrialStore(tmp_path / NAME).rows())[-1]["elapsed"]
    assert spent > 10
    other = HandClock()
    other.now = 1000.0  # another process, another machine
    budget = Budget(100, clock=other)
    found = families(clock=other, cost=4.0)
    run = study(tmp_path / NAME, found, budget)
    until = 100 * search_until(budget, run.data.rows)
    assert budget.elapsed() <= until + 1e-6
    assert other.now - 1000 == pytest.approx(until - spent, abs=4.0)
    assert [trial.number for trial in run.trials] == list(range(len(run.trials)))
    assert sum(len(family.calls) for family in found) > 3
    elapsed = [trial.elapsed for trial in run.trials]
    assert elapsed == sorted(elapsed)
    keys = [str(sorted((k, v) for k, v in trial.config.items() if k != "seed")) + trial.family.name for trial in run.trials]
    assert len(set(keys)) == len(keys)


def test_what_comes_after_the_search_keeps_its_time(tmp_path):
    clock = HandClock()
    study(tmp_path / NAME, families(clock=clock), Budget(100, clock=clock))
    with sqlite3.connect(tmp_path / NAME) as connection:
        connection.execute("update packs set elapsed = 99.0")  # the last pack came late
    budget = Budget(100, clock=HandClock())
    run = study(tmp_path / NAME, families(), budget)
    assert budget.remaining() == pytest.approx(100 * (1 - search_until(budget, run.data.rows)))


def test_a_damaged_pack_of_a_run_with_a_clock_counts_as_failed(tmp_path):
    clock = HandClock()
    before = study(tmp_path / NAME, families(clock=clock, cost=5), Budget(100, clock=clock)).trials
    with sqlite3.connect(tmp_path / NAME) as connection:
        connection.execute("delete from predictions where trial = 1")
    trials = study(tmp_path / NAME, families(), Budget(100, clock=HandClock())).trials
    assert [trial.number for trial in trials[: len(before)]] == list(range(len(before)))
    assert not trials[1].usable
    assert sum(trial.usable for trial in trials) >= len(before) - 1


# ── memory


class Hungry(FakeFamily):
    """Has room for so many configurations at once."""

    room = 2

    def train(self, configs, data, **options):
        if len(configs) > self.room:
            self.calls.append([dict(config) for config in configs])
            raise MemoryError
        return super().train(configs, data, **options)


def hungry(room=2):
    family = Hungry("hungry", "network", pack=8)
    family.room = room
    return family


def test_a_pack_that_does_not_fit_is_halved_until_it_does():
    family, told = hungry(), []
    run = Study(Plan((family,), {}), TOY, Budget(trials=16), on_progress=told.append)
    trials = run.run()
    assert all(trial.usable for trial in trials)
    assert len(trials) == 16
    sizes = [len(call) for call in family.calls]
    assert sizes[:3] == [8, 4, 2]
    assert max(sizes[2:]) == 2  # what was too large once is not tried again
    assert any("Memory was too small for" in sentence for sentence in told)
    assert [decision.what for decision in run.log][:1] == ["pack size of hungry"]


def test_one_configuration_that_does_not_fit_is_a_failure():
    family = hungry(0)
    trials = Study(Plan((family, FakeFamily("fine")), {}), TOY, Budget(trials=12)).run()
    failed = [trial for trial in trials if trial.family is family]
    assert failed
    assert all("MemoryError" in trial.reason for trial in failed)
    assert any(trial.usable for trial in trials)


def test_a_halved_pack_is_repeated_as_a_whole_and_its_size_is_remembered(tmp_path):
    expected = Study(Plan((hungry(),), {}), TOY, Budget(trials=16)).run()
    path = tmp_path / NAME

    class Dying(Hungry):
        def train(self, configs, data, **options):
            if len(self.calls) == 4:
                raise Crash
            return super().train(configs, data, **options)

    dying = Dying("hungry", "network", pack=8)
    with pytest.raises(Crash):
        study(path, [dying], Budget(trials=16))
    family = hungry()
    run = study(path, [family], Budget(trials=16))
    assert shown(run.trials) == shown(expected)
    again = hungry()
    assert shown(study(path, [again], Budget(trials=16)).trials) == shown(expected)
    assert not again.calls


# ── from Python


def cut_off(folder, stage="search", steps=4, data=DATA, **options):
    """Begin a run that ends with an error in the n-th step of a stage."""
    left = [steps]

    def progress(record):
        if record.stage == stage:
            left[0] -= 1
            if not left[0]:
                raise Crash

    with pytest.raises(Crash):
        automl.fit(data, "churn", directory=folder, progress=progress, **{**QUICK, **options})


@pytest.fixture(scope="module")
def expected():
    return automl.fit(DATA, "churn", **QUICK)


@pytest.mark.parametrize(("stage", "steps"), [("search", 2), ("search", 5), ("search", 8), ("ensemble", 1), ("report", 1)])
def test_a_run_goes_on_wherever_it_was_cut_off(stage, steps, expected, tmp_path):
    cut_off(tmp_path, stage, steps)
    before = list(TrialStore(tmp_path / NAME).rows())
    model = AutoML.resume(tmp_path, DATA)
    np.testing.assert_array_equal(model.predict_proba(DATA), expected.predict_proba(DATA))
    columns = ["model", "loss", "weight", "config"]
    pd.testing.assert_frame_equal(model.leaderboard()[columns], expected.leaderboard()[columns])
    assert list(TrialStore(tmp_path / NAME).rows())[: len(before)] == before
    assert recorded_run(tmp_path)["state"] == "finished"


def test_a_finished_run_is_rebuilt_from_its_record(expected, tmp_path):
    automl.fit(DATA, "churn", directory=tmp_path, **QUICK)
    assert recorded_run(tmp_path)["state"] == "finished"
    np.testing.assert_array_equal(AutoML.resume(tmp_path, DATA).predict_proba(DATA), expected.predict_proba(DATA))
    automl.fit(DATA, "churn", directory=tmp_path, **{**QUICK, "trials": 1})  # and a new run takes its place
    assert len(list(TrialStore(tmp_path / NAME).rows())) == 2


def test_all_arguments_are_those_of_the_beginning(tmp_path):
    options = {
        "costs": {"miss": 5, "false_alarm": 1, "currency": "EUR"},
        "positive": "no",
        "ignore": ("member",),
        "types": {"age": "category"},
        "seed": np.int64(9),
        "families": ["linear"],
        "test": people(40, seed=8),
        "problem": "binary",
    }
    cut_off(tmp_path, steps=2, **options)
    model = AutoML.resume(tmp_path, DATA, test=options["test"])
    assert (model.costs, model.positive, list(model.ignore)) == (options["costs"], "no", ["member"])
    assert (model.types, model.seed, model.families, model.problem) == (options["types"], 9, ["linear"], "binary")
    alone = automl.fit(DATA, "churn", **{**QUICK, **options})
    np.testing.assert_array_equal(model.predict_proba(DATA), alone.predict_proba(DATA))
    assert model.facts_.threshold.value == alone.facts_.threshold.value
    assert model.facts_.evaluation.source == "test file"


def test_data_that_were_in_memory_must_come_again(tmp_path):
    cut_off(tmp_path)
    with pytest.raises(DataError, match=r"`data` must be handed over again.*AutoML\.resume\(.*data=\.\.\.\)"):
        AutoML.resume(tmp_path)
    for other in (DATA.assign(age=DATA["age"] + 1), DATA.iloc[::-1], DATA.head(100), DATA.drop(columns="age")):
        with pytest.raises(DataError, match=r"`data` of a resumed run must be what it began with\. Received other content"):
            AutoML.resume(tmp_path, other)
    AutoML.resume(tmp_path, DATA.set_index(DATA.index + 5))


def test_a_target_that_was_given_as_values_must_come_again(tmp_path):
    features, target = DATA[FEATURES], (DATA["churn"] == "yes").to_numpy()

    def stop(record):
        if record.stage == "ensemble":
            raise Crash

    with pytest.raises(Crash):
        automl.fit(features, target, directory=tmp_path, progress=stop, **QUICK)
    with pytest.raises(DataError, match="`target` must be handed over again"):
        AutoML.resume(tmp_path, features)
    assert AutoML.resume(tmp_path, features, target).classes_.tolist() == [False, True]


def test_a_file_that_has_changed_is_noticed_and_one_that_has_moved_is_found(tmp_path):
    DATA.to_csv(tmp_path / "data.csv", index=False)
    cut_off(tmp_path / "run", data=tmp_path / "data.csv")
    (tmp_path / "data.csv").rename(tmp_path / "moved.csv")
    with pytest.raises(DataError, match=r"must be a file that exists"):
        AutoML.resume(tmp_path / "run")
    assert AutoML.resume(tmp_path / "run", tmp_path / "moved.csv").task_.target == "churn"
    cut_off(tmp_path / "other", data=tmp_path / "moved.csv")
    DATA.head(140).to_csv(tmp_path / "moved.csv", index=False)
    with pytest.raises(DataError, match=r"140 rows × 6 columns now, 150 × 6 then"):
        AutoML.resume(tmp_path / "other")


def test_an_unfinished_run_is_not_replaced(tmp_path):
    cut_off(tmp_path, steps=6)
    with pytest.raises(UsageError, match="must not replace an unfinished one"):
        automl.fit(DATA, "churn", directory=tmp_path, **QUICK)
    AutoML.resume(tmp_path, DATA)
    automl.fit(DATA, "churn", directory=tmp_path, **QUICK)


def test_a_mistake_in_the_arguments_leaves_the_last_record_alone(tmp_path):
    automl.fit(DATA, "churn", directory=tmp_path, **QUICK)
    with pytest.raises(DataError):
        automl.fit(DATA, "churm", directory=tmp_path, **QUICK)
    assert len(list(TrialStore(tmp_path / NAME).rows())) == 6


def test_a_run_that_was_interrupted_can_go_on_or_be_replaced(expected, tmp_path):
    def press(record):
        if record.stage == "search" and record.trials == 3:
            raise KeyboardInterrupt

    model = automl.fit(DATA, "churn", directory=tmp_path, progress=press, **QUICK)
    assert model.interrupted_
    assert recorded_run(tmp_path)["state"] == "interrupted"
    again = AutoML.resume(tmp_path, DATA)
    assert not again.interrupted_
    np.testing.assert_array_equal(again.predict_proba(DATA), expected.predict_proba(DATA))


def test_a_full_disk_is_a_decision_and_there_is_a_model(expected, tmp_path, monkeypatch):
    def full(*arguments):
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr(TrialStore, "_write_trial", full)
    told = []
    model = automl.fit(DATA, "churn", directory=tmp_path, progress=lambda record: told.append(record.message), **QUICK)
    np.testing.assert_array_equal(model.predict_proba(DATA), expected.predict_proba(DATA))
    assert sum("disk is full" in message for message in told) == 1
    (entry,) = [decision for decision in model.decisions_ if decision.what == "record of trials"]
    assert "goes on in memory" in entry.because


def test_a_family_from_outside_is_handed_over_again(tmp_path):
    def wide():
        return FakeFamily("wide")

    cut_off(tmp_path, steps=6, families=["linear", wide()])
    with pytest.raises(UsageError, match="Received 'wide'"):
        AutoML.resume(tmp_path, DATA)
    assert "wide" in set(AutoML.resume(tmp_path, DATA, families=[wide()]).leaderboard()["family"])


def test_without_a_record_there_is_nothing_to_resume(tmp_path):
    with pytest.raises(DataError, match="must hold the record of a run"):
        AutoML.resume(tmp_path, DATA)


# ── kill -9

COMMAND = ("--trials", "7", "--families", "linear,hist_gradient_boosting", "--seed", "5")
FEW = ("--trials", "3", "--families", "linear", "--seed", "5")
NETWORKS = ("--trials", "4", "--families", "linear,mlp", "--seed", "5")


def command(*arguments):
    places = str(Path(automl.__file__).parent.parent)
    environment = {**os.environ, "PYTHONPATH": places, "KERAS_BACKEND": "tensorflow", "OMP_NUM_THREADS": "2"}
    return subprocess.Popen([sys.executable, "-m", "automl", *map(str, arguments)], env=environment, stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE, text=True)  # fmt: skip


def packs(folder):
    """How many packs another process has finished."""
    try:
        with sqlite3.connect(f"file:{folder / NAME}?mode=ro", uri=True, timeout=1) as connection:
            return connection.execute("select count(*) from packs").fetchone()[0]
    except sqlite3.Error:
        return 0


def kill_when(process, reached):
    """End the process at once, the hard way, as soon as something is reached; return whether it was still at work."""
    began = time.monotonic()
    while process.poll() is None and not reached() and time.monotonic() - began < 240:
        time.sleep(0.005)
    killed = process.poll() is None
    process.send_signal(signal.SIGKILL)
    process.communicate()
    return killed


def finish(process):
    told = process.communicate(timeout=280)
    assert process.returncode == 0, told[1][-2000:]
    return told


def recorded(folder):
    if not (folder / NAME).exists():
        return []
    store = TrialStore(folder / NAME)
    rows, asked = list(store.rows()), [pack.asked for pack in store._upcoming]
    store.close()
    assert [row["number"] for row in rows] == list(range(len(rows)))
    assert len({str(one) for one in asked}) == len(asked)  # no pack twice
    return rows


def table(folder):
    folder.mkdir(parents=True, exist_ok=True)
    DATA.to_csv(folder / "people.csv", index=False)
    return folder / "people.csv"


def begin(folder, data, options):
    return command("fit", data, "--target", "churn", "--out", folder, *options)


def predictions(folder):
    return automl.load(folder / "model.automl").predict_proba(DATA)


@pytest.mark.parametrize(
    ("options", "moments"),
    [pytest.param(COMMAND, (1, 3, 5), id="baselines", marks=pytest.mark.slow), pytest.param(NETWORKS, (2,), id="networks")],
)
def test_kill_9_between_and_within_packs(options, moments, tmp_path):
    data = table(tmp_path)
    finish(begin(tmp_path / "whole", data, options))
    folder, known = tmp_path / "run", []
    process = begin(folder, data, options)
    for moment in moments:
        assert kill_when(process, lambda moment=moment: packs(folder) >= moment)
        rows = recorded(folder)
        assert rows[: len(known)] == known
        assert len(rows) >= moment
        known = rows
        process = command("resume", folder)
    out, _ = finish(process)
    assert "Report " in out
    rows = recorded(folder)
    assert rows[: len(known)] == known
    assert [(row["family"], row["config"], row["loss"]) for row in rows] == [
        (row["family"], row["config"], row["loss"]) for row in recorded(tmp_path / "whole")
    ]
    np.testing.assert_array_equal(predictions(folder), predictions(tmp_path / "whole"))


def test_a_second_process_refuses_and_a_new_run_does_not_replace_an_unfinished_one(tmp_path):
    data, folder = table(tmp_path), tmp_path / "run"
    process = begin(folder, data, FEW)
    while process.poll() is None and packs(folder) < 2:
        time.sleep(0.01)
    os.kill(process.pid, signal.SIGSTOP)
    for arguments in (("fit", data, "-t", "churn", "--out", folder, *FEW), ("resume", folder)):
        second = command(*arguments)
        _, told = second.communicate(timeout=120)
        assert second.returncode == UsageError.exit_code == 2
        assert f"another process works (process {process.pid}); wait for it" in told.splitlines()[-1]
    assert kill_when(process, lambda: True)
    third = begin(folder, data, FEW)
    _, told = third.communicate(timeout=120)
    assert third.returncode == 2
    assert f"go on with `automl resume {folder}`" in told
    finish(begin(folder, data, (*FEW, "--start-over")))


def test_a_recipe_goes_on_with_its_words_where_its_data_have_moved(tmp_path):
    data = table(tmp_path)
    lines = ["data: people.csv", "target: churn", "title: Who leaves us", "trials: 3", "families: [linear]"]
    (tmp_path / "who.yaml").write_text("\n".join(lines))
    folder = tmp_path / "run"
    assert kill_when(command("run", tmp_path / "who.yaml", "--out", folder), lambda: packs(folder) >= 2)
    moved = data.rename(tmp_path / "elsewhere.csv")
    second = command("resume", folder)
    assert "must be a file" in second.communicate(timeout=100)[1]
    assert second.returncode == DataError.exit_code
    finish(command("resume", folder, "--data", moved))
    assert "Who leaves us" in (folder / "report.html").read_text(encoding="utf-8")


@pytest.mark.slow
def test_kill_9_at_50_random_moments(tmp_path):
    data = table(tmp_path)
    began = time.monotonic()
    finish(begin(tmp_path / "whole", data, COMMAND))
    usual = time.monotonic() - began
    rng, kills, round_number = random.Random(0), 0, 0
    while kills < 50:
        round_number += 1
        folder, known = tmp_path / f"run{round_number}", []
        process = begin(folder, data, COMMAND)
        for _ in range(4):
            moment = time.monotonic() + rng.uniform(0.2, 1.0) * usual
            if not kill_when(process, lambda moment=moment: time.monotonic() > moment):
                assert process.returncode == 0
                break
            kills += 1
            rows = recorded(folder)
            assert rows[: len(known)] == known
            known = rows
            process = command("resume", folder) if (folder / NAME).exists() else begin(folder, data, COMMAND)
        else:
            finish(process)
        assert recorded(folder)[: len(known)] == known
        np.testing.assert_array_equal(predictions(folder), predictions(tmp_path / "whole"))


def test_errors_of_ours_are_not_hidden():
    """What is caught around the record is about disks and files, never a promise of our own."""
    assert not issubclass(InternalError, (OSError, sqlite3.Error))
