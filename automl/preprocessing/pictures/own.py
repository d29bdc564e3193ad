"""What a network that the user brought sees in pictures."""

from __future__ import annotations

from collections.abc import Callable, Collection
from functools import lru_cache
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from automl import _backend
from automl.preprocessing.base import Arrays, Extra, State
from automl.preprocessing.encoders import Circumstances, Encoder
from automl.preprocessing.pictures.encoder import decoded_alike
from automl.preprocessing.pictures.plan import Form
from automl.preprocessing.pictures.store import decoded
from automl.pretrained.own import Found, cached, looking

BATCH = 32
SHARE = 0.3  # of the time that is left, which the features may take: they were asked for


class OwnPictures(Encoder):
    """The features that a user's network finds in all picture columns; the network is stored with the model.

    "image_features", float32 (rows, features · columns), of about unit size; 0 throughout where a picture is missing.

    Args:
        columns: The picture columns.
        form: Side and channels.
        network: The network.
        units: Its features.
        scale: What they are divided by: their root mean square in training rows.
    """

    name = "own_pictures"
    reads = "image"

    def __init__(self, columns: tuple[str, ...], form: Form, network: Found, units: int, scale: float) -> None:
        self._columns, self.form, self.network, self.units, self.scale = columns, form, network, units, scale

    @classmethod
    def fit(cls, cells: pd.DataFrame, given: Circumstances) -> Self | None:
        """Try the network out; None where none was given, or the clock does not allow it."""
        if given.pretrained is None:
            _offer(given)
            return None
        form, found = decoded_alike(cells, given)
        first = next((one for one in found if one.present.any()), None)
        if first is None:
            return None
        look, units = _looking(given.pretrained, form.side, _backend.name())
        sample = first.pixels[np.flatnonzero(first.present)[:BATCH]]
        values, present = _features(look, sample, units), sum(int(one.present.sum()) for one in found)
        what = f"{given.pretrained.called} (sha256 {given.pretrained.sha256[:12]}…)"
        if not given.settled.once("own network", lambda: _affordable(look, sample, units, len(cells) * cells.shape[1], given)):
            given.log.add("prepare", "trained network for pictures", "not used", f"There is no time for {what}; give a larger budget.")
            return None
        because = f"It was asked for, looks at {present:,} pictures once, finds {units:,} features, and is stored with the model."
        given.log.add("prepare", "trained network for pictures", what, because, ["EfficientNet-Lite0"], "pretrained=None")
        scale = float(np.sqrt(np.mean(np.square(values, dtype=np.float64)))) or 1.0
        return cls(tuple(map(str, cells)), form, given.pretrained, units, scale if np.isfinite(scale) else 1.0)

    @property
    def columns(self) -> tuple[str, ...]:
        """The picture columns."""
        return self._columns

    @property
    def extra(self) -> tuple[Extra, ...]:
        """The features."""
        return (Extra("image_features", (self.units * len(self._columns),), "float32"),)

    def transform(self, cells: pd.DataFrame, wanted: Collection[str] | None = None) -> Arrays:
        """Return what the network sees in some rows."""
        look, units = _looking(self.network, self.form.side, _backend.name())
        seen: list[NDArray[Any]] = []
        for name in self._columns:
            one = decoded(cells[name].tolist(), self.form.side, self.form.channels)
            features = _features(look, one.pixels, units) / np.float32(self.scale)
            features[~one.present] = 0.0
            seen.append(np.nan_to_num(features, posinf=0.0, neginf=0.0))
        return {"image_features": seen[0] if len(seen) == 1 else np.concatenate(seen, axis=1)}

    def state(self) -> State:
        """Return the choices, and the network itself."""
        told = {"columns": list(self._columns), "form": self.form.to_dict(), "units": self.units, "scale": self.scale}
        return State({**told, "called": self.network.called}, {"network": np.frombuffer(self.network.raw, np.uint8)})

    @classmethod
    def from_state(cls, state: State) -> Self:
        """Rebuild from :meth:`state`."""
        told, network = state.json, Found(str(state.json["called"]), state.arrays["network"].astype(np.uint8).tobytes())
        return cls(tuple(told["columns"]), Form(**told["form"]), network, int(told["units"]), float(told["scale"]))


@lru_cache(maxsize=2)
def _looking(network: Found, side: int, backend: str) -> tuple[Callable[[Any], Any], int]:
    look, units = looking(network, side)
    return _backend.compile_function(look), units


def _features(look: Callable[[Any], Any], pixels: NDArray[np.uint8], units: int) -> NDArray[np.float32]:
    found = np.empty((len(pixels), units), np.float32)
    for start in range(0, len(pixels), BATCH):
        block = pixels[start : start + BATCH]
        padded = _backend.pad_rows({"pixels": block}, (1, BATCH))["pixels"]
        found[start : start + len(block)] = _backend.to_numpy(look(_backend.to_device(padded)))[: len(block)]
    return found


def _affordable(look: Callable[[Any], Any], sample: NDArray[np.uint8], units: int, rows: int, given: Circumstances) -> bool:
    """Whether all pictures can be looked at in a share of the time that is left, by the pace of a few."""
    budget = given.budget
    if budget is None or not budget.timed:
        return True
    before = budget.clock()
    _features(look, sample, units)
    return (budget.clock() - before) / len(sample) * rows <= SHARE * budget.remaining()


def _offer(given: Circumstances) -> None:
    """Say which networks of ``keras.applications`` lie in the local cache."""
    here = sorted(cached())
    if here:
        because = f"The local Keras cache holds {', '.join(here)}; nothing is downloaded."
        given.log.add("prepare", "networks in the Keras cache", "not used", because, here, f"pretrained={here[0]!r}")
