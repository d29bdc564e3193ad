"""The arrays that networks on pictures read: pixels, and what a network that was trained before sees in them."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from automl import pretrained
from automl.preprocessing.base import Arrays, Extra, State
from automl.preprocessing.encoders import Circumstances, Encoder
from automl.preprocessing.pictures.plan import Form, choose_form
from automl.preprocessing.pictures.store import decoded

MOST_MIDDLE = 2**29  # bytes of the values behind the middle blocks, of all rows


class Pictures(Encoder):
    """All picture columns of a table.

    - "pixels", uint8 (rows, side, side · columns, channels): the pictures of a row side by side; black where one is missing.
    - "image_features", float32 (rows, 1280 · columns): what EfficientNet-Lite0 sees in them; see :mod:`automl.pretrained`.
    - "image_middle", float16 (rows, side, side, channels): the values behind its middle blocks, of one column, to train the rest further.

    Args:
        columns: The picture columns.
        form: Side and channels.
        looks: Size at which the trained network looks; None where there was no time for it.
        middle: Whether "image_middle" is made.
    """

    name = "pictures"
    reads = "image"

    def __init__(self, columns: tuple[str, ...], form: Form, looks: int | None, middle: bool) -> None:
        self._columns, self.form, self.looks, self.middle = columns, form, looks, middle

    @classmethod
    def fit(cls, cells: pd.DataFrame, given: Circumstances) -> Self | None:
        """Choose sizes by the training rows and the clock."""
        columns = tuple(str(name) for name in cells)
        listed = [cells[name].tolist() for name in cells]
        forms = [choose_form(one, len(cells)) for one in listed]
        form = Form(max(f.side for f in forms), max(f.channels for f in forms), max(f.usual for f in forms))
        found = [decoded(one, form.side, form.channels) for one in listed]
        present = sum(int(one.present.sum()) for one in found)
        _tell(given, form, found, present)
        if not present:
            return None
        from automl.preprocessing.pictures.frozen import CUT, affordable_side

        sample = found[0].pixels[np.flatnonzero(found[0].present)[:32]] if found[0].present.any() else found[0].pixels[:1]
        looks = affordable_side(form.side, sample, len(cells) * len(columns), given.budget)
        size = 0 if looks is None else int(np.prod(pretrained.cut_shape(looks, CUT)))
        middle = looks is not None and len(columns) == 1 and 2 * len(cells) * size <= MOST_MIDDLE
        chosen = "not used" if looks is None else f"{looks} × {looks} pixels"
        because = (
            "There is no time for it."
            if looks is None
            else f"EfficientNet-Lite0, trained on ImageNet and part of this package, looks at {present:,} pictures once."
        )
        given.log.add("prepare", "trained network for pictures", chosen, because)
        return cls(columns, form, looks, middle)

    @property
    def columns(self) -> tuple[str, ...]:
        """The picture columns."""
        return self._columns

    @property
    def extra(self) -> tuple[Extra, ...]:
        """Pixels, features and the values in the middle, as far as they are made."""
        count, form = len(self._columns), self.form
        found = [Extra("pixels", (form.side, form.side * count, form.channels), "uint8")]
        if self.looks is not None:
            found.append(Extra("image_features", (pretrained.FEATURES * count,), "float32"))
        if self.looks is not None and self.middle:
            from automl.preprocessing.pictures.frozen import CUT

            found.append(Extra("image_middle", pretrained.cut_shape(self.looks, CUT), "float16"))
        return tuple(found)

    def transform(self, cells: pd.DataFrame) -> Arrays:
        """Return the arrays of some rows; a missing picture is 0 throughout."""
        found = [decoded(cells[name].tolist(), self.form.side, self.form.channels) for name in self._columns]
        arrays: Arrays = {"pixels": found[0].pixels if len(found) == 1 else np.concatenate([one.pixels for one in found], axis=2)}
        if self.looks is None:
            return arrays
        from automl.preprocessing.pictures.frozen import look

        seen: list[NDArray[Any]] = []
        for one in found:
            middle, features = look(one.pixels, self.looks)
            features[~one.present] = 0.0
            seen.append(features)
            if self.middle:
                middle[~one.present] = 0.0
                arrays["image_middle"] = middle
        return {**arrays, "image_features": seen[0] if len(seen) == 1 else np.concatenate(seen, axis=1)}

    def state(self) -> State:
        """Return the choices; the trained network is part of the package, and named by its hash."""
        told = {"columns": list(self._columns), "form": self.form.to_dict(), "looks": self.looks, "middle": self.middle}
        return State({**told, "network": pretrained.SHA256})

    @classmethod
    def from_state(cls, state: State) -> Self:
        """Rebuild from :meth:`state`."""
        told = state.json
        return cls(tuple(told["columns"]), Form(**told["form"]), told["looks"], bool(told["middle"]))


def _tell(given: Circumstances, form: Form, found: list[Any], present: int) -> None:
    rows = sum(len(one.present) for one in found)
    colours = "shades of grey" if form.channels == 1 else "three colours"
    usual = f"Their shorter sides have {form.usual} pixels in the middle; {present:,} of {rows:,} cells hold a picture."
    given.log.add("prepare", "size of pictures", f"{form.side} × {form.side}, {colours}", usual)
    unread: dict[str, str] = {}
    for one in found:
        unread |= one.unread
    if unread:
        shown = ", ".join(f"{path} ({why})" for path, why in list(unread.items())[:20])
        more = f" and {len(unread) - 20:,} more" if len(unread) > 20 else ""
        given.log.add("prepare", "pictures that cannot be read", f"{len(unread):,} counted as missing", f"{shown}{more}.")
