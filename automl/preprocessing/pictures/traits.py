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
    return np.asarray(pixels.astype(np.float32).mean(axis=-1) / 255.0, dtype=np.float32)


def gradients(light: Floats) -> tuple[Floats, Floats]:
    """Return strength and direction (in parts of a half turn, from 0 to 1) of the change at each pixel, (rows, side, side)."""
    right, down = np.zeros_like(light), np.zeros_like(light)
    right[:, :, 1:-1] = light[:, :, 2:] - light[:, :, :-2]
    down[:, 1:-1] = light[:, 2:] - light[:, :-2]
    return np.hypot(right, down), np.asarray((np.arctan2(down, right) % np.pi) / np.pi, dtype=np.float32)


def by_direction(strength: Floats, direction: Floats) -> Floats:
    """Share the strength of each pixel between the two nearest of some directions, (directions, rows, side, side)."""
    place = direction * DIRECTIONS
    low = np.floor(place).astype(np.int64) % DIRECTIONS
    share = place - np.floor(place)
    found = np.zeros((DIRECTIONS, *strength.shape), np.float32)
    for number in range(DIRECTIONS):
        found[number] = strength * ((low == number) * (1 - share) + ((low + 1) % DIRECTIONS == number) * share)
    return found


def shares_of_directions(strength: Floats, direction: Floats) -> NDArray[np.float64]:
    """Return the mean of :func:`by_direction` over all pixels, (rows, directions), by counting alone, which is ten times as fast."""
    rows, pixels = len(strength), int(np.prod(strength.shape[1:]))
    place = direction * DIRECTIONS
    low = np.floor(place)
    share = place - low
    first = low.astype(np.int64) % DIRECTIONS
    start = np.arange(0, rows * DIRECTIONS, DIRECTIONS)[:, None, None]
    total = np.zeros(rows * DIRECTIONS)
    for number, part in ((first, strength * (1 - share)), ((first + 1) % DIRECTIONS, strength * share)):
        total += np.bincount((start + number).ravel(), part.ravel(), rows * DIRECTIONS)
    return total.reshape(rows, DIRECTIONS) / max(pixels, 1)


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
    columns = [flat.mean(axis=1), flat.std(axis=1), *np.quantile(flat, (0.1, 0.5, 0.9), axis=1)]
    columns += [strength.mean(axis=(1, 2)), bent.mean(axis=(1, 2)), x, y]
    columns += [np.sqrt(np.maximum(across @ axis**2 - x**2, 0)), np.sqrt(np.maximum(along @ axis**2 - y**2, 0))]
    columns += [np.abs(light - light[:, :, ::-1]).mean(axis=(1, 2)), np.abs(light - light[:, ::-1]).mean(axis=(1, 2))]
    columns += [np.log(width / height), np.log(width * height)]
    columns += list(shares_of_directions(strength, direction).T)
    if pixels.shape[-1] == 3:
        colours = pixels.reshape(len(pixels), -1, 3).astype(np.float32) / 255.0
        red, green, blue = colours[..., 0], colours[..., 1], colours[..., 2]
        spread = np.maximum(np.maximum(red, green), blue) - np.minimum(np.minimum(red, green), blue)
        columns += [*colours.mean(axis=1).T, *colours.std(axis=1).T, spread.mean(axis=1)]
    return np.asarray(np.column_stack(columns), dtype=np.float32)


def shrunk(pixels: NDArray[Any], side: int) -> Floats:
    """Return pictures with at most `side` lines, by the mean of blocks, float32 (rows, lines, columns, channels)."""
    factor = -(-pixels.shape[1] // side)
    lines = pixels.shape[1] // factor
    cut = pixels[:, : lines * factor, : lines * factor].astype(np.float32)
    return np.asarray(cut.reshape(len(cut), lines, factor, lines, factor, cut.shape[-1]).mean(axis=(2, 4)), dtype=np.float32)


def outlines(pixels: NDArray[Any], cells: int = 8) -> Floats:
    """Return histograms of the directions of edges in a grid of cells, normalised by their neighbours, (rows, cells² · directions).

    Source: Dalal & Triggs (2005), with one normalisation per cell, by the nine cells around it, in place of four.
    """
    light = grey(shrunk(pixels, 6 * cells))
    lines = light.shape[1] // cells * cells or light.shape[1]
    light = light[:, :lines, :lines]
    count = min(cells, lines)
    found = by_direction(*gradients(light)).reshape(DIRECTIONS, len(light), count, lines // count, count, lines // count).sum(axis=(3, 5))
    energy = np.square(found).sum(axis=0)
    wide = np.pad(energy, ((0, 0), (1, 1), (1, 1)), mode="edge")
    around = sum(wide[:, down : down + count, right : right + count] for down in range(3) for right in range(3))
    bounded = np.minimum(found / (np.sqrt(around) + 0.05), 0.5)
    return np.asarray(np.moveaxis(bounded, 0, -1).reshape(len(light), -1), dtype=np.float32)
