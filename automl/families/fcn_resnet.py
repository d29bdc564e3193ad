"""Fully convolutional and residual networks over a series."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from automl.families._series_network import ConvTrunk, SeriesFamily, SeriesModel, around, large, rates, steps_of
from automl.families.base import Config, Tags
from automl.preprocessing.base import Spec


class FCNResNet(SeriesFamily):
    """Convolutions of 9, 5 and 3 steps with a mean over time: the plain form (FCN), or with a shortcut around each (ResNet).

    Source: Wang, Yan and Oates (2017, arXiv:1611.06455), "Time series classification from scratch with deep neural networks", with 128, 256
    and 128 filters; a CPU gets 32 of each, where it is asked for.
    """

    name = "fcn_resnet"
    title = "Convolutional network for series"
    tags = Tags(kind="network", inputs=frozenset({"series"}), rank=4, opt_in=True)
    pack_configs = 2

    def space(self, hp: Any, spec: Spec) -> None:
        """Declare the form, filters and the rates."""
        hp.Choice("form", ["fcn", "resnet"], default="fcn")
        hp.Choice("filters", [16, 32, 64, 128], default=128 if large() else 32)
        rates(hp, 3e-3, 0.1)

    def portfolio(self, spec: Spec) -> list[Config]:
        """Return the plain form first, then the one with shortcuts."""
        return [*around(3e-3, 0.1, form="fcn")[:2], *around(3e-3, 0.1, form="resnet")[:2]]

    def build(self, spec: Spec, configs: Sequence[Config]) -> SeriesModel:
        """Return the pack of `configs`, which share form and filters."""
        members, config = len(configs), configs[0]
        trunk = ConvTrunk(members, int(config["filters"]), steps_of(spec)[0], config["form"] == "resnet")
        return SeriesModel(members, trunk, spec.outputs)
