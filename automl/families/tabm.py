"""TabM, trained as packs."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import takewhile
from typing import Any

import numpy as np

from automl import _backend
from automl.families._inputs import affordable_bins, category_layer, default_bins, input_groups
from automl.families.base import Config, Tags
from automl.families.networks import COMPILE_SECONDS, ENOUGH_EPOCHS, KerasFamily
from automl.layers import HeadsDense, PackedDropout, PackedModel, PiecewiseLinearEncoding, RankOneDense, SharedDense
from automl.preprocessing.base import Spec

HEADS = (4, 8, 16, 32)


class TabM(KerasFamily):
    """One network that makes many predictions ("TabM", Gorishniy et al., 2025, arXiv:2410.24210), with piecewise-linear encoding.

    A shared backbone with rank-one adapters and several heads; the loss is the mean of the heads' losses, the prediction the mean of
    their probabilities. By default only the first layer has adapters ("TabM-mini"), which the paper finds best with embeddings. The
    paper's 32 heads of 512 units are tried first on a GPU; on a CPU, units are fewer, and heads are as many as the time can pay.
    """

    name = "tabm"
    title = "TabM"
    tags = Tags(kind="network", rank=-1, maximum_rows=100_000)
    per_member = frozenset({"learning_rate", "weight_decay", "dropout"})
    pack_configs = 2

    def space(self, hp: Any, spec: Spec) -> None:
        """Declare heads, depth, width, bins, adapters, learning rate, weight decay and dropout."""
        large = _backend.has_gpu()
        hp.Choice("heads", list(HEADS), default=32 if large else 8)
        hp.Choice("layers", [1, 2, 3], default=3 if large else 2)
        hp.Choice("units", [48, 96, 192, 384, 512], default=512 if large else 96)
        hp.Choice("bins", [8, 16, 32], default=default_bins(spec))
        hp.Boolean("adapters", default=False)
        hp.Float("learning_rate", 5e-4, 1e-2, sampling="log", default=3e-3)
        hp.Float("weight_decay", 1e-4, 0.1, sampling="log", default=1e-2)
        hp.Float("dropout", 0.0, 0.5, step=0.05, default=0.1)

    def portfolio(self, spec: Spec) -> list[Config]:
        """Return one pack: the default, then its neighbours in learning rate and dropout."""
        return [
            {},
            {"learning_rate": 1.5e-3, "dropout": 0.3},
            {"learning_rate": 6e-3, "dropout": 0.2},
            {"learning_rate": 1.5e-3, "dropout": 0.0, "weight_decay": 1e-3},
        ]

    def affordable(self, config: Config, spec: Spec, folds: int, seconds: float) -> Config:
        """Return `config` with the most heads that get enough epochs in `seconds`; with those it names where no clock runs."""
        if not np.isfinite(seconds):
            return config

        def fits(heads: int) -> bool:
            return self.seconds_for({**config, "heads": heads}, spec, folds, ENOUGH_EPOCHS) <= seconds - COMPILE_SECONDS

        # Upwards, and no further than what fits: to know the time of a network, it is built.
        return {**config, "heads": max(takewhile(fits, HEADS), default=HEADS[0])}

    def row_work(self, config: Config, spec: Spec) -> float:
        """Return the work of one row in a step; the shared layers' heads are one large product, at twice the pace of many small ones."""
        return 0.5 * super().row_work(config, spec)

    def build(self, spec: Spec, configs: Sequence[Config]) -> PackedModel:
        """Return the pack of `configs`, which share everything but rates."""
        members, config = len(configs), configs[0]
        heads, units = int(config["heads"]), int(config["units"])
        numbers = PiecewiseLinearEncoding(spec.knots, affordable_bins(spec, int(config["bins"]))) if spec.numbers else None
        categories = category_layer(spec, members)
        groups = input_groups(spec, numbers, categories)
        embedded = numbers is not None and len(numbers.columns) > 0
        body: list[Any] = [RankOneDense(members, heads, units, groups, random_signs=not embedded), PackedDropout(members)]
        for _ in range(int(config["layers"]) - 1):
            body += [SharedDense(members, units, adapters=bool(config["adapters"])), PackedDropout(members)]
        body.append(HeadsDense(members, spec.outputs))
        return PackedModel(members, body, categories, numbers, heads=heads)
