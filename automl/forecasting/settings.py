"""What the user asked of a forecast; apart from the run, so that a model can be opened without the modules that train one."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from automl.budget import Budget
from automl.forecasting.columns import Asked


@dataclass(frozen=True)
class ForecastSettings:
    """What the user asked for; the arguments of :class:`automl.forecasting.Forecaster`."""

    budget: Budget
    asked: Asked = field(default_factory=Asked)
    horizon: int | None = None
    frequency: str | None = None
    season: tuple[int, ...] | None = None
    country: str | None = None
    target_scale: str | None = None
    families: tuple[Any, ...] | None = None
    only_networks: bool = False
    seed: int = 0
    types: dict[str, str] = field(default_factory=dict)
    examples: str | None = None
