"""Write castings.csv and its pictures: generated surfaces of metal, of which some have a scratch, a pore or a crack.

python examples/data/make_pictures.py
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image, ImageDraw, ImageFilter

HERE = Path(__file__).parent
SIDE, GOOD, BAD = 40, 200, 100


def surface(rng: np.random.Generator) -> Image.Image:
    """Return brushed metal under light from a random side."""
    grain = rng.normal(0, 14, (SIDE, SIDE)) + rng.normal(0, 8, (SIDE, 1))
    x, y = np.meshgrid(np.linspace(-1, 1, SIDE), np.linspace(-1, 1, SIDE))
    light = rng.uniform(110, 160) + rng.uniform(-25, 25) * x + rng.uniform(-25, 25) * y
    picture = Image.fromarray(np.clip(light + grain, 0, 255).astype(np.uint8))
    return picture.filter(ImageFilter.GaussianBlur(0.6))


def spoil(picture: Image.Image, kind: str, rng: np.random.Generator) -> Image.Image:
    """Return the surface with one defect of a random strength, some of them faint."""
    mask = Image.new("L", picture.size, 0)
    draw = ImageDraw.Draw(mask)
    x, y = rng.uniform(8, SIDE - 8, 2)
    strength = int(rng.uniform(70, 220))
    if kind == "scratch":
        angle, length = rng.uniform(0, np.pi), rng.uniform(8, 22)
        reach = np.array([np.cos(angle), np.sin(angle)]) * length / 2
        draw.line([(x - reach[0], y - reach[1]), (x + reach[0], y + reach[1])], fill=strength, width=1)
    elif kind == "pore":
        size = rng.uniform(1.0, 2.6)
        draw.ellipse([x - size, y - size, x + size, y + size], fill=strength)
    else:
        steps = np.cumsum(rng.normal(0, 2.4, (7, 2)), axis=0) + np.array([x, y])
        draw.line([tuple(step) for step in steps], fill=strength, width=1)
    dark = Image.new("L", picture.size, 235 if kind == "scratch" else 30)
    return Image.composite(dark, picture, mask.filter(ImageFilter.GaussianBlur(0.4)))


def main() -> None:
    rng = np.random.default_rng(2026)
    folder = HERE / "castings"
    folder.mkdir(exist_ok=True)
    rows = []
    for number, place in enumerate(rng.permutation(GOOD + BAD)):
        picture, defect = surface(rng), place >= GOOD
        if defect:
            picture = spoil(picture, str(rng.choice(["scratch", "pore", "crack"])), rng)
        name = f"{number:03d}.webp"
        picture.save(folder / name, quality=60, method=6)
        rows.append({"picture": f"castings/{name}", "result": "defect" if defect else "fine"})
    pd.DataFrame(rows).to_csv(HERE / "castings.csv", index=False, lineterminator="\n")


if __name__ == "__main__":
    main()
