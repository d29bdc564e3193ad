"""The model file: what goes in comes out, and nothing else is ever opened."""

from __future__ import annotations

import hashlib
import io
import json
import os
import pickle
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import skops.io
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays_of
from sklearn.decomposition import TruncatedSVD
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.ensemble import (
    ExtraTreesClassifier,
    ExtraTreesRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.naive_bayes import GaussianNB
from threadpoolctl import threadpool_limits

from automl.artifact import FORMAT_VERSION, Manifest, container, read, write
from automl.artifact.arrays import pack, unpack
from automl.artifact.manifest import digest_of
from automl.errors import ArtifactError, DataError, InternalError
from automl.families._forest import Forest
from automl.preprocessing.base import State

RNG = np.random.default_rng(0)
X = RNG.normal(size=(300, 5)).astype(np.float32)
X[RNG.random(X.shape) < 0.05] = np.nan
X[:, 4] = RNG.integers(0, 6, len(X))
Y = (np.nan_to_num(X[:, 0]) + np.nan_to_num(X[:, 1]) * X[:, 4] > 0).astype(np.int64) + (X[:, 4] > 4)
COMPLETE = np.nan_to_num(X)

ESTIMATORS = {
    "logistic": (LogisticRegression(max_iter=500), COMPLETE, Y),
    "ridge": (Ridge(), COMPLETE, COMPLETE[:, 0]),
    "dummy": (DummyClassifier(), X, Y),
    "dummy_number": (DummyRegressor(), X, COMPLETE[:, 0]),
    "svd": (TruncatedSVD(2, random_state=0), COMPLETE, Y),
    "boosting": (HistGradientBoostingClassifier(max_iter=5, early_stopping=True, random_state=1), X, Y),
    "boosting_binary": (HistGradientBoostingClassifier(max_iter=5, early_stopping=False), X, Y > 0),
    "boosting_categories": (HistGradientBoostingClassifier(max_iter=5, categorical_features=[4]), X, Y),
    "boosting_number": (HistGradientBoostingRegressor(max_iter=5, categorical_features=[4]), X, COMPLETE[:, 0]),
    "extra_trees": (ExtraTreesClassifier(9, random_state=0), X, Y),
    "extra_trees_number": (ExtraTreesRegressor(9, random_state=0), X, COMPLETE[:, 0]),
    "random_forest": (RandomForestClassifier(9, random_state=0, max_leaf_nodes=20), X, Y),
    "random_forest_number": (RandomForestRegressor(9, random_state=0), X, COMPLETE[:, 0]),
}


@pytest.fixture(scope="module", autouse=True)
def _one_thread() -> Iterator[None]:
    """Keep boosting from waiting for threads that a busy machine does not run."""
    with threadpool_limits(1):
        yield


@cache
def fitted(name: str) -> tuple[Any, Any]:
    estimator, x, y = ESTIMATORS[name]
    return estimator.fit(x, y), x


def answers(estimator: Any, x: Any, like: Any = None) -> list[Any]:
    methods = [method for method in ("predict_proba", "predict", "transform") if hasattr(like or estimator, method)]
    return [getattr(estimator, method)(x) for method in methods]


@cache
def saved_bytes() -> bytes:
    parts = {
        "model": State({"target": "price", "odd": [1.5, float("inf"), None, "ž"]}, {"layer/weights": np.arange(6.0).reshape(2, 3)}),
        "families/boosting": State({"weights": [1.0]}, {}, {"0-model": fitted("boosting_binary")[0]}),
    }
    with tempfile.TemporaryDirectory() as folder:
        facts = {"title": "Prices", "score": float("nan")}
        return write(f"{folder}/model.automl", parts, facts=facts, backend="tensorflow").read_bytes()


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    (tmp_path / "model.automl").write_bytes(saved_bytes())
    return tmp_path / "model.automl"


def members_of(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as source:
        return {name: source.read(name) for name in source.namelist()}


def rebuild(path: Path, members: dict[str, bytes], *, seal: bool = True, compression: int = zipfile.ZIP_DEFLATED) -> Path:
    """Write members as a model; with `seal`, with a manifest that fits them, as somebody with bad intentions would."""
    members = dict(members)
    if seal:
        manifest = json.loads(members["manifest.json"])
        rest = {name: data for name, data in members.items() if name != "manifest.json"}
        manifest["members"] = {name: {"size": len(data), "sha256": hashlib.sha256(data).hexdigest()} for name, data in rest.items()}
        members["manifest.json"] = json.dumps({**manifest, "digest": digest_of(manifest)}).encode()
    with zipfile.ZipFile(path, "w", compression) as target:
        for name, data in members.items():
            target.writestr(name, data)
    return path


def with_manifest(path: Path, change: Callable[[dict[str, Any]], None], *, seal: bool = False) -> Path:
    members = members_of(path)
    manifest = json.loads(members["manifest.json"])
    change(manifest)
    if seal:
        manifest["digest"] = digest_of(manifest)
    return rebuild(path, {**members, "manifest.json": json.dumps(manifest).encode()}, seal=False)


def refused(path: Path, sentence: str) -> None:
    with pytest.raises(ArtifactError, match=sentence) as caught:
        read(path)
    text = str(caught.value)
    assert text.endswith((".", "`"))
    assert "Received" in text
    assert len(text) < 500


# ---- what goes in comes out


def test_parts_facts_and_versions_come_back(saved: Path) -> None:
    found = read(saved)
    assert found.parts["model"].json == {"target": "price", "odd": [1.5, float("inf"), None, "ž"]}
    assert found.parts["model"].arrays["layer/weights"].tolist() == [[0, 1, 2], [3, 4, 5]]
    assert found.facts == {"title": "Prices", "score": None}
    assert found.manifest.format_version == FORMAT_VERSION
    assert found.manifest.backend == "tensorflow"
    assert set(found.manifest.packages) >= {"keras", "scikit-learn", "numpy"}
    assert found.manifest.differences() == ()
    assert json.dumps(found.to_dict())


def test_arrays_can_be_written_to_after_reading(saved: Path) -> None:
    read(saved).parts["model"].arrays["layer/weights"][0, 0] = 7


def test_another_version_of_a_package_is_told() -> None:
    manifest = Manifest.begin().model_copy(update={"packages": {"numpy": "0.1", "no-such-package": "2"}})
    assert "The model was saved with numpy 0.1" in manifest.differences()[0]
    assert manifest.differences()[1].endswith("here is none.")


@pytest.mark.parametrize("name", ESTIMATORS)
def test_an_estimator_answers_the_same_after_reading(name: str, tmp_path: Path) -> None:
    estimator, x = fitted(name)
    back = read(write(tmp_path / "m.automl", {"p": State({}, {}, {"e": estimator})}, facts={})).parts["p"].estimators["e"]
    expected, found = answers(estimator, x), answers(back, x, like=estimator)
    assert len(expected) == len(found) > 0
    for one, other in zip(expected, found, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-13)


def test_boosting_predicts_the_same_bits_in_a_new_process(tmp_path: Path) -> None:
    estimator, x = fitted("boosting")
    path = write(tmp_path / "m.automl", {"p": State({}, {"x": x}, {"e": estimator})}, facts={})
    code = (
        "import sys; from automl.artifact import read; part = read(sys.argv[1]).parts['p'];"
        " sys.stdout.write(part.estimators['e'].predict_proba(part.arrays['x']).tobytes().hex())"
    )
    done = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True)
    assert bytes.fromhex(done.stdout) == estimator.predict_proba(x).tobytes()


@settings(max_examples=40, deadline=None)
@given(
    arrays_of.arrays(
        arrays_of.scalar_dtypes() | arrays_of.unicode_string_dtypes(max_len=5), arrays_of.array_shapes(min_dims=0, max_dims=3, min_side=0)
    ),
    st.booleans(),
)
def test_any_array_without_objects_comes_back(values: np.ndarray[Any, Any], fortran: bool) -> None:
    values = np.asfortranarray(values) if fortran else values
    back = unpack(pack({"a": values, "b/c": values}, "part"), "part")
    assert list(back) == ["a", "b/c"]
    assert back["a"].dtype == values.dtype
    assert back["a"].shape == values.shape
    assert back["a"].tobytes() == values.tobytes()


def test_the_same_content_gives_the_same_file(tmp_path: Path) -> None:
    parts = {"p": State({"a": 1}, {"x": X})}
    first, second = (write(tmp_path / name, parts, facts={"created": "2026-01-01"}) for name in ("a.automl", "b.automl"))
    assert first.read_bytes() == second.read_bytes()


# ---- forests as arrays


@pytest.mark.parametrize("name", ["extra_trees", "random_forest", "extra_trees_number", "random_forest_number"])
def test_a_flat_forest_equals_scikit_learn_on_unseen_and_extreme_rows(name: str) -> None:
    estimator, _ = fitted(name)
    forest = Forest.of(estimator)
    rows = np.random.default_rng(5).normal(size=(500, 5)).astype(np.float32) * 10
    rows[::7, 2], rows[::11, 0] = np.nan, np.finfo(np.float32).max
    # Rows that stand exactly on a threshold decide by the last bit.
    on = forest.arrays["threshold"][forest.arrays["feature"] == 1][: len(rows)]
    rows[: len(on), 1] = np.where(np.isfinite(on), on, 0)
    for one, other in zip(answers(estimator, rows), answers(forest, rows, like=estimator), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-13)


def test_a_forest_gives_a_row_the_same_bits_alone_and_among_others() -> None:
    forest = Forest.of(fitted("extra_trees_number")[0])
    many = forest.predict(np.tile(X, (3, 1)))
    assert (many[: len(X)] == forest.predict(X)).all()
    assert many[0] == forest.predict(X[:1])[0]


def test_a_forest_refuses_rows_of_another_width() -> None:
    with pytest.raises(ValueError, match="must have 5 columns"):
        Forest.of(fitted("extra_trees")[0]).predict(X[:, :3])


def test_a_forest_of_several_targets_is_refused() -> None:
    with pytest.raises(ArtifactError, match="one target"):
        Forest.of(ExtraTreesRegressor(2).fit(COMPLETE, COMPLETE[:, :2]))


def _out_of_tree(arrays: dict[str, Any]) -> None:
    arrays["right"][0] = len(arrays["feature"])


def _circle(arrays: dict[str, Any]) -> None:
    arrays["left"][0] = 0


def _negative_step(arrays: dict[str, Any]) -> None:
    arrays["left"][2 if arrays["feature"][2] >= 0 else 1] = -1


def _no_such_column(arrays: dict[str, Any]) -> None:
    arrays["feature"][0] = 5


def _bad_threshold(arrays: dict[str, Any]) -> None:
    arrays["threshold"][0] = np.nan


def _short_values(arrays: dict[str, Any]) -> None:
    arrays["value"] = arrays["value"][:-1]


def _wrong_starts(arrays: dict[str, Any]) -> None:
    arrays["starts"][1] = arrays["starts"][2]


def _no_width(arrays: dict[str, Any]) -> None:
    arrays.pop("n_features_in")


def _extra_array(arrays: dict[str, Any]) -> None:
    arrays["more"] = np.zeros(1)


@pytest.mark.parametrize(
    "spoil",
    [_out_of_tree, _circle, _negative_step, _no_such_column, _bad_threshold, _short_values, _wrong_starts, _no_width, _extra_array],
)
def test_a_forest_that_points_anywhere_else_is_refused(spoil: Callable[[dict[str, Any]], None]) -> None:
    arrays = {name: values.copy() for name, values in Forest.of(fitted("extra_trees")[0]).to_arrays().items()}
    spoil(arrays)
    with pytest.raises(ArtifactError, match="stored forest must"):
        Forest.from_arrays(arrays)


# ---- saving: refusals and accidents


def test_folders_are_made_and_an_old_file_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b" / "m.automl"
    write(path, {"p": State({"v": 1})}, facts={})
    write(path, {"p": State({"v": 2})}, facts={})
    assert read(path).parts["p"].json == {"v": 2}
    assert os.listdir(path.parent) == ["m.automl"]


@pytest.mark.parametrize(
    ("part", "error", "sentence"),
    [
        (State({}, {"a": np.array([{}, None], dtype=object)}), ArtifactError, "objects in 'a'"),
        (State({}, {}, {"e": GaussianNB().fit(COMPLETE, Y)}), ArtifactError, "sklearn.naive_bayes.GaussianNB"),
        (State({}, {}, {"e": object()}), ArtifactError, "builtins.object"),
        (State({}, {}, {"e": LogisticRegression(class_weight={0: GaussianNB()})}), ArtifactError, "GaussianNB"),
        (State({}, {}, {"../e": LogisticRegression()}), InternalError, "name must be"),
        (State({"a": object()}), InternalError, "JSON values"),
    ],
)
def test_what_must_not_be_stored_is_refused(tmp_path: Path, part: State, error: type[Exception], sentence: str) -> None:
    path = write(tmp_path / "m.automl", {"p": State({"v": 1})}, facts={})
    with pytest.raises(error, match=sentence):
        write(path, {"p": part}, facts={})
    assert read(path).parts["p"].json == {"v": 1}
    assert os.listdir(tmp_path) == ["m.automl"]


@pytest.mark.parametrize("name", ["../evil", "/abs", "a//b", "", "a b", "a/../b"])
def test_part_names_cannot_leave_the_model(tmp_path: Path, name: str) -> None:
    with pytest.raises(InternalError, match="part's name"):
        write(tmp_path / "m.automl", {name: State({})}, facts={})


def test_no_permission_a_folder_and_a_file_as_folder_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(DataError, match="Received the folder"):
        write(tmp_path, {}, facts={})
    (tmp_path / "file").write_text("x")
    with pytest.raises(DataError, match="must be saved in a folder"):
        write(tmp_path / "file" / "m.automl", {}, facts={})

    def denied(*args: Any, **kwargs: Any) -> Any:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("automl.artifact.container.open", denied, raising=False)
    with pytest.raises(DataError, match="where you have permission"):
        write(tmp_path / "m.automl", {}, facts={})


def test_a_full_disk_leaves_the_old_file_and_no_rest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path / "m.automl", {"p": State({"v": 1})}, facts={})

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(DataError, match="the disk is full"):
        write(path, {"p": State({"v": 2})}, facts={})
    assert read(path).parts["p"].json == {"v": 1}
    assert os.listdir(tmp_path) == ["m.automl"]


def test_an_interruption_leaves_no_half_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(source: str, target: Path) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "replace", stop)
    with pytest.raises(KeyboardInterrupt):
        write(tmp_path / "m.automl", {"p": State({})}, facts={})
    assert os.listdir(tmp_path) == []


def test_a_missing_file_has_a_suggestion(saved: Path) -> None:
    with pytest.raises(DataError, match=r"existing file.*Did you mean 'model.automl'"):
        read(saved.with_name("modle.automl"))


# ---- attacks and damage: always an ArtifactError, never anything run


@pytest.mark.parametrize(
    ("content", "sentence"),
    [(b"", "must not be empty"), (b"a,b\n1,2\n", "another kind of file"), (os.urandom(5000), "another kind of file")],
)
def test_a_file_that_is_no_model(tmp_path: Path, content: bytes, sentence: str) -> None:
    (tmp_path / "m.automl").write_bytes(content)
    refused(tmp_path / "m.automl", sentence)


def test_any_other_zip(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "m.automl", "w") as target:
        target.writestr("word/document.xml", "<x/>")
    refused(tmp_path / "m.automl", "without one, so it is not a model")
    rebuild(tmp_path / "m.automl", {"manifest.json": b'{"name": "web app"}'}, seal=False)
    refused(tmp_path / "m.automl", "another kind of manifest")
    rebuild(tmp_path / "m.automl", {"manifest.json": b"[" * 100_000}, seal=False)
    refused(tmp_path / "m.automl", "manifest must be JSON")


@pytest.mark.parametrize("share", [0.01, 0.3, 0.7, 0.99, 0.999])
def test_a_truncated_file(saved: Path, share: float) -> None:
    content = saved.read_bytes()
    saved.write_bytes(content[: int(share * len(content))])
    refused(saved, "cut off or damaged")


def test_one_flipped_byte_in_each_member(saved: Path) -> None:
    original = saved.read_bytes()
    with zipfile.ZipFile(saved) as source:
        entries = source.infolist()
    assert len(entries) == 6
    for entry in entries:
        content = bytearray(original)
        start = entry.header_offset + 30 + len(entry.filename)
        content[start + entry.compress_size // 2] ^= 0x20
        saved.write_bytes(content)
        refused(saved, "damaged|digest|altered")


def test_a_member_changed_with_its_checksum_is_still_noticed(saved: Path) -> None:
    for name, data in members_of(saved).items():
        if name != "manifest.json":
            changed = {**members_of(saved), name: data[:-1] + bytes([data[-1] ^ 1])}
            refused(rebuild(saved.with_name("x.automl"), changed, seal=False), "match its digest")


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_damage_is_refused_or_harmless(saved: Path, data: st.DataObject) -> None:
    original = saved.read_bytes()
    content = bytearray(original)
    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.integers(0, len(content) - 1))
        content[place] = data.draw(st.integers(0, 255))
    path = saved.with_name("damaged.automl")
    path.write_bytes(content)
    try:
        found = read(path)
    except ArtifactError:
        return
    # Time stamps and attributes of the zip may differ; what counts may not.
    expected = read(saved)
    assert found.manifest == expected.manifest
    assert found.facts == expected.facts
    assert found.parts["model"].json == expected.parts["model"].json


def test_extra_absent_and_repeated_members(saved: Path) -> None:
    members = members_of(saved)
    other = saved.with_name("x.automl")
    refused(rebuild(other, {**members, "parts/more/state.json": b"{}"}, seal=False), "an unlisted member 'parts/more/state.json'")
    refused(rebuild(other, {name: data for name, data in members.items() if name != "report.json"}, seal=False), "no member 'report.json'")
    with pytest.warns(UserWarning, match="Duplicate name"), zipfile.ZipFile(rebuild(other, members), "a") as target:
        target.writestr("report.json", "{}")
    refused(other, "each once")
    without = {name: data for name, data in members.items() if name != "parts/model/state.json"}
    refused(rebuild(other, without), "part 'model' without one")


@pytest.mark.parametrize(
    "name", ["../../etc/x", "/etc/passwd", "C:\\x", "parts/../../x", "parts/p/x.py", "parts/p/e.pkl", "setup.py", "parts//state.json"]
)
def test_a_name_that_is_no_part_of_a_model(saved: Path, name: str) -> None:
    before = set(saved.parent.iterdir())
    refused(rebuild(saved, {**members_of(saved), name: b"{}"}), "nothing but its parts")
    assert set(saved.parent.iterdir()) == before


def test_a_changed_manifest(saved: Path) -> None:
    def date(manifest: dict[str, Any]) -> None:
        manifest["created"] = "1999-01-01"

    refused(with_manifest(saved, date), "its own digest")
    refused(with_manifest(saved, lambda manifest: manifest.update(extra=1), seal=True), "bad 'extra'")
    refused(with_manifest(saved, lambda manifest: manifest.pop("extra") and manifest.update(python=3), seal=True), "bad 'python'")


def test_a_manifest_with_a_name_twice(saved: Path) -> None:
    members = members_of(saved)
    twice = members["manifest.json"].replace(b'"python"', b'"python": "2",\n "python"', 1)
    refused(rebuild(saved, {**members, "manifest.json": twice}, seal=False), "occurs twice")


def test_a_model_of_the_future(saved: Path) -> None:
    def future(manifest: dict[str, Any]) -> None:
        manifest.update(format_version=FORMAT_VERSION + 1, automl="9.0", invention={"new": True})

    refused(with_manifest(saved, future, seal=True), r"made by a newer automl \(9.0\). Upgrade")


def test_zip_bombs_are_not_inflated(saved: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(container, "ALWAYS_FINE", 2**20)
    members = {**members_of(saved), "parts/bomb/state.json": bytes(2**26)}
    # The same bomb, disguised: its header claims few bytes.
    rebuild(saved, members)
    opened = []
    monkeypatch.setattr(container, "_content", lambda *args, **kwargs: opened.append(args))
    refused(saved, "zip bomb")
    assert not opened


def test_a_member_that_inflates_beyond_its_claim(saved: Path) -> None:
    members = {**members_of(saved), "parts/bomb/state.json": bytes(2**24)}
    rebuild(saved, members)
    content = saved.read_bytes()
    claim = (2**24).to_bytes(4, "little")
    assert content.count(claim) >= 2
    saved.write_bytes(content.replace(claim, (100).to_bytes(4, "little")))
    refused(saved, "damaged|altered|larger than declared")


def test_other_compression_and_encryption(saved: Path) -> None:
    members = members_of(saved)
    refused(rebuild(saved, members, compression=zipfile.ZIP_LZMA), "stored or deflated")
    rebuild(saved, members)
    content = bytearray(saved.read_bytes())
    place = content.index(b"PK\x01\x02")
    content[place + 8] |= 1
    saved.write_bytes(content)
    refused(saved, "stored or deflated")


def test_nearly_empty_arrays_are_no_bomb_to_the_reader(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(container, "ALWAYS_FINE", 2**20)
    path = write(tmp_path / "m.automl", {"p": State({}, {"zeros": np.zeros(2**20)})}, facts={})
    assert not read(path).parts["p"].arrays["zeros"].any()


class Payload:
    """Leaves a mark when it is unpickled."""

    def __reduce__(self) -> tuple[Any, ...]:
        return exec, ("import os; os.environ['AUTOML_ATTACKED'] = '1'",)


@pytest.fixture
def unharmed() -> Any:
    os.environ.pop("AUTOML_ATTACKED", None)
    yield
    assert "AUTOML_ATTACKED" not in os.environ


def npz_of(name: str, content: bytes, compression: int = zipfile.ZIP_STORED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as target:
        target.writestr(name, content)
    return buffer.getvalue()


def npy_header(shape: str, descr: str = "'<f8'") -> bytes:
    text = f"{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}, }}".encode()
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text


@pytest.mark.usefixtures("unharmed")
@pytest.mark.parametrize("number", range(8))
def test_hostile_arrays(saved: Path, number: int) -> None:
    buffer = io.BytesIO()
    np.save(buffer, np.array([Payload()], dtype=object), allow_pickle=True)
    hostile, sentence = [
        (npz_of("a.npy", buffer.getvalue()), "pickled objects"),
        (pickle.dumps(Payload()), "proper npz"),
        (npz_of("a.npy", pickle.dumps(Payload())), "NumPy's format"),
        (npz_of("a.npy", npy_header("(10**12,)".replace("10**12", "1000000000000")) + bytes(8)), "as large as its header"),
        (npz_of("a.npy", npy_header("(-1,)") + bytes(8)), "as large as its header"),
        (npz_of("a.npy", npy_header("(__import__('os').system('false'),)")), "NumPy's format"),
        (npz_of("a.npy", npy_header("(1000000,)") + bytes(8_000_000), zipfile.ZIP_DEFLATED), "stored uncompressed"),
        (npz_of("a.npy", b"\x93NUMPY\x03\x00"), "NumPy's format"),
    ][number]
    refused(rebuild(saved, {**members_of(saved), "parts/model/arrays.npz": hostile}), sentence)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [(b"[1]", "JSON object"), (b"{", "must be JSON"), (b'{"a":' * 100_000, "must be JSON"), (b"\xff", "must be JSON")],
)
def test_hostile_states(saved: Path, content: bytes, sentence: str) -> None:
    refused(rebuild(saved, {**members_of(saved), "parts/model/state.json": content}), sentence)


# ---- hostile estimators

PLACE = "parts/families/boosting/estimators/0-model.skops"


def edit_schema(data: bytes, change: Callable[[dict[str, Any]], Any]) -> bytes:
    with zipfile.ZipFile(io.BytesIO(data)) as source:
        files = {name: source.read(name) for name in source.namelist()}
    schema = json.loads(files["schema.json"])
    schema = change(schema) or schema
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as target:
        for name, content in {**files, "schema.json": json.dumps(schema).encode()}.items():
            target.writestr(name, content)
    return buffer.getvalue()


def node(loader: str, module: str, name: str, content: Any = None) -> dict[str, Any]:
    return {"__loader__": loader, "__module__": module, "__class__": name, "__id__": 1, "content": content}


def planted(extra: dict[str, Any]) -> Callable[[dict[str, Any]], None]:
    return lambda schema: schema["content"]["content"].update(max_iter=extra)


def _in_fit(schema: dict[str, Any]) -> None:
    schema["content"]["content"]["_in_fit"] = node("JsonNode", "builtins", "str", "true") | {"__id__": 2}
    schema["content"]["key_types"]["content"].append(node("TypeNode", "builtins", "str"))


HOSTILE: dict[str, tuple[Callable[[dict[str, Any]], Any], str]] = {
    "function": (planted(node("FunctionNode", "os", "system")), "os.system"),
    "type": (planted(node("TypeNode", "subprocess", "Popen")), "subprocess.Popen"),
    "object": (planted(node("ObjectNode", "automl.budget", "Budget")), "automl.budget.Budget"),
    "call": (planted(node("ConstructorFromReduceNode", "builtins", "exec")), "builtins.exec"),
    "method": (planted(node("MethodNode", "builtins", "str", {"func": "format", "obj": {}})), "MethodNode"),
    "operator": (planted(node("OperatorFuncNode", "operator", "methodcaller")), "operator.methodcaller"),
    "known_estimator_not_on_our_list": (planted(node("ObjectNode", "sklearn.pipeline", "Pipeline")), "sklearn.pipeline.Pipeline"),
    "tree": (planted(node("TreeNode", "sklearn.tree._tree", "Tree")), "TreeNode"),
    "type_as_object": (planted(node("ObjectNode", "builtins", "str")), "ObjectNode"),
    "no_loader": (planted({"__module__": "os", "__class__": "system"}), "os.system"),
    "loader_no_text": (planted({"__loader__": {"__loader__": "JsonNode"}, "__module__": "os", "__class__": "system"}), "os.system"),
    "other_root": (lambda schema: {**node("JsonNode", "builtins", "str", "1"), "protocol": schema["protocol"]}, "builtins.str"),
    "old_protocol": (lambda schema: schema.update(protocol=0), "protocol"),
    "boolean_protocol": (lambda schema: schema.update(protocol=True), "protocol"),
    "list": (lambda schema: [schema], "protocol"),
    "missing_content": (lambda schema: schema["content"].pop("key_types") and None, "complete and sound"),
    "wrong_attributes": (lambda schema: schema["content"]["content"].pop("_predictors") and None, "complete and sound"),
    "in_fit": (_in_fit, "complete and sound"),
}


@pytest.mark.parametrize("attack", HOSTILE)
def test_hostile_estimators(saved: Path, attack: str) -> None:
    change, sentence = HOSTILE[attack]
    members = members_of(saved)
    refused(rebuild(saved, {**members, PLACE: edit_schema(members[PLACE], change)}), sentence)


@pytest.mark.usefixtures("unharmed")
@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (pickle.dumps(Payload()), "complete and sound"),
        (b"", "complete and sound"),
        (npz_of("schema.json", b"{" * 50), "complete and sound"),
        (npz_of("other.json", b"{}"), "NumPy's format"),
        (npz_of("schema.json", b" " * 10_000_000, zipfile.ZIP_DEFLATED), "stored uncompressed"),
        (skops.io.dumps(GaussianNB().fit(COMPLETE, Y)), "GaussianNB"),
    ],
)
def test_files_that_are_no_stored_estimator(saved: Path, data: bytes, sentence: str) -> None:
    refused(rebuild(saved, {**members_of(saved), PLACE: data}), sentence)


def spoiled(field: str, value: Any) -> Callable[[Any], None]:
    def spoil(estimator: Any) -> None:
        nodes = estimator._predictors[0][0].nodes
        place = int(np.flatnonzero(nodes["is_leaf"] == 0)[0])
        nodes[field][place] = value

    return spoil


def _other_type(estimator: Any) -> None:
    tree = estimator._predictors[0][0]
    tree.nodes = tree.nodes[["value", "is_leaf"]].copy()


def _narrow(estimator: Any) -> None:
    estimator.n_features_in_ = 2


def _short_sets(estimator: Any) -> None:
    estimator._predictors[0][0].raw_left_cat_bitsets = np.zeros((1, 3), dtype=np.uint32)


def _more_outputs(estimator: Any) -> None:
    estimator._predictors[0] = estimator._predictors[0] * 2


def _unflagged(estimator: Any) -> None:
    estimator._bin_mapper.is_categorical_ = np.zeros(5, dtype=np.uint8)


@pytest.mark.parametrize(
    "spoil",
    [
        spoiled("left", 10**6),
        spoiled("right", 10**6),
        spoiled("left", 0),
        spoiled("feature_idx", 99),
        spoiled("feature_idx", -1),
        spoiled("is_categorical", 1),
        _other_type,
        _narrow,
        _short_sets,
        _more_outputs,
    ],
)
def test_boosting_trees_that_point_anywhere_else_are_refused(tmp_path: Path, spoil: Callable[[Any], None]) -> None:
    estimator = HistGradientBoostingRegressor(max_iter=2).fit(X, COMPLETE[:, 0])
    spoil(estimator)
    refused(write(tmp_path / "m.automl", {"p": State({}, {}, {"e": estimator})}, facts={}), "complete and sound")


@pytest.mark.parametrize("spoil", [_unflagged, _narrow])
def test_boosting_with_categories_is_checked_too(tmp_path: Path, spoil: Callable[[Any], None]) -> None:
    estimator = HistGradientBoostingRegressor(max_iter=2, categorical_features=[4]).fit(X, X[:, 4] % 2)
    spoil(estimator)
    refused(write(tmp_path / "m.automl", {"p": State({}, {}, {"e": estimator})}, facts={}), "complete and sound")
