"""Pictures of every kind become bytes of one shape; what cannot be read is told by name, and never raises."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from automl.dataset.picture import Picture
from automl.preprocessing.pictures import decode as module
from automl.preprocessing.pictures.decode import decode, header_size
from automl.preprocessing.pictures.store import decoded, forget_pictures


def halves(mode: str = "RGB", size: tuple[int, int] = (20, 10)) -> Image.Image:
    """Left half red (dark where grey), right half white."""
    picture = Image.new("RGB", size, (255, 255, 255))
    picture.paste((200, 0, 0), (0, 0, size[0] // 2, size[1]))
    return picture.convert(mode)


@pytest.mark.parametrize(
    ("name", "mode"),
    [
        ("a.jpg", "RGB"),
        ("a.png", "RGB"),
        ("a.png", "P"),
        ("a.png", "L"),
        ("a.webp", "RGB"),
        ("a.bmp", "RGB"),
        ("a.tif", "RGB"),
        ("a.gif", "P"),
    ],
)
def test_every_format_and_colour_is_read(tmp_path: Path, name: str, mode: str) -> None:
    halves(mode).save(tmp_path / name)
    found = decode([str(tmp_path / name)], 8)
    assert found.present.all()
    assert not found.unread
    assert found.sizes[0].tolist() == [20, 10]
    left, right = found.pixels[0, 4, 1].astype(int), found.pixels[0, 4, 6].astype(int)
    assert (right > 240).all()
    assert left[1] < 90


def test_transparent_places_are_white(tmp_path: Path) -> None:
    picture = Image.new("RGBA", (8, 8), (0, 0, 0, 0))
    picture.save(tmp_path / "a.png")
    assert (decode([str(tmp_path / "a.png")], 4).pixels == 255).all()


def test_pictures_of_16_bits_keep_their_brightness(tmp_path: Path) -> None:
    values = np.full((6, 6), 32_768, np.uint16)
    Image.fromarray(values).save(tmp_path / "a.png")
    assert abs(int(decode([str(tmp_path / "a.png")], 4, 1).pixels[0, 0, 0, 0]) - 128) <= 1


def test_pictures_stand_upright(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was turned: the left edge is the top
    halves().save(tmp_path / "a.jpg", exif=exif, quality=95)
    found = decode([str(tmp_path / "a.jpg")], 8)
    assert found.sizes[0].tolist() == [10, 20]
    top, bottom = found.pixels[0, 1, 4].astype(int), found.pixels[0, 6, 4].astype(int)
    assert top[1] < 90
    assert bottom[1] > 200


def test_what_cannot_be_read_is_told_by_name(tmp_path: Path) -> None:
    halves(size=(64, 64)).save(tmp_path / "whole.png")
    raw = (tmp_path / "whole.png").read_bytes()
    (tmp_path / "cut.png").write_bytes(raw[: len(raw) // 2])
    (tmp_path / "empty.png").write_bytes(b"")
    (tmp_path / "text.png").write_bytes(b"no picture")
    names = ["whole.png", "cut.png", "empty.png", "text.png", "none.png"]
    found = decode([str(tmp_path / name) for name in names], 8)
    assert found.present.tolist() == [True, False, False, False, False]
    assert {Path(path).name for path in found.unread} == set(names[1:])
    assert found.unread[str(tmp_path / "empty.png")] == "empty"
    assert found.unread[str(tmp_path / "none.png")] == "not there"
    assert not found.pixels[1:].any()


def bomb(path: Path, side: int) -> None:
    """Write a PNG whose header promises far more pixels than its bytes hold."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 1000)) + chunk(b"IEND", b""))


@pytest.mark.parametrize("side", [12_000, 60_000])
def test_a_decompression_bomb_is_refused_by_name(tmp_path: Path, side: int) -> None:
    bomb(tmp_path / "bomb.png", side)
    found = decode([str(tmp_path / "bomb.png")], 8)
    assert not found.present.any()
    assert "pixels" in found.unread[str(tmp_path / "bomb.png")]


def test_missing_pictures_are_black_and_said_to_be_missing() -> None:
    found = decode([None, float("nan"), Picture(np.full((3, 3, 1), 9, np.uint8))], 4, 1)
    assert found.present.tolist() == [False, False, True]
    assert (found.pixels[2] == 9).all()
    assert not found.pixels[:2].any()


def test_a_row_alone_gives_what_it_gives_among_others(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    cells = []
    for number in range(150):
        path = tmp_path / f"{number}.png"
        Image.fromarray(rng.integers(0, 255, (9 + number % 5, 11, 3), dtype=np.uint8)).save(path)
        cells.append(str(path))
    together = decode(cells, 8).pixels
    for row in (0, 70, 149):
        np.testing.assert_array_equal(decode([cells[row]], 8).pixels[0], together[row])


def test_a_header_is_read_without_decoding(tmp_path: Path) -> None:
    bomb(tmp_path / "large.png", 5_000)
    assert header_size(str(tmp_path / "large.png")) == (5_000, 5_000, True)
    assert header_size("nowhere.png") is None


def test_pictures_are_decoded_once(monkeypatch: pytest.MonkeyPatch) -> None:
    cells = [Picture(np.full((4, 4, 1), value, np.uint8)) for value in range(6)]
    forget_pictures()
    calls = []
    monkeypatch.setattr("automl.preprocessing.pictures.store.decode", lambda *given: calls.append(1) or module.decode(*given))
    whole = decoded(cells, 4, 1)
    some = decoded(cells[4:1:-1], 4, 1)
    assert decoded(list(cells), 4, 1) is whole
    assert len(calls) == 1
    np.testing.assert_array_equal(some.pixels[:, 0, 0, 0], [4, 3, 2])
    forget_pictures()
    decoded(cells, 4, 1)
    assert len(calls) == 2


def test_memory_pictures_of_any_channels_are_read() -> None:
    rng = np.random.default_rng(0)
    for channels in (1, 2, 3, 4):
        found = decode([Picture(rng.integers(0, 255, (5, 7, channels), dtype=np.uint8))], 4)
        assert found.present.all(), channels


def test_a_large_photograph_is_decoded_small(tmp_path: Path) -> None:
    kept = io.BytesIO()
    Image.new("RGB", (3000, 2000), (10, 200, 30)).save(kept, format="JPEG")
    (tmp_path / "large.jpg").write_bytes(kept.getvalue())
    found = decode([str(tmp_path / "large.jpg")], 16)
    assert found.sizes[0].tolist() == [3000, 2000]
    assert abs(int(found.pixels[0, 8, 8, 1]) - 200) < 6
