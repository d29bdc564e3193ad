"""Convolutions over time with a members axis.

Values are kept (rows, steps, members, channels): a depthwise convolution is then one operation for all members, and so is a first layer
that reads the series itself. Everything behind the end of a short series is multiplied by 0 before it can reach a step that counts.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from keras import ops
from numpy.typing import NDArray

from automl.layers.packed import PackedLayer, ones, zeros

EPSILON = 1e-5


def he_kernel(rng: np.random.Generator, shape: tuple[int, ...]) -> NDArray[Any]:
    """Draw N(0, 2 / (taps × inputs)) for a kernel (taps, inputs, filters) (He et al., 2015, arXiv:1502.01852)."""
    return rng.normal(0.0, np.sqrt(2.0 / (shape[0] * shape[1])), shape)


def tap_kernel(rng: np.random.Generator, shape: tuple[int, ...]) -> NDArray[Any]:
    """Draw N(0, 2 / taps) for a depthwise kernel (taps, channels)."""
    return rng.normal(0.0, np.sqrt(2.0 / shape[0]), shape)


def known_steps(series: Any) -> tuple[Any, Any]:
    """Split a series (rows, steps, channels) into values, 0 behind its end, and a mask (rows, steps, 1, 1) of the steps before it."""
    missing = ops.isnan(series)
    values = ops.where(missing, ops.zeros_like(series), series)
    return values, ops.cast(ops.logical_not(missing[:, :, :1]), "float32")[..., None]


class SharedConv(PackedLayer):
    """A convolution of the series that all members read, each with kernels of its own: one operation for the whole pack.

    Args:
        members: Number of networks.
        filters: Kernels of each member.
        taps: Steps under a kernel; odd.
    """

    def __init__(self, members: int, filters: int, taps: int, **kwargs: Any) -> None:
        super().__init__(members, **kwargs)
        self.filters, self.taps = filters, taps

    def build(self, input_shape: Any) -> None:
        """Create kernels (members, taps, channels, filters)."""
        self.kernel = self.add_packed_weight("kernel", (self.taps, int(input_shape[-1]), self.filters), he_kernel)

    def call(self, values: Any) -> Any:
        """Map (rows, steps, channels) to (rows, steps, members, filters)."""
        kernel = ops.transpose(self.kernel, (1, 2, 0, 3))
        channels = int(values.shape[-1])
        found = ops.conv(values, ops.reshape(kernel, (self.taps, channels, self.members * self.filters)), padding="same")
        return ops.reshape(found, (-1, int(values.shape[1]), self.members, self.filters))


class MemberConv(PackedLayer):
    """A convolution of each member's own values. Grouped ones are slow or absent on CPUs, so the members take turns.

    Args:
        members: Number of networks.
        filters: Kernels of each member.
        taps: Steps under a kernel; odd.
    """

    def __init__(self, members: int, filters: int, taps: int, **kwargs: Any) -> None:
        super().__init__(members, **kwargs)
        self.filters, self.taps = filters, taps

    def build(self, input_shape: Any) -> None:
        """Create kernels (members, taps, channels, filters)."""
        self.kernel = self.add_packed_weight("kernel", (self.taps, int(input_shape[-1]), self.filters), he_kernel)

    def call(self, values: Any) -> Any:
        """Map (rows, steps, members, channels) to (rows, steps, members, filters)."""
        if self.taps == 1:
            return ops.einsum("rsmc,mcf->rsmf", values, self.kernel[:, 0])
        found = [ops.conv(values[:, :, member], self.kernel[member], padding="same") for member in range(self.members)]
        return ops.stack(found, axis=2)


class DepthwiseConv(PackedLayer):
    """A convolution of every channel by itself, for all members in one operation.

    Args:
        members: Number of networks.
        taps: Steps under a kernel; odd.
        dilation: Distance of the taps.
    """

    def __init__(self, members: int, taps: int, dilation: int = 1, **kwargs: Any) -> None:
        super().__init__(members, **kwargs)
        self.taps, self.dilation = taps, dilation

    def build(self, input_shape: Any) -> None:
        """Create kernels (members, taps, channels)."""
        self.kernel = self.add_packed_weight("kernel", (self.taps, int(input_shape[-1])), tap_kernel)

    def call(self, values: Any) -> Any:
        """Map (rows, steps, members, channels) to the same shape."""
        steps, channels = int(values.shape[1]), int(values.shape[3])
        kernel = ops.reshape(ops.transpose(self.kernel, (1, 0, 2)), (self.taps, self.members * channels, 1))
        flat = ops.reshape(values, (-1, steps, self.members * channels))
        found = ops.depthwise_conv(flat, kernel, padding="same", dilation_rate=self.dilation)
        return ops.reshape(found, (-1, steps, self.members, channels))


class SeriesNorm(PackedLayer):
    """Every series to mean 0 and variance 1 over its steps and channels, with gain and shift of each channel, then rectified.

    A batch normalisation would let rows, and what stands behind the end of a short series, change each other; one of every step by itself
    would forget how large the step was. Source: Wu and He (2018, arXiv:1803.08494), with one group.

    Args:
        members: Number of networks.
        rectified: Whether negative values become 0 afterwards.
    """

    def __init__(self, members: int, rectified: bool = True, **kwargs: Any) -> None:
        super().__init__(members, **kwargs)
        self.rectified = rectified

    def build(self, values_shape: Any, keep_shape: Any) -> None:
        """Create gain and shift (members, channels)."""
        self.gain = self.add_packed_weight("gain", (int(values_shape[-1]),), ones, decay=0.0)
        self.shift = self.add_packed_weight("shift", (int(values_shape[-1]),), zeros, decay=0.0)

    def call(self, values: Any, keep: Any) -> Any:
        """Normalise (rows, steps, members, channels) by the steps that `keep` (rows, steps, 1, 1) keeps; the others become 0."""
        count = ops.maximum(ops.sum(keep, axis=(1, 3), keepdims=True), 1.0) * float(values.shape[-1])
        centred = values - ops.sum(values * keep, axis=(1, 3), keepdims=True) / count
        variance = ops.sum(ops.square(centred) * keep, axis=(1, 3), keepdims=True) / count
        found = centred * ops.rsqrt(variance + EPSILON) * self.gain + self.shift
        return (ops.relu(found) if self.rectified else found) * keep


class Bias(PackedLayer):
    """A bias of every channel, then rectified: the first layer keeps how large its answers are.

    Args:
        members: Number of networks.
    """

    def build(self, values_shape: Any, keep_shape: Any) -> None:
        """Create the bias (members, channels)."""
        self.bias = self.add_packed_weight("bias", (int(values_shape[-1]),), zeros, decay=0.0)

    def call(self, values: Any, keep: Any) -> Any:
        """Map (rows, steps, members, channels) to max(x + bias, 0), 0 behind the end."""
        return ops.relu(values + self.bias) * keep


def fixed_kernels(length: int) -> NDArray[np.float32]:
    """Return kernels that see a step, a tremble and a peak of a length, (taps, 3); as with any kernel, their negatives are the opposites.

    Source: Ismail-Fawaz et al. (2022), "Deep learning for time series classification using new hand-crafted convolution filters".
    """
    taps = length + 1 - length % 2
    place = np.arange(taps) - taps // 2
    peak = np.cos(np.pi * place / (taps // 2 + 1)) if taps > 1 else np.ones(1)
    kernels = np.stack([np.sign(place), np.where(place % 2 == 0, 1.0, -1.0), peak - peak.mean()], axis=1)
    return np.asarray(kernels / np.maximum(np.abs(kernels).sum(axis=0), 1e-9), dtype=np.float32)


def fixed_responses(values: Any, lengths: tuple[int, ...]) -> Any:
    """Return what the fixed kernels answer to (rows, steps, channels), summed over channels: (rows, steps, kernels)."""
    channels = int(values.shape[-1])
    total = ops.sum(values, axis=-1, keepdims=True) / float(np.sqrt(channels))
    return ops.concatenate([ops.conv(total, fixed_kernels(length)[:, None, :], padding="same") for length in lengths], axis=-1)


def mean_over_time(values: Any, mask: Any) -> Any:
    """Return the mean of the steps before the end: (rows, steps, members, channels) and mask (rows, steps, 1, 1) to (members, rows, ·)."""
    count = ops.maximum(ops.sum(mask, axis=1), 1.0)
    return ops.transpose(ops.sum(values * mask, axis=1) / count, (1, 0, 2))


def largest_over_time(values: Any, mask: Any) -> Any:
    """Return the largest of the steps before the end, 0 for an empty series; shapes as in :func:`mean_over_time`."""
    found = ops.max(ops.where(mask > 0, values, ops.full_like(values, -1e9)), axis=1)
    return ops.transpose(ops.where(found > -1e8, found, ops.zeros_like(found)), (1, 0, 2))


def coarser(series: Any, factor: int) -> Any:
    """Return the mean of every `factor` steps of a series with NaN behind its end: (rows, steps, channels) to fewer steps."""
    if factor == 1:
        return series
    steps, channels = int(series.shape[1]), int(series.shape[2])
    more = -steps % factor
    values, mask = known_steps(series)
    mask = mask[..., 0]
    values = ops.reshape(ops.pad(values, ((0, 0), (0, more), (0, 0))), (-1, (steps + more) // factor, factor, channels))
    count = ops.sum(ops.reshape(ops.pad(mask, ((0, 0), (0, more), (0, 0))), (-1, (steps + more) // factor, factor, 1)), axis=2)
    mean = ops.sum(values, axis=2) / ops.maximum(count, 1.0)
    return ops.where(count > 0, mean, ops.full_like(mean, float("nan")))


def largest_neighbour(values: Any, mask: Any) -> Any:
    """Return the largest of each step and its two neighbours, 0 behind the end; shapes as in :func:`mean_over_time`."""
    steps, low = int(values.shape[1]), -1e9
    wide = ops.where(mask > 0, values, ops.full_like(values, low))
    wide = ops.pad(wide, ((0, 0), (1, 1), (0, 0), (0, 0)), constant_values=low)
    return ops.maximum(ops.maximum(wide[:, :steps], wide[:, 1 : steps + 1]), wide[:, 2 : steps + 2]) * mask


def odd_taps(wanted: int, steps: int) -> int:
    """Return an odd number of taps, at most `wanted` and not wider than the series.

    Example:
        >>> odd_taps(40, 150), odd_taps(40, 12)
        (41, 11)
    """
    return max((min(wanted, steps - 1) // 2) * 2 + 1, 1)
