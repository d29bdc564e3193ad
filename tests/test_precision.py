"""Half precision for the products of matrices on a GPU: here a CPU is told that it is one."""

import keras
import numpy as np
import pytest

from automl import _backend
from automl.budget import Budget
from automl.families import family_by_name
from automl.search import out_of_fold_loss
from automl.testing import toy_data
from automl.training import program


@pytest.fixture
def half(monkeypatch):
    monkeypatch.setattr(_backend, "compute_dtype", lambda: "bfloat16")


def test_full_precision_on_a_cpu_half_on_a_gpu(monkeypatch):
    for gpu, dtype in ((False, "float32"), (True, "bfloat16")):
        monkeypatch.setattr(_backend, "has_gpu", lambda gpu=gpu: gpu)
        assert _backend.compute_dtype() == dtype


def test_the_policy_is_put_back(half):
    before = keras.config.dtype_policy()
    with _backend.mixed_precision():
        assert keras.layers.Dense(1).compute_dtype == "bfloat16"
        assert keras.layers.Dense(1).variable_dtype == "float32"
    assert keras.config.dtype_policy() == before


@pytest.mark.parametrize("name", ["mlp", "resnet", "deep_cross", "ft_transformer"])
def test_a_network_learns_in_half_precision(half, monkeypatch, name):
    monkeypatch.setattr(program, "_PROGRAMS", {})
    family, data = family_by_name(name), toy_data("binary")
    config = {**family.defaults(data.spec), "seed": 1}
    (trained,) = family.train([config], data, deadline=Budget(trials=1).deadline(), seed=0)
    (made,) = program._PROGRAMS.values()
    computed = {layer.compute_dtype for layer in made.trainer._flatten_layers() if getattr(layer, "multiplies", False)}
    assert computed == {"bfloat16", "float32"}  # the last layer gives the logits
    assert made.trainer.body[-1].compute_dtype == "float32"
    assert {keras.backend.standardize_dtype(weight.dtype) for weight in made.trainer.weights} == {"float32"}
    assert all(values.dtype == np.float32 for model in trained.models for values in model["weights"])
    assert out_of_fold_loss(data, trained.out_of_fold) < 0.5
