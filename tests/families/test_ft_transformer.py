"""The FT-Transformer: its size on a CPU and on a GPU, its pieces, when it takes part."""

import numpy as np
import pytest

from automl import _backend
from automl.families import ft_transformer
from automl.families.ft_transformer import FTTransformer
from automl.layers.model import initial_weights
from automl.preprocessing.base import Spec
from automl.selection import choose_families

SPEC = Spec(4, 3, (6, 62), 3, "multiclass", 240)
RNG = np.random.default_rng(0)
INPUTS = {"numbers": RNG.normal(size=(50, 4)).astype(np.float32), "categories": RNG.integers(0, 6, (50, 2)).astype(np.int32)}


def filled(model):
    model({name: values[:1] for name, values in INPUTS.items()})
    for variable, values in zip(model.trainable_variables, initial_weights(model, range(model.members)), strict=True):
        variable.assign(values + 0.01)  # the output layer starts at zero
    return model


def test_a_cpu_gets_a_small_one_and_a_gpu_that_of_the_paper(monkeypatch):
    sizes = {}
    for gpu in (False, True):
        monkeypatch.setattr(_backend, "has_gpu", lambda gpu=gpu: gpu)
        config = FTTransformer().defaults(SPEC)
        sizes[gpu] = [config[name] for name in ("blocks", "units", "heads")]
        assert config["hidden_factor"] == pytest.approx(4 / 3)
    assert sizes == {False: [2, 32, 4], True: [3, 192, 8]}


def test_on_a_cpu_it_is_asked_for_by_name(monkeypatch):
    monkeypatch.setattr(_backend, "has_gpu", lambda: False)
    left_out = choose_families(SPEC).left_out
    assert left_out["ft_transformer"] == "opt-in on a CPU; ask for it with families=['ft_transformer']"
    assert "ft_transformer" in [family.name for family in choose_families(SPEC, ["ft_transformer"]).families]
    wide = choose_families(Spec(150, 150, (), 2, "binary", 500), ["ft_transformer", "linear"])
    assert wide.left_out["ft_transformer"] == "only up to 100 columns"


def test_batches_shrink_with_the_square_of_the_columns():
    family = FTTransformer()
    sizes = [family.schedule(Spec(columns, columns, (), 2, "binary", 20_000), {}, 0, 2).batch_size for columns in (5, 50, 99)]
    assert sizes == sorted(sizes, reverse=True)
    assert 16 <= sizes[-1] < sizes[0]
    assert family.schedule(SPEC, {}, 0, 2).epochs < 50


def test_a_prediction_in_pieces_is_the_same(monkeypatch):
    family = FTTransformer()
    model = filled(family.build(SPEC, [family.defaults(SPEC)] * 2))
    whole = _backend.to_numpy(model(INPUTS))
    assert whole.shape == (50, 2, 3)
    for piece in (7, 25, 49):
        model.piece = piece
        np.testing.assert_allclose(_backend.to_numpy(model(INPUTS)), whole, atol=1e-5)
    compiled = _backend.compile_function(model)
    for rows in (1, 8, 50):  # the number of rows is open in the compiled function
        chosen = {name: _backend.to_device(values[:rows]) for name, values in INPUTS.items()}
        np.testing.assert_allclose(_backend.to_numpy(compiled(chosen)), whole[:rows], atol=1e-5)


def test_the_pieces_of_a_wide_table_are_small():
    family = FTTransformer()
    spec = Spec(90, 90, (), 2, "binary", 20_000)
    model = family.build(spec, [family.defaults(spec)] * 10)
    assert model.piece * 10 * 91**2 * 4 <= max(ft_transformer.PIECE, family.schedule(spec, {}, 0, 1).batch_size * 10 * 91**2 * 4)


def test_encoded_columns_are_tokens_of_each_member():
    spec = Spec(4, 3, (), 2, "binary", 240, encoded=2)
    family = FTTransformer()
    model = family.build(spec, [family.defaults(spec)] * 3)
    inputs = {"numbers": INPUTS["numbers"], "encoded": RNG.normal(size=(3, 50, 2)).astype(np.float32)}
    assert tuple(model(inputs).shape) == (50, 3, 2)
    assert model.tokens.tokens == 1 + 4 + 2
