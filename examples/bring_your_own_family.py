"""Bring your own architecture: python examples/bring_your_own_family.py [budget].

A family is a search space and a function that builds networks. Folds, packs, ensemble, calibration and report come by themselves.
"""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import automl
from automl.families.base import Config, Tags
from automl.layers import PackedCategories, PackedDense, PackedDropout, PackedModel
from automl.preprocessing.base import Spec

HERE = Path(__file__).parent


class Wide(automl.KerasFamily):
    """One wide hidden layer. Every layer has a leading `members` axis, so that many of these networks train as one."""

    name = "wide"
    title = "One wide layer"
    tags = Tags(kind="network")
    per_member = frozenset({"learning_rate", "dropout"})  # these may differ between networks that train together

    def space(self, hp: Any, spec: Spec) -> None:
        """Declare what may be tried, in KerasTuner's language."""
        hp.Choice("units", [128, 256, 512], default=256)
        hp.Float("learning_rate", 1e-3, 2e-2, sampling="log", default=4e-3)
        hp.Float("dropout", 0.0, 0.6, step=0.1, default=0.3)

    def build(self, spec: Spec, configs: Sequence[Config]) -> PackedModel:
        """Return one network that holds all `configs`, with logits of shape (rows, members, outputs)."""
        members = len(configs)
        hidden = PackedDense(members, int(configs[0]["units"]), "gelu", input_scale=6.0)
        body = [hidden, PackedDropout(members), PackedDense(members, spec.outputs)]
        return PackedModel(members, body, PackedCategories(members, spec.categories) if spec.categories else None)


def main(budget: str = "1m") -> None:
    model = automl.fit(HERE / "data" / "credit_risk.csv", target="Status", budget=budget, families=["linear", Wide()])
    print(model.leaderboard().to_string(index=False))


if __name__ == "__main__":
    main(*sys.argv[1:2])
