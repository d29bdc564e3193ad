"""How the time of a search is divided: by experience at first, then also by what the ensemble of all trials so far is made of."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from automl.ensemble import greedy_selection
from automl.families.base import TrainingData
from automl.trials import Trial

SHARES = {"linear": 0.1, "tree": 0.4, "network": 0.5}  # of the search time, while nothing is known
OTHER = 0.3  # of a kind that the table does not know
TRUST = 0.5  # how much of a share follows the ensemble: what was tuned longer looks better than it is
ROWS = 4_000  # that are enough to tell who helps
BEST, STEPS = 8, 10  # trials of each kind that are looked at, and members that are drawn from them


def shares(data: TrainingData, trials: Sequence[Trial], kinds: Iterable[str]) -> dict[str, float]:
    """Return the share of the search time that each kind of family should have.

    Time goes where the ensemble has its weight: where trees carry it, a second configuration of trees is worth more than a sixth
    kind of network, and the other way round. Until every kind has a usable trial, the shares of experience hold.

    Args:
        data: The training rows.
        trials: What was tried so far and may become part of the model.
        kinds: The kinds that can still go on.

    Returns:
        A share for each of `kinds`; they need not add up to 1.

    Example:
        >>> from automl.testing import toy_data
        >>> shares(toy_data("binary"), [], ["tree", "network"])
        {'tree': 0.4, 'network': 0.5}
    """
    prior = {kind: SHARES.get(kind, OTHER) for kind in kinds}
    by_kind: dict[str, list[Trial]] = {}
    for trial in sorted((trial for trial in trials if trial.usable and trial.trained is not None), key=lambda trial: float(trial.loss or 0.0)):
        by_kind.setdefault(trial.family.tags.kind, []).append(trial)
    if not set(prior) <= set(by_kind):
        return prior
    usable = [trial for of_kind in by_kind.values() for trial in of_kind[:BEST]]
    rows = np.flatnonzero(data.fold >= 0)
    rows = rows[:: -(-len(rows) // ROWS)]
    predictions = np.stack([trial.trained.out_of_fold[rows] for trial in usable if trial.trained is not None])
    weights = greedy_selection(data.spec.problem, data.target[rows], predictions, steps=STEPS).weights
    weight = {kind: sum(w for w, trial in zip(weights, usable, strict=True) if trial.family.tags.kind == kind) for kind in prior}
    return {kind: (1 - TRUST) * share + TRUST * float(weight[kind]) for kind, share in prior.items()}
