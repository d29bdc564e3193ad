"""Packs of networks on pictures: how pixels are read and varied, and towers of convolutions that run member by member.

Activations of pictures are large and weights are small, so that members share what is shared (the batch, its variations) and run through
their convolutions one after the other inside one program: a grouped convolution over all members would be slower on a CPU, where libraries
compute groups one by one without their fast kernels, and TensorFlow has no gradient for it there.
"""

from __future__ import annotations

import abc
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from keras import ops
from numpy.typing import NDArray

from automl.layers import packed
from automl.layers.mixing import mixed_pictures
from automl.layers.packed import Initializer, PackedDropout, PackedLayer, ones, zeros

CELLS = 4  # of a grid over the last maps, along each side


def he_convolution(rng: np.random.Generator, shape: tuple[int, ...]) -> NDArray[Any]:
    """Draw N(0, 2 / inputs of an output) for a kernel (height, width, inputs, outputs) (He et al., 2015, arXiv:1502.01852)."""
    return rng.normal(0.0, np.sqrt(2.0 / np.prod(shape[:-1])), shape)


def noise(offset: Any, rows: int, count: int) -> Any:
    """Return numbers in [0, 1) that look random, (rows, count), made from a whole number: no state, the same on every backend.

    Integers are mixed by multiplications and shifts that wrap around (after the "lowbias32" hash of Wellons, 2018).
    """
    mixed = ops.arange(rows * count, dtype="int32") * 668_265_261 + ops.cast(offset, "int32") * 374_761_393
    for shift, factor in ((15, 739_982_445), (12, 695_872_825), (15, 1)):
        mixed = ops.bitwise_xor(mixed, ops.right_shift(mixed, shift)) * factor
    share = ops.cast(ops.bitwise_and(mixed, 0xFFFFFF), "float32") / float(1 << 24)
    return ops.reshape(share, (rows, count))


class PictureReader(PackedDropout):
    """Bytes to numbers from -1 to 1, made smaller, and in training varied; one variation of the batch serves all members.

    Args:
        members: Number of networks.
        reduce: Factor by which lines and columns are averaged.
        flip: Whether half of the pictures are mirrored, left to right.
        shift: Largest shift, as a share of the side.
        zoom: Largest change of the scale.
        light: Largest change of brightness and contrast, as a share of the range.
        cutout: Side of a square that is greyed, as a share of the side (DeVries & Taylor, 2017, arXiv:1708.04552).

    Variations take no random numbers of their own: they are made from the one that the trainer draws for a step.
    """

    def __init__(
        self,
        members: int,
        reduce: int = 1,
        flip: bool = False,
        shift: float = 0.0,
        zoom: float = 0.0,
        light: float = 0.0,
        cutout: float = 0.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(members, **kwargs)
        self.reduce, self.flip, self.shift, self.zoom, self.light, self.cutout = reduce, flip, shift, zoom, light, cutout

    def build(self, input_shape: Any) -> None:
        """Ask for one random number of a step."""
        self.width = 1

    def call(self, inputs: Any) -> Any:
        """Map bytes (rows, height, width, channels) to numbers (rows, lines, columns, channels)."""
        values = ops.cast(inputs, "float32") / 127.5 - 1.0
        if self.reduce > 1:
            values = ops.average_pool(values, self.reduce, strides=self.reduce, padding="valid", data_format="channels_last")
        return self._varied(values) if packed.is_training() else values

    def _varied(self, values: Any) -> Any:
        rows, lines, columns, channels = (int(size) for size in values.shape)
        _, offsets, used = packed._MASKS[-1]
        chance = noise(offsets[used[0]], rows, 8) * 2.0 - 1.0
        used[0] += 1
        scale = 1.0 + self.zoom * chance[:, 0]
        if self.shift or self.zoom or self.flip:
            mirrored = ops.where(chance[:, 1] > 0, -1.0, 1.0) if self.flip else ops.ones((rows,))
            values = ops.matmul(_resampling(lines, scale, self.shift * chance[:, 2]), ops.reshape(values, (rows, lines, -1)))
            turned = ops.transpose(ops.reshape(values, (rows, lines, columns, channels)), (0, 2, 1, 3))
            across = _resampling(columns, scale * mirrored, self.shift * chance[:, 3])
            moved = ops.reshape(ops.matmul(across, ops.reshape(turned, (rows, columns, -1))), (rows, columns, lines, channels))
            values = ops.transpose(moved, (0, 2, 1, 3))
        if self.light:
            contrast, brightness = 1.0 + self.light * chance[:, 4], self.light * chance[:, 5]
            values = values * contrast[:, None, None, None] + brightness[:, None, None, None]
        if self.cutout:
            inside = [
                ops.abs((ops.arange(size, dtype="float32")[None] + 0.5) / size - 0.5 - 0.5 * chance[:, place, None]) < self.cutout / 2
                for size, place in ((lines, 6), (columns, 7))
            ]
            covered = ops.cast(inside[0], "float32")[:, :, None, None] * ops.cast(inside[1], "float32")[:, None, :, None]
            values = values * (1.0 - covered)
        return values

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return (rows, lines, columns, channels)."""
        return (input_shape[0], input_shape[1] // self.reduce, input_shape[2] // self.reduce, input_shape[3])


def _resampling(size: int, scale: Any, shift: Any) -> Any:
    """Return matrices (rows, size, size) that scale an axis about its middle, mirror it where the scale is negative, and shift it."""
    middle, place = (size - 1) / 2, ops.arange(size, dtype="float32")
    source = ops.clip(middle + (place[None] - middle) * scale[:, None] + size * shift[:, None], 0.0, size - 1.0)
    return ops.maximum(1.0 - ops.abs(source[:, :, None] - place[None, None]), 0.0)


def gridded(maps: Any, cells: int = CELLS) -> Any:
    """Return the means of maps (rows, lines, columns, units) over at most `cells` × `cells` parts of the picture, (rows, numbers)."""
    steps = tuple(-(-int(size) // cells) for size in maps.shape[1:3])
    pooled = ops.average_pool(maps, steps, strides=steps, padding="same", data_format="channels_last") if max(steps) > 1 else maps
    return ops.reshape(pooled, (-1, int(np.prod([int(size) for size in pooled.shape[1:]]))))


def evened(values: Any, least: float = 1e-5) -> Any:
    """Return vectors (…, units) with mean 0 and variance 1; `least` is added to the variance, for vectors that are the same throughout."""
    centred = values - ops.mean(values, axis=-1, keepdims=True)
    return centred * ops.rsqrt(ops.mean(ops.square(centred), axis=-1, keepdims=True) + least)


class PackedTower(PackedLayer):
    """A network from pictures to a vector, for each member with its own weights.

    A subclass adds weights in `prepare` and computes one member's maps in `maps`. While it is called, values and multiplications of one
    row are counted: they tell memory and time.

    Attributes:
        activations: Values that its steps put out for one row of one member, known once it was called.
        work: Multiplications of one row of one member.
    """

    multiplies = True

    def __init__(self, members: int, **kwargs: Any) -> None:
        super().__init__(members, **kwargs)
        self.own: dict[str, Any] = {}
        self.activations = self.work = 0

    @abc.abstractmethod
    def prepare(self, shape: tuple[int, int, int]) -> None:
        """Add the weights, for pictures of (lines, columns, channels)."""

    @abc.abstractmethod
    def maps(self, values: Any, of: dict[str, Any]) -> Any:
        """Map (rows, lines, columns, channels) to the last maps (rows, lines, columns, units) with one member's weights by name."""

    def vector(self, maps: Any, of: dict[str, Any]) -> Any:
        """Map the last maps to (rows, units): their means over the cells of a grid, with mean 0 and variance 1 in each row.

        A mean over the whole picture differs so little from one picture to another that what follows learns very slowly: after eight
        passes over 2,000 pictures of clothes the log-loss was 1.0 with it, 0.8 with it on one scale, and 0.49 with a grid.
        """
        return evened(ops.cast(gridded(maps), "float32"))

    def build(self, input_shape: Any) -> None:
        """Create the weights."""
        self.prepare(tuple(int(size) for size in input_shape[1:]))  # type: ignore[arg-type]

    def weight(self, name: str, shape: tuple[int, ...], initializer: Initializer, **how: Any) -> None:
        """Add a weight that `maps` and `vector` find under its name."""
        self.own[name] = self.add_packed_weight(name.replace("/", "_"), shape, initializer, **how)

    def call(self, inputs: Any) -> Any:
        """Map (rows, lines, columns, channels), shared by the members, to (members, rows, units)."""
        found = []
        for member in range(self.members):
            self.activations = self.work = 0
            own = {name: weight[member] for name, weight in self.own.items()}
            mine = mixed_pictures(ops.cast(inputs, self.compute_dtype), member)
            found.append(self.vector(self.maps(mine, own), own))
        return ops.stack(found)

    # ── steps

    def counted(self, values: Any, work: int = 0) -> Any:
        """Count what a step puts out and what it takes."""
        self.activations += int(np.prod([int(size) for size in values.shape[1:]]))
        self.work += work
        return values

    def add_convolution(self, name: str, size: int, inputs: int, outputs: int, *, depthwise: bool = False, scale: float = 1.0) -> None:
        """Add kernel and bias of a convolution."""
        shape = (size, size, inputs, 1) if depthwise else (size, size, inputs, outputs)

        def initial(rng: np.random.Generator, shape: tuple[int, ...]) -> NDArray[Any]:
            fan_in = shape[0] * shape[1] if depthwise else int(np.prod(shape[:-1]))
            return rng.normal(0.0, scale * np.sqrt(2.0 / fan_in), shape)

        self.weight(f"{name}/kernel", shape, initial)
        self.weight(f"{name}/bias", (outputs,), zeros, decay=0.0)

    def convolve(self, values: Any, of: dict[str, Any], name: str, stride: int = 1, padding: str = "same", depthwise: bool = False) -> Any:
        """Apply a convolution."""
        kernel, bias = of[f"{name}/kernel"], of[f"{name}/bias"]
        kernel = ops.cast(kernel, self.compute_dtype)
        step = ops.depthwise_conv if depthwise else ops.conv
        result = step(values, kernel, strides=stride, padding=padding, data_format="channels_last") + ops.cast(bias, self.compute_dtype)
        return self.counted(result, int(np.prod(result.shape[1:3])) * int(np.prod(kernel.shape)))

    def add_norm(self, name: str, channels: int, start: Initializer = ones) -> None:
        """Add scale and shift of a normalisation."""
        self.weight(f"{name}/scale", (channels,), start, decay=0.0)
        self.weight(f"{name}/shift", (channels,), zeros, decay=0.0)

    def normalise(self, values: Any, of: dict[str, Any], name: str, groups: int | None = None) -> Any:
        """Normalise groups of channels over the whole picture (Wu & He, 2018, arXiv:1803.08494), or each place over its channels.

        No batch normalisation: rows must not mix, because a batch holds rows that a member may not see.
        """
        wide = ops.cast(values, "float32")
        if groups is None:
            found = evened(wide)
        else:
            lines, columns, channels = (int(size) for size in wide.shape[1:])
            parts = ops.reshape(wide, (-1, lines * columns, groups, channels // groups))
            centred = parts - ops.mean(parts, axis=(1, 3), keepdims=True)
            found = ops.reshape(
                centred * ops.rsqrt(ops.mean(ops.square(centred), axis=(1, 3), keepdims=True) + 1e-5), (-1, lines, columns, channels)
            )
        return self.counted(ops.cast(found * of[f"{name}/scale"] + of[f"{name}/shift"], self.compute_dtype))


class PictureModel(keras.Model):  # type: ignore[misc]
    """A pack of networks on one further array: reader → tower → layers on vectors.

    Args:
        members: Number of networks.
        array: The array that is read.
        reader: Maps it to numbers (rows, lines, columns, channels); None for values that are numbers already.
        tower: Maps them to (members, rows, units).
        body: Layers on vectors; the last one gives the outputs.
        mirrored: Whether a prediction is the mean of those for a picture and its mirror image; training looks at one of them.

    The output is (rows, members, outputs).
    """

    def __init__(
        self,
        members: int,
        array: str,
        reader: keras.layers.Layer | None,
        tower: PackedTower,
        body: Sequence[keras.layers.Layer],
        mirrored: bool = False,
    ) -> None:
        super().__init__(dtype="float32")
        self.members, self.heads, self.array, self.mirrored = members, 1, array, mirrored
        self.reader, self.tower, self.body = reader, tower, list(body)
        self.body[-1].dtype_policy = "float32"

    def call(self, inputs: dict[str, Any]) -> Any:
        """Map arrays of `rows` to (rows, members, outputs)."""
        values = inputs[self.array]
        values = ops.cast(values, "float32") if self.reader is None else self.reader(values)
        outputs = self._outputs(values)
        if self.mirrored and not packed.is_training():
            outputs = 0.5 * (outputs + self._outputs(ops.flip(values, axis=2)))
        return outputs

    def _outputs(self, values: Any) -> Any:
        values = self.tower(values)
        for layer in self.body:
            values = layer(values)
        return ops.transpose(values, (1, 0, 2))
