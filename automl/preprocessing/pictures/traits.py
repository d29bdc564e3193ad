"""What people see in a picture without knowing what it shows: light, colours, edges, where the weight lies; hand-made, no learning."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
DIRECTIONS = 9
_NAMES = (
    *("brightness", "contrast", "darkest_tenth", "middle", "brightest_tenth", "edges", "sharpness"),
    *("weight_x", "weight_y", "spread_x", "spread_y", "alike_left_right", "alike_top_bottom", "aspect", "size"),
)
_COLOURS = ("red", "green", "blue", "red_spread", "green_spread", "blue_spread", "colourfulness")


def trait_names(channels: int) -> list[str]:
    """Return the names of :func:`traits`.

    Example:
        >>> len(trait_names(1)), len(trait_names(3))
        (24, 31)
    """
    edges = [f"edges_{180 * number // DIRECTIONS}_degrees" for number in range(DIRECTIONS)]
    return [*_NAMES, *edges, *(_COLOURS if channels == 3 else [])]


def grey(pixels: NDArray[Any]) -> Floats:
    """Return brightness from 0 to 1, (rows, side, side)."""
    channels = pixels.shape[-1]
    total = pixels[..., 0].astype(np.float32)  # channel by channel: a mean over three neighbours takes NumPy ten times as long
    for channel in range(1, channels):
        total += pixels[..., channel]
    return np.asarray(total / np.float32(channels) / np.float32(255.0), dtype=np.float32)


def gradients(light: Floats) -> tuple[Floats, Floats]:
    """Return strength and direction (in parts of a half turn, from 0 to 1) of the change at each pixel, (rows, side, side)."""
    right, down = np.zeros_like(light), np.zeros_like(light)
    right[:, :, 1:-1] = light[:, :, 2:] - light[:, :, :-2]
    down[:, 1:-1] = light[:, 2:] - light[:, :-2]
    turned = np.arctan2(down, right) / np.float32(np.pi)
    return np.sqrt(right * right + down * down), np.where(turned < 0, turned + np.float32(1), turned)


def by_direction(strength: Floats, direction: Floats, cells: int) -> NDArray[np.float64]:
    """Share the strength of each pixel between the two nearest of some directions, and add up by cells, (rows, cells², directions).

    Args:
        strength: (rows, side, side).
        direction: In parts of a half turn, (rows, side, side).
        cells: On each side; they divide it.
    """
    rows, side = strength.shape[:2]
    place = direction * DIRECTIONS
    low = place.astype(np.int64)
    share = place - low
    bins = DIRECTIONS + 2  # a whole half turn is the first direction once more, and has a next one
    along = np.arange(side) * cells // side
    low += bins * (along[:, None] * cells + along) + np.arange(0, rows * cells**2 * bins, cells**2 * bins)[:, None, None]
    total = np.bincount(low.ravel(), (strength * (1 - share)).ravel(), rows * cells**2 * bins).reshape(-1, bins)
    total[:, 1:] += np.bincount(low.ravel(), (strength * share).ravel(), rows * cells**2 * bins).reshape(-1, bins)[:, :-1]
    total[:, :2] += total[:, DIRECTIONS:]
    return np.asarray(total[:, :DIRECTIONS], dtype=np.float64).reshape(rows, cells**2, DIRECTIONS)


def traits(pixels: NDArray[Any], sizes: NDArray[Any]) -> Floats:
    """Return hand-made numbers of pictures.

    Args:
        pixels: uint8 (rows, side, side, channels).
        sizes: Width and height before scaling, (rows, 2).

    Returns:
        float32 (rows, ``len(trait_names(channels))``).
    """
    light = grey(pixels)
    side = light.shape[1]
    flat = light.reshape(len(light), -1)
    strength, direction = gradients(light)
    axis = np.linspace(-1, 1, side)  # in double precision: sums must not depend on how many rows there are
    weight = strength / np.maximum(strength.sum(axis=(1, 2), keepdims=True), 1e-6)
    across, along = weight.sum(axis=1, dtype=np.float64), weight.sum(axis=2, dtype=np.float64)  # of columns, of lines
    x, y = across @ axis, along @ axis
    width, height = np.maximum(sizes[:, 0], 1), np.maximum(sizes[:, 1], 1)
    bent = np.abs(4 * light[:, 1:-1, 1:-1] - light[:, :-2, 1:-1] - light[:, 2:, 1:-1] - light[:, 1:-1, :-2] - light[:, 1:-1, 2:])
    columns = [flat.mean(axis=1), flat.std(axis=1), *_quantiles(flat, (0.1, 0.5, 0.9))]
    columns += [strength.mean(axis=(1, 2)), bent.mean(axis=(1, 2)), x, y]
    columns += [np.sqrt(np.maximum(across @ axis**2 - x**2, 0)), np.sqrt(np.maximum(along @ axis**2 - y**2, 0))]
    columns += [np.abs(light - light[:, :, ::-1]).mean(axis=(1, 2)), np.abs(light - light[:, ::-1]).mean(axis=(1, 2))]
    columns += [np.log(width / height), np.log(width * height)]
    columns += list(by_direction(strength, direction, 1)[:, 0].T / side**2)
    if pixels.shape[-1] == 3:
        red, green, blue = (pixels[..., channel].reshape(len(pixels), -1) / np.float32(255.0) for channel in range(3))
        spread = np.maximum(np.maximum(red, green), blue) - np.minimum(np.minimum(red, green), blue)
        columns += [colour.mean(axis=1) for colour in (red, green, blue)] + [colour.std(axis=1) for colour in (red, green, blue)]
        columns += [spread.mean(axis=1)]
    return np.asarray(np.column_stack(columns), dtype=np.float32)


def _quantiles(values: Floats, shares: tuple[float, ...]) -> list[NDArray[np.float64]]:
    """Return quantiles of each row, linear between its values; to sort them whole is quicker than to look for a few."""
    ordered, last = np.sort(values, axis=1), values.shape[1] - 1
    found: list[NDArray[np.float64]] = []
    for share in shares:
        place = share * last
        low, high = ordered[:, int(place)], ordered[:, min(int(place) + 1, last)]
        found.append(low + (place - int(place)) * (high - low).astype(np.float64))
    return found


def shrunk(pixels: NDArray[Any], side: int) -> Floats:
    """Return pictures with at most `side` lines, by the mean of blocks, float32 (rows, lines, columns, channels)."""
    factor = -(-pixels.shape[1] // side)
    end = pixels.shape[1] // factor * factor
    if factor == 1:
        return np.asarray(pixels, dtype=np.float32)
    down = np.zeros((len(pixels), end // factor, *pixels.shape[2:]), np.float32)
    for line in range(factor):  # sums of bytes are exact, in whatever order
        down += pixels[:, line:end:factor]
    across = np.zeros((len(pixels), end // factor, end // factor, pixels.shape[-1]), np.float32)
    for column in range(factor):
        across += down[:, :, column:end:factor]
    return np.asarray(across / np.float32(factor * factor), dtype=np.float32)


def outlines(pixels: NDArray[Any], cells: int = 8) -> Floats:
    """Return histograms of the directions of edges in a grid of cells, normalised by their neighbours, (rows, cells² · directions).

    Source: Dalal & Triggs (2005), with one normalisation per cell, by the nine cells around it, in place of four.
    """
    light = grey(shrunk(pixels, 6 * cells))
    lines = light.shape[1] // cells * cells or light.shape[1]
    light = light[:, :lines, :lines]
    count = min(cells, lines)
    found = by_direction(*gradients(light), count).reshape(len(light), count, count, DIRECTIONS).astype(np.float32)
    energy = np.square(found).sum(axis=-1)
    wide = np.pad(energy, ((0, 0), (1, 1), (1, 1)), mode="edge")
    around = sum(wide[:, down : down + count, right : right + count] for down in range(3) for right in range(3))
    bounded = np.minimum(found / (np.sqrt(around) + 0.05)[..., None], 0.5)
    return np.asarray(bounded.reshape(len(light), -1), dtype=np.float32)
