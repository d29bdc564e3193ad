"""What a family is asked for next: what is known to be good, then points that fill its space evenly, half of them near its best."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.stats.qmc import Halton

from automl.families.base import Config, Family
from automl.preprocessing.base import Spec

NEIGHBOURS = 0.5  # share of the proposals after the portfolio that stay near the best configuration
CHANGED = 0.35  # share of the entries that a neighbour changes
TRIES = 20  # proposals that are looked at before a family has nothing new that fits
ENTRIES = 16  # entries of a configuration that are drawn evenly; more are drawn independently


@dataclass(frozen=True)
class Limits:
    """What the next pack may take.

    Attributes:
        spec: The shapes.
        folds: Members per configuration.
        seconds: Time; infinite where no clock runs.
        memory: Bytes.
        most: Configurations; None for as many as the others allow.
    """

    spec: Spec
    folds: int
    seconds: float
    memory: int
    most: int | None = None


@dataclass
class Queue:
    """What a family has been asked for so far, and what comes next.

    Attributes:
        family: The family.
        portfolio: Complete configurations that are known to be good and were not asked for yet, best first.
        asked: The configurations that were, by :func:`key_of`.
        seconds: Time of the slowest configuration so far.
        spent: Time of all.
        exhausted: Whether nothing more comes.
        largest: Configurations that memory lets it train at once; None while nothing is known.
    """

    family: Family
    portfolio: list[Config]
    asked: set[str] = field(default_factory=set)
    seconds: float = 0.0
    spent: float = 0.0
    exhausted: bool = False
    largest: int | None = None

    def ask(self, limits: Limits, best: Config | None, seed: int, rng: np.random.Generator) -> list[Config]:
        """Return new configurations that share a pack, the portfolio first, then proposals; as many as the limits allow.

        Args:
            limits: What they may take.
            best: The family's best configuration so far.
            seed: Seed of the evenly spread points.
            rng: Source of all other chance.

        Example:
            >>> from automl.families import family_by_name
            >>> queue = Queue(family_by_name("naive"), [{}])
            >>> queue.ask(Limits(Spec(1, 1, (), 1, "regression", 9), 5, 1.0, 10**9), None, 0, np.random.default_rng(0))
            [{}]
        """
        family, spec = self.family, limits.spec
        first, size = self._first(limits, best, seed, rng)
        if first is None:
            return []
        count = max(min(size, self.largest or size, limits.most or size), 1)
        chosen = [first]
        for config in [config for config in self.portfolio if family.pack_key(config) == family.pack_key(first)][: count - 1]:
            self.portfolio.remove(config)
            chosen.append(config)
        self.asked.update(map(key_of, chosen))
        for number in range(TRIES * count):
            if len(chosen) >= count or self.portfolio:
                break
            proposal = self._propose(spec, best, seed, rng, number)
            proposal = {**first, **{key: proposal[key] for key in sorted(family.per_member) if key in proposal}}
            if key_of(proposal) not in self.asked:
                chosen.append(family.complete(proposal, spec))
                self.asked.add(key_of(proposal))
        return chosen

    def _first(self, limits: Limits, best: Config | None, seed: int, rng: np.random.Generator) -> tuple[Config | None, int]:
        """Return the next configuration and how many like it a pack may have; None where nothing new fits."""
        family, spec, folds = self.family, limits.spec, limits.folds
        # All of the portfolio get the same sizes, so that they can share a pack.
        fitted = [family.affordable(config, spec, folds, limits.seconds) for config in self.portfolio]
        self.portfolio = [config for config in fitted if key_of(config) not in self.asked]
        if self.portfolio:  # what it says is trained, however little room there is
            first = self.portfolio.pop(0)
            return first, max(family.pack_size(first, spec, folds, limits.seconds, limits.memory), 1)
        for number in range(TRIES):
            proposal = family.complete(self._propose(spec, best, seed, rng, number), spec)
            if key_of(proposal) not in self.asked:
                size = family.pack_size(proposal, spec, folds, limits.seconds, limits.memory)
                if size:
                    return proposal, size
        return None, 0

    def _propose(self, spec: Spec, best: Config | None, seed: int, rng: np.random.Generator, number: int) -> Config:
        """Draw a configuration from the space, or change some entries of the best one."""
        # Points that fill the space evenly, instead of independent ones (Halton, 1960); they are counted by what was asked for, so that a
        # run that goes on after a crash goes on with them.
        points = Halton(ENTRIES, rng=seed).fast_forward(len(self.asked) + number)
        fresh = self.family.sample(spec, _Point(points.random(1)[0], rng))
        if best is None or rng.random() > NEIGHBOURS:
            return fresh
        return {key: fresh.get(key, value) if rng.random() < CHANGED else value for key, value in best.items() if key != "seed"}


class _Point:
    """Gives the coordinates of a point one after the other, as a generator gives random numbers, and random ones after that."""

    def __init__(self, values: NDArray[np.float64], rng: np.random.Generator) -> None:
        self._values, self._rng = list(values), rng

    def random(self) -> float:
        """Return the next number in [0, 1)."""
        return float(self._values.pop(0)) if self._values else float(self._rng.random())


def key_of(config: Config) -> str:
    """Return what tells one configuration from another: everything but its seed.

    Example:
        >>> key_of({"b": 1, "a": 2, "seed": 3})
        "[('a', 2), ('b', 1)]"
    """
    return str(sorted((key, value) for key, value in config.items() if key != "seed"))
