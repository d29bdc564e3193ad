"""The command that sets all families of models side by side."""

from __future__ import annotations

import sys
from typing import Any

from automl.cli import detected, documents, output, starting
from automl.cli.options import (
    Alarms,
    Combine,
    Country,
    Data,
    FalseAlarms,
    Families,
    Frequency,
    Group,
    Horizon,
    Json,
    Known,
    Memory,
    Metric,
    Moment,
    OnlyNetworks,
    Page,
    Past,
    Problem,
    Quiet,
    Season,
    Seed,
    Series,
    Static,
    Targets,
    Time,
    Trials,
    Types,
    of_series,
)
from automl.progress import open_progress


def compare(
    data: Data,
    target: Targets = None,
    budget: Time = None,
    families: Families = None,
    only_networks: OnlyNetworks = False,
    seed: Seed = None,
    trials: Trials = None,
    memory: Memory = None,
    problem: Problem = None,
    types: Types = None,
    group: Group = None,
    time: Moment = None,
    series: Series = None,
    horizon: Horizon = None,
    known: Known = None,
    past: Past = None,
    static: Static = None,
    frequency: Frequency = None,
    season: Season = None,
    country: Country = None,
    combine_columns: Combine = False,
    metric: Metric = None,
    alarms: Alarms = None,
    false_alarms: FalseAlarms = None,
    out: Page = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Give every family of models the same chance and show them side by side."""
    limits = starting.budget_of(budget, trials, memory)
    output.existing(data, "data", folders=True)
    column: Any = None
    if target:
        column = target if len(target) > 1 else target[0]
    elif problem != "anomaly_detection" and alarms is None and false_alarms is None:
        column = detected.ask_target(starting.library().detect, data, limits)
    options: dict[str, Any] = {
        "families": output.names(families),
        "only_networks": only_networks or None,
        "seed": seed,
        "problem": problem,
        "types": output.pairs(types),
        "group": group,
        "time": time,
        "combine_columns": combine_columns or None,
        "metric": metric,
        "alarms": alarms,
        "false_alarms": false_alarms,
        "out": documents.page(out),
        **of_series(series, horizon, known, past, static, frequency, season, country),
    }
    with open_progress(elapsed=limits.elapsed, quiet=quiet) as progress:
        progress(starting.started(limits))
        given = {name: value for name, value in options.items() if value is not None}
        table = starting.library().compare(data, column, budget=limits, progress=output.before_networks(progress), **given)
    if as_json:
        output.print_json(output.records(table))
    elif "agreement" in table:
        output.print_detectors(table)
    else:
        output.print_leaderboard(table)
    if out is not None:
        print(f"The comparison is in {out}.", file=sys.stderr)
