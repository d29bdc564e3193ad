"""More commands: forecasts without rows, and versions."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

import automl
from automl.cli import output
from automl.cli.commands import app as app
from automl.cli.options import History, Json, Model
from automl.errors import UsageError


@app.command()
def forecast(
    model: Model,
    horizon: Annotated[int | None, typer.Option(metavar="N", help="Steps ahead. Default: what the model was trained for.")] = None,
    out: Annotated[str | None, typer.Option("--output", "-o", metavar="FILE", help="A .csv, .tsv, .parquet or .jsonl file.")] = None,
    history: History = None,
    as_json: Json = False,
) -> None:
    """Forecast every series from where it ends; without -o the table goes to stdout as CSV."""
    write = output.table_writer(out)
    fitted = output.load_model(model)
    if not hasattr(fitted, "forecast"):
        raise UsageError(f"`forecast` needs a model of series. Received {model!r}, a model of tables; use `automl predict`.")
    table = fitted.forecast(horizon, history=None if history is None else output.read_frame(history))
    if out is not None:
        write(table)
        print(f"{len(table):,} forecasts are in {out}.", file=sys.stderr)
    elif as_json:
        output.print_json(output.records(table))
    else:
        table.to_csv(sys.stdout, index=False)


@app.command()
def version(as_json: Json = False) -> None:
    """Say which versions are installed."""
    import platform
    from importlib import metadata

    told = {"automl": automl.__version__, "python": platform.python_version()}
    for name in ("keras", "tensorflow", "jax", "torch", "scikit-learn", "lightgbm"):
        try:
            told[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue  # an extra that is not installed
    if as_json:
        output.print_json(told)
    else:
        print("\n".join(f"{name} {number}" for name, number in told.items()))
