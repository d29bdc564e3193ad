"""Families whose configurations read different arrays: only what a pack reads goes to the device, and paces differ by what is trained."""

from __future__ import annotations

import abc
import copy
from collections.abc import Iterable, Sequence
from typing import Any, Self

from automl.families.base import Config, Trained, TrainingData
from automl.families.networks import _PACE, INPUTS, FittedNetworks, KerasFamily
from automl.preprocessing.base import Spec, State

_PACES: dict[tuple[str, str], float] = {}  # by family and what is trained, as the packs of this process reached it


class NarrowFamily(KerasFamily):
    """Reads for each pack the arrays of its own configurations, and remembers the pace of each kind of them."""

    @abc.abstractmethod
    def arrays_read(self, configs: Iterable[Config]) -> Iterable[str]:
        """Return the further arrays that some configurations read."""

    @abc.abstractmethod
    def kind(self, config: Config) -> str:
        """Return what decides how fast a configuration is trained: arithmetic binds some, memory others."""

    def reading(self, configs: Iterable[Config]) -> Self:
        """Return this family with the arrays that some configurations read, and no others."""
        narrow = copy.copy(self)
        narrow.reads = (*INPUTS, *dict.fromkeys(self.arrays_read(configs)))  # type: ignore[misc]
        return narrow

    def pace(self, config: Config) -> float | None:
        """Return the work per second of the latest pack of this kind; None before there was one."""
        return _PACES.get((self.name, self.kind(config)))

    def train(self, configs: Sequence[Config], data: TrainingData, **given: Any) -> list[Trained]:
        """Train the pack, and remember its pace if it was measured."""
        before = _PACE.get(self.name)
        results = super(NarrowFamily, self.reading(configs)).train(configs, data, **given)
        if self.name in _PACE and _PACE[self.name] is not before:
            _PACES[self.name, self.kind(configs[0])] = _PACE[self.name]
        return results

    def combine(self, parts: Sequence[tuple[Config, Sequence[Any], float]], spec: Spec) -> FittedNetworks:
        """Slice the chosen members into one packed network per structure."""
        return super(NarrowFamily, self.reading(config for config, _, _ in parts)).combine(parts, spec)

    def restore(self, state: State, spec: Spec) -> FittedNetworks:
        """Rebuild the packs from weights and configurations alone."""
        configs = [config for pack in state.json["packs"] for config in pack["configs"]]
        return super(NarrowFamily, self.reading(configs)).restore(state, spec)
