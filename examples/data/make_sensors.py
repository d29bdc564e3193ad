"""Write the two generated sets of sensor data: python examples/data/make_sensors.py FOLDER. No machine stood behind them."""

import sys
from pathlib import Path

import numpy as np
import pandas as pd

STEPS = 40


def failures(rng: np.random.Generator, windows: int = 260) -> pd.DataFrame:
    """Windows of forty minutes. Where the bearing shakes before it warms up, it fails within the day; else it was the load."""
    parts = []
    steps = np.arange(STEPS)
    for window in range(windows):
        fails = rng.random() < 0.3
        length = int(rng.integers(34, STEPS + 1))
        first, second = rng.integers(5, 13), rng.integers(20, 30)
        shaking, heat = (first, second) if fails else (second, first)
        vibration = 1.0 + 0.15 * rng.normal(size=STEPS) + rng.uniform(0.5, 1.1) * np.exp(-(((steps - shaking) / 3.0) ** 2))
        temperature = 55 + 1.2 * rng.normal(size=STEPS) + rng.uniform(5, 10) * np.exp(-(((steps - heat) / 4.0) ** 2))
        current = 12 + 0.4 * rng.normal(size=STEPS) + rng.normal()
        table = {"window": f"w{window:03d}", "minute": steps, "vibration": vibration.round(3), "temperature": temperature.round(1)}
        answer = fails if rng.random() > 0.04 else not fails
        parts.append(pd.DataFrame({**table, "current": current.round(2), "failed": "yes" if answer else "no"}).iloc[:length])
    return pd.concat(parts, ignore_index=True)


def monitoring(rng: np.random.Generator, hours: int = 3_000) -> pd.DataFrame:
    """Four months of a pump by the hour; thirty hours in which something was wrong are marked."""
    when = pd.date_range("2025-01-01", periods=hours, freq="h")
    daily = np.sin(2 * np.pi * (when.hour.to_numpy() - 6) / 24)
    flow = 100 + 20 * daily + 4 * rng.normal(size=hours)
    pressure = 3 + 0.02 * (flow - 100) + 0.05 * rng.normal(size=hours)
    power = 20 + 0.15 * flow * pressure / 3 + 0.5 * rng.normal(size=hours)
    mode = np.where(daily > 0, "day", "night")
    faults = rng.choice(np.arange(200, hours), 30, replace=False)
    for place, hour in enumerate(faults):
        if place % 3 == 0:
            pressure[hour] -= 0.5  # a leak: less pressure than the flow would need
        elif place % 3 == 1:
            power[hour] += 6  # the motor works against something
        else:
            flow[hour] = 200 - flow[hour]  # the meter counts the wrong way round the mean
    table = {"time": when, "flow": flow.round(1), "pressure": pressure.round(3), "power": power.round(2), "mode": mode}
    return pd.DataFrame({**table, "fault": np.where(np.isin(np.arange(hours), faults), "yes", "no")})


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    failures(np.random.default_rng(2026)).to_csv(folder / "machine_windows.csv", index=False)
    monitoring(np.random.default_rng(2027)).to_csv(folder / "pump_hours.csv", index=False)
