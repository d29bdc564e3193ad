"""Neighbourhood networks (ModernNCA), trained as packs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from automl import _backend
from automl.families._footprint import Footprint
from automl.families._inputs import EMBEDDINGS, category_layer, number_layer
from automl.families.base import Config, Tags, Trained, TrainingData
from automl.families.networks import KerasFamily
from automl.layers import PackedDense, PackedModel
from automl.layers.neighbours import NeighbourModel, PackedMemory
from automl.layers.normalization import PackedLayerNorm
from automl.layers.residual import PackedResidual, fan_in_uniform
from automl.preprocessing.base import Arrays, Spec

MEMORY_VALUES = 2_000_000  # remembered values of one network; wide tables are remembered with fewer rows


class ModernNCA(KerasFamily):
    """Rows are embedded, and near training rows vote: ``p(y | x) = Σ softmax(−‖f(x) − f(xᵢ)‖) [yᵢ = y]``, a row never for itself.

    Source: ModernNCA (Ye et al., 2024, arXiv:2407.03257). Trained on the log-loss of the vote (squared error of the weighted mean for
    regression) with a random part of the candidates in each step. Trial 0 has the authors' linear embedding without blocks and their
    periodic embedding of the numbers (here RealMLP's). Their 128 units are 64 on a CPU, and 2,048 random training rows are remembered
    (8,192 on a GPU), because a prediction looks at all of them. Each fold's model remembers only rows that it learnt from: its validation
    rows never show their targets. What it gets right differs from what other networks do, which is worth much in an ensemble.
    """

    name = "modern_nca"
    title = "Neighbourhood network"
    tags = Tags(kind="network", rank=1, maximum_rows=20_000)
    per_member = frozenset({"learning_rate", "weight_decay", "dropout", "embedding_scale"})
    pack_configs = 4

    def space(self, hp: Any, spec: Spec) -> None:
        """Declare embedding, width, blocks, candidates, learning rate, weight decay and dropout (ranges after the source)."""
        large = _backend.has_gpu()
        hp.Choice("embedding", list(EMBEDDINGS), default="periodic")
        hp.Choice("bins", [8, 16, 32], default=8)
        hp.Choice("units", [32, 64, 128, 256], default=128 if large else 64)
        hp.Choice("blocks", [0, 1, 2], default=0)
        hp.Choice("remembered", [1024, 2048, 4096, 8192], default=8192 if large else 2048)
        hp.Choice("sample_rate", [0.125, 0.25, 0.5], default=0.25)
        hp.Float("learning_rate", 1e-3, 3e-2, sampling="log", default=1e-2)
        hp.Float("weight_decay", 1e-5, 0.1, sampling="log", default=2e-4)
        hp.Float("dropout", 0.0, 0.5, step=0.05, default=0.1)
        hp.Float("embedding_scale", 0.02, 2.0, sampling="log", default=0.1)

    def portfolio(self, spec: Spec) -> list[Config]:
        """Return the default's pack, spanned in learning rate, scale of the frequencies and decay; then one with a block."""
        first: list[Config] = [
            {},
            {"learning_rate": 5e-3, "embedding_scale": 0.4},
            {"learning_rate": 2e-2, "weight_decay": 2e-2},
            {"learning_rate": 5e-3, "embedding_scale": 0.05, "weight_decay": 2e-2},
        ]
        return [*first, {"blocks": 1, "learning_rate": 3e-3}, {"blocks": 1, "learning_rate": 1e-3, "dropout": 0.3}]

    def inputs(self, data: TrainingData) -> Arrays:
        """Return the arrays, with the position of each row, by which it is kept from voting for itself."""
        return {**super().inputs(data), "row": np.arange(data.rows, dtype=np.int32)[:, None]}

    def footprint(self, spec: Spec, config: Config) -> Footprint:
        """Return the size of one network, with the distances of a row to all remembered ones and their weights."""
        size = super().footprint(spec, config)
        return replace(size, activations=size.activations + 2 * min(int(config["remembered"]), spec.rows))

    def row_seconds(self, trained: Trained, spec: Spec) -> float:
        """Return what comparing a row with all remembered ones takes: their distances are far from the nearest memory."""
        return 2.0 * super().row_seconds(trained, spec)

    def build(self, spec: Spec, configs: Sequence[Config]) -> PackedModel:
        """Return the pack of `configs`, which share everything but rates."""
        members, config = len(configs), configs[0]
        units = int(config["units"])
        columns = {"numbers": spec.numbers, "categories": len(spec.categories), "encoded": spec.encoded}
        size = max(min(int(config["remembered"]), spec.rows, MEMORY_VALUES // (sum(columns.values()) + spec.outputs + 1)), 1)
        memory = PackedMemory(members, size, columns, spec.outputs, spec.is_classification)
        body: list[Any] = [PackedDense(members, units, initializer=fan_in_uniform, input_scale=6.0)]
        body += [PackedResidual(members, 2 * units) for _ in range(int(config["blocks"]))]
        body += [PackedLayerNorm(members)] if config["blocks"] else []
        window = max(round(size * float(config["sample_rate"])), min(size, 256))
        return NeighbourModel(members, body, memory, window, category_layer(spec, members), number_layer(spec, members, config))
