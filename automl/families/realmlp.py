"""RealMLP, trained as packs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from automl import _backend
from automl.families._inputs import PERIODIC_SCALE, category_layer, periodic_embedding
from automl.families.base import Config, Tags
from automl.families.networks import KerasFamily
from automl.layers import PackedActivation, PackedDense, PackedDropout, PackedModel
from automl.layers.packed import normal, zeros
from automl.preprocessing.base import Spec

CLASSIFICATION_RATE, REGRESSION_RATE = 0.04, 0.2  # in the scale of the neural tangent parametrisation
DEEP_BELOW = 5_000  # rows; above, a minute on two cores is better spent on more passes than on the paper's third layer


class RealMLP(KerasFamily):
    """Multilayer perceptron with tuned defaults ("RealMLP-TD", Holzmüller et al., 2024, arXiv:2407.04491).

    Periodic embeddings of the numbers with a tenth of the learning rate, a scaling layer with six times the learning rate, the neural
    tangent parametrisation, SELU (classes) or Mish (regression) with a learned strength, biases with a tenth of the learning rate,
    initial weights fitted to the data, AdamW with β₂ = 0.95, the coslog4 schedule, and dropout and weight decay that fade out. The
    best epoch is chosen on the log-loss after temperature scaling, therefore no label smoothing by default, as the authors advise for
    that metric. What differs on a CPU: 128 units instead of 256, and from 5,000 rows on two layers instead of three, and frequencies of
    1.0 instead of 0.1, which are learnt in fewer passes than the authors' 256 (out of fold after 12 to 40 passes: 0.6 to 5.5 % less loss
    on five tables of six); everywhere batches and epochs follow the clock.
    """

    name = "realmlp"
    title = "RealMLP"
    tags = Tags(kind="network", rank=-2)
    per_member = frozenset({"learning_rate", "weight_decay", "dropout", "embedding_scale", "label_smoothing", "second_moment_decay"})
    pack_configs = 4

    def space(self, hp: Any, spec: Spec) -> None:
        """Declare the authors' search space, with widths that a CPU can pay."""
        large = _backend.has_gpu()
        hp.Choice("layers", [2, 3, 4], default=3 if _as_published(spec) else 2)
        hp.Choice("units", [64, 128, 256, 384], default=256 if large else 128)
        hp.Choice("activation", ["selu", "mish", "silu", "relu"], default="selu" if spec.is_classification else "mish")
        hp.Boolean("parametric", default=True)
        default = CLASSIFICATION_RATE if spec.is_classification else REGRESSION_RATE
        hp.Float("learning_rate", 0.01, 0.4, sampling="log", default=default)
        hp.Float("weight_decay", 1e-3, 0.1, sampling="log", default=0.02)
        hp.Float("dropout", 0.0, 0.5, step=0.05, default=0.15)
        hp.Float("embedding_scale", 0.02, 2.0, sampling="log", default=PERIODIC_SCALE if _as_published(spec) else 1.0)
        hp.Float("label_smoothing", 0.0, 0.1, step=0.05, default=0.0)
        hp.Float("second_moment_decay", 0.95, 0.995, step=0.015, default=0.95)

    def portfolio(self, spec: Spec) -> list[Config]:
        """Return the default, then changes of it inside the authors' search space; no source, measured out of fold."""
        rate = CLASSIFICATION_RATE if spec.is_classification else REGRESSION_RATE
        slower = {"learning_rate": rate / 3, "dropout": 0.1}
        if _as_published(spec):
            return [{}, {"embedding_scale": 1.0}, {**slower, "embedding_scale": 0.4}, {"embedding_scale": 2.0, "dropout": 0.3}]
        return [{}, slower, {"embedding_scale": 2.0, "dropout": 0.3}, {"embedding_scale": PERIODIC_SCALE}]

    def build(self, spec: Spec, configs: Sequence[Config]) -> PackedModel:
        """Return the pack of `configs`, which share layers, units and activation."""
        members, config = len(configs), configs[0]
        activation, body = str(config["activation"]), []
        for layer in range(int(config["layers"])):
            body.append(
                PackedDense(
                    members,
                    int(config["units"]),
                    None if config["parametric"] else activation,
                    unit_normal,
                    input_scale=6.0 if layer == 0 else None,
                    ntk=True,
                    data_driven=True,
                    bias_learning_rate=0.1,
                )
            )
            body += [PackedActivation(members, activation)] if config["parametric"] else []
            body.append(PackedDropout(members))
        body.append(PackedDense(members, spec.outputs, None, zeros, ntk=True, bias_learning_rate=0.1))
        return PackedModel(members, body, category_layer(spec, members, scale=1.0), periodic_embedding(spec, members))


def _as_published(spec: Spec) -> bool:
    """Whether there is time for the passes that the authors' depth and frequencies are meant for."""
    return _backend.has_gpu() or spec.rows < DEEP_BELOW


def unit_normal(rng: np.random.Generator, shape: tuple[int, ...]) -> Any:
    """Draw N(0, 1 / inputs); the data-driven start rescales it."""
    return normal(1.0 / float(np.sqrt(shape[0])))(rng, shape)
