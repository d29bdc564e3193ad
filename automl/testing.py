"""The contract of families and preprocessors, as small checks that anybody can run over their own.

Example:
    >>> from automl.families import family_by_name
    >>> check_family(family_by_name("naive"))
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from typing import Any

import numpy as np

from automl.budget import Budget
from automl.families.base import Config, Family, FittedFamily, Trained, TrainingData
from automl.toys import TABLE, toy_data, toy_for

__all__ = ["FAMILY_CHECKS", "check_family", "toy_data", "toy_for"]

Check = Callable[[Family], None]
HURRIED_EPOCHS = 3
SOON = 30  # epochs after which most networks have learnt a toy problem; those that have not get all of theirs
TOLERANCE = 1e-5


def _problems(family: Family) -> list[str]:
    """Return the problems of a family; of one that reads no table two of three, because each takes it long."""
    problems = sorted(family.tags.problems)
    return problems if family.tags.inputs & TABLE else [problem for problem in problems if problem != "binary" or len(problems) < 3]


def _hurried(family: Family, epochs: int = HURRIED_EPOCHS) -> Family:
    """Return a network family that makes a few passes over the data: enough for every promise but that it learns."""
    schedule = getattr(family, "schedule", None)
    if schedule is None:
        return family
    hurried: Any = copy.copy(family)

    def short(*arguments: Any, **named: Any) -> Any:
        found = schedule(*arguments, **named)
        return replace(found, epochs=min(found.epochs, epochs))

    hurried.schedule = short
    return hurried  # type: ignore[no-any-return]


def _train(
    family: Family, data: TrainingData, configs: list[Config] | None = None, seed: int = 0, epochs: int | None = HURRIED_EPOCHS
) -> list[Trained]:
    """Train configurations (the default) with trials capped, so that nothing depends on the clock; None for all epochs of a network."""
    family = family if epochs is None else _hurried(family, epochs)
    full = [family.complete(config, data.spec) for config in configs or [{}]]
    full = [{"seed": seed + number, **config} for number, config in enumerate(full)]
    return family.train(full, data, deadline=Budget(trials=len(full)).deadline(), seed=seed)


@lru_cache(maxsize=4)
def _trained(family: Family, problem: str) -> tuple[TrainingData, Trained]:
    """Return a small problem and the default configuration trained on it; several checks look at the same one, and none changes it."""
    data = toy_for(family, problem)
    return data, _train(family, data, epochs=SOON)[0]


@lru_cache(maxsize=4)
def _fitted(family: Family, problem: str) -> FittedFamily:
    """Return the predictor of what was trained, compiled once for all checks that look at it."""
    data, trained = _trained(family, problem)
    return family.combine([(trained.config, trained.models, 1.0)], data.spec)


def _briefly_fitted(family: Family, problem: str) -> FittedFamily:
    """Return the predictor of a few passes over the data."""
    data = toy_for(family, problem)
    (trained,) = _train(family, data)
    return family.combine([(trained.config, trained.models, 1.0)], data.spec)


def _loss(data: TrainingData, prediction: Any) -> float:
    from automl.search import out_of_fold_loss

    return out_of_fold_loss(data, np.asarray(prediction))


def check_defaults_are_in_the_space(family: Family) -> None:
    """The default configuration and the portfolio are part of the space."""
    for problem in _problems(family):
        spec = toy_for(family, problem).spec
        for config in [{}, *family.portfolio(spec)]:
            assert set(family.complete(config, spec)) == set(family.defaults(spec))


def check_configurations_survive_json(family: Family) -> None:
    """Default and sampled configurations are the same after a round trip through JSON."""
    spec = toy_for(family, _problems(family)[0]).spec
    for config in [family.defaults(spec), family.sample(spec, np.random.default_rng(3))]:
        assert json.loads(json.dumps(config)) == config


def check_sampling_is_deterministic(family: Family) -> None:
    """The same generator state draws the same configuration."""
    spec = toy_for(family, _problems(family)[0]).spec
    first, second = (family.sample(spec, np.random.default_rng(11)) for _ in range(2))
    assert first == second


def check_predictions_are_well_formed(family: Family) -> None:
    """Out-of-fold predictions are complete, finite, of the right shape; probabilities add up to one."""
    for problem in _problems(family):
        data, trained = _trained(family, problem)
        assert trained.out_of_fold.shape == (data.rows, data.spec.outputs)
        assert np.isfinite(trained.out_of_fold).all()
        assert len(trained.models) == data.folds
        if data.spec.is_classification:
            assert np.allclose(trained.out_of_fold.sum(axis=1), 1.0, atol=1e-4)


def check_any_input_is_enough(family: Family) -> None:
    """Numbers alone and categories alone can be learned from, where the tags say so."""
    if not family.tags.inputs & TABLE:
        return
    for numbers, categories in ((True, False), (False, True)):
        data = toy_data(_problems(family)[0], numbers=numbers, categories=categories)
        (trained,) = _train(family, data)
        assert np.isfinite(trained.out_of_fold).all()


def check_it_learns(family: Family) -> None:
    """It beats the best constant on a problem that can be learned (the naive family is the constant)."""
    if family.tags.kind == "naive":
        return
    for problem in _problems(family):
        data, trained = _trained(family, problem)
        constant = np.full((data.rows, data.spec.outputs), 1.0 / data.spec.outputs if data.spec.is_classification else 0.0)
        enough = 0.9 * _loss(data, constant)
        if _loss(data, trained.out_of_fold) >= enough:
            (trained,) = _train(family, data, epochs=None)
        assert _loss(data, trained.out_of_fold) < enough, problem


def check_same_seed_same_model(family: Family) -> None:
    """Two trainings with one seed predict the same."""
    data = toy_for(family, _problems(family)[0])
    first, second = (_train(family, data, seed=5)[0].out_of_fold for _ in range(2))
    np.testing.assert_array_equal(first, second)


def check_validation_rows_are_not_learned_from(family: Family) -> None:
    """Changing the target of one fold leaves the model that validates it as it was.

    Networks choose their epoch on the members of the other folds, which do learn from these rows, so the epoch may move; that their weights
    do not is tested on the trainer itself.
    """
    if family.tags.kind == "network":
        return
    data = toy_for(family, _problems(family)[0])
    changed = data.target.copy()
    rows = data.fold == 1
    changed[rows] = changed[rows][::-1]
    other = TrainingData(data.arrays, changed, data.fold, data.folds, data.spec)
    before, after = _train(family, data)[0], _train(family, other)[0]
    same = family.combine([(before.config, [before.models[1]], 1.0)], data.spec).predict(data.arrays)
    again = family.combine([(after.config, [after.models[1]], 1.0)], data.spec).predict(data.arrays)
    np.testing.assert_allclose(same, again, atol=TOLERANCE)


def check_encoded_columns_are_those_of_the_fold(family: Family) -> None:
    """A model learns from, and predicts with, the encoded columns of the fold that it leaves out, and of no other; it survives storing."""
    if not family.tags.inputs & TABLE:
        return
    data = toy_data(_problems(family)[0], encoded=True)
    (trained,) = _train(family, data)
    rows = data.fold == 1
    alone = family.combine([(trained.config, [trained.models[1]], 1.0)], data.spec)
    other = data.arrays["encoded"].copy()
    other[:, [0, 2]] = 9.0
    own, changed = ({name: values[rows] for name, values in {**data.arrays, "encoded": encoded}.items()} for encoded in (
        data.arrays["encoded"], other
    ))
    expected = alone.predict(own)
    np.testing.assert_allclose(alone.predict(changed), expected, atol=TOLERANCE)
    np.testing.assert_allclose(family.restore(alone.state(), data.spec).predict(changed), expected, atol=TOLERANCE)
    if family.tags.kind != "network":  # out-of-fold predictions of networks have the mean temperature of the folds
        np.testing.assert_allclose(trained.out_of_fold[rows], expected, atol=TOLERANCE)


def check_rows_are_independent(family: Family) -> None:
    """A row is predicted the same alone, in a batch, and in any order."""
    data, fitted = toy_for(family, _problems(family)[0]), _fitted(family, _problems(family)[0])
    together = fitted.predict(data.arrays)
    order = np.random.default_rng(0).permutation(data.rows)
    shuffled = fitted.predict({name: values[order] for name, values in data.arrays.items()})
    np.testing.assert_allclose(shuffled, together[order], atol=TOLERANCE)
    for row in (0, 17):
        alone = fitted.predict({name: values[row : row + 1] for name, values in data.arrays.items()})
        np.testing.assert_allclose(alone[0], together[row], atol=TOLERANCE)


def check_missing_and_unseen_are_handled(family: Family) -> None:
    """Rows whose values are all missing, or whose categories are new, are predicted."""
    data, fitted = toy_for(family, _problems(family)[0]), _fitted(family, _problems(family)[0])
    for code in (0, 1):
        arrays = {
            "numbers": np.zeros_like(data.arrays["numbers"][:3]),
            "raw_numbers": np.full_like(data.arrays["raw_numbers"][:3], np.nan),
            "categories": np.full_like(data.arrays["categories"][:3], code),
        }
        arrays |= {extra.name: data.arrays[extra.name][:3] * 0 for extra in data.spec.extra}
        assert np.isfinite(fitted.predict(arrays)).all()


def check_state_survives_storing(family: Family) -> None:
    """A predictor rebuilt from its state predicts the same; two configurations keep their weights."""
    quick = bool(family.tags.inputs & TABLE) and not family.tags.opt_in
    for problem in _problems(family)[: None if quick else 1]:
        data = toy_for(family, problem)
        fitted = _fitted(family, problem) if quick else _briefly_fitted(family, problem)
        state = fitted.state()
        assert json.loads(json.dumps(state.json)) == state.json
        assert all(values.dtype != object for values in state.arrays.values())
        again = family.restore(state, data.spec)
        np.testing.assert_allclose(again.predict(data.arrays), fitted.predict(data.arrays), atol=TOLERANCE)


def check_inputs_are_untouched(family: Family) -> None:
    """Training and predicting leave the arrays as they were."""
    problem = _problems(family)[0]
    data, as_made = _trained(family, problem)[0], toy_for(family, problem)  # made from one seed, they are the same
    _fitted(family, problem).predict(data.arrays)
    for name, values in as_made.arrays.items():
        kept = data.arrays[name]
        dense = (values, kept) if isinstance(values, np.ndarray) else (values.toarray(), kept.toarray())  # a sparse array otherwise
        np.testing.assert_array_equal(*dense)
    np.testing.assert_array_equal(as_made.target, data.target)


def check_a_pack_equals_single_training(family: Family) -> None:
    """A member of a pack equals the same network trained alone with the same seed."""
    if family.pack_configs == 1:
        return
    data = toy_for(family, _problems(family)[0])
    full = [{**family.complete(config, data.spec), "seed": 40 + number} for number, config in enumerate(family.portfolio(data.spec)[:2])]
    assert family.pack_key(full[0]) == family.pack_key(full[1])
    deadline, family = Budget(trials=2).deadline(), _hurried(family)
    together = family.train(full, data, deadline=deadline, seed=9)
    for config, member in zip(full, together, strict=True):
        (alone,) = family.train([config], data, deadline=deadline, seed=9)
        np.testing.assert_allclose(member.out_of_fold, alone.out_of_fold, atol=TOLERANCE)


def check_it_is_described(family: Family) -> None:
    """Name, title, kind and a docstring are there; the name is the module's where the family belongs to the package."""
    assert family.name
    assert family.title
    assert (type(family).__doc__ or "").strip()
    module = type(family).__module__
    assert not module.startswith("automl.families.") or module.rsplit(".", 1)[1] == family.name


FAMILY_CHECKS: tuple[Check, ...] = tuple(value for name, value in sorted(globals().items()) if name.startswith("check_"))


def check_family(family: Family) -> None:
    """Run every check over a family.

    Args:
        family: The family.

    Raises:
        AssertionError: With the first broken promise.
    """
    for check in FAMILY_CHECKS:
        check(family)
