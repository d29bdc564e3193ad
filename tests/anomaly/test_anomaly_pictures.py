"""Pictures without an answer: the one with a scratch is found, shown with its place, and a detector of pictures survives its file."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

import automl
from automl.anomaly import pictures
from automl.anomaly.families.picture_patches import covering
from automl.anomaly.scores import average_precision
from automl.report.html import render

SCRATCHED = 6


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    home = tmp_path_factory.mktemp("parts")
    rng = np.random.default_rng(0)
    for number in range(66):
        pixels = 120 + 6 * rng.normal(size=(64, 64, 3))
        pixels[16:48, 16:48] += 60
        if number < SCRATCHED:
            start = int(rng.integers(8, 40))
            pixels[start : start + 12, start : start + 4] = 10
        Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).save(home / f"{number:03d}.png")
    return home


def test_scratches_are_found_and_shown(folder, tmp_path, monkeypatch):
    monkeypatch.setattr(pictures, "USUAL", 64)
    families = ["picture_patches", "neighbours", "conditional_gaussian"]
    model = automl.fit(str(folder), problem="anomaly_detection", families=families, budget=None, alarms=0.1)
    assert average_precision(model.out_of_fold_, np.arange(66) < SCRATCHED) > 0.8
    shown = model.facts_.anomalies.pictures
    assert shown[0].row < SCRATCHED
    assert shown[0].heat.startswith("data:image/png;base64,")
    page = render(model.facts_)
    assert "where they are strange" in page
    assert "img-src data:" in page
    assert model.facts_.cards[0].checks[0].passed is None  # of one column there is nothing to hold it against
    again = automl.load(model.save(tmp_path / "parts.automl"))
    np.testing.assert_allclose(again.score(str(folder)), model.score(str(folder)), atol=1e-6)
    assert model.predictions(str(folder))["reasons"].str.startswith("image").all()


def test_a_coreset_covers_what_is_far():
    pool = np.concatenate([np.random.default_rng(0).normal(size=(200, 3)), np.full((1, 3), 30.0)])
    assert 200 in covering(pool, 5)
    assert len(set(covering(pool, 50).tolist())) == 50
