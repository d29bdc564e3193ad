"""Where the transformers of a model attend: asked for, shown as what it is, and refused where there is none."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

import automl
from automl.attending import attend, attention_table
from automl.errors import UsageError
from automl.explanation import Clock
from automl.families import family_by_name
from automl.families._attention import attends, attention
from automl.layers.model import initial_weights
from automl.predictor import Part
from automl.preprocessing.base import Extra, Spec


def fitted(name: str):
    """Networks with initial weights, as a family puts them together."""
    spec = Spec(1, 1, (), 2, "binary", 100, extra=(Extra("tokens", (16,), "int32", 30),), modality="text")
    family = family_by_name(name)
    config = family.complete({}, spec)
    model, arrays = family.build(spec, [config, config]), {"numbers": np.zeros((3, 1), np.float32)}
    arrays["tokens"] = np.array([[2, 3, 4] + [0] * 13, list(range(2, 18)), [0] * 16], np.int32)
    model(arrays)
    weights = initial_weights(model, [1, 2])
    models = [{"weights": [values[member] for values in weights], "scale": 1.0, "fold": 0} for member in range(2)]
    return family.combine([(config, models, 1.0)], spec), arrays


def test_the_networks_of_a_family_are_told_together() -> None:
    networks, arrays = fitted("text_transformer")
    told = attention(networks, arrays)
    assert told is not None
    np.testing.assert_allclose(told.sum(axis=1), [1.0, 1.0, 0.0], atol=1e-5)
    assert (told[arrays["tokens"] == 0] == 0).all()


def test_other_families_have_no_attention() -> None:
    networks, arrays = fitted("fasttext")
    assert not attends(networks)
    assert attention(networks, arrays) is None


def reviews(rows: int = 140) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    liked = rng.random(rows) < 0.5
    fill = ["the box", "my order", "it is", "this thing", "on monday", "from the shop"]
    texts = []
    for like in liked:
        said = list(rng.choice(fill, 3))
        said.insert(int(rng.integers(0, 4)), "lovely" if like else "broken")
        texts.append(" ".join(said))
    return pd.DataFrame({"review": texts, "liked": np.where(liked, "yes", "no")})


def test_a_model_without_a_transformer_says_so() -> None:
    networks, _ = fitted("fasttext")
    predictor: Any = SimpleNamespace(parts=[Part(networks.family, networks, 1.0)])
    with pytest.raises(UsageError, match=r"one of fasttext.*families="):
        attention_table(predictor, reviews(3))
    assert attend(predictor, reviews(3), {0: 0}, Clock(None, 1.0)) == ()


@pytest.mark.slow
@pytest.mark.parametrize("examples", [None, "few"])
def test_a_planted_word_is_attended_to_and_shown_where_asked_for(tmp_path: Path, examples: str | None) -> None:
    model = automl.fit(reviews(), "liked", budget=None, trials=1, families=["text_transformer"], examples=examples)
    new = reviews(30)
    told = model.attention(new)
    np.testing.assert_allclose(told.groupby("row")["attention"].sum(), 1.0, atol=1e-6)
    first = told.loc[told.groupby("row")["attention"].idxmax(), "word"]
    assert first.isin(["lovely", "broken"]).mean() > 0.8
    again = automl.load(model.save(tmp_path / "model.automl")).attention(new)
    np.testing.assert_allclose(again["attention"], told["attention"], atol=1e-6)
    page = Path(model.report(tmp_path / "report.html")).read_text(encoding="utf-8")
    assert ("Where it attended" in page) == (examples == "few")
    if examples == "few":
        (found,) = [entry.attention for entry in model.facts_.words]
        assert found.compared > 10
        assert found.agreement > 0.2
        for text in found.texts:
            assert sum(text.shares) == pytest.approx(1.0, abs=1e-3)
            assert "".join(text.pieces) in set(reviews()["review"])
