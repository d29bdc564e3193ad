"""Compiled loops, gradients and transfers: the same numbers on every backend."""

import numpy as np
import pytest
from keras import ops

from automl import _backend


def test_there_and_back():
    values = np.arange(6, dtype=np.float32).reshape(2, 3)
    np.testing.assert_array_equal(_backend.to_numpy(_backend.to_device(values)), values)
    assert _backend.to_numpy(_backend.to_device(np.arange(3, dtype=np.int32))).dtype == np.int32
    assert _backend.name() in ("tensorflow", "jax", "torch")


def test_gradients_of_a_sum_of_squares():
    weights = [_backend.to_device(np.array([1.0, -2.0], np.float32)), _backend.to_device(np.array([[3.0]], np.float32))]
    unused = _backend.to_device(np.ones(2, np.float32))
    found = _backend.gradients(lambda w: ops.sum(w[0] ** 2) + 2 * ops.sum(w[1]), [*weights, unused])
    np.testing.assert_allclose(_backend.to_numpy(found[0]), [2.0, -4.0])
    np.testing.assert_allclose(_backend.to_numpy(found[1]), [[2.0]])
    np.testing.assert_allclose(_backend.to_numpy(found[2]), [0.0, 0.0])


def test_a_loop_takes_one_step_for_each_input():
    run = _backend.compile_loop(lambda carry, inputs, constants: [carry[0] * constants[0] + inputs[0]])
    for steps in (1, 3, 7):  # one program for any number of steps
        inputs = np.arange(1, steps + 1, dtype=np.float32)
        expected = 0.0
        for value in inputs:
            expected = expected * 2 + value
        start, factor = _backend.to_device(np.float32(0)), _backend.to_device(np.float32(2))
        (result,) = run([start], [_backend.to_device(inputs)], [factor])
        assert float(_backend.to_numpy(result)) == pytest.approx(expected)


def test_a_loop_minimises():
    def step(carry, inputs, constants):
        (gradient,) = _backend.gradients(lambda w: ops.sum((w[0] - constants[0]) ** 2), carry)
        return [carry[0] - inputs[0] * gradient]

    run = _backend.compile_loop(step)
    goal = np.array([3.0, -1.0], np.float32)
    rates = _backend.to_device(np.full(60, 0.2, np.float32))
    (found,) = run([_backend.to_device(np.zeros(2, np.float32))], [rates], [_backend.to_device(goal)])
    np.testing.assert_allclose(_backend.to_numpy(found), goal, atol=1e-4)


def test_a_compiled_function_takes_dictionaries():
    add = _backend.compile_function(lambda inputs: inputs["a"] + inputs["b"])
    one = _backend.to_device(np.ones(3, np.float32))
    np.testing.assert_array_equal(_backend.to_numpy(add({"a": one, "b": one})), 2.0)


@pytest.mark.parametrize(("rows", "padded"), [(1, 1), (2, 64), (64, 64), (65, 1024), (8192, 8192)])
def test_rows_are_padded_with_the_last_one(rows, padded):
    arrays = {"a": np.arange(rows), "b": np.arange(2 * rows).reshape(rows, 2)}
    made = _backend.pad_rows(arrays)
    assert {name: len(values) for name, values in made.items()} == {"a": padded, "b": padded}
    np.testing.assert_array_equal(made["a"][:rows], arrays["a"])
    assert (made["a"][rows:] == rows - 1).all()
    assert (made is arrays) == (rows == padded)
