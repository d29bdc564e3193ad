"""Shares as percents, written the same way in every sentence of the house: 84 %, 3.1 %, 0.04 %."""

from __future__ import annotations

import math

MINUS = "\u2212"


def percent(share: float) -> str:
    """Write a share as percents, with a space before the sign; one decimal only near 0 and near 100.

    Example:
        >>> [percent(x) for x in (0.8427, 0.0312, 0.9962, 0, 1, 0.0004)]
        ['84 %', '3.1 %', '99.6 %', '0 %', '100 %', '0.04 %']
    """
    return f"{percents(share)} %" if math.isfinite(share) else "–"


def percents(share: float) -> str:
    """Write the number alone, for intervals that share one sign."""
    value = 100 * float(share)
    if value in (0, 100):
        text = f"{value:.0f}"
    elif 0 < abs(value) < 0.1:
        text = f"{value:.1g}" if abs(value) >= 1e-4 else "0"
    elif abs(value) < 9.95 or 99 < value < 100:
        text = f"{min(value, 99.9) if value < 100 else value:.1f}"
    else:
        text = f"{value:,.0f}"
    return text.replace("-", MINUS)
