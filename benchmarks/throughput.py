"""Trials per minute: packs of networks against KerasTuner's RandomSearch, on the same space, rows, epochs and batch, in one run.

    python benchmarks/throughput.py [--rows 16000] [--epochs 5] [--layers 2] [--units 64] [--pack 32] [--trials 64] [--tuner-trials 8]

The space is the learning rate (1e-4 to 1e-2, logarithmic) and the dropout (0 to 0.5). Both train on 80 % of the rows and
validate the rest once per epoch. Building and compiling count. KerasTuner needs the package tensorboard beside TensorFlow, or
every trial fails.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np

BATCH = 256
COLUMNS = 30


def problem(rows: int) -> tuple[Any, Any]:
    """Return a binary problem with interactions."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(rows, COLUMNS)).astype("float32")
    signal = x[:, 0] * x[:, 1] + np.sin(2 * x[:, 2]) + 0.5 * x[:, 3] + 0.3 * rng.normal(size=rows)
    return x, (signal > 0).astype("int64")


def packs(x: Any, y: Any, arguments: argparse.Namespace) -> float:
    """Train all trials in packs and return the seconds."""
    from automl.budget import Budget
    from automl.families.mlp import MLP
    from automl.preprocessing.base import Spec
    from automl.training import PackData, PackTrainer, Schedule

    rng = np.random.default_rng(1)
    rows = len(y)
    fold = np.where(np.arange(rows) < rows // 5, 0, -1)
    spec = Spec(COLUMNS, COLUMNS, (), 2, "binary", rows)
    family = MLP()
    config = family.complete({"layers": arguments.layers, "units": arguments.units, "activation": "relu"}, spec)
    started = time.monotonic()
    for first in range(0, arguments.trials, arguments.pack):
        members = min(arguments.pack, arguments.trials - first)
        rates = {
            "learning_rate": np.exp(rng.uniform(np.log(1e-4), np.log(1e-2), members)),
            "weight_decay": np.zeros(members),
            "dropout": rng.uniform(0, 0.5, members),
        }
        schedule = Schedule(arguments.epochs, BATCH, keep=(1.0, 1.0, 1.0))
        PackTrainer(
            ("throughput", arguments.layers, arguments.units),
            lambda count: family.build(spec, [config] * count),
            PackData({"numbers": x}, y, fold, 1, True),
            rates,
            list(range(first, first + members)),
            schedule,
            Budget(trials=1).deadline(),
        ).run()
    return time.monotonic() - started


def keras_tuner(x: Any, y: Any, arguments: argparse.Namespace) -> float:
    """Run KerasTuner's RandomSearch and return the seconds."""
    import keras
    import keras_tuner

    def build(hp: Any) -> Any:
        layers = [keras.Input((COLUMNS,))]
        rate = hp.Float("dropout", 0.0, 0.5)
        for _ in range(arguments.layers):
            layers += [keras.layers.Dense(arguments.units, activation="relu"), keras.layers.Dropout(rate)]
        model = keras.Sequential([*layers, keras.layers.Dense(2)])
        optimizer = keras.optimizers.AdamW(hp.Float("learning_rate", 1e-4, 1e-2, sampling="log"))
        model.compile(optimizer, keras.losses.SparseCategoricalCrossentropy(from_logits=True))
        return model

    cut = len(y) // 5
    with tempfile.TemporaryDirectory() as home:
        tuner = keras_tuner.RandomSearch(build, "val_loss", max_trials=arguments.tuner_trials, directory=home, seed=0)
        started = time.monotonic()
        tuner.search(
            x[cut:], y[cut:], validation_data=(x[:cut], y[:cut]), epochs=arguments.epochs, batch_size=BATCH, verbose=0
        )
        return time.monotonic() - started


def main() -> None:
    """Print trials per minute of both, and the ratio."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, default in (("rows", 16_000), ("epochs", 5), ("layers", 2), ("units", 64), ("pack", 32), ("trials", 64), ("tuner-trials", 8)):
        parser.add_argument(f"--{name}", type=int, default=default)
    arguments = parser.parse_args()
    x, y = problem(arguments.rows)
    import keras

    keras.ops.convert_to_numpy(keras.ops.ones(1))  # the start of the backend counts for neither
    ours = 60 * arguments.trials / packs(x, y, arguments)
    theirs = 60 * arguments.tuner_trials / keras_tuner(x, y, arguments)
    size = f"{arguments.layers} layers of {arguments.units}, {arguments.rows} rows, {arguments.epochs} epochs"
    print(f"backend {keras.backend.backend()}, {size}")
    print(f"packs of {arguments.pack}: {ours:.0f} trials a minute; KerasTuner RandomSearch: {theirs:.0f}; ratio {ours / theirs:.1f}")


if __name__ == "__main__":
    main()
