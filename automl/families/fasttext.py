"""Bags of embeddings: the quickest network for text, trained as packs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from automl.families._inputs import category_layer, spanned
from automl.families._text import TextFamily
from automl.families.base import Config
from automl.layers import PackedDense, PackedDropout, PackedModel
from automl.layers.packed import zeros
from automl.layers.text import PackedBag
from automl.preprocessing.base import Spec


class FastText(TextFamily):
    """A sum of learned vectors of tokens and pairs of tokens, beside the other columns, and a small network on top.

    Source: Joulin et al. (2017), "Bag of Tricks for Efficient Text Classification", arXiv:1607.01759; here with pieces of words as tokens,
    a hidden layer, AdamW and the coslog4 schedule.
    """

    name = "fasttext"
    title = "Bag of embeddings"
    tags = TextFamily.text_tags(rank=-3)
    pack_configs = 4

    def space(self, hp: Any, spec: Spec) -> None:
        """Declare embedding width, pairs, hidden units, learning rate, weight decay and dropout."""
        hp.Choice("embedding_units", [16, 32, 64], default=32)
        hp.Boolean("pairs", default=True)
        hp.Choice("units", [0, 64, 128], default=64)
        self.rates(hp, learning_rate=5e-3)

    def portfolio(self, spec: Spec) -> list[Config]:
        """Return one pack around the default (no source; chosen to span the space)."""
        return spanned([(5e-3, 0.3), (2e-3, 0.5), (1e-2, 0.5), (2e-3, 0.1)])

    def build(self, spec: Spec, configs: Sequence[Config]) -> PackedModel:
        """Return the pack of `configs`, which share everything but rates."""
        members, config = len(configs), configs[0]
        body: list[Any] = [PackedDropout(members)]
        if config["units"]:
            body += [PackedDense(members, int(config["units"]), "silu"), PackedDropout(members)]
        body.append(PackedDense(members, spec.outputs, initializer=zeros))
        bag = PackedBag(members, self.tokens(spec), int(config["embedding_units"]), bool(config["pairs"]))
        return PackedModel(members, body, category_layer(spec, members), further={"tokens": bag})
