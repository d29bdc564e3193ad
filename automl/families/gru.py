"""Gated recurrent network for series and texts, trained as packs."""

from __future__ import annotations

from automl.families._series_recurrent import RecurrentFamily
from automl.families.base import Tags


class GRU(RecurrentFamily):
    """Gated recurrent network for series and texts: the last state and the mean of the states, read by one linear layer.

    Source: Cho et al. (2014, arXiv:1406.1078).
    """

    name = "gru"
    title = "Gated recurrent network"
    tags = Tags(kind="network", inputs=frozenset({"series", "tokens"}), rank=1, opt_in=False)
    cell = "gru"
