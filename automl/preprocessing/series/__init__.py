"""Series as features: cells become one array, intervals become quantiles, random kernels become shares; nothing here knows the target."""

from automl.preprocessing.series.cells import SeriesArrays, lengths_of
from automl.preprocessing.series.intervals import interval_quantiles, stretched
from automl.preprocessing.series.numbers import SeriesNumbers
from automl.preprocessing.series.rocket import MiniRocket

__all__ = ["MiniRocket", "SeriesArrays", "SeriesNumbers", "interval_quantiles", "lengths_of", "stretched"]
