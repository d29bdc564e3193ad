"""The arrays that networks on pictures read: pixels, and what a network that was trained before sees in them."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from automl import pretrained
from automl.preprocessing.base import Arrays, Extra, State
from automl.preprocessing.encoders import Circumstances, Encoder
from automl.preprocessing.pictures.affordable import largest_side, left_for_networks
from automl.preprocessing.pictures.decode import Decoded
from automl.preprocessing.pictures.plan import Form, shared_form
from automl.preprocessing.pictures.store import decoded

MOST_MIDDLE = 2**29  # bytes of the values behind the middle blocks, of all rows


class Pictures(Encoder):
    """The pixels of all picture columns: "pixels", uint8 (rows, side, side · columns, channels), side by side; black where one is missing.

    Args:
        columns: The picture columns.
        form: Side and channels.
    """

    name = "pictures"
    reads = "image"

    def __init__(self, columns: tuple[str, ...], form: Form) -> None:
        self._columns, self.form = columns, form

    @classmethod
    def fit(cls, cells: pd.DataFrame, given: Circumstances) -> Self | None:
        """Choose the form by the training rows."""
        form, found = decoded_alike(cells, given)
        _tell(given, form, found)
        return cls(tuple(map(str, cells)), form) if any(one.present.any() for one in found) else None

    @property
    def columns(self) -> tuple[str, ...]:
        """The picture columns."""
        return self._columns

    @property
    def extra(self) -> tuple[Extra, ...]:
        """The pixels."""
        return (Extra("pixels", (self.form.side, self.form.side * len(self._columns), self.form.channels), "uint8"),)

    def transform(self, cells: pd.DataFrame, wanted: Collection[str] | None = None) -> Arrays:
        """Return the pixels of some rows."""
        found = [decoded(cells[name].tolist(), self.form.side, self.form.channels).pixels for name in self._columns]
        return {"pixels": found[0] if len(found) == 1 else np.concatenate(found, axis=2)}

    def state(self) -> State:
        """Return the choices."""
        return State({"columns": list(self._columns), "form": self.form.to_dict()})

    @classmethod
    def from_state(cls, state: State) -> Self:
        """Rebuild from :meth:`state`."""
        return cls(tuple(state.json["columns"]), Form(**state.json["form"]))


class SeenPictures(Encoder):
    """What EfficientNet-Lite0 sees in all picture columns; see :mod:`automl.pretrained`.

    - "image_features", float32 (rows, 1280 · columns); 0 throughout where a picture is missing.
    - "image_middle", float16 (rows, side, side, channels): the values behind its middle blocks, of one column, to train the rest further.

    Args:
        columns: The picture columns.
        form: Side and channels.
        looks: Size at which the network looks.
        middle: Whether "image_middle" is made.
    """

    name = "seen_pictures"
    reads = "image"

    def __init__(self, columns: tuple[str, ...], form: Form, looks: int, middle: bool) -> None:
        self._columns, self.form, self.looks, self.middle = columns, form, looks, middle

    @classmethod
    def fit(cls, cells: pd.DataFrame, given: Circumstances) -> Self | None:
        """Choose the size by the clock; None where there is no time, no picture, or another network was asked for."""
        if given.pretrained is not None:
            return None
        form, found = decoded_alike(cells, given)
        present = sum(int(one.present.sum()) for one in found)
        if not present:
            return None
        from automl.preprocessing.pictures.frozen import CUT, affordable_side

        first = next(one for one in found if one.present.any())
        sample = first.pixels[np.flatnonzero(first.present)[:32]]
        pictures = len(cells) * cells.shape[1]
        allowed = left_for_networks(given.settled)
        looks = given.settled.once("size of seen pictures", lambda: affordable_side(form.side, sample, pictures, given.budget, allowed))
        because = f"EfficientNet-Lite0, trained on ImageNet and part of this package, looks at {present:,} pictures once."
        chosen = "not used" if looks is None else f"{looks} × {looks} pixels"
        given.log.add("prepare", "trained network for pictures", chosen, "There is no time for it." if looks is None else because)
        if looks is None:
            return None
        size = 2 * len(cells) * int(np.prod(pretrained.cut_shape(looks, CUT)))
        return cls(tuple(map(str, cells)), form, looks, cells.shape[1] == 1 and size <= MOST_MIDDLE)

    @property
    def columns(self) -> tuple[str, ...]:
        """The picture columns."""
        return self._columns

    @property
    def extra(self) -> tuple[Extra, ...]:
        """Features, and the values in the middle where they are made."""
        found = [Extra("image_features", (pretrained.FEATURES * len(self._columns),), "float32")]
        if self.middle:
            from automl.preprocessing.pictures.frozen import CUT

            found.append(Extra("image_middle", pretrained.cut_shape(self.looks, CUT), "float16"))
        return tuple(found)

    def transform(self, cells: pd.DataFrame, wanted: Collection[str] | None = None) -> Arrays:
        """Return what the network sees in some rows."""
        from automl.preprocessing.pictures.frozen import look

        arrays: Arrays = {}
        seen: list[NDArray[Any]] = []
        for name in self._columns:
            one = decoded(cells[name].tolist(), self.form.side, self.form.channels)
            middle, features = look(one.pixels, self.looks)
            features[~one.present] = 0.0
            seen.append(features)
            if self.middle and (wanted is None or "image_middle" in wanted):
                middle[~one.present] = 0.0
                arrays["image_middle"] = middle
        return {**arrays, "image_features": seen[0] if len(seen) == 1 else np.concatenate(seen, axis=1)}

    def state(self) -> State:
        """Return the choices; the network is part of the package, and named by its hash."""
        told = {"columns": list(self._columns), "form": self.form.to_dict(), "looks": self.looks, "middle": self.middle}
        return State({**told, "network": pretrained.SHA256})

    @classmethod
    def from_state(cls, state: State) -> Self:
        """Rebuild from :meth:`state`."""
        told = state.json
        return cls(tuple(told["columns"]), Form(**told["form"]), int(told["looks"]), bool(told["middle"]))


def decoded_alike(cells: pd.DataFrame, given: Circumstances) -> tuple[Form, list[Decoded]]:
    """Return the form that all picture columns share, and their pictures in it."""
    listed = [cells[name].tolist() for name in cells]
    form = shared_form(listed, len(cells), largest_side(given.settled))
    return form, [decoded(one, form.side, form.channels) for one in listed]


def _tell(given: Circumstances, form: Form, found: list[Decoded]) -> None:
    rows, present = sum(len(one.present) for one in found), sum(int(one.present.sum()) for one in found)
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
