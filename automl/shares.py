"""How the time of a search is divided: by experience at first, then also by what the ensemble of all trials so far is made of."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

import numpy as np

from automl.ensemble import greedy_selection
from automl.families.base import TrainingData
from automl.trials import Trial

SHARES = {"linear": 0.1, "tree": 0.4, "network": 0.5}  # of the search time, while nothing is known
WITH_TEXT = {"linear": 0.3, "tree": 0.25, "network": 0.45}  # linear models on words are hard to beat, and slower than on numbers
WITH_PICTURES = {"linear": 0.05, "tree": 0.15, "network": 0.8}  # hand-made numbers of pictures say less than their pixels do
OTHER = 0.3  # of a kind that the table does not know
TRUST = 0.5  # how much of a kind's share follows the ensemble: what was tuned longer looks better than it is
TRUST_ROWS = (5_000, 10_000)  # below the first, its weights are chance more than worth; from the second on, they have all that trust
LEAST = 0.1  # share of a kind's time for a family without any weight
ROWS = 4_000  # that are enough to tell who helps
BEST, STEPS = 8, 10  # trials of each kind that are looked at, and members that are drawn from them


def family_weights(data: TrainingData, trials: Sequence[Trial]) -> dict[str, float]:
    """Return the weight of each family in a quick ensemble of what was tried so far.

    Args:
        data: The training rows.
        trials: What was tried and may become part of the model.

    Returns:
        Family and its weight; the weights of the families that have a usable trial add up to 1.

    Example:
        >>> from automl.testing import toy_data
        >>> family_weights(toy_data("binary"), [])
        {}
    """
    by_kind: dict[str, list[Trial]] = {}
    usable = [trial for trial in trials if trial.usable and trial.trained is not None]
    for trial in sorted(usable, key=lambda trial: float(trial.loss or 0.0)):
        by_kind.setdefault(trial.family.tags.kind, []).append(trial)
    best = [trial for of_kind in by_kind.values() for trial in of_kind[:BEST]]
    if not best:
        return {}
    rows = np.flatnonzero(data.fold >= 0)
    rows = rows[:: -(-len(rows) // ROWS)]
    predictions = np.stack([trial.trained.out_of_fold[rows] for trial in best if trial.trained is not None])
    selected = greedy_selection(data.spec.problem, data.target[rows], predictions, steps=STEPS).weights
    weights = {trial.family.name: 0.0 for of_kind in by_kind.values() for trial in of_kind}
    for weight, trial in zip(selected, best, strict=True):
        weights[trial.family.name] += float(weight)
    return weights


def shares_of_kinds(
    weights: Mapping[str, float], kind_of: Mapping[str, str], kinds: Iterable[str], rows: int, offered: Collection[str] = ()
) -> dict[str, float]:
    """Return the share of the search time that each kind of family should have.

    Time goes where the ensemble has its weight: where trees carry it, a second configuration of trees is worth more than a sixth
    kind of network, and the other way round. Until every kind has a usable trial, the shares of experience hold.

    Args:
        weights: As from :func:`family_weights`.
        kind_of: The kind of each family.
        kinds: The kinds that can still go on.
        rows: Training rows; the more there are, the more the weights count.
        offered: Names of the arrays to learn from: texts and pictures have shares of their own.

    Returns:
        A share for each of `kinds`; they need not add up to 1.

    Example:
        >>> shares_of_kinds({"mlp": 0.75, "extra_trees": 0.25}, {"mlp": "network", "extra_trees": "tree"}, ["tree", "network"], 10_000)
        {'tree': 0.325, 'network': 0.625}
    """
    experience = WITH_PICTURES if "pixels" in offered else WITH_TEXT if "words" in offered else SHARES
    prior = {kind: experience.get(kind, OTHER) for kind in kinds}
    of_kind: dict[str, float] = {}
    for family, weight in weights.items():
        of_kind[kind_of[family]] = of_kind.get(kind_of[family], 0.0) + weight
    if not set(prior) <= set(of_kind):
        return prior
    trust = TRUST * float(np.interp(rows, TRUST_ROWS, (0.0, 1.0)))
    return {kind: (1 - trust) * share + trust * of_kind[kind] for kind, share in prior.items()}
