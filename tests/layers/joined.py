"""A layer whose parts are joined, so that it can be checked like one with a single output."""

from __future__ import annotations

from typing import Any

from keras import ops

from automl.layers.packed import PackedLayer


class Joined(PackedLayer):
    """Repeats what members share, and joins the parts along the last axis."""

    def __init__(self, make: Any, members: int) -> None:
        super().__init__(members)
        self.inner = make(members)

    def call(self, inputs: Any) -> Any:
        """Return (members, rows, all parts)."""
        parts = [part if part.shape[0] == self.members else ops.repeat(part, self.members, axis=0) for part in self.inner(inputs)]
        return ops.concatenate(parts, axis=-1)
