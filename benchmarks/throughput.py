"""Trials per minute: packs of networks against one network at a time, on the same space, rows, epochs and batch, in one run.

    python benchmarks/throughput.py [--rows 16000] [--epochs 5] [--layers 2] [--units 64] [--pack 32] [--trials 64] [--tuner-trials 8]
        [--systems packs,sequential,steps,random,hyperband] [--out results.jsonl]
    python benchmarks/throughput.py --table
    KERAS_BACKEND=jax python benchmarks/throughput.py --table        # on a GPU

Several values with commas (`--rows 4000,16000 --units 64,256 --pack 1,8,32`) are all combined. The systems:

packs       all trials as members of packs, by `KerasFamily.train`
sequential  one Keras network after the other: build, compile, fit
steps       the same with `steps_per_execution=16`, as a user who knows it would
random      KerasTuner's RandomSearch
hyperband   KerasTuner's Hyperband

All train the same network (dense layers with ReLU and dropout, AdamW) for the same epochs on the same 80 % of the rows, validate on the
rest after every epoch, and keep the best epoch (`sequential` and `steps` keep nothing). The space is the learning rate (1e-4 to 1e-2,
logarithmic) and the dropout (0 to 0.5). Building and compiling count; the start of the backend counts for none: each system runs in a
process of its own and trains a tiny problem first. A trial is `epochs` epochs of one network, so Hyperband's short trials count for what
they train. KerasTuner needs the package tensorboard beside TensorFlow, or every trial fails.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import platform
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
import pandas as pd
from comparison import markdown
from judging import timed

COLUMNS = 30
DECAY = 0.004  # Keras's default for AdamW
STEPS = 16
HYPERBAND_TRIALS = 6  # what one iteration of Hyperband trains with 5 epochs, in trials of all epochs
MARK = "MEASURED "
TABLE = ((2, 64, (32,)), (3, 256, (16, 32)))  # layers, units, packs
BARS = {(2, 64): ("random", 20.0), (3, 256): ("random", 4.0)}
GPU_BAR = ("sequential", 100.0)


@dataclass(frozen=True)
class Setting:
    """One measurement.

    Attributes:
        rows: Rows of the table; a fifth validates.
        epochs: Passes over the training rows per trial.
        batch: Rows of a step.
        layers: Hidden layers.
        units: Width of each.
        pack: Networks trained together, for `packs`.
        trials: Networks.
    """

    rows: int = 16_000
    epochs: int = 5
    batch: int = 256
    layers: int = 2
    units: int = 64
    pack: int = 32
    trials: int = 64


@dataclass(frozen=True)
class Outcome:
    """What a system did: epochs trained, of all networks together, and the best validation log-loss as it reports it."""

    epochs: int
    loss: float


def problem(rows: int) -> tuple[Any, Any]:
    """Return a binary problem with interactions: numbers (rows, 30) and classes (rows,)."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(rows, COLUMNS)).astype("float32")
    signal = x[:, 0] * x[:, 1] + np.sin(2 * x[:, 2]) + 0.5 * x[:, 3] + 0.3 * rng.normal(size=rows)
    return x, (signal > 0).astype("int64")


def draws(trials: int) -> list[dict[str, float]]:
    """Return the configurations to train."""
    rng = np.random.default_rng(1)
    rates, dropouts = np.exp(rng.uniform(np.log(1e-4), np.log(1e-2), trials)), rng.uniform(0, 0.5, trials)
    return [{"learning_rate": float(rate), "dropout": float(dropout)} for rate, dropout in zip(rates, dropouts, strict=True)]


def log_loss(probabilities: Any, y: Any) -> float:
    """Return the mean negative logarithm of the probability (rows, classes) of the true class (rows,)."""
    return float(np.mean(-np.log(np.clip(probabilities[np.arange(len(y)), y], 1e-7, 1))))


def packs(x: Any, y: Any, setting: Setting) -> Outcome:
    """Train all trials in packs."""
    from automl import Budget, KerasFamily
    from automl.families.base import Tags, TrainingData
    from automl.layers import PackedDense, PackedDropout, PackedModel
    from automl.preprocessing.base import Spec
    from automl.training import Schedule

    class Plain(KerasFamily):
        """The network of all systems."""

        name, title, tags = "plain", "Plain network", Tags(kind="network")
        per_member = frozenset({"learning_rate", "weight_decay", "dropout"})

        def space(self, hp: Any, spec: Any) -> None:
            hp.Float("learning_rate", 1e-4, 1e-2, sampling="log")
            hp.Float("dropout", 0.0, 0.5)
            hp.Fixed("layers", setting.layers)
            hp.Fixed("units", setting.units)

        def schedule(self, *_: Any) -> Any:
            return Schedule(setting.epochs, setting.batch, keep=(1.0, 1.0, 1.0))

        def build(self, spec: Any, configs: Sequence[Any]) -> Any:
            body: list[Any] = []
            for _ in range(setting.layers):
                body += [PackedDense(len(configs), setting.units, "relu"), PackedDropout(len(configs))]
            return PackedModel(len(configs), [*body, PackedDense(len(configs), 2)])

    fold = np.where(np.arange(len(y)) < len(y) // 5, 0, -1)
    data = TrainingData({"numbers": x}, y, fold, 1, Spec(COLUMNS, COLUMNS, (), 2, "binary", len(y)))
    shared = {"layers": setting.layers, "units": setting.units, "weight_decay": DECAY}
    configs = [{**config, **shared, "seed": seed} for seed, config in enumerate(draws(setting.trials))]
    trained: list[Any] = []
    for start in range(0, len(configs), setting.pack):
        trained += Plain().train(configs[start : start + setting.pack], data, deadline=Budget(trials=1).deadline(), seed=0)
    finished = sum(result.status == "finished" for result in trained)
    if finished < setting.trials:
        raise RuntimeError(f"{setting.trials - finished} of {setting.trials} networks did not end.")
    judged = fold == 0
    return Outcome(finished * setting.epochs, min(log_loss(result.out_of_fold[judged], y[judged]) for result in trained))


def network(setting: Setting, config: dict[str, float], steps: int = 1) -> Any:
    """Return the compiled Keras network of all systems."""
    import keras

    layers = [keras.Input((COLUMNS,))]
    for _ in range(setting.layers):
        layers += [keras.layers.Dense(setting.units, activation="relu"), keras.layers.Dropout(config["dropout"])]
    model = keras.Sequential([*layers, keras.layers.Dense(2)])
    optimizer = keras.optimizers.AdamW(config["learning_rate"], weight_decay=DECAY)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(optimizer, loss, steps_per_execution=steps)
    return model


def parts(x: Any, y: Any, setting: Setting) -> dict[str, Any]:
    """Return what Keras's `fit` is called with."""
    cut = len(y) // 5
    validation = (x[:cut], y[:cut])
    return {"x": x[cut:], "y": y[cut:], "validation_data": validation, "epochs": setting.epochs, "batch_size": setting.batch, "verbose": 0}


def sequential(x: Any, y: Any, setting: Setting, steps: int = 1) -> Outcome:
    """Train one Keras network after the other."""
    import keras

    best = np.inf
    for config in draws(setting.trials):
        keras.backend.clear_session()  # as KerasTuner does it: what is left of earlier networks costs nothing
        history = network(setting, config, steps).fit(**parts(x, y, setting)).history
        best = min(best, *history["val_loss"])
    return Outcome(setting.trials * setting.epochs, float(best))


def tuner(x: Any, y: Any, setting: Setting, hyperband: bool) -> Outcome:
    """Run a search of KerasTuner."""
    import keras_tuner

    def build(hp: Any) -> Any:
        rate = hp.Float("learning_rate", 1e-4, 1e-2, sampling="log")
        return network(setting, {"learning_rate": rate, "dropout": hp.Float("dropout", 0.0, 0.5)})

    with tempfile.TemporaryDirectory() as home:
        common = {"hypermodel": build, "objective": "val_loss", "directory": home, "seed": 0}
        if hyperband:
            rounds = max(setting.trials // HYPERBAND_TRIALS, 1)
            search = keras_tuner.Hyperband(max_epochs=setting.epochs, hyperband_iterations=rounds, **common)
        else:
            search = keras_tuner.RandomSearch(max_trials=setting.trials, **common)
        search.search(**parts(x, y, setting))
        trials = list(search.oracle.trials.values())
    failed = sum(trial.status != "COMPLETED" for trial in trials)
    if failed or not trials:
        raise RuntimeError(f"{failed} of {len(trials)} trials of KerasTuner failed. Is the package tensorboard installed?")
    values = [trial.hyperparameters.values for trial in trials]
    ran = sum(each.get("tuner/epochs", setting.epochs) - each.get("tuner/initial_epoch", 0) for each in values)
    return Outcome(ran, float(min(trial.score for trial in trials)))


SYSTEMS: dict[str, Callable[[Any, Any, Setting], Outcome]] = {
    "packs": packs,
    "sequential": sequential,
    "steps": lambda x, y, setting: sequential(x, y, setting, STEPS),
    "random": lambda x, y, setting: tuner(x, y, setting, hyperband=False),
    "hyperband": lambda x, y, setting: tuner(x, y, setting, hyperband=True),
}


def machine() -> dict[str, Any]:
    """Return what this process computes on."""
    import keras
    import keras_tuner

    backend = keras.backend.backend()
    library = __import__({"tensorflow": "tensorflow", "jax": "jax", "torch": "torch"}[backend])
    if backend == "jax":
        device = library.devices()[0].device_kind
    elif backend == "torch":
        device = library.cuda.get_device_name() if library.cuda.is_available() else "cpu"
    else:
        devices = library.config.list_physical_devices("GPU")
        device = library.config.experimental.get_device_details(devices[0]).get("device_name", "GPU") if devices else "cpu"
    info = Path("/proc/cpuinfo").read_text() if Path("/proc/cpuinfo").exists() else ""
    models = [line.partition(":")[2].strip() for line in info.splitlines() if line.startswith("model name")]
    versions = f"{backend} {library.__version__}, Keras {keras.__version__}, KerasTuner {keras_tuner.__version__}"
    processor = models[0] if models else platform.machine()
    gpu = device.lower() != "cpu"
    return {"device": device if gpu else f"CPU ({processor})", "gpu": gpu, "versions": versions, "cores": len(os.sched_getaffinity(0))}


def measure(system: str, setting: Setting) -> dict[str, Any]:
    """Return a system's trials per minute in this process, its backend warm."""
    tiny = replace(setting, rows=640, epochs=2, layers=1, units=8, pack=1, trials=1)
    SYSTEMS[system](*problem(tiny.rows), tiny)
    x, y = problem(setting.rows)
    started, worked = time.perf_counter(), time.process_time()
    outcome = SYSTEMS[system](x, y, setting)
    seconds, busy = time.perf_counter() - started, time.process_time() - worked
    trials = outcome.epochs / setting.epochs
    speed = {"trained": trials, "seconds": seconds, "cpu_s": busy, "trials_per_minute": 60 * trials / seconds, "loss": outcome.loss}
    return {"system": system, **asdict(setting), **speed, "load": os.getloadavg()[0], **machine()}


def in_own_process(system: str, setting: Setting) -> dict[str, Any]:
    """Measure a system in a process of its own; raises where it fails."""
    with tempfile.TemporaryDirectory() as home:
        said = Path(home) / "said"
        _, memory, code = timed([sys.executable, __file__, "--measure", json.dumps([system, asdict(setting)])], said)
        lines = [line for line in said.read_text(errors="replace").splitlines() if line.startswith(MARK)]
    if code or not lines:
        raise SystemExit(f"{system} failed on {setting}.")
    return {**json.loads(lines[-1].removeprefix(MARK)), "peak_mib": memory}


def row(ours: dict[str, Any], others: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return a line of the table: trials a minute of each system, how many times ours, and whether the bar is met."""
    line = {"network": f"{ours['layers']} × {ours['units']}", "rows": ours["rows"], "members": ours["pack"]}
    line |= {"packs": f"{ours['trials_per_minute']:.0f}"}
    ratios = {other["system"]: ours["trials_per_minute"] / other["trials_per_minute"] for other in others}
    line |= {other["system"]: f"{other['trials_per_minute']:.1f} ({ratios[other['system']]:.1f} ×)" for other in others}
    against, bar = GPU_BAR if ours["gpu"] else BARS.get((ours["layers"], ours["units"]), ("", 0.0))
    known = against in ratios
    met = "yes" if known and ratios[against] >= bar else "no"
    return {**line, "bar": f"{bar:g} × {against}" if known else "–", "met": met if known else "–"}


def sweep(arguments: argparse.Namespace) -> list[tuple[Setting, tuple[int, ...]]]:
    """Return the settings to measure, each with the sizes of the packs."""
    grid = itertools.product(arguments.layers, arguments.units)
    shapes = TABLE if arguments.table else [(layers, units, tuple(arguments.pack)) for layers, units in grid]
    return [
        (Setting(rows, arguments.epochs, arguments.batch, layers, units, trials=arguments.trials), sizes)
        for rows in arguments.rows
        for layers, units, sizes in shapes
    ]


def arguments_of(command: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    several: Callable[[str], list[int]] = lambda text: [int(part) for part in text.split(",")]  # noqa: E731
    for name, default in (("rows", 16_000), ("layers", 2), ("units", 64), ("pack", 32)):
        parser.add_argument(f"--{name}", type=several, default=[default], help=f"one or several with commas (default {default})")
    for name, default in (("epochs", 5), ("batch", 256), ("trials", 64), ("tuner-trials", 8)):
        parser.add_argument(f"--{name}", type=int, default=default, help=f"default {default}")
    parser.add_argument("--systems", type=lambda text: text.split(","), default=list(SYSTEMS), help=", ".join(SYSTEMS))
    parser.add_argument("--table", action="store_true", help="two layers of 64 in packs of 32, three of 256 in packs of 16 and 32")
    parser.add_argument("--out", type=Path, help="append every measurement as a JSON line")
    parser.add_argument("--measure", type=json.loads, help=argparse.SUPPRESS)
    arguments = parser.parse_args(command)
    unknown = sorted(set(arguments.systems) - set(SYSTEMS))
    if unknown:
        parser.error(f"--systems may name {', '.join(SYSTEMS)}; received {', '.join(unknown)}")
    return arguments


def tell(result: dict[str, Any]) -> None:
    """Print one measurement."""
    members = f" of {result['pack']}" if result["system"] == "packs" else ""
    print(
        f"{result['layers']} × {result['units']}, {result['rows']} rows, {result['system']}{members}: {result['trained']:.1f} trials in "
        f"{result['seconds']:.1f} s ({result['cpu_s']:.1f} s of CPU), {result['trials_per_minute']:.1f} a minute, "
        f"best loss {result['loss']:.4f}, {result['peak_mib']:.0f} MiB",
        flush=True,
    )


def main() -> None:
    """Print the machine, and trials per minute of every system with the ratios."""
    arguments = arguments_of()
    if arguments.measure:
        system, setting = arguments.measure
        print(MARK + json.dumps(measure(system, Setting(**setting))), flush=True)
        return
    load = " ".join(f"{value:.1f}" for value in os.getloadavg())
    print(f"load average {load} before the run; {arguments.epochs} epochs, batch {arguments.batch}", flush=True)
    rows: list[dict[str, Any]] = []
    where = None
    for setting, sizes in sweep(arguments):
        runs = [("packs", replace(setting, pack=size)) for size in sizes if "packs" in arguments.systems]
        runs += [(name, replace(setting, trials=arguments.tuner_trials)) for name in arguments.systems if name != "packs"]
        found = []
        for system, each in runs:
            result = in_own_process(system, each)
            found.append(result)
            if where is None:
                where = f"{result['device']}, {result['cores']} cores; {result['versions']}"
                print(f"{where}\n", flush=True)
            tell(result)
            if arguments.out:
                with arguments.out.open("a") as sink:
                    sink.write(json.dumps(result) + "\n")
        others = [result for result in found if result["system"] != "packs"]
        rows += [row(result, others) for result in found if result["system"] == "packs"]
    if rows:
        print(f"\ntrials a minute, and how many times that packs train:\n\n{markdown(pd.DataFrame(rows))}")


if __name__ == "__main__":
    main()
