"""Several kinds of data in one network: an encoder for each, joined early or late."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras
from keras import ops

from automl.layers.model import PackedModel
from automl.layers.packed import PackedCategories, PackedDense, PackedDropout, zeros


class FusionModel(PackedModel):
    """A pack of networks with one encoder for each kind of data.

    Early fusion joins what the encoders found and learns on; late fusion adds the logits of one small network for each kind. A kind that is
    missing in a row gives zeros, so that the others decide.

    Args:
        members: Number of networks.
        outputs: Outputs of each network.
        units: Width of what each encoder hands on.
        late: Whether every kind has its own answer.
        further: Encoder of each further array, (members or 1, rows, ·).
        categories: Layer for the category codes, or None.
        numbers: Layer for the numbers, or None.

    Example:
        >>> import numpy as np
        >>> from automl.layers.text import Shared
        >>> model = FusionModel(2, 3, 8, True, {"sentence": Shared()})
        >>> tuple(model({"numbers": np.ones((5, 2), "float32"), "sentence": np.ones((5, 4), "float32")}).shape)
        (5, 2, 3)
    """

    def __init__(
        self,
        members: int,
        outputs: int,
        units: int,
        late: bool,
        further: Mapping[str, keras.layers.Layer],
        categories: PackedCategories | None = None,
        numbers: keras.layers.Layer | None = None,
        **kwargs: Any,
    ) -> None:
        answer = PackedDense(members, outputs, initializer=zeros)
        body = [] if late else [PackedDropout(members), PackedDense(members, units, "silu"), PackedDropout(members)]
        super().__init__(members, [*body, answer], categories, numbers, further=further, **kwargs)
        self.late = late
        kinds = ["table", *self.further]
        self.encoders = {kind: PackedDense(members, units, "silu", data_driven=True) for kind in kinds}
        self.answers = {kind: PackedDense(members, outputs, initializer=zeros) for kind in kinds} if late else {}
        self.drops = {kind: PackedDropout(members) for kind in kinds} if late else {}

    def call(self, inputs: dict[str, Any]) -> Any:
        """Map arrays of `rows` to (rows, members, outputs)."""
        found = {name: layer(inputs[name]) for name, layer in self.further.items()}
        table = self._table(inputs)
        if table is not None:
            found = {"table": table, **found}
        encoded = {kind: self.encoders[kind](values) for kind, values in found.items()}
        if self.late:
            answers = [self.answers[kind](self.drops[kind](values)) for kind, values in encoded.items()]
            total = answers[0]
            for answer in answers[1:]:
                total = total + answer
            return ops.transpose(total, (1, 0, 2))
        values = ops.concatenate(list(encoded.values()), axis=-1)
        for layer in self.body:
            values = layer(values)
        return ops.transpose(values, (1, 0, 2))

    def _table(self, inputs: dict[str, Any]) -> Any:
        """Return numbers, categories and encoded columns side by side, (members or 1, rows, ·); None where there are none."""
        parts: list[Any] = []
        if inputs["numbers"].shape[-1]:
            numbers = inputs["numbers"][None]
            parts += [numbers] if self.numbers is None else self.numbers(numbers)
        if self.categories is not None:
            parts += self.categories(inputs["categories"])
        if "encoded" in inputs:
            parts.append(inputs["encoded"])
        if len({part.shape[0] for part in parts}) > 1:
            parts = [part if part.shape[0] != 1 else ops.repeat(part, self.members, axis=0) for part in parts]
        return ops.concatenate(parts, axis=-1) if len(parts) > 1 else parts[0] if parts else None
