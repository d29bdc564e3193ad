"""Simple recurrent network for series and texts, trained as packs."""

from __future__ import annotations

from automl.families._series_recurrent import RecurrentFamily
from automl.families.base import Tags


class SimpleRNN(RecurrentFamily):
    """Simple recurrent network for series and texts: the last state and the mean of the states, read by one linear layer.

    Source: Elman (1990). For teaching and comparison: what is far back it forgets.
    """

    name = "simple_rnn"
    title = "Simple recurrent network"
    tags = Tags(kind="network", inputs=frozenset({"series", "tokens"}), rank=6, opt_in=True)
    cell = "simple_rnn"
