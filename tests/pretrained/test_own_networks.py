"""Networks of the user's own, and those in the local Keras cache: read as they are, stored with the model, refused with a sentence."""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
import pytest

import automl
from automl.errors import DataError
from automl.pretrained.own import Found, _scaled, cached, find, looking, network


def headed(path: Path, *, size: int | None = 12, channels: int = 3) -> Path:
    """Save a small network of three classes."""
    keras.utils.set_random_seed(1)
    picture = keras.Input((size, size, channels))
    values = keras.layers.Conv2D(6, 3, activation="relu")(keras.layers.Rescaling(1 / 255)(picture))
    values = keras.layers.GlobalAveragePooling2D()(values)
    keras.Model(picture, keras.layers.Dense(3, activation="softmax")(values)).save(path)
    return path


def pictures(rows: int = 40) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    kind = np.arange(rows) % 2
    return (rng.integers(0, 90, (rows, 16, 16, 3)) + 120 * kind[:, None, None, None]).astype(np.uint8), kind


def test_features_are_what_stands_before_the_head(tmp_path: Path) -> None:
    path = headed(tmp_path / "mine.keras")
    whole = keras.saving.load_model(path)
    look, units = looking(find(path), 12)
    shown = pictures(4)[0][:, :12, :12]
    expected = keras.Model(whole.inputs, whole.layers[-1].input)(shown.astype(np.float32))
    assert units == 6
    np.testing.assert_allclose(look(shown), expected, atol=1e-5)


def test_maps_become_their_mean_and_grey_pictures_fit(tmp_path: Path) -> None:
    picture = keras.Input((None, None, 1))
    keras.Model(picture, keras.layers.Conv2D(5, 3)(picture)).save(tmp_path / "maps.keras")
    look, units = looking(find(tmp_path / "maps.keras"), 40)
    assert units == 5
    assert tuple(look(np.zeros((2, 16, 16, 3), np.uint8)).shape) == (2, 5)


def test_a_model_of_pictures_holds_the_network_and_needs_no_path(tmp_path: Path) -> None:
    x, y = pictures()
    path = headed(tmp_path / "mine.keras", size=None)
    model = automl.fit(x, y, budget=None, trials=1, families=["transfer"], pretrained=str(path))
    told = {entry.what: entry for entry in model.decisions_}
    assert "mine.keras" in told["trained network for pictures"].chosen
    assert "pretrained='mine.keras'" in model.facts_.reproduce.python
    assert str(tmp_path) not in model.facts_.model_dump_json()
    expected = model.predict_proba(x)
    model.save(tmp_path / "m.automl")
    path.unlink()
    again = automl.load(tmp_path / "m.automl")
    np.testing.assert_allclose(again.predict_proba(x), expected, atol=1e-6)
    assert again.fitted_.predictor.preprocessor.spec.shape_of("image_features") == (6,)


def test_what_does_not_fit_is_refused_with_law_value_and_hint(tmp_path: Path) -> None:
    (tmp_path / "text.keras").write_text("no model", encoding="utf-8")
    table = keras.Input((7,))
    keras.Model(table, keras.layers.Dense(2)(table)).save(tmp_path / "table.keras")
    picture = keras.Input((8, 8, 3))
    unsafe = keras.Model(picture, keras.layers.Lambda(lambda values: values * 2)(picture))
    unsafe.save(tmp_path / "code.keras")
    for name, told in (("text", "cannot open"), ("table", r"\(None, 7\)"), ("code", "cannot open"), ("none", "No such file")):
        with pytest.raises(DataError, match=told) as caught:
            find(tmp_path / f"{name}.keras")
        assert str(caught.value).startswith("`pretrained` must be")
        assert f"{name}.keras" in str(caught.value)
    x, y = pictures(20)
    with pytest.raises(DataError, match="cannot open"):
        automl.fit(x, y, budget=None, trials=1, pretrained=tmp_path / "text.keras")


def test_weights_in_the_local_cache_are_found_and_never_fetched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    monkeypatch.setattr(keras.utils, "get_file", lambda *args, **named: pytest.fail("nothing may be downloaded"))
    assert cached() == {}
    with pytest.raises(DataError, match="nothing is downloaded"):
        find("MobileNetV2")
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "mobilenet_v2_weights_tf_dim_ordering_tf_kernels_1.0_224_no_top.h5").write_bytes(b"")
    assert list(cached()) == ["MobileNetV2"]
    with pytest.raises(DataError, match="delete the file"):
        find("MobileNetV2")
    x, y = pictures(20)
    model = automl.fit(x, y, budget=None, trials=1, families=["linear"])
    (entry,) = [entry for entry in model.decisions_ if entry.what == "networks in the Keras cache"]
    assert entry.override == "pretrained='MobileNetV2'"


@pytest.mark.slow
def test_a_cached_network_gives_what_keras_gives(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    (tmp_path / "models").mkdir()
    ours = keras.applications.MobileNetV2(include_top=False, weights=None, input_shape=(224, 224, 3), pooling="avg")
    ours.save_weights(tmp_path / "models" / "mobilenet.weights.h5")
    (tmp_path / "models" / "mobilenet.weights.h5").rename(cached_name(tmp_path))
    shown = np.random.default_rng(0).integers(0, 255, (2, 224, 224, 3)).astype(np.float32)
    expected = ours(keras.applications.mobilenet_v2.preprocess_input(shown.copy()), training=False)
    np.testing.assert_allclose(looking(find("MobileNetV2"), 64)[0](shown), expected, atol=1e-4)


def cached_name(home: Path) -> Path:
    return home / "models" / "mobilenet_v2_weights_tf_dim_ordering_tf_kernels_1.0_224_no_top.h5"


@pytest.mark.parametrize(("how", "module"), [("bgr", "resnet50"), ("normal", "densenet"), ("even", "mobilenet_v2")])
def test_pixels_are_scaled_as_keras_does(how: str, module: str) -> None:
    shown = np.random.default_rng(0).integers(0, 255, (2, 4, 4, 3)).astype(np.float32)
    picture = keras.Input((4, 4, 3))
    model = keras.Model(picture, _scaled(picture, how))
    expected = getattr(keras.applications, module).preprocess_input(shown.copy())
    np.testing.assert_allclose(model(shown), expected, atol=1e-3)


def test_a_network_is_known_by_its_hash(tmp_path: Path) -> None:
    found = find(headed(tmp_path / "mine.keras"))
    assert found == Found("mine.keras", found.raw)
    assert len(found.sha256) == 64
    assert network(found).output_shape == (None, 6)
