"""Residual networks for tables, trained as packs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from automl.families._inputs import EMBEDDINGS, category_layer, default_bins, number_layer, spanned
from automl.families.base import Config, Tags
from automl.families.networks import KerasFamily
from automl.layers import PackedDense, PackedModel
from automl.layers.normalization import PackedLayerNorm
from automl.layers.packed import zeros
from automl.layers.residual import PackedRelu, PackedResidual, fan_in_uniform
from automl.preprocessing.base import Spec


class ResNet(KerasFamily):
    """Residual network: linear → blocks ``x + linear(dropout(relu(linear(norm(x)))))`` → norm → relu → linear.

    Source: Gorishniy et al. (2021, arXiv:2106.11959). What differs, and why: layer instead of batch normalisation, which would mix rows
    and need running state; piecewise-linear encoding of the numbers (Gorishniy et al., 2022, arXiv:2203.05556) and a learned scale per
    input (Holzmüller et al., 2024, arXiv:2407.04491), as in the plain perceptron; the optimiser and schedule of all packs. Trial 0 has the
    authors' two blocks, hidden factor 2 and dropout 0.15; 64 units up to 30,000 rows and 128 above, because their 192 take several times as
    long on a CPU, and a learning rate that fits the schedule's few epochs (their 1e-4 is meant for hundreds).
    """

    name = "resnet"
    title = "Residual network"
    tags = Tags(kind="network", rank=5)
    per_member = frozenset({"learning_rate", "weight_decay", "dropout"})
    pack_configs = 8

    def space(self, hp: Any, spec: Spec) -> None:
        """Declare blocks, width, hidden factor, where dropout acts, learning rate, weight decay and dropout (ranges after the source)."""
        hp.Choice("embedding", list(EMBEDDINGS), default="piecewise_linear")
        hp.Choice("bins", [8, 16, 32], default=default_bins(spec))
        hp.Choice("blocks", [1, 2, 3, 4], default=2)
        hp.Choice("units", [32, 64, 128, 192], default=64 if spec.rows < 30_000 else 128)
        hp.Choice("hidden_factor", [1, 2, 3, 4], default=2)
        hp.Boolean("residual_dropout", default=False)
        hp.Float("learning_rate", 2e-4, 1e-2, sampling="log", default=2e-3)
        hp.Float("weight_decay", 1e-3, 0.3, sampling="log", default=2e-2)
        hp.Float("dropout", 0.0, 0.5, step=0.05, default=0.15)

    def portfolio(self, spec: Spec) -> list[Config]:
        """Return the default's pack, spanned by the source's ranges of learning rate and dropout, then one wider and shallower."""
        rates = [(2e-3, 0.15), (1e-3, 0.3), (4e-3, 0.3), (1e-3, 0.0), (4e-3, 0.15), (6e-3, 0.45), (5e-4, 0.15), (2e-3, 0.5)]
        return [*spanned(rates), *spanned(rates[:4], blocks=1, units=128, residual_dropout=True)]

    def build(self, spec: Spec, configs: Sequence[Config]) -> PackedModel:
        """Return the pack of `configs`, which share blocks, widths and the places of dropout."""
        members, config = len(configs), configs[0]
        units = int(config["units"])
        hidden, twice = units * int(config["hidden_factor"]), bool(config["residual_dropout"])
        body: list[Any] = [PackedDense(members, units, initializer=fan_in_uniform, input_scale=6.0)]
        body += [PackedResidual(members, hidden, twice) for _ in range(int(config["blocks"]))]
        body += [PackedLayerNorm(members), PackedRelu(members), PackedDense(members, spec.outputs, initializer=zeros)]
        return PackedModel(members, body, category_layer(spec, members), number_layer(spec, members, config))
