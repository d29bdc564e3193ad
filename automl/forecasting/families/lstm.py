"""Long short-term memory (Hochreiter & Schmidhuber, 1997), with quantiles for every step ahead."""

from __future__ import annotations

from automl.forecasting.base import forecasting
from automl.forecasting.families._recurrent import RecurrentFamily


class Lstm(RecurrentFamily):
    """Long short-term memory (Hochreiter & Schmidhuber, 1997); see :class:`automl.forecasting.families._recurrent.RecurrentFamily`."""

    name = "lstm"
    title = "LSTM"
    tags = forecasting("network", rank=6, opt_in=True)
    kind = "lstm"
