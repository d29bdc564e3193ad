"""One network over everything that a row holds: numbers and categories, text, a picture, a short series."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from automl.families._inputs import category_layer, number_layer, spanned
from automl.families._text import TextFamily
from automl.families.base import Config, Tags
from automl.families.networks import INPUTS
from automl.layers.fusion import FusionModel
from automl.layers.text import PackedBag, Shared
from automl.preprocessing.base import Spec

VECTORS = ("sentence", "image_features")  # arrays of numbers that were learnt elsewhere
SCALES = {"sentence": 10.0, "image_features": 1.0}


class Fusion(TextFamily):
    """An encoder for each kind of data; what they find is joined early, or their answers are added late.

    Source: Baltrušaitis et al. (2019), "Multimodal Machine Learning", arXiv:1705.09406, sections on early and late fusion.
    """

    name = "fusion"
    title = "Fusion network"
    tags = Tags(kind="network", inputs=frozenset({"tokens", *VECTORS}), modalities=frozenset({"mixed"}), rank=-8)
    reads = (*INPUTS, "tokens", *VECTORS)
    pack_configs = 4

    def space(self, hp: Any, spec: Spec) -> None:
        """Declare the place of fusion, widths, the encoding of numbers, learning rate, weight decay and dropout."""
        hp.Choice("fusion", ["early", "late"], default="early")
        hp.Choice("units", [32, 64, 128], default=64)
        hp.Choice("embedding_units", [16, 32], default=32)
        hp.Choice("embedding", ["piecewise_linear", "none"], default="piecewise_linear")
        self.rates(hp, learning_rate=3e-3)

    def portfolio(self, spec: Spec) -> list[Config]:
        """Return a pack of each kind of fusion (no source; chosen to span the space)."""
        rates = [(3e-3, 0.3), (1e-3, 0.5), (6e-3, 0.5), (1e-3, 0.1)]
        return [*spanned(rates, fusion="early"), *spanned(rates[:2], fusion="late")]

    def build(self, spec: Spec, configs: Sequence[Config]) -> FusionModel:
        """Return the pack of `configs`, which share everything but rates."""
        members, config = len(configs), configs[0]
        further: dict[str, Any] = {name: Shared(SCALES[name]) for name in VECTORS if spec.further(name) is not None}
        if spec.further("tokens") is not None:
            further["tokens"] = PackedBag(members, self.tokens(spec), int(config["embedding_units"]))
        numbers = number_layer(spec, members, config)
        late = config["fusion"] == "late"
        return FusionModel(members, spec.outputs, int(config["units"]), late, further, category_layer(spec, members), numbers)
