"""LSTM-FCN: a recurrent and a convolutional network side by side."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from keras import ops

from automl.families._series_network import ConvTrunk, SeriesFamily, SeriesModel, around, large, rates, steps_of
from automl.families._series_recurrent import RecurrentTrunk, averaged_to
from automl.families.base import Config, Tags
from automl.layers.packed import PackedLayer
from automl.layers.series import coarser, known_steps
from automl.preprocessing.base import Spec

MOST_STEPS = 64  # of the recurrent half


class LSTMFCN(SeriesFamily):
    """An LSTM and a fully convolutional network read the series side by side; one linear layer reads both.

    Source: Karim et al. (2018, arXiv:1709.05206).
    """

    name = "lstm_fcn"
    title = "LSTM beside convolutions"
    tags = Tags(kind="network", inputs=frozenset({"series"}), rank=7, opt_in=True)
    pack_configs = 2

    def space(self, hp: Any, spec: Spec) -> None:
        """Declare units, filters and the rates."""
        hp.Choice("units", [8, 16, 32, 64], default=64 if large() else 16)
        hp.Choice("filters", [16, 32, 64, 128], default=128 if large() else 32)
        rates(hp, 3e-3, 0.2)

    def portfolio(self, spec: Spec) -> list[Config]:
        """Return the default and its neighbours."""
        return around(3e-3, 0.2)

    def build(self, spec: Spec, configs: Sequence[Config]) -> SeriesModel:
        """Return the pack of `configs`, which share units and filters."""
        members, config = len(configs), configs[0]
        trunk = TwoTrunks(members, int(config["units"]), int(config["filters"]), steps_of(spec)[0])
        return SeriesModel(members, trunk, spec.outputs)


class TwoTrunks(PackedLayer):
    """The two networks of :class:`LSTMFCN`, see there; maps values and steps that count to (members, rows, features)."""

    def __init__(self, members: int, units: int, filters: int, steps: int, **kwargs: Any) -> None:
        super().__init__(members, **kwargs)
        self.averaged = averaged_to(steps, MOST_STEPS)
        self.recurrent = RecurrentTrunk(members, units, "lstm", 1)
        self.convolutions = ConvTrunk(members, filters, steps, False)

    def call(self, values: Any, keep: Any) -> Any:
        """Map values (rows, steps, channels) and `keep` (rows, steps, 1, 1)."""
        whole = ops.where(keep[..., 0] > 0, values, ops.full_like(values, float("nan")))
        recurrent = self.recurrent(*known_steps(coarser(whole, self.averaged)))
        return ops.concatenate([recurrent, self.convolutions(values, keep)], axis=-1)
