"""LITE: an Inception network of ten thousand weights, for series; trained as packs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from keras import ops

from automl.families._series_network import SeriesFamily, SeriesModel, around, rates, run_through, steps_of
from automl.families.base import Config, Tags
from automl.layers.packed import PackedLayer
from automl.layers.series import (
    Bias,
    DepthwiseConv,
    MemberConv,
    SeriesNorm,
    SharedConv,
    fixed_responses,
    largest_over_time,
    mean_over_time,
    odd_taps,
)
from automl.preprocessing.base import Spec

FIXED = (2, 4, 8, 16, 32, 64)  # lengths of the hand-made kernels


class Lite(SeriesFamily):
    """Three widths of kernels and hand-made ones side by side, two dilated separable convolutions, mean and largest answer over time.

    Source: LITE (Ismail-Fawaz et al., 2023, DSAA): as good as InceptionTime with 2 % of its weights. The largest answers are ours: one
    event in a long series hardly moves a mean. A whole pack takes few operations, because separable convolutions do not mix members.
    """

    name = "lite"
    title = "LITE convolutions"
    tags = Tags(kind="network", inputs=frozenset({"series"}), rank=0)

    def space(self, hp: Any, spec: Spec) -> None:
        """Declare filters, the widest kernel and the rates."""
        hp.Choice("filters", [8, 16, 32], default=16 if spec.rows < 500 else 32)
        hp.Choice("taps", [11, 21, 41], default=41)
        rates(hp, 5e-3, 0.1)

    def portfolio(self, spec: Spec) -> list[Config]:
        """Return the default and its neighbours."""
        return around(5e-3, 0.1)

    def build(self, spec: Spec, configs: Sequence[Config]) -> SeriesModel:
        """Return the pack of `configs`, which share filters and kernels."""
        members, config = len(configs), configs[0]
        return SeriesModel(members, LiteTrunk(members, int(config["filters"]), int(config["taps"]), steps_of(spec)[0]), spec.outputs)


class LiteTrunk(PackedLayer):
    """The convolutions of :class:`Lite`, see there; maps values and steps that count to (members, rows, features)."""

    def __init__(self, members: int, filters: int, taps: int, steps: int, **kwargs: Any) -> None:
        super().__init__(members, **kwargs)
        self.first = [SharedConv(members, filters, odd_taps(taps // part, steps)) for part in (1, 2, 4)]
        self.fixed = tuple(length for length in FIXED if length < steps)
        self.bias = Bias(members)
        self.rest: list[Any] = []
        for dilation in (2, 4):
            width = odd_taps(taps // dilation, max(steps // dilation, 1))
            self.rest += [DepthwiseConv(members, width, dilation), MemberConv(members, filters, 1), SeriesNorm(members)]

    def call(self, values: Any, keep: Any) -> Any:
        """Map values (rows, steps, channels) and `keep` (rows, steps, 1, 1)."""
        found = [layer(values) for layer in self.first]
        if self.fixed:
            shared = fixed_responses(values, self.fixed)[:, :, None]
            found.append(ops.repeat(shared, self.members, axis=2))
        joined = self.bias(ops.concatenate(found, axis=-1), keep)
        deep = run_through(self.rest, joined, keep)
        return ops.concatenate([mean_over_time(deep, keep), largest_over_time(deep, keep), mean_over_time(joined, keep)], axis=-1)
