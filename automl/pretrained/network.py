"""EfficientNet-Lite0 in plain Keras: the plan of its layers, and a network from a picture, or from a cut, to features."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

FEATURES = 1280
LAST = 16  # number of blocks; a cut there is what the head reads
_STAGES = ((1, 3, 1, 1, 16), (2, 3, 2, 6, 24), (2, 5, 2, 6, 40), (3, 3, 2, 6, 80), (3, 5, 1, 6, 112), (4, 5, 2, 6, 192), (1, 3, 1, 6, 320))


@dataclass(frozen=True)
class Convolution:
    """One convolution with its bias; the batch normalisation behind it is part of both.

    Attributes:
        name: Of its arrays: ``name/kernel`` and ``name/bias``.
        kind: "full" or "depthwise".
        size: Side of its kernel.
        stride: 1 or 2.
        inputs: Channels that it reads.
        outputs: Channels that it gives.
        bounded: Whether its output is cut to [0, 6].
    """

    name: str
    kind: str
    size: int
    stride: int
    inputs: int
    outputs: int
    bounded: bool = True

    @property
    def kernel_shape(self) -> tuple[int, int, int, int]:
        """Shape of the kernel: (side, side, inputs, outputs), of a depthwise one (side, side, inputs, 1)."""
        return (self.size, self.size, self.inputs, 1 if self.kind == "depthwise" else self.outputs)


@dataclass(frozen=True)
class Block:
    """Convolutions in a row, and whether what they read is added to what they give."""

    layers: tuple[Convolution, ...]
    residual: bool


STEM = Convolution("stem", "full", 3, 2, 3, 32)
HEAD = Convolution("head", "full", 1, 1, 320, FEATURES)


def _plan() -> tuple[Block, ...]:
    blocks: list[Block] = []
    channels = STEM.outputs
    for repeats, size, first_stride, widening, outputs in _STAGES:
        for number in range(repeats):
            stride, name, wide = first_stride if number == 0 else 1, f"block{len(blocks)}", channels * widening
            layers = [Convolution(f"{name}/expand", "full", 1, 1, channels, wide)] if widening > 1 else []
            layers.append(Convolution(f"{name}/depthwise", "depthwise", size, stride, wide, wide))
            layers.append(Convolution(f"{name}/project", "full", 1, 1, wide, outputs, bounded=False))
            blocks.append(Block(tuple(layers), stride == 1 and channels == outputs))
            channels = outputs
    return tuple(blocks)


BLOCKS = _plan()


def convolutions() -> list[Convolution]:
    """Return all convolutions in order.

    Example:
        >>> len(convolutions()), sum(int(np.prod(one.kernel_shape)) + one.outputs for one in convolutions())
        (49, 3350000)
    """
    return [STEM, *(layer for block in BLOCKS for layer in block.layers), HEAD]


def cut_shape(side: int, cut: int) -> tuple[int, int, int]:
    """Return (height, width, channels) behind the stem and the first `cut` blocks, for square pictures.

    Example:
        >>> cut_shape(64, 11), cut_shape(100, LAST)
        ((4, 4, 112), (4, 4, 320))
    """
    layers = [STEM, *(layer for block in BLOCKS[:cut] for layer in block.layers)]
    for layer in layers:
        side = -(-side // layer.stride)
    return side, side, layers[-1].outputs


def multiplications(side: int, start: int = 0, stop: int = LAST) -> int:
    """Return what one square picture takes between two cuts; the stem belongs to cut 0, the head to the last.

    Example:
        >>> round(multiplications(224) / 1e6)
        384
    """
    total, here = 0, -(-side // STEM.stride)
    if start == 0:
        total += here * here * int(np.prod(STEM.kernel_shape))
    for number, block in enumerate(BLOCKS):
        for layer in block.layers:
            here = -(-here // layer.stride)
            total += here * here * int(np.prod(layer.kernel_shape)) if start <= number < stop else 0
    return total + (here * here * int(np.prod(HEAD.kernel_shape)) if stop == LAST else 0)


def _layer(plan: Convolution, weights: Mapping[str, NDArray[Any]], values: Any) -> Any:
    from keras import layers

    shared = {"strides": plan.stride, "padding": "same", "name": plan.name.replace("/", "_"), "trainable": False}
    kind = layers.DepthwiseConv2D(plan.size, **shared) if plan.kind == "depthwise" else layers.Conv2D(plan.outputs, plan.size, **shared)
    values = kind(values)
    kind.set_weights([weights[f"{plan.name}/kernel"], weights[f"{plan.name}/bias"]])
    return layers.ReLU(6.0)(values) if plan.bounded else values


def scaled(pictures: Any, side: int) -> Any:
    """Return pictures as the network reads them, float32 (rows, side, side, 3).

    Args:
        pictures: (rows, height, width, 1 or 3), values from 0 to 255.
        side: Height and width.
    """
    from keras import ops

    values = ops.cast(pictures, "float32")
    if values.shape[-1] == 1:
        values = ops.repeat(values, 3, axis=-1)
    if tuple(values.shape[1:3]) != (side, side):
        values = ops.image.resize(values, (side, side), interpolation="bilinear", antialias=False, data_format="channels_last")
    return values


def build(weights: Mapping[str, NDArray[Any]], side: int, cut: int | None = None) -> Any:
    """Return the network with fixed weights.

    Args:
        weights: What :func:`automl.pretrained.weights` returned.
        side: Height and width of the pictures; 32 at least makes sense, it was trained at 224.
        cut: A further output behind so many blocks; None for the features alone.

    Returns:
        A Keras model from (rows, side, side, 3) with values from 0 to 255 to features (rows, 1280), or to a list of the values at the cut
        (see :func:`cut_shape`) and the features.

    Source: Tan & Le (2019, arXiv:1905.11946), without squeeze-and-excitation and with ReLU6 (EfficientNet-Lite, 2020).
    """
    import keras

    picture = keras.Input((side, side, 3), dtype="float32")
    values = _layer(STEM, weights, keras.layers.Rescaling(1 / 128.0, offset=-127 / 128.0)(picture))
    kept = values
    for number, block in enumerate(BLOCKS):
        before = values
        for layer in block.layers:
            values = _layer(layer, weights, values)
        values = keras.layers.Add()([before, values]) if block.residual else values
        kept = values if number + 1 == cut else kept
    features = keras.layers.GlobalAveragePooling2D(name="features")(_layer(HEAD, weights, values))
    return keras.Model(picture, features if cut is None else [kept, features])
