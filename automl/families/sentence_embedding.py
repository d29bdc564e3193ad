"""A small network on frozen sentence embeddings, trained as packs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from automl.families._inputs import category_layer, spanned
from automl.families.base import Config, Tags
from automl.families.networks import INPUTS, KerasFamily
from automl.layers import PackedDense, PackedDropout, PackedModel
from automl.layers.packed import zeros
from automl.layers.text import Shared
from automl.preprocessing.base import Spec


class SentenceEmbedding(KerasFamily):
    """Transfer learning for text: vectors of all-MiniLM-L6-v2, which stay as they are, beside the other columns, under a small network.

    Source: Reimers and Gurevych (2019), "Sentence-BERT", arXiv:1908.10084; Wang et al. (2020), "MiniLM", arXiv:2002.10957. It takes part
    where the package with the weights is installed and the budget allows to compute the vectors. The lighter choice are weighted means of
    GloVe vectors (Arora, Liang and Ma, 2017), from another package; see :mod:`automl.preprocessing.sources`.
    """

    name = "sentence_embedding"
    title = "Sentence embeddings"
    tags = Tags(kind="network", inputs=frozenset({"sentence"}), rank=-9)
    per_member = frozenset({"learning_rate", "weight_decay", "dropout"})
    reads = (*INPUTS, "sentence")
    pack_configs = 8

    def space(self, hp: Any, spec: Spec) -> None:
        """Declare hidden layers and units, learning rate, weight decay and dropout."""
        hp.Choice("layers", [0, 1, 2], default=1)
        hp.Choice("units", [64, 128, 256], default=128)
        hp.Float("learning_rate", 3e-4, 2e-2, sampling="log", default=3e-3)
        hp.Float("weight_decay", 1e-3, 0.5, sampling="log", default=5e-2)
        hp.Float("dropout", 0.0, 0.7, step=0.05, default=0.3)

    def portfolio(self, spec: Spec) -> list[Config]:
        """Return one pack, then a linear head (no source; chosen to span the space)."""
        rates = [(3e-3, 0.3), (1e-3, 0.5), (1e-3, 0.1), (6e-3, 0.5)]
        return [*spanned(rates), *spanned([(3e-3, 0.3), (1e-2, 0.5)], layers=0)]

    def build(self, spec: Spec, configs: Sequence[Config]) -> PackedModel:
        """Return the pack of `configs`, which share everything but rates."""
        members, config = len(configs), configs[0]
        body: list[Any] = [PackedDropout(members)]
        for _ in range(int(config["layers"])):
            body += [PackedDense(members, int(config["units"]), "silu"), PackedDropout(members)]
        body.append(PackedDense(members, spec.outputs, initializer=zeros))
        return PackedModel(members, body, category_layer(spec, members), further={"sentence": Shared(scale=10.0)})
