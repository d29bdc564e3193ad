"""What is TabM's own; the rest is in the contract suite."""

import numpy as np

from automl.budget import Budget
from automl.families.tabm import TabM
from automl.preprocessing.base import Spec
from automl.testing import toy_data


def test_a_network_makes_as_many_predictions_as_it_has_heads():
    spec = Spec(3, 3, (6, 60), 3, "multiclass", 240, knots=((0.0, 1.0, 2.0), (), (0.0, 0.5, 1.0, 2.0)))
    family = TabM()
    config = family.complete({"heads": 4}, spec)
    model = family.build(spec, [config] * 2)
    inputs = {"numbers": np.ones((5, 3), np.float32), "categories": np.ones((5, 2), np.int32)}
    assert tuple(model(inputs).shape) == (5, 2, 4, 3)
    first = model.body[0]
    assert first.groups.tolist() == [0, 1, 2, 0, 0, 2, 2, 2, *[3] * 5, *[4] * 8]  # numbers, their bins, indicators, embedding


def test_what_is_predicted_is_the_mean_of_the_heads():
    data = toy_data("regression")
    family = TabM()
    config = {**family.complete({"heads": 4, "units": 48}, data.spec), "seed": 0}
    (trained,) = family.train([config], data, deadline=Budget(trials=1).deadline(), seed=0)
    fitted = family.combine([(config, trained.models[:1], 1.0)], data.spec)
    predicted = fitted.predict(data.arrays)
    rows = data.fold == 0
    np.testing.assert_allclose(predicted[rows], trained.out_of_fold[rows], atol=1e-4)
