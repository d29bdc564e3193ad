"""The contract suite catches families that break it."""

import numpy as np
import pytest
from small import FakeFamily

from automl import testing
from automl.families.naive import Naive


def test_a_good_family_passes_everything():
    testing.check_family(Naive())


def test_toy_data_can_be_learnt_and_holds_every_kind_of_trouble():
    for problem, outputs in (("binary", 2), ("multiclass", 3), ("regression", 1)):
        data = testing.toy_data(problem)
        assert data.spec.outputs == outputs
        assert (data.spec.numbers, data.spec.raw_numbers, data.spec.categories) == (4, 3, (6, 62))
        assert np.isnan(data.arrays["raw_numbers"]).any()
        assert np.isfinite(data.arrays["numbers"]).all()
        assert (data.arrays["categories"] == 0).any()
        assert sorted(np.bincount(data.fold)) == [80, 80, 80]
    assert testing.toy_data("binary", numbers=False).spec.numbers == 0
    assert testing.toy_data("binary", categories=False).spec.categories == ()


class Broken(Naive):
    """Naive, with one promise broken."""

    def __init__(self, promise):
        self.promise, self.calls = promise, 0

    def fit(self, config, arrays, target, spec, **options):
        self.calls += 1
        if self.promise == "inputs":
            arrays["numbers"][:] = 0
            target[:1] = 0
        model = dict(super().fit(config, arrays, target, spec, **options))
        if self.promise == "seed":
            model["average"] = model["average"] + self.calls * 1e-3
        return model

    def predict(self, model, arrays, spec):
        values = super().predict(model, arrays, spec)
        if self.promise == "rows":
            return values + np.arange(len(values))[:, None] * 1e-3
        if self.promise == "sum":
            return values * 0.5
        if self.promise == "unseen":
            return np.where(np.isnan(arrays["raw_numbers"]).all(axis=1)[:, None] if arrays["raw_numbers"].size else False, np.nan, values)
        return values

    def portfolio(self, spec):
        return [{"depth": 3}] if self.promise == "space" else [{}]

    def sample(self, spec, rng):
        return {"x": float(np.random.default_rng().random())} if self.promise == "sampling" else {}


CAUGHT = {
    "seed": testing.check_same_seed_same_model,
    "rows": testing.check_rows_are_independent,
    "sum": testing.check_predictions_are_well_formed,
    "unseen": testing.check_missing_and_unseen_are_handled,
    "sampling": testing.check_sampling_is_deterministic,
}


@pytest.mark.parametrize("promise", CAUGHT)
def test_a_broken_promise_is_caught(promise):
    with pytest.raises(AssertionError):
        CAUGHT[promise](Broken(promise))
    CAUGHT[promise](Broken("none"))


def test_a_portfolio_outside_the_space_is_caught():
    with pytest.raises(Exception, match="may hold"):
        testing.check_defaults_are_in_the_space(Broken("space"))


def test_what_does_not_learn_is_caught():
    class Lazy(FakeFamily):
        """Knows nothing."""

        def train(self, configs, data, **options):
            results = super().train(configs, data, **options)
            for result in results:
                result.out_of_fold[:] = 1 / data.spec.outputs if data.spec.is_classification else 0
            return results

    with pytest.raises(AssertionError):
        testing.check_it_learns(Lazy(kind="tree"))


def test_every_check_says_what_it_checks():
    assert len(testing.FAMILY_CHECKS) >= 12
    assert testing.check_family not in testing.FAMILY_CHECKS or all(check.__doc__ for check in testing.FAMILY_CHECKS)
    assert all((check.__doc__ or "").strip().endswith(".") for check in testing.FAMILY_CHECKS)
