"""Several kinds of data in one network: an encoder for each, joined early or late; kinds that a row lacks have a learnt place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import keras
import numpy as np
from keras import ops

from automl.layers import packed
from automl.layers.model import PackedModel
from automl.layers.packed import PackedCategories, PackedDense, PackedDropout, PackedLayer, zeros
from automl.layers.pictures import PackedTower, PictureReader, noise
from automl.layers.series import coarser, known_steps

# What belongs together: a text that is left out is left out as tokens and as a sentence's vector.
KIND_OF = {"tokens": "text", "sentence": "text", "pixels": "pictures", "image_features": "pictures", "series": "series"}
STARTING_ROWS = 256  # that encoders with a data-driven start look at: pictures are dear
NEVER = -1e9


def known_rows(name: str, values: Any) -> Any:
    """Return which rows of a further array hold something, bool (rows,).

    A series is NaN where there is none; tokens, pixels and vectors are 0 throughout.

    Example:
        >>> [bool(known) for known in known_rows("tokens", np.array([[3, 0], [0, 0]]))]
        [True, False]
    """
    told = ops.logical_not(ops.isnan(values)) if name == "series" else ops.not_equal(values, ops.zeros_like(values))
    return ops.any(told, axis=tuple(range(1, len(values.shape))))


class PictureEncoder(keras.layers.Layer):  # type: ignore[misc]
    """Reads and varies pictures, and sees them through a tower of each member.

    Args:
        reader: Maps bytes to numbers at the working size.
        tower: Maps them to (members, rows, units).
    """

    def __init__(self, reader: PictureReader, tower: PackedTower, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.reader, self.tower = reader, tower

    def call(self, pixels: Any) -> Any:
        """Map bytes (rows, height, width, channels) to (members, rows, units)."""
        return self.tower(self.reader(pixels))


class SeriesEncoder(keras.layers.Layer):  # type: ignore[misc]
    """A trunk of convolutions over a series at the working length.

    Args:
        trunk: Maps values and mask, see :func:`automl.layers.series.known_steps`, to (members, rows, features).
        averaged: Neighbouring steps that become one before the trunk.
    """

    def __init__(self, trunk: keras.layers.Layer, averaged: int = 1, **kwargs: Any) -> None:
        super().__init__(**{"dtype": "float32", **kwargs})
        self.trunk, self.averaged = trunk, averaged

    def call(self, series: Any) -> Any:
        """Map (rows, steps, channels), NaN behind the end, to (members, rows, features)."""
        values, mask = known_steps(coarser(series, self.averaged))
        return ops.cast(self.trunk(values, mask), "float32")


class LearntAbsence(PackedLayer):
    """What stands for a kind of data in rows that lack it: a learnt vector of each member, zeros at first.

    Args:
        members: Number of networks.

    Example:
        >>> found = LearntAbsence(2)(np.ones((2, 3, 4), "float32"), np.array([True, False, True]))
        >>> np.asarray(ops.convert_to_numpy(found))[0, :, 0].tolist()
        [1.0, 0.0, 1.0]
    """

    def build(self, values_shape: Any, there_shape: Any) -> None:
        """Create the vector (members, 1, units)."""
        self.vector = self.add_packed_weight("vector", (1, int(values_shape[-1])), zeros, decay=0.0)

    def call(self, values: Any, there: Any) -> Any:
        """Map (members, rows, units) to the same shape, with the vector in rows where `there` (rows,) is False."""
        return ops.where(there[None, :, None], values, ops.convert_to_tensor(self.vector))

    def compute_output_shape(self, values_shape: Any, there_shape: Any) -> Any:
        """Return the shape of the values."""
        return values_shape


class ModalityDropout(PackedDropout):
    """Leaves out a whole kind of data of some rows in training, so that a network learns to do without it.

    At least one of the kinds that a row has stays. All members leave out the same, by the one random number that the trainer draws for a
    step. Source: Neverova et al. (2016, arXiv:1501.00102), "ModDrop".

    Args:
        members: Number of networks.
        rate: Share of the rows that lose a kind, for each kind.
    """

    def __init__(self, members: int, rate: float, **kwargs: Any) -> None:
        super().__init__(members, **kwargs)
        self.rate = rate

    def build(self, input_shape: Any) -> None:
        """Ask for one random number of a step."""
        self.width = 1

    def call(self, there: Any) -> Any:
        """Map which kinds rows have, bool (rows, kinds), to which of them are used."""
        if not packed.is_training():
            return there
        _, offsets, used = packed._MASKS[-1]
        chance = noise(offsets[used[0]], int(there.shape[0]), int(there.shape[1]))
        used[0] += 1
        chance = ops.where(there, chance, ops.full_like(chance, -1.0))
        kept = ops.greater_equal(chance, self.rate) | ops.equal(chance, ops.max(chance, axis=1, keepdims=True))
        return ops.logical_and(there, kept)


class FusionModel(PackedModel):
    """A pack of networks with one encoder for each kind of data.

    - "early": what the encoders found stands side by side, and layers learn on it; only these networks find what no kind tells by itself.
    - "late": every kind has logits of its own, which are added; their mean is the same with heads as many times larger.
    - "gated": they are averaged, by weights for each row that look at all kinds; a kind that a row lacks has none.

    A kind that a row lacks is replaced by a learnt vector behind its encoder; the table is always there.

    Args:
        members: Number of networks.
        outputs: Outputs of each network.
        units: Width of what each encoder hands on.
        fusion: "early", "late" or "gated".
        further: Encoder of each further array, (members or 1, rows, ·).
        categories: Layer for the category codes, or None.
        numbers: Layer for the numbers, or None.
        left_out: Share of the rows that a step leaves a kind out of.

    Example:
        >>> from automl.layers.text import Shared
        >>> model = FusionModel(2, 3, 8, "gated", {"sentence": Shared()})
        >>> tuple(model({"numbers": np.ones((5, 2), "float32"), "sentence": np.ones((5, 4), "float32")}).shape)
        (5, 2, 3)
    """

    def __init__(
        self,
        members: int,
        outputs: int,
        units: int,
        fusion: str,
        further: Mapping[str, keras.layers.Layer],
        categories: PackedCategories | None = None,
        numbers: keras.layers.Layer | None = None,
        left_out: float = 0.0,
        **kwargs: Any,
    ) -> None:
        kinds, early = ["table", *further], fusion == "early"
        answers = {kind: PackedDense(members, outputs, initializer=zeros, dtype="float32") for kind in kinds[: 0 if early else None]}
        trunk = [PackedDropout(members), PackedDense(members, units, "silu"), PackedDropout(members)]
        body = [*trunk, PackedDense(members, outputs, initializer=zeros)] if early else list(answers.values())
        super().__init__(members, body, categories, numbers, further=further, **kwargs)
        self.outputs, self.early, self.answers = outputs, early, answers
        self.encoders = {kind: PackedDense(members, units, "silu", data_driven=True) for kind in kinds}
        self.absent = {kind: LearntAbsence(members) for kind in kinds}
        self.left_out = ModalityDropout(members, left_out) if left_out else None
        self.drops = {} if early else {kind: PackedDropout(members) for kind in kinds}
        self.gate = PackedDense(members, len(kinds), initializer=zeros, dtype="float32") if fusion == "gated" else None

    def call(self, inputs: dict[str, Any]) -> Any:
        """Map arrays of `rows` to (rows, members, outputs)."""
        return self._begin(inputs) if packed._STARTING else self.answered(inputs, {})

    def answered(self, inputs: Mapping[str, Any], given: Mapping[str, Any]) -> Any:
        """Return the answer, (rows, members, outputs), where something else was found of some kinds of data.

        Args:
            inputs: Arrays of `rows`.
            given: By further array what stands in the place of what its encoder finds, (members or 1, rows, ·).
        """
        known = {**self._found({name: values for name, values in inputs.items() if name not in given}), **given}
        found = {kind: known[kind] for kind in ("table", *self.further) if kind in known}  # in the order that the layers were trained in
        there = self._there(inputs, list(found))
        encoded = {}
        for place, (kind, values) in enumerate(found.items()):
            encoded[kind] = self.absent[kind](self.encoders[kind](values), there[:, place])
        if self.early:
            values = ops.concatenate(list(encoded.values()), axis=-1)
            for layer in self.body:
                values = layer(values)
        else:
            values = self._late(encoded, there)
        return ops.transpose(values, (1, 0, 2))

    def _late(self, encoded: Mapping[str, Any], there: Any) -> Any:
        """Return the joined logits of all kinds, (members, rows, outputs)."""
        dropped = {kind: self.drops[kind](values) for kind, values in encoded.items()}
        answers = ops.stack([self.answers[kind](values) for kind, values in dropped.items()], axis=-1)
        if self.gate is None:
            return ops.sum(answers, axis=-1)
        bids = self.gate(ops.concatenate(list(dropped.values()), axis=-1))[:, :, -len(dropped) :]  # the table, first of all, may be empty
        bids = ops.where(there[None], bids, ops.full_like(bids, NEVER))
        return ops.sum(answers * ops.softmax(bids, axis=-1)[:, :, None], axis=-1)

    def _found(self, inputs: Mapping[str, Any]) -> dict[str, Any]:
        """Return what is known of each kind of data, (members or 1, rows, ·)."""
        table = self._table(inputs)
        further = {name: layer(inputs[name]) for name, layer in self.further.items() if name in inputs}
        return further if table is None else {"table": table, **further}

    def _there(self, inputs: Mapping[str, Any], kinds: Sequence[str]) -> Any:
        """Return which kinds are used of each row, bool (rows, kinds): those that it has, in training less those that are left out."""
        # Told from the rows, not a constant: folding that one, TensorFlow loses all weights of the loop where no kind is left out.
        whole = ops.equal(ops.sum(0.0 * inputs["numbers"], axis=1), 0.0)
        there = {kind: whole if kind == "table" else known_rows(kind, inputs[kind]) for kind in kinds}
        modalities: dict[str, Any] = {}
        for kind, rows in there.items():
            name = KIND_OF.get(kind, kind)
            modalities[name] = ops.logical_or(modalities[name], rows) if name in modalities else rows
        if self.left_out is not None and len(modalities) > 1:
            used = self.left_out(ops.stack(list(modalities.values()), axis=1))
            places = {name: place for place, name in enumerate(modalities)}
            there = {kind: ops.logical_and(rows, used[:, places[KIND_OF.get(kind, kind)]]) for kind, rows in there.items()}
        return ops.stack(list(there.values()), axis=1)

    def _begin(self, inputs: Mapping[str, Any]) -> Any:
        """Let each encoder start from the first rows that have its kind: rows without it would make it start far too steep."""
        few = {name: values[:, :STARTING_ROWS] if name == "encoded" else values[:STARTING_ROWS] for name, values in inputs.items()}
        for kind, values in self._found(few).items():
            rows = np.arange(len(few["numbers"])) if kind == "table" else np.flatnonzero(ops.convert_to_numpy(known_rows(kind, few[kind])))
            if len(rows) > 1:
                self.encoders[kind](ops.take(values, rows.astype("int32"), axis=1))
        return ops.zeros((len(few["numbers"]), self.members, self.outputs))

    def _table(self, inputs: Mapping[str, Any]) -> Any:
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
