"""Scores of several systems on several sets become ranks, wins, ratios and bars: pure functions over one long table of records.

A record is one system on one set with one budget and seed: `peer`, `data`, `budget`, `seed`, `loss` (log-loss or RMSE, smaller is
better), `calibration_error`, `coverage`, `fit_s`, `predict_s`, `peak_mb`.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

OURS = "automl"
CLOCKLESS = ("lightgbm", "realmlp")  # they end when they are done; a budget means nothing to them
MARK = "RESULT "
COLUMNS = ["peer", "data", "budget", "seed", "loss", "calibration_error", "coverage", "fit_s", "predict_s", "peak_mb"]


def record(result: Mapping[str, Any]) -> dict[str, Any]:
    """Return a result line as a record.

    Example:
        >>> record({"peer": "flaml", "data": "a", "budget": 60, "log_loss": 0.4, "ece": 0.02, "fit_s": 61})["calibration_error"]
        0.02
    """
    loss = result.get("log_loss", result.get("rmse"))
    error = result.get("calibration_error", result.get("ece"))
    known = {name: result.get(name) for name in COLUMNS}
    return {**known, "seed": result.get("seed", 0), "loss": loss, "calibration_error": error}


def results_in(text: str) -> list[dict[str, Any]]:
    """Return the records of a text's `RESULT {...}` lines; of two for the same run the later one counts."""
    found = [record(json.loads(line.partition(MARK)[2])) for line in text.splitlines() if MARK + "{" in line]
    return list({(r["peer"], r["data"], r["budget"], r["seed"]): r for r in found}.values())


def at_budgets(records: Sequence[dict[str, Any]], budgets: Sequence[float]) -> list[dict[str, Any]]:
    """Return the records of these budgets; a tool without a clock counts at every one of them."""
    found = [entry for entry in records if entry["peer"] not in CLOCKLESS and entry["budget"] in budgets]
    clockless = {(entry["peer"], entry["data"], entry["seed"]): entry for entry in records if entry["peer"] in CLOCKLESS}
    return found + [{**entry, "budget": float(budget)} for budget in budgets for entry in clockless.values()]


def frame(records: Iterable[Mapping[str, Any]]) -> pd.DataFrame:
    """Return records as a table with all columns, numbers as floats."""
    table = pd.DataFrame(list(records), columns=COLUMNS)
    return table.astype({name: float for name in COLUMNS if name not in ("peer", "data")})


def losses(records: pd.DataFrame, column: str = "loss") -> pd.DataFrame:
    """Return sets × systems, the mean over seeds, our system first."""
    table = records.pivot_table(index="data", columns="peer", values=column, aggfunc="mean")
    return table[sorted(table.columns, key=lambda name: (name != OURS, name))]


def mean_ranks(table: pd.DataFrame) -> pd.Series[float]:
    """Return the mean rank of each system, 1 is best; where a system has no score on a set, that set does not count for it.

    Example:
        >>> mean_ranks(pd.DataFrame({"automl": [1.0, 2.0], "flaml": [2.0, 3.0]})).to_dict()
        {'automl': 1.0, 'flaml': 2.0}
    """
    return table.rank(axis=1).mean()


def wins(table: pd.DataFrame, peer: str) -> tuple[int, int]:
    """Return on how many sets ours is strictly better than a peer, and how many both have."""
    both = table[[OURS, peer]].dropna()
    return int((both[OURS] < both[peer]).sum()), len(both)


def ratio_to_best(table: pd.DataFrame, peers: Sequence[str]) -> pd.Series[float]:
    """Return ours over the best of the peers on each set; above 1 is worse."""
    return (table[OURS] / table[list(peers)].min(axis=1)).dropna()


def overruns(records: pd.DataFrame) -> pd.DataFrame:
    """Return p50, p95 and worst of the time over the budget, as a share of it, for each system and budget."""
    clocked = records[~records["peer"].isin(CLOCKLESS) & records["fit_s"].notna()]
    share = (clocked["fit_s"] / clocked["budget"] - 1).groupby([clocked["peer"], clocked["budget"]])
    return pd.DataFrame({"runs": share.size(), "p50": share.median(), "p95": share.quantile(0.95), "worst": share.max()}).reset_index()


def systems(records: pd.DataFrame) -> pd.DataFrame:
    """Return one row per system: mean rank, our wins against it, calibration, seconds and memory."""
    table, errors = losses(records), losses(records, "calibration_error")
    ranks, rows = mean_ranks(table), []
    for name in ranks.sort_values().index:
        own = records[records["peer"] == name]
        won = "–" if name == OURS else "{} of {}".format(*wins(table, name))
        rows.append(
            {
                "system": name,
                "sets": int(table[name].notna().sum()),
                "mean rank": ranks[name],
                "ours better": won,
                "mean calibration error": errors[name].mean() if name in errors else np.nan,
                "median fit s": own["fit_s"].median(),
                "median predict s": own["predict_s"].median(),
                "peak MiB": own["peak_mb"].max(),
            }
        )
    return pd.DataFrame(rows)


def cell(value: Any) -> str:
    """Return a value as the text of a table's cell, four digits, a dash where there is none."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return "–"
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def markdown(rows: pd.DataFrame) -> str:
    """Return a table as Markdown."""
    lines = [list(map(str, rows.columns)), ["---"] * len(rows.columns)]
    lines += [[cell(value) for value in row] for row in rows.astype(object).itertuples(index=False)]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def scores(table: pd.DataFrame, peers: Sequence[str]) -> str:
    """Return the table of losses as Markdown: the best of a set in bold, and ours over the best of the peers."""
    ratio = ratio_to_best(table, peers)
    rows = []
    for name, values in table.iterrows():
        texts = {system: cell(float(value)) for system, value in values.items()}
        texts[str(values.idxmin())] = f"**{texts[str(values.idxmin())]}**"
        rows.append({"set": name, **texts, "ours / best peer": cell(float(ratio.get(name, np.nan)))})
    return markdown(pd.DataFrame(rows))


def bars(records: pd.DataFrame, only_networks: bool = False) -> pd.DataFrame:
    """Return the bars that the project set itself, the measured figure, and whether it is met.

    Args:
        records: All systems at one budget.
        only_networks: Whether ours kept trees out; then LightGBM and RealMLP are what it is judged by.
    """
    found: list[tuple[str, str, bool]] = []
    table = losses(records)
    peers = [name for name in table if name not in (OURS, "realmlp")]
    if only_networks:
        found += _bars_of_networks(records, table)
    elif peers:
        ranks = mean_ranks(table[[OURS, *peers]])
        found.append(("best mean rank", f"{ranks[OURS]:.2f}, best peer {ranks[peers].min():.2f}", ranks[OURS] <= ranks[peers].min()))
        for name in peers:
            won, sets = wins(table, name)
            found.append((f"better than {name} on 6 of 9", f"{won} of {sets}", won >= math.ceil(sets * 6 / 9)))
        ratio = ratio_to_best(table, peers)
        found.append(("at most 2 % worse than the best peer", f"{ratio.max() - 1:+.1%} ({ratio.idxmax()})", ratio.max() <= 1.02))
        errors = losses(records, "calibration_error").dropna()
        if OURS in errors and len(errors):
            means = errors[[name for name in (OURS, *peers) if name in errors]].mean()
            text = f"{means[OURS]:.4f}, best peer {means.drop(OURS).min():.4f}"
            found.append(("lowest mean calibration error", text, means.idxmin() == OURS))
    return pd.DataFrame(found + _bars_of_ours(records[records["peer"] == OURS]), columns=["bar", "measured", "met"])


def _bars_of_ours(ours: pd.DataFrame) -> list[tuple[str, str, bool]]:
    """Return the bars that need no peer: a model on every set, coverage, clock, memory."""
    ended = int(np.isfinite(ours["loss"]).sum())
    found = [("a model from every run", f"{ended} of {len(ours)}", ended == len(ours))]
    coverage = ours["coverage"].dropna()
    if len(coverage):
        text = f"{coverage.min():.1%} to {coverage.max():.1%}"
        found.append(("90 % intervals cover 88 to 92 %", text, bool(coverage.between(0.88, 0.92).all())))
    over = float((ours["fit_s"] / ours["budget"] - 1).quantile(0.95))
    memory = float(ours["peak_mb"].max())
    found.append(("p95 of the overrun at most 5 %", f"{over:+.1%}", over <= 0.05))
    found.append(("peak memory at most 3 GiB", f"{memory:.0f} MiB", memory <= 3 * 1024))
    return found


def _bars_of_networks(records: pd.DataFrame, table: pd.DataFrame) -> list[tuple[str, str, bool]]:
    """Return the bars of a run without trees."""
    found = []
    if "lightgbm" in table:
        won, sets = wins(table, "lightgbm")
        found.append(("networks better than lightgbm on 4 of 9", f"{won} of {sets}", won >= math.ceil(sets * 4 / 9)))
    if "realmlp" in table:
        ratio = ratio_to_best(table, ["realmlp"])
        found.append(("within 1 % of RealMLP-TD on all", f"worst {ratio.max() - 1:+.1%} ({ratio.idxmax()})", ratio.max() <= 1.01))
        seconds = losses(records, "fit_s").reindex(columns=[OURS, "realmlp"]).dropna()
        share = seconds[OURS] / seconds["realmlp"]
        if len(share):
            found.append(("at most half of RealMLP-TD's time", f"worst {share.max():.2f} ({share.idxmax()})", share.max() <= 0.5))
    return found
