"""Families whose configurations read different arrays: only what a pack reads goes to the device."""

from __future__ import annotations

import abc
import copy
from collections.abc import Iterable, Sequence
from typing import Any, Self

from automl.families.base import Config, Trained, TrainingData
from automl.families.networks import INPUTS, FittedNetworks, KerasFamily
from automl.preprocessing.base import Spec, State


class NarrowFamily(KerasFamily):
    """Reads for each pack the arrays of its own configurations."""

    @abc.abstractmethod
    def arrays_read(self, configs: Iterable[Config]) -> Iterable[str]:
        """Return the further arrays that some configurations read."""

    def reading(self, configs: Iterable[Config]) -> Self:
        """Return this family with the arrays that some configurations read, and no others."""
        narrow = copy.copy(self)
        narrow.reads = (*INPUTS, *dict.fromkeys(self.arrays_read(configs)))  # type: ignore[misc]
        return narrow

    def train(self, configs: Sequence[Config], data: TrainingData, **given: Any) -> list[Trained]:
        """Train the pack."""
        return super(NarrowFamily, self.reading(configs)).train(configs, data, **given)

    def combine(self, parts: Sequence[tuple[Config, Sequence[Any], float]], spec: Spec) -> FittedNetworks:
        """Slice the chosen members into one packed network per structure."""
        return super(NarrowFamily, self.reading(config for config, _, _ in parts)).combine(parts, spec)

    def restore(self, state: State, spec: Spec) -> FittedNetworks:
        """Rebuild the packs from weights and configurations alone."""
        configs = [config for pack in state.json["packs"] for config in pack["configs"]]
        return super(NarrowFamily, self.reading(configs)).restore(state, spec)
