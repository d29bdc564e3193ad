"""InceptionTime: stacked blocks of wide and narrow kernels over a series."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from keras import ops

from automl.families._series_network import SeriesFamily, SeriesModel, around, large, rates, steps_of
from automl.families.base import Config, Tags
from automl.layers.packed import PackedLayer
from automl.layers.series import (
    Bias,
    MemberConv,
    SeriesNorm,
    SharedConv,
    largest_neighbour,
    mean_over_time,
    odd_taps,
)
from automl.preprocessing.base import Spec


class InceptionTime(SeriesFamily):
    """Inception blocks: a bottleneck, three widths of kernels and the largest neighbour side by side, with a shortcut around every three.

    Source: Ismail Fawaz et al. (2020, arXiv:1909.04939): six blocks of 32 filters with kernels of 40, 20 and 10 steps, an ensemble of five.
    The folds are our ensemble. A CPU gets three blocks of 16 filters, where it is asked for: members cannot share dense convolutions.
    """

    name = "inception_time"
    title = "InceptionTime"
    tags = Tags(kind="network", inputs=frozenset({"series"}), rank=3, opt_in=True)
    pack_configs = 2

    def space(self, hp: Any, spec: Spec) -> None:
        """Declare blocks, filters, the widest kernel and the rates."""
        hp.Choice("blocks", [2, 3, 6], default=6 if large() else 3)
        hp.Choice("filters", [8, 16, 32], default=32 if large() else 16)
        hp.Choice("taps", [11, 21, 41], default=41 if large() else 21)
        rates(hp, 2e-3, 0.1)

    def portfolio(self, spec: Spec) -> list[Config]:
        """Return the default and its neighbours."""
        return around(2e-3, 0.1)

    def build(self, spec: Spec, configs: Sequence[Config]) -> SeriesModel:
        """Return the pack of `configs`, which share blocks, filters and kernels."""
        members, config = len(configs), configs[0]
        steps = steps_of(spec)[0]
        trunk = InceptionTrunk(members, int(config["blocks"]), int(config["filters"]), int(config["taps"]), steps)
        return SeriesModel(members, trunk, spec.outputs)


class InceptionBlock(PackedLayer):
    """One block: a bottleneck, three widths of kernels and the largest neighbour side by side."""

    def __init__(self, members: int, filters: int, taps: int, steps: int, first: bool, **kwargs: Any) -> None:
        super().__init__(members, **kwargs)
        conv = SharedConv if first else MemberConv
        self.narrow = None if first else MemberConv(members, filters, 1)
        self.wide = [conv(members, filters, odd_taps(taps // part, steps)) for part in (1, 2, 4)]
        self.beside = None if first else MemberConv(members, filters, 1)
        self.end = Bias(members) if first else SeriesNorm(members)

    def call(self, values: Any, keep: Any) -> Any:
        """Map values (rows, steps, channels) and `keep` (rows, steps, 1, 1)."""
        entering = values if self.narrow is None else self.narrow(values)
        found = [layer(entering) for layer in self.wide]
        if self.beside is not None:
            found.append(self.beside(largest_neighbour(values, keep)))
        return self.end(ops.concatenate(found, axis=-1), keep)


class InceptionTrunk(PackedLayer):
    """The blocks of :class:`InceptionTime`, see there; maps values and steps that count to (members, rows, features)."""

    def __init__(self, members: int, blocks: int, filters: int, taps: int, steps: int, **kwargs: Any) -> None:
        super().__init__(members, **kwargs)
        self.blocks = [InceptionBlock(members, filters, taps, steps, number == 0) for number in range(blocks)]
        self.shortcuts = [MemberConv(members, 4 * filters, 1) for number in range(blocks) if number % 3 == 2]

    def call(self, values: Any, keep: Any) -> Any:
        """Map values (rows, steps, channels) and `keep` (rows, steps, 1, 1)."""
        kept, used = None, 0
        for number, block in enumerate(self.blocks):
            values = block(values, keep)
            if number == 0:
                kept = values
            elif number % 3 == 2:
                values = ops.relu(values + self.shortcuts[used](kept)) * keep
                kept, used = values, used + 1
        return mean_over_time(values, keep)
