"""Time zones among stamps: all are put on one clock, and that is told."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from automl.decisions import DecisionLog

_ZONE = r"\d\s*(?:Z|UTC|[+-]\d{2}:?\d{2})\s*$"  # behind a clock; a date such as 2025-01-31 ends alike, so a colon must stand before


def tell_zones(cells: pd.Series[Any], log: DecisionLog) -> str | None:
    """Record that stamps with zones are read as UTC; return a warning where only some of them have one.

    Args:
        cells: The column of times as it was read.
        log: Receives the decision.

    Example:
        >>> tell_zones(pd.Series(["2025-01-01 10:00+01:00", "2025-01-01 11:00"]), DecisionLog())
        '1 of 2 stamps have a time zone, the others have none and are read as UTC; check that hours of different clocks are not mixed.'
    """
    zone = getattr(cells.dtype, "tz", None)
    if zone is not None:
        log.add("detect", "time zone", "UTC", f"Stamps have the time zone {zone}; steps and forecasts are told in UTC.")
        return None
    if pd.api.types.is_numeric_dtype(cells.dtype) or pd.api.types.is_datetime64_any_dtype(cells.dtype):
        return None
    texts = cells.dropna().astype(str)
    zoned = texts.str.contains(_ZONE, regex=True) & texts.str.contains(":", regex=False)
    if not zoned.any():
        return None
    clocks = int(texts[zoned].str.extract(r"(Z|UTC|[+-]\d{2}:?\d{2})\s*$")[0].nunique())
    told = f"Stamps have {'time zones, ' + str(clocks) + ' offsets' if clocks > 1 else 'a time zone'}; steps and forecasts are told in UTC."
    log.add("detect", "time zone", "UTC", told)
    if bool(np.all(zoned)):
        return None
    return (
        f"{int(zoned.sum()):,} of {len(texts):,} stamps have a time zone, the others have none and are read as UTC; check that hours of "
        "different clocks are not mixed."
    )
