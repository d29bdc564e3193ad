"""What the networks that read tokens share."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, ClassVar

import numpy as np

from automl.families.base import Config, Tags
from automl.families.networks import INPUTS, KerasFamily
from automl.preprocessing.base import Spec
from automl.training import Schedule

TABLE = ("numbers", "categories", "encoded")


class TextFamily(KerasFamily):
    """A family of networks that read the tokens of the text columns, and the other columns beside them."""

    per_member = frozenset({"learning_rate", "weight_decay", "dropout"})
    reads: ClassVar[tuple[str, ...]] = (*INPUTS, "tokens")
    attends: ClassVar[bool] = False  # whether its layer of "tokens" can tell where it attended

    @staticmethod
    def text_tags(rank: int, **options: Any) -> Tags:
        """Return the tags of a network for text; smaller ranks are tried earlier."""
        return Tags(kind="network", inputs=frozenset({"tokens"}), rank=rank, **options)

    def rates(self, hp: Any, learning_rate: float) -> None:
        """Declare what may differ inside a pack."""
        hp.Float("learning_rate", learning_rate / 10, learning_rate * 5, sampling="log", default=learning_rate)
        hp.Float("weight_decay", 1e-3, 0.3, sampling="log", default=2e-2)
        hp.Float("dropout", 0.0, 0.7, step=0.05, default=0.3)

    def tokens(self, spec: Spec) -> int:
        """Return how many different tokens there are."""
        found = spec.further("tokens")
        return 0 if found is None else found.levels

    def schedule(self, spec: Spec, config: Config, seed: int, configs: int) -> Schedule:
        """Return fewer epochs and smaller batches than for tables: a text is sooner learnt by heart than a row of numbers."""
        plain = super().schedule(spec, config, seed, configs)
        epochs = int(np.clip(1_500 * 64 / max(spec.rows, 1), 6, 40))
        batch = 32 if spec.rows < 2_000 else 64 if spec.rows < 20_000 else 128
        return replace(plain, epochs=epochs, batch_size=min(plain.batch_size, batch))
