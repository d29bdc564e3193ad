"""Memory: errors that say that it was too small, what packs may take, and that the cap holds in a real run."""

import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest
from small import FakeFamily

import automl
from automl.budget import Budget
from automl.memory import STEP, is_out_of_memory, resident_bytes, room_for_packs
from automl.search import Study
from automl.selection import Plan
from automl.testing import toy_data
from automl.trials import TrialStore


class ResourceExhaustedError(Exception):
    """As TensorFlow calls it."""


class XlaRuntimeError(RuntimeError):
    """As JAX calls everything."""


def caused(cause):
    try:
        raise ValueError("the training failed") from cause
    except ValueError as error:
        return error


@pytest.mark.parametrize(
    ("error", "says_so"),
    [
        (MemoryError(), True),
        (np._core._exceptions._ArrayMemoryError((10**9, 10**9), np.dtype(float)), True),
        (ResourceExhaustedError("OOM when allocating tensor"), True),
        (XlaRuntimeError("RESOURCE_EXHAUSTED: Out of memory allocating 12 bytes."), True),
        (XlaRuntimeError("INVALID_ARGUMENT: shapes"), False),
        (RuntimeError("CUDA out of memory. Tried to allocate 2 GiB"), True),
        (caused(MemoryError()), True),
        (caused(KeyError("x")), False),
        (ValueError("out of memory"), False),
        (OSError(28, "No space left on device"), False),
    ],
)
def test_errors_that_say_that_memory_was_too_small(error, says_so):
    assert is_out_of_memory(error) == says_so


def test_the_error_of_tensorflow_is_known():
    tensorflow = pytest.importorskip("tensorflow")
    assert is_out_of_memory(tensorflow.errors.ResourceExhaustedError(None, None, "OOM"))
    assert not is_out_of_memory(tensorflow.errors.InvalidArgumentError(None, None, "no"))


def test_what_is_held_grows_with_what_is_held():
    before = resident_bytes()
    values = np.ones(2**23)
    assert resident_bytes() - before > 0.9 * values.nbytes


def test_packs_get_what_libraries_and_data_leave():
    assert room_for_packs(2**32, 2**30) == (2**30, None)
    room, told = room_for_packs(2**31, 2**30)
    assert (room, told) == (2**29, None)
    assert room_for_packs(2**31, 2**30 - 1000) == (2**29, None)  # steps: a little more or less held changes nothing
    room, told = room_for_packs(2**29, 2**30)
    assert room == 0
    assert told == "The libraries and the data take 1.1 GB of the 0.5 GB that are allowed; the smallest packs are trained."
    assert room_for_packs(2**30 + STEP - 1, 2**30)[1] is not None


class Sized(FakeFamily):
    """Remembers the memory that its packs were allowed."""

    def pack_size(self, config, spec, folds, seconds, memory):
        self.memory = memory
        return 1 + (memory > 0)


def test_a_cap_that_cannot_be_kept_is_told_and_the_run_goes_on(monkeypatch):
    monkeypatch.setattr("automl.search.resident_bytes", lambda: 2**30)
    family, told = Sized(kind="network"), []
    run = Study(Plan((family,), {}), toy_data("binary", rows=60), Budget(trials=3, memory="500MB"), on_progress=told.append)
    assert len(run.run()) == 3
    assert family.memory == 0
    assert told[0].startswith("The libraries and the data take 1.1 GB of the 0.5 GB")
    assert [decision.what for decision in run.log] == ["size of packs"]


def test_a_run_that_goes_on_gives_its_packs_the_same_memory(tmp_path, monkeypatch):
    found = []
    for held in (2**29, 2**30):  # the second process holds more
        monkeypatch.setattr("automl.search.resident_bytes", lambda held=held: held)
        family = Sized(kind="network")
        store = TrialStore(tmp_path / "t.sqlite")
        Study(Plan((family,), {}), toy_data("binary", rows=60), Budget(trials=3, memory="2GB"), store=store).run()
        store.close()
        found.append(family.memory)
    assert found[0] == found[1] > 0


# ── real networks

ESTIMATE = """
    import dataclasses, json, sys, threading, time
    from automl.budget import Budget
    from automl.families import family_by_name
    from automl.families.networks import KerasFamily
    from automl.memory import resident_bytes
    from automl.testing import toy_data

    schedule = KerasFamily.schedule
    KerasFamily.schedule = lambda *given: dataclasses.replace(schedule(*given), epochs=2)
    data, told = toy_data("binary", rows=12_000), {}

    def peak(family, data, configs):
        config = family.complete(family.portfolio(data.spec)[0], data.spec)
        done, found, before = threading.Event(), [0], resident_bytes()

        def watch():
            while not done.is_set():
                found[0] = max(found[0], resident_bytes())
                time.sleep(0.005)

        watcher = threading.Thread(target=watch)
        watcher.start()
        family.train([{**config, "seed": seed} for seed in range(configs)], data, deadline=Budget(trials=configs).deadline(), seed=0)
        done.set()
        watcher.join()
        size, plan = family.footprint(data.spec, config), family.schedule(data.spec, config, 0, configs)
        spec = data.spec
        columns = spec.numbers + len(spec.categories) + spec.outputs
        return found[0] - before, size.pack_bytes(configs, data.folds, batch=plan.batch_size, rows=data.rows, columns=columns)

    peak(family_by_name("mlp"), toy_data("binary", rows=200), 1)  # what the libraries take for themselves at their first work
    for name in sys.argv[1:]:
        family = family_by_name(name)
        told[name] = peak(family, data, min(family.pack_configs, 8))
    print(json.dumps(told))
"""
CAPPED = """
    import json, pathlib, re, sys
    from small import FEATURES, people
    import automl
    from automl.memory import resident_bytes
    import automl.families.mlp
    base = resident_bytes()
    data = people(1500, seed=4)[[*FEATURES, "churn"]]
    model = automl.fit(data, "churn", budget=automl.Budget(trials=int(sys.argv[2]), memory=sys.argv[1]), families=["mlp"])
    told = [decision.because for decision in model.decisions_ if decision.what == "size of packs"]
    # Not ru_maxrss, which begins with what the process that started this one held.
    peak = re.search(r"VmHWM:\\s+(\\d+)", pathlib.Path("/proc/self/status").read_text())
    print(json.dumps([base, int(peak[1]) * 1024, told]))
"""


def elsewhere(script, *arguments):
    places = [str(Path(automl.__file__).parent.parent), str(Path(__file__).parent)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(places), "KERAS_BACKEND": "tensorflow", "TF_CPP_MIN_LOG_LEVEL": "3"}
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(script), *arguments], env=environment, capture_output=True, text=True,
                          check=False, timeout=500)  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout)


needs_proc = pytest.mark.skipif(not resident_bytes(), reason="the system does not tell what a process holds")


@needs_proc
def test_the_estimate_of_a_pack_is_not_below_its_peak_and_not_far_above():
    for name, (peak, estimate) in elsewhere(ESTIMATE, "mlp").items():
        assert peak <= estimate <= 4 * peak, f"{name}: {peak / 2**20:.0f} MiB, estimated {estimate / 2**20:.0f}"


@needs_proc
@pytest.mark.slow
@pytest.mark.parametrize("name", ["realmlp", "tabm", "resnet", "deep_cross"])
def test_the_estimate_holds_for_other_networks(name):
    peak, estimate = elsewhere(ESTIMATE, name)[name]
    assert peak <= estimate <= 4 * peak, f"{peak / 2**20:.0f} MiB, estimated {estimate / 2**20:.0f}"


@needs_proc
@pytest.mark.slow
def test_the_cap_holds():
    base, peak, told = elsewhere(CAPPED, "1600MB", "12")
    assert told == []
    assert peak <= 1.6e9
    assert base < 1.2e9


@needs_proc
def test_a_cap_below_the_libraries_is_kept_on_top_of_them():
    base, peak, (sentence,) = elsewhere(CAPPED, "400MB", "2")
    assert "of the 0.4 GB that are allowed" in sentence
    assert peak <= base + 4e8
