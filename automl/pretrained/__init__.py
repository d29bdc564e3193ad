"""Weights that were trained before and come with the package: no hub is asked, nothing is downloaded."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from automl.errors import ArtifactError
from automl.pretrained.network import BLOCKS, FEATURES, LAST, Convolution, build, convolutions, cut_shape, multiplications, scaled

__all__ = [
    "BLOCKS",
    "FEATURES",
    "LAST",
    "SHA256",
    "Convolution",
    "build",
    "convolutions",
    "cut_shape",
    "looking",
    "multiplications",
    "weights",
]

FILE = Path(__file__).with_name("efficientnet_lite0.safetensors")
SHA256 = "c714f15af2baf970bc2e28f9b0a96fffdf07909266237ffc821b2cced9cd6511"


def looking(side: int, cut: int) -> Callable[[Any], Any]:
    """Return what maps pictures of any size (rows, height, width, 1 or 3) to the values at a cut, and to features (rows, 1280).

    Args:
        side: The size at which the network looks at them.
        cut: A number of blocks; see :func:`cut_shape`.
    """
    model = build(weights(), side, cut)
    return lambda pictures: model(scaled(pictures, side), training=False)


@cache
def weights() -> dict[str, NDArray[np.float32]]:
    """Return the weights of EfficientNet-Lite0, trained on ImageNet, by name; see ``NOTICE`` beside them.

    Returns:
        ``<layer>/kernel`` and ``<layer>/bias`` as float32; they are stored in half precision.

    Raises:
        ArtifactError: If the file is missing or is not the one that was shipped.

    Example:
        >>> weights()["head/kernel"].shape
        (1, 1, 320, 1280)
    """
    from safetensors.numpy import load

    try:
        raw = FILE.read_bytes()
    except OSError as problem:
        raise ArtifactError(f"The package must hold {FILE.name!r}. Reading it failed: {problem.strerror}; install it again.") from problem
    found = hashlib.sha256(raw).hexdigest()
    if found != SHA256:
        raise ArtifactError(f"{FILE.name!r} must be the shipped file (sha256 {SHA256[:12]}…). Received {found[:12]}…; install it again.")
    stored: dict[str, NDArray[Any]] = load(raw)
    return {name: values.astype(np.float32) for name, values in stored.items()}
