"""Multilayer perceptrons, trained as packs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from automl.families._inputs import EMBEDDINGS, category_layer, default_bins, number_layer, spanned
from automl.families.base import Config, Tags
from automl.families.networks import KerasFamily
from automl.layers import PackedDense, PackedDropout, PackedModel
from automl.layers.packed import zeros
from automl.preprocessing.base import Spec


class MLP(KerasFamily):
    """Multilayer perceptron on robustly scaled numbers, their piecewise-linear encoding, indicators and embeddings.

    A plain network with the parts that cost little and help most: piecewise-linear encoding of numbers (Gorishniy et al., 2022,
    arXiv:2203.05556); smooth clipping, a learned scale per input, a zero output layer, AdamW with β₂ = 0.95 and the coslog4 schedule
    (Holzmüller et al., 2024, arXiv:2407.04491).
    """

    name = "mlp"
    title = "Multilayer perceptron"
    tags = Tags(kind="network")
    per_member = frozenset({"learning_rate", "weight_decay", "dropout"})
    pack_configs = 8

    def space(self, hp: Any, spec: Spec) -> None:
        """Declare embedding, width, depth, activation, learning rate, weight decay and dropout."""
        hp.Choice("embedding", list(EMBEDDINGS), default="piecewise_linear")
        hp.Choice("bins", [8, 16, 32], default=default_bins(spec))
        hp.Choice("layers", [1, 2, 3], default=2)
        hp.Choice("units", [32, 64, 128, 256], default=64 if spec.rows < 30_000 else 128)
        hp.Choice("activation", ["relu", "silu", "selu"], default="silu")
        hp.Float("learning_rate", 5e-4, 2e-2, sampling="log", default=3e-3)
        hp.Float("weight_decay", 1e-3, 0.3, sampling="log", default=2e-2)
        hp.Float("dropout", 0.0, 0.5, step=0.05, default=0.15)

    def portfolio(self, spec: Spec) -> list[Config]:
        """Return one pack: the default, then its neighbours in learning rate, decay and dropout (no source; chosen to span the space)."""
        rates = [(3e-3, 0.15), (3e-3, 0.35), (1e-3, 0.15), (8e-3, 0.15), (1e-3, 0.4), (8e-3, 0.35), (3e-3, 0.0), (1.5e-2, 0.25)]
        return spanned(rates)

    def build(self, spec: Spec, configs: Sequence[Config]) -> PackedModel:
        """Return the pack of `configs`, which share everything but rates."""
        members, config = len(configs), configs[0]
        body: list[Any] = []
        for layer in range(int(config["layers"])):
            scale = 6.0 if layer == 0 else None
            body += [PackedDense(members, int(config["units"]), config["activation"], input_scale=scale), PackedDropout(members)]
        body.append(PackedDense(members, spec.outputs, initializer=zeros))
        return PackedModel(members, body, category_layer(spec, members), number_layer(spec, members, config))
