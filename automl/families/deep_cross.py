"""Deep and cross networks (DCN-v2), trained as packs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from automl.families._inputs import EMBEDDINGS, category_layer, number_layer, spanned
from automl.families.base import Config, Tags
from automl.families.networks import KerasFamily
from automl.layers import PackedDense, PackedDropout, PackedModel, PackedScale
from automl.layers.cross import PackedBranches, PackedCross
from automl.layers.packed import zeros
from automl.preprocessing.base import Spec

WIDE = 64  # inputs above which a full cross matrix costs more than the deep part


class DeepCross(KerasFamily):
    """Cross layers ``x ← x₀ ∘ (W x + b) + x`` on the inputs, followed by or beside a multilayer perceptron.

    Source: DCN-v2 (Wang et al., 2021, arXiv:2008.13535). The cross layers write products of columns down explicitly, which a perceptron
    has to find. Trial 0 is the authors' stacked form with two cross layers and two hidden layers of relu units, full matrices up to 64
    inputs and rank 16 above (the authors find a quarter of the width enough); the widths are cut to 64 and 128 units for a CPU. A learned
    scale per input comes first, as in all our plain networks.
    """

    name = "deep_cross"
    title = "Deep and cross network"
    tags = Tags(kind="network", rank=6)
    per_member = frozenset({"learning_rate", "weight_decay", "dropout"})
    pack_configs = 8

    def space(self, hp: Any, spec: Spec) -> None:
        """Declare the form, cross layers, rank, depth, width, learning rate, weight decay and dropout (ranges after the source)."""
        hp.Choice("embedding", list(EMBEDDINGS), default="none")
        hp.Choice("bins", [8, 16, 32], default=8)
        hp.Choice("form", ["stacked", "parallel"], default="stacked")
        hp.Choice("cross_layers", [1, 2, 3], default=2)
        hp.Choice("rank", [0, 4, 16, 64], default=0 if _inputs(spec) <= WIDE else 16)
        hp.Choice("layers", [1, 2, 3], default=2)
        hp.Choice("units", [32, 64, 128, 256], default=64 if spec.rows < 30_000 else 128)
        hp.Float("learning_rate", 3e-4, 1e-2, sampling="log", default=2e-3)
        hp.Float("weight_decay", 1e-3, 0.3, sampling="log", default=2e-2)
        hp.Float("dropout", 0.0, 0.5, step=0.05, default=0.1)

    def portfolio(self, spec: Spec) -> list[Config]:
        """Return the stacked default's pack, then the authors' other form (which of the two wins depends on the data, they find)."""
        rates = [(2e-3, 0.1), (1e-3, 0.3), (4e-3, 0.2), (1e-3, 0.0), (4e-3, 0.4), (7e-3, 0.2), (5e-4, 0.1), (2e-3, 0.5)]
        return [*spanned(rates), *spanned(rates[:4], form="parallel")]

    def build(self, spec: Spec, configs: Sequence[Config]) -> PackedModel:
        """Return the pack of `configs`, which share form, depths, widths and rank."""
        members, config = len(configs), configs[0]
        cross = PackedCross(members, int(config["cross_layers"]), int(config["rank"]))
        deep: list[Any] = []
        for _ in range(int(config["layers"])):
            deep += [PackedDense(members, int(config["units"]), "relu"), PackedDropout(members)]
        middle = [cross, *deep] if config["form"] == "stacked" else [PackedBranches(members, [[cross], deep])]
        body = [PackedScale(members), *middle, PackedDense(members, spec.outputs, initializer=zeros)]
        return PackedModel(members, body, category_layer(spec, members), number_layer(spec, members, config))


def _inputs(spec: Spec) -> int:
    """Return about how many numbers a network sees: columns, and indicators or an embedding of each category column."""
    return spec.numbers + sum(min(levels - 1, 8) for levels in spec.categories)
