"""How groups of people are treated, against fairlearn: the same rates, differences and ratios to twelve digits."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from fairlearn import metrics as fair
from sklearn.metrics import precision_score, zero_one_loss

from automl.evaluation.groups import Treatment, treatments

RATES = {
    "flagged": fair.selection_rate,
    "found": fair.true_positive_rate,
    "false alarms": fair.false_positive_rate,
    "right when flagged": precision_score,
    "wrong": zero_one_loss,
}


def decided(seed: int, rows: int = 900) -> tuple[pd.DataFrame, np.ndarray, np.ndarray]:
    """People of two columns, what is true of them, and decisions that favour some."""
    rng = np.random.default_rng(seed)
    people = pd.DataFrame({"sex": rng.choice(["f", "m"], rows), "town": rng.choice(["Brno", "Praha", "Ostrava"], rows, p=[0.5, 0.3, 0.2])})
    y = (rng.random(rows) < 0.35).astype(int)
    chance = 0.2 + 0.5 * y + 0.15 * (people["sex"] == "m") - 0.1 * (people["town"] == "Brno")
    return people, y, (rng.random(rows) < chance).astype(int)


def gap(told: Treatment, rate: str) -> tuple[float, float]:
    found = next(entry for entry in told.gaps if entry.rate == rate)
    assert found.ratio is not None
    return found.difference, found.ratio


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("columns", [("sex",), ("town",), ("sex", "town")], ids=" and ".join)
def test_rates_and_gaps_are_those_of_fairlearn(columns: tuple[str, ...], seed: int) -> None:
    people, y, flagged = decided(seed)
    told = next(entry for entry in treatments(people, people[[]], "binary", y, flagged) if entry.columns == columns)
    groups = people[list(columns)]
    frame = fair.MetricFrame(metrics=RATES, y_true=y, y_pred=flagged, sensitive_features=groups)
    assert len(told.groups) == len(frame.by_group)
    for group in told.groups:
        names = tuple(group.name.split(", "))
        for rate in RATES:
            assert group.rates[rate].value == pytest.approx(frame.by_group.loc[names if len(names) > 1 else names[0], rate], abs=1e-12)
    for rate in RATES:
        assert gap(told, rate)[0] == pytest.approx(frame.difference(method="between_groups")[rate], abs=1e-12)
        assert gap(told, rate)[1] == pytest.approx(frame.ratio(method="between_groups")[rate], abs=1e-12)
    given = {"y_true": y, "y_pred": flagged, "sensitive_features": groups}
    assert gap(told, "flagged")[0] == pytest.approx(fair.demographic_parity_difference(**given), abs=1e-12)
    assert gap(told, "flagged")[1] == pytest.approx(fair.demographic_parity_ratio(**given), abs=1e-12)
    odds = max(gap(told, "found")[0], gap(told, "false alarms")[0])
    assert odds == pytest.approx(fair.equalized_odds_difference(**given), abs=1e-12)
    least = min(gap(told, "found")[1], gap(told, "false alarms")[1])
    assert least == pytest.approx(fair.equalized_odds_ratio(**given), abs=1e-12)
