"""The simple recurrent network (Elman, 1990), for teaching and comparison, with quantiles for every step ahead."""

from __future__ import annotations

from automl.forecasting.base import forecasting
from automl.forecasting.families._recurrent import RecurrentFamily


class SimpleRnn(RecurrentFamily):
    """The simple recurrent network (Elman, 1990), for teaching and comparison; see ``_recurrent.RecurrentFamily``."""

    name = "simple_rnn"
    title = "Simple recurrent network"
    tags = forecasting("network", rank=7, opt_in=True)
    kind = "simple"
