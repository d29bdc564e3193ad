"""Long short-term memory for series, trained as packs."""

from __future__ import annotations

from automl.families._series_recurrent import RecurrentFamily
from automl.families.base import Tags


class LSTM(RecurrentFamily):
    """Long short-term memory for series: the last state and the mean of the states, read by one linear layer.

    Source: Hochreiter and Schmidhuber (1997).
    """

    name = "lstm"
    title = "Long short-term memory for series"
    tags = Tags(kind="network", inputs=frozenset({"series"}), rank=5, opt_in=True)
    cell = "lstm"
