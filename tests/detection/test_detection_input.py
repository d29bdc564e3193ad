"""What cannot be read gets one sentence and exit code 3; what can be read in part is read and told."""

from __future__ import annotations

import gzip
import io
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

import automl
from automl.cli import main
from automl.errors import DataError

ROWS = pd.DataFrame({"a": range(60), "b": np.arange(60) % 7 * 1.5, "y": ["u", "v", "v"] * 20})


def bomb() -> bytes:
    return gzip.compress(b"a,b\n" + b"0" * (1 << 29), compresslevel=9)


BAD: dict[str, tuple[str, bytes]] = {
    "zero bytes": ("t.csv", b""),
    "header only": ("t.csv", b"a,b,y\n"),
    "blanks": ("t.csv", b"  \n \n"),
    "binary junk": ("t.csv", bytes(np.random.default_rng(0).integers(0, 256, 4000, dtype=np.uint8))),
    "a picture named csv": ("t.csv", b"\x89PNG\r\n\x1a\n" + b"\0" * 100),
    "an archive named npz": ("t.npz", b"PK\x03\x04" + b"\0" * 50),
    "text named npy": ("t.npy", b"hello"),
    "broken parquet": ("t.parquet", b"PAR1" + b"\0" * 40),
    "series without lines": ("t.ts", b"@problemName x\n@data\n"),
    "an old workbook": ("t.xls", b"\xd0\xcf\x11\xe0" + b"\0" * 40),
    "json of one number": ("t.json", b"[1, 2]"),
}


@pytest.mark.parametrize("name", list(BAD))
def test_what_cannot_be_read_gets_a_sentence(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file, content = BAD[name]
    (tmp_path / file).write_bytes(content)
    assert main(["detect", str(tmp_path / file), "-t", "y", "--json"]) == 3
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.startswith("Error: ")
    assert told.err.strip().count("\n") == 0
    assert "Traceback" not in told.err


@pytest.mark.slow
def test_a_bomb_is_not_unpacked(tmp_path: Path) -> None:
    (tmp_path / "t.csv.gz").write_bytes(bomb())
    with pytest.raises(DataError, match="must fit into memory"):
        automl.detect(tmp_path / "t.csv.gz", "b")


def test_a_workbook_that_would_fill_the_memory_is_refused(tmp_path: Path) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", b" ")
        with archive.open("xl/worksheets/sheet1.xml", "w") as sheet:
            for _ in range(300):
                sheet.write(b" " * (1 << 20))
    (tmp_path / "t.xlsx").write_bytes(packed.getvalue())
    with pytest.raises(DataError, match="must fit into memory"):
        automl.detect(tmp_path / "t.xlsx", "y")


def test_objects_in_arrays_are_refused(tmp_path: Path) -> None:
    np.savez(tmp_path / "t.npz", x=np.array([{"a": 1}, None], dtype=object))
    with pytest.raises(DataError, match="not Python objects"):
        automl.detect(tmp_path / "t.npz")


def test_ragged_rows_are_told(tmp_path: Path) -> None:
    text = ROWS.to_csv(index=False).splitlines()
    text[5] += ",9,9"
    text[9] = text[9].split(",")[0]
    (tmp_path / "t.csv").write_text("\n".join(text))
    found = automl.detect(tmp_path / "t.csv", "y")
    assert any("lines" in decision.what for decision in found.decisions)


def test_a_large_file_is_read_in_part(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("automl.detection.LARGEST", 40_000)
    pd.concat([ROWS] * 200, ignore_index=True).to_csv(tmp_path / "t.csv", index=False)
    found = automl.detect(tmp_path / "t.csv", "y")
    assert found.task is not None
    assert found.task.problem == "binary"
    assert any("read in part" in decision.chosen for decision in found.decisions)
    assert found.schema["b"].type == "number"


# ── pictures


def picture(path: Path, side: int = 8) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (side, side), (side, 9, 9)).save(path)


@pytest.fixture
def album(tmp_path: Path) -> Path:
    for kind in ("cat", "dog"):
        for number in range(6):
            picture(tmp_path / "album" / kind / f"{number}.png", 8 + number)
    return tmp_path / "album"


def test_damaged_pictures_are_counted_and_left_out(album: Path) -> None:
    (album / "cat" / "broken.png").write_bytes(b"not a picture")
    (album / "dog" / "empty.jpg").write_bytes(b"")
    found = automl.detect(album)
    finding = next(one for one in found.findings if one.check == "images")
    assert finding.because.startswith("2 of 14 picture files cannot be opened: cat/broken.png")
    told = found.to_dict()
    assert (told["modality"], told["task"], told["target"]) == ("image", "binary", "label")


def test_a_decompression_bomb_is_left_out(album: Path) -> None:
    head = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + (60_000).to_bytes(4, "big") + (60_000).to_bytes(4, "big") + b"\x08\x02\0\0\0"
    import zlib

    head += zlib.crc32(head[12:]).to_bytes(4, "big") + b"\0\0\0\0IEND" + zlib.crc32(b"IEND").to_bytes(4, "big")
    (album / "cat" / "bomb.png").write_bytes(head)
    finding = next(one for one in automl.detect(album).findings if one.check == "images")
    assert "bomb.png" in finding.because


def test_mixed_content_is_refused(album: Path) -> None:
    for number in range(6):
        (album / "cat" / f"{number}.txt").write_text("some words in a file")
    with pytest.raises(DataError, match="files of one kind"):
        automl.detect(album)


@pytest.mark.parametrize("content", [{}, {"a.bin": b"1"}, {"data.csv": b"a,b\n1,2\n", "x/1.png": b"1", "y/2.png": b"2"}])
def test_other_folders_are_refused(tmp_path: Path, content: dict[str, bytes]) -> None:
    for name, data in content.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(data)
    with pytest.raises(DataError, match="Received the folder"):
        automl.detect(tmp_path)


def listed(album: Path, change: dict[int, str]) -> Path:
    paths = [f"{kind}/{number}.png" for kind in ("cat", "dog") for number in range(6)] * 2
    for place, path in change.items():
        paths[place] = path
    pd.DataFrame({"photo": paths, "y": ["u", "v"] * 12}).to_csv(album / "list.csv", index=False)
    return album / "list.csv"


def test_pictures_of_a_table_are_looked_for(album: Path) -> None:
    finding = next(one for one in automl.detect(listed(album, {3: "cat/none.png"}), "y").findings if one.check == "images")
    assert "1 of 13 files are not there, such as 'cat/none.png'" in finding.because
    assert not [one for one in automl.detect(listed(album, {}), "y").findings if one.check == "images"]


def test_windows_paths_are_read(album: Path) -> None:
    finding = next(one for one in automl.detect(listed(album, {3: "cat\\3.png"}), "y").findings if one.check == "images")
    assert "Windows" in finding.because
    assert finding.severity == "info"


@pytest.mark.parametrize("path", ["../secret.png", "/etc/secret.png", "cat/../../secret.png", "C:\\secret.png"])
def test_paths_outside_the_folder_are_refused(album: Path, path: str) -> None:
    with pytest.raises(DataError, match="must stay inside the folder"):
        automl.detect(listed(album, {3: path}), "y")


# ── what cannot be learnt yet


def test_fit_refuses_what_cannot_be_learnt_with_a_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pd.DataFrame({"x": range(60), "a": np.arange(60) * 1.5, "b": np.arange(60) ** 1.1}).to_csv(tmp_path / "two.csv", index=False)
    assert main(["fit", str(tmp_path / "two.csv"), "-t", "a", "-t", "b", "--out", str(tmp_path / "out"), "-q"]) == 3
    err = capsys.readouterr().err
    assert "Detected several numbers; give one of the targets" in err
    assert "Traceback" not in err


def test_archives_that_are_no_arrays_are_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "text.npz", "w") as archive:
        archive.writestr("x.npy", b"no array")
    with zipfile.ZipFile(tmp_path / "bomb.npz", "w", zipfile.ZIP_DEFLATED) as archive, archive.open("x.npy", "w") as file:
        for _ in range(300):
            file.write(bytes(1 << 20))
    for name, message in (("text.npz", "must hold arrays"), ("bomb.npz", "must fit into memory")):
        with pytest.raises(DataError, match=message) as caught:
            automl.detect(tmp_path / name)
        assert caught.value.exit_code == 3


def test_bytes_of_no_encoding_are_called_binary(tmp_path: Path) -> None:
    (tmp_path / "junk.csv").write_bytes(np.random.default_rng(0).integers(0, 256, 5000).astype(np.uint8).tobytes())
    with pytest.raises(DataError, match="binary data"):
        automl.detect(tmp_path / "junk.csv")
