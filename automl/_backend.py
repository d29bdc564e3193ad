"""The only file that may import tensorflow, jax or torch: compiled loops, gradients and transfers for the backend that Keras runs on."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

Tensors = list[Any]
Step = Callable[[Tensors, Tensors, Tensors], Tensors]


def name() -> str:
    """Return the Keras backend: "tensorflow", "jax" or "torch"."""
    return str(keras.backend.backend())


def has_gpu() -> bool:
    """Return whether the backend computes on a GPU (or another accelerator) by default."""
    if name() == "tensorflow":
        import tensorflow as tf

        return bool(tf.config.list_logical_devices("GPU"))
    if name() == "jax":
        import jax

        return bool(jax.default_backend() != "cpu")
    import torch

    return bool(torch.cuda.is_available() or torch.backends.mps.is_available())


def compute_dtype() -> str:
    """Return the type that matrix products should be computed in: "bfloat16" on a GPU, "float32" on a CPU.

    Weights, moments, norms, softmax and losses stay "float32"; bfloat16 has the exponents of float32, so that no loss needs scaling.
    """
    return "bfloat16" if has_gpu() else "float32"


@contextlib.contextmanager
def mixed_precision() -> Iterator[None]:
    """Let layers that are made inside compute in :func:`compute_dtype`, with weights in float32.

    Example:
        >>> with mixed_precision():
        ...     layer = keras.layers.Dense(2)
        >>> layer.compute_dtype == compute_dtype()
        True
    """
    logging.getLogger("tensorflow").addFilter(_is_no_complaint)
    before, chosen = keras.config.dtype_policy(), compute_dtype()
    keras.config.set_dtype_policy(chosen if chosen == "float32" else f"mixed_{chosen}")
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)


def to_device(values: NDArray[Any]) -> Any:
    """Return an array as a tensor of the backend."""
    return keras.ops.convert_to_tensor(values)


def to_numpy(tensor: Any) -> NDArray[Any]:
    """Return a tensor as a NumPy array."""
    return np.asarray(keras.ops.convert_to_numpy(tensor))


def gradients(loss: Callable[[Tensors], Any], weights: Tensors) -> Tensors:
    """Return the gradients of `loss(weights)`, a scalar, with respect to each weight.

    Args:
        loss: Maps the weights to a scalar.
        weights: Tensors.

    Returns:
        One tensor per weight.
    """
    if name() == "tensorflow":
        import tensorflow as tf

        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(weights)
            value = loss(weights)
        found = tape.gradient(value, weights, unconnected_gradients=tf.UnconnectedGradients.ZERO)
        return [tf.convert_to_tensor(gradient) for gradient in found]
    if name() == "jax":
        import jax

        return list(jax.grad(loss)(weights))
    import torch

    leaves = [weight.detach().requires_grad_(True) for weight in weights]
    value = loss(leaves)
    found = torch.autograd.grad(value, leaves, allow_unused=True)
    return [torch.zeros_like(leaf) if gradient is None else gradient for leaf, gradient in zip(leaves, found, strict=True)]


def compile_loop(step: Step) -> Callable[[Tensors, Tensors, Tensors], Tensors]:
    """Return `run(carry, inputs, constants)`: `step` for each entry along the first axis of `inputs`, compiled as one program.

    Args:
        step: Maps (carry, inputs of one step, constants) to the next carry; the same structure and shapes.

    Returns:
        The compiled loop: on TensorFlow and JAX one program for any number of steps, on torch a loop over a traced step. `carry` and
        `constants` are tensors, `inputs` NumPy arrays.
    """
    if name() == "tensorflow":
        return _tensorflow_loop(step)
    if name() == "jax":
        return _jax_loop(step)

    traced = _torch_traced(step)

    def run(carry: Tensors, inputs: Tensors, constants: Tensors) -> Tensors:
        entries = [to_device(values) for values in inputs]
        for index in range(len(inputs[0])):
            carry = [value.detach() for value in traced(carry, [values[index] for values in entries], constants)]
        return carry

    return run


def _torch_traced(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return `function` as the flat list of tensor operations that it runs, one list for each shape of its arguments.

    Small networks spend most of an eager step in Python; a traced step leaves only the operations, forward and backward. It needs no
    compiler on the machine.
    """
    import torch
    from torch.fx.experimental.proxy_tensor import make_fx
    from torch.overrides import TorchFunctionMode
    from torch.utils import _pytree as pytree

    class WithoutLooking(TorchFunctionMode):  # type: ignore[misc]
        """Indicators without a look at the values: torch reads them back to check their range, which no trace can hold."""

        def __torch_function__(self, called: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            if called is torch.nn.functional.one_hot:
                codes, classes = args
                return (codes[..., None] == torch.arange(classes, device=codes.device)).long()
            return called(*args, **(kwargs or {}))

    graphs: dict[Any, Any] = {}

    def run(*arguments: Any) -> Any:
        leaves, structure = pytree.tree_flatten(arguments)
        key = (str(structure), tuple((tuple(leaf.shape), leaf.dtype, leaf.device) for leaf in leaves))
        if key not in graphs:
            with WithoutLooking():
                graphs[key] = make_fx(lambda *flat: function(*pytree.tree_unflatten(list(flat), structure)))(*leaves)
        with torch.no_grad():  # the gradients are operations of the graph by now
            return graphs[key](*leaves)

    return run


def _tensorflow_loop(step: Step) -> Callable[[Tensors, Tensors, Tensors], Tensors]:
    import tensorflow as tf

    compiled: dict[int, Any] = {}

    def loop(carry: Tensors, inputs: Tensors, constants: Tensors) -> Tensors:
        steps = tf.shape(inputs[0])[0]

        def body(index: Any, *values: Any) -> Any:
            following = step(list(values), [entry[index] for entry in inputs], constants)
            return (index + 1, *following)

        result = tf.while_loop(lambda index, *_: index < steps, body, [tf.constant(0), *carry], parallel_iterations=1)
        return list(result[1:])

    def run(carry: Tensors, inputs: Tensors, constants: Tensors) -> Tensors:
        if 0 not in compiled:  # the number of steps stays open, so that chunks of any length share one graph

            def spec(tensor: Any, open_first: bool = False) -> Any:
                return tf.TensorSpec([None, *tensor.shape[1:]] if open_first else tensor.shape, tensor.dtype)

            signature = ([spec(x) for x in carry], [spec(x, True) for x in inputs], [spec(x) for x in constants])
            compiled[0] = tf.function(loop, input_signature=signature, autograph=False)
        return list(compiled[0](carry, [tf.convert_to_tensor(values) for values in inputs], constants))

    return run


def _jax_loop(step: Step) -> Callable[[Tensors, Tensors, Tensors], Tensors]:
    import jax

    def loop(carry: Tensors, count: Any, inputs: Tensors, constants: Tensors) -> Tensors:
        def body(index: Any, values: Tensors) -> Tensors:
            return step(values, [entry[index] for entry in inputs], constants)

        return list(jax.lax.fori_loop(0, count, body, carry))

    compiled = jax.jit(loop, donate_argnums=0)

    def run(carry: Tensors, inputs: Tensors, constants: Tensors) -> Tensors:
        # A number of steps of its own would be compiled again: room for the next power of two is given, the count stays open.
        count = len(inputs[0])
        room = np.minimum(np.arange(1 << (count - 1).bit_length()), count - 1)
        return compiled(carry, count, [values[room] for values in inputs], constants)  # type: ignore[no-any-return]

    return run


def compile_function(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return `function` compiled for the backend; arguments are tensors, lists or dictionaries of tensors.

    Example:
        >>> double = compile_function(lambda x: x * 2)
        >>> float(to_numpy(double(to_device(np.float32(2.0)))))
        4.0
    """
    if name() == "tensorflow":
        import tensorflow as tf

        # One program for each size of a block is meant; TensorFlow takes them for a mistake, and says so to the user.
        logging.getLogger("tensorflow").addFilter(_is_no_complaint)
        return tf.function(function, autograph=False)  # type: ignore[no-any-return]
    if name() == "jax":
        import jax

        return jax.jit(function)  # type: ignore[no-any-return]
    import torch

    def without_gradients(*arguments: Any) -> Any:
        with torch.no_grad():
            return function(*arguments)

    return _torch_traced(without_gradients)


def _is_no_complaint(record: logging.LogRecord) -> bool:
    said = record.getMessage()  # a loop over time that runs once, to be measured, leaves arrays of its steps behind
    return "retracing" not in said and "TensorArray" not in said


def pad_rows(arrays: dict[str, NDArray[Any]], rows: Sequence[int] = (1, 64, 1024, 8192)) -> dict[str, NDArray[Any]]:
    """Repeat the last row until the number of rows is one of a short list, so that few programs are compiled.

    Args:
        arrays: Arrays with the same number of rows.
        rows: Allowed numbers of rows, ascending; the last one is the largest block.

    Returns:
        Arrays padded to the smallest allowed number that holds them.
    """
    count = len(next(iter(arrays.values())))
    size = next(size for size in rows if size >= count)
    index = np.minimum(np.arange(size), count - 1)
    return {name: values[index] for name, values in arrays.items()} if size != count else arrays
