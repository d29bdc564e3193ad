"""The shipped weights are the ones that were measured, and the network built around them sees what it saw then."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest
from make_features import face_features
from safetensors.numpy import load_file

from automl import pretrained
from automl.errors import ArtifactError

HERE = Path(__file__).parent


def test_the_file_is_the_one_that_was_measured() -> None:
    assert hashlib.sha256(pretrained.FILE.read_bytes()).hexdigest() == pretrained.SHA256
    assert pretrained.FILE.stat().st_size < 10_000_000
    notice = pretrained.FILE.with_name("NOTICE").read_text(encoding="utf-8")
    assert "Apache" in notice
    assert pretrained.SHA256 in notice


def test_another_file_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = tmp_path / "weights.safetensors"
    other.write_bytes(b"something else")
    monkeypatch.setattr(pretrained, "FILE", other)
    pretrained.weights.cache_clear()
    try:
        with pytest.raises(ArtifactError, match="must be the shipped file"):
            pretrained.weights()
        other.unlink()
        with pytest.raises(ArtifactError, match="install it again"):
            pretrained.weights()
    finally:
        pretrained.weights.cache_clear()


def test_the_bundled_picture_has_the_stored_features() -> None:
    stored = load_file(HERE / "face.safetensors")["features"]
    found = face_features()
    assert stored.shape == (pretrained.FEATURES,)
    assert stored.std() > 0.1
    np.testing.assert_allclose(found, stored, atol=1e-3)


def test_every_weight_is_used_and_none_is_missing() -> None:
    plans = pretrained.convolutions()
    weights = pretrained.weights()
    assert set(weights) == {f"{plan.name}/{part}" for plan in plans for part in ("kernel", "bias")}
    assert all(weights[f"{plan.name}/kernel"].shape == plan.kernel_shape for plan in plans)


@pytest.mark.parametrize("cut", [1, 5, 13, pretrained.LAST])
def test_shapes_at_a_cut_are_foretold(cut: int) -> None:
    model = pretrained.build(pretrained.weights(), 32, cut)
    middle, features = model(np.zeros((1, 32, 32, 3), np.float32))
    assert tuple(middle.shape[1:]) == pretrained.cut_shape(32, cut)
    assert tuple(features.shape) == (1, pretrained.FEATURES)
