"""Gated recurrent network for series, trained as packs."""

from __future__ import annotations

from automl.families._series_recurrent import RecurrentFamily
from automl.families.base import Tags


class GRU(RecurrentFamily):
    """Gated recurrent network for series: the last state and the mean of the states, read by one linear layer.

    Source: Cho et al. (2014, arXiv:1406.1078).
    """

    name = "gru"
    title = "Gated recurrent network for series"
    tags = Tags(kind="network", inputs=frozenset({"series"}), rank=1, opt_in=False)
    cell = "gru"
