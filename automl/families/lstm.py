"""Long short-term memory for series and texts, trained as packs."""

from __future__ import annotations

from automl.families._series_recurrent import RecurrentFamily
from automl.families.base import Tags


class LSTM(RecurrentFamily):
    """Long short-term memory for series and texts: the last state and the mean of the states, read by one linear layer.

    Source: Hochreiter and Schmidhuber (1997).
    """

    name = "lstm"
    title = "Long short-term memory"
    tags = Tags(kind="network", inputs=frozenset({"series", "tokens"}), rank=5, opt_in=True)
    cell = "lstm"
