"""Gated recurrent units (Cho et al., 2014, arXiv:1406.1078), with quantiles for every step ahead."""

from __future__ import annotations

from automl.forecasting.base import forecasting
from automl.forecasting.families._recurrent import RecurrentFamily


class Gru(RecurrentFamily):
    """Gated recurrent units (Cho et al., 2014, arXiv:1406.1078); see :class:`automl.forecasting.families._recurrent.RecurrentFamily`."""

    name = "gru"
    title = "GRU"
    tags = forecasting("network", rank=5, opt_in=False)
    kind = "gru"
