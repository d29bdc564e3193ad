"""How the commands read names and write tables, JSON and prediction files."""

from __future__ import annotations

import importlib
import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from automl.errors import DataError, UsageError, did_you_mean
from automl.percents import percent
from automl.results import prepare_folder

if TYPE_CHECKING:
    import pandas as pd

    from automl.estimator import AutoML
    from automl.progress import Progress

_WRITERS = (".csv", ".tsv", ".parquet", ".jsonl")
_WIDE = 130  # columns of text from which a leaderboard shows everything
_PLAIN_WIDTH = 160  # columns of text where there is no terminal that says how wide it is


@contextmanager
def held_back() -> Iterator[None]:
    """Close the process's stderr to what is called.

    TensorFlow writes about drivers and processor features from C++ while it is imported, before any setting of its log is read; nothing but
    the file descriptor itself holds that back. Exceptions pass.
    """
    if os.environ.get("AUTOML_DEBUG"):
        yield
        return
    sys.stderr.flush()
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


def import_quietly(*names: str) -> None:
    """Import modules while stderr is held back from them."""
    with held_back():
        for name in names:
            importlib.import_module(name)


def existing(path: str, what: str, *, folders: bool = False) -> None:
    """Refuse a path that is no file.

    Raises:
        DataError: The message says which argument, and what it may have been meant to be.
    """
    if not os.path.isfile(path) and not (folders and os.path.isdir(path)):
        state = "is a folder" if os.path.isdir(path) else "does not exist"
        raise DataError(f"`{what}` must be a file. Received {path!r}, which {state}.{similar_file(path)}")


def predictions(model: Any, frame: Any, sets: float | None, history: str | None) -> Any:
    """Return the table of predictions; a model of series takes new observations along.

    Raises:
        UsageError: If a model of tables is given new observations.
    """
    if history is None:
        return model.predictions(frame, sets=sets)
    if not hasattr(model, "forecast"):
        raise UsageError("`--history` is for models of series. Received a model of tables.")
    return model.predictions(frame, sets=sets, history=read_frame(history))


def load_model(path: str) -> AutoML:
    """Open a model file; a model with networks imports their backend, quietly."""
    import automl

    with held_back():
        model: AutoML = automl.load(path)
    return model


def stem(path: str) -> str:
    """Return a file's name without folder and endings.

    Example:
        >>> stem("data/customers.csv.gz")
        'customers'
    """
    name = Path(path).name
    return name.split(".", 1)[0] or name


def names(text: str | None) -> list[str] | None:
    """Read names separated by commas.

    Example:
        >>> names("linear, mlp")
        ['linear', 'mlp']
    """
    return None if text is None else [name.strip() for name in text.split(",") if name.strip()]


def pairs(texts: Sequence[str] | None, option: str = "--type", example: str = "zip=category") -> dict[str, str] | None:
    """Read ``COLUMN=TYPE`` options.

    Raises:
        UsageError: If there is no equals sign.

    Example:
        >>> pairs(["zip=category"])
        {'zip': 'category'}
    """
    if not texts:
        return None
    for text in texts:
        if "=" not in text:
            raise UsageError(f"`{option}` must be COLUMN={'TYPE' if option == '--type' else 'WAY'}, such as {example}. Received {text!r}.")
    return {text.rpartition("=")[0]: text.rpartition("=")[2] for text in texts}


def suggestion(name: str, reason: str) -> str:
    """Write one suggested target with its reason.

    Example:
        >>> suggestion("churn", "'churn': it is the last column.")
        'churn: it is the last column.'
    """
    return f"{name}: {reason.removeprefix(f'{name!r}: ')}"


def similar_file(path: str) -> str:
    """Return a hint with the most similar file name in the same folder, or an empty string."""
    folder = Path(path).parent
    present = sorted(os.listdir(folder))[:10_000] if folder.is_dir() else []
    return did_you_mean(Path(path).name, present)


def result_files(folder: Path) -> dict[str, Path]:
    """Return where :func:`automl.results.write_results` puts its files."""
    return {
        "model": folder / "model.automl",
        "report": folder / "report.html",
        "facts": folder / "report.json",
        "leaderboard": folder / "leaderboard.csv",
        "text": folder / "report.md",
        "card": folder / "model_card.md",
        "annex": folder / "annex_iv.md",
    }


def read_frame(path: str) -> pd.DataFrame:
    """Read a table once, so that labels, probabilities and limits come from the same rows."""
    from automl.dataset import read

    frame: pd.DataFrame = read(path, folders=True).frame
    return frame


def read_rows(path: str, model: AutoML) -> tuple[pd.DataFrame, list[str] | None]:
    """Read the rows to predict, of a table or of a folder of pictures, and the name of each row's file where rows are files.

    Raises:
        DataError: If it cannot be read, or a picture's path leads out of the folder of the data.
    """
    from automl.dataset import read
    from automl.dataset.picture_paths import for_prediction

    if not hasattr(model, "schema_"):  # of series that go on
        return read_frame(path), None
    dataset = read(path, folders=True)
    frame, files = for_prediction(dataset.frame, dataset.path, model.schema_.features)
    for name, why in list(dataset.details.get("broken_images", {}).items())[:20]:
        print(f"left out: {name} ({why})", file=sys.stderr)
    return frame, files


def with_files(table: pd.DataFrame, files: list[str] | None) -> pd.DataFrame:
    """Put the names of the rows' files in front of their predictions, where rows are files."""
    if files is not None and len(files) == len(table):
        table.insert(0, "file", files)
    return table


def table_writer(path: str | None) -> Callable[[pd.DataFrame], None]:
    """Choose how to write a table by the file's ending, before any work is done.

    Raises:
        UsageError: If no such format can be written.
        DataError: If the folder is not writable.
    """
    if path is None:
        return lambda table: None
    suffix = Path(path).suffix.lower()
    if suffix not in _WRITERS:
        raise UsageError(f"`--output` must end in one of {', '.join(_WRITERS)}. Received {path!r}.")
    prepare_folder(Path(path).parent)
    if suffix == ".parquet":
        return lambda table: table.to_parquet(path, index=False)
    if suffix == ".jsonl":
        return lambda table: table.to_json(path, orient="records", lines=True, double_precision=15, force_ascii=False)
    return lambda table: table.to_csv(path, index=False, sep="\t" if suffix == ".tsv" else ",")


def explanations(model: AutoML, frame: pd.DataFrame, rows: Sequence[int]) -> list[dict[str, Any]]:
    """Explain some rows: for each its number, its prediction and the contributions, the largest first.

    Raises:
        UsageError: If there is no such row.
    """
    for row in rows:
        if not 0 <= row < len(frame):
            raise UsageError(f"`--row` must be between 0 and {len(frame) - 1}. Received {row}.")
    chosen = frame.iloc[list(rows)].reset_index(drop=True)
    parts, predicted = model.explain(chosen), records(model.predictions(chosen))
    told = []
    for place, row in enumerate(rows):
        mine = parts[parts["row"] == place].sort_values("contribution", key=abs, ascending=False, kind="stable")
        shown = [name for name in ("label", "column", "value", "contribution") if name in mine]
        told.append({"row": row, **predicted[place], "contributions": records(mine[shown])})
    return told


def records(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Return a table as JSON-ready records; missing values become None."""
    return list(json.loads(table.to_json(orient="records", double_precision=15, date_format="iso")))


def print_json(value: Any) -> None:
    """Write a value to stdout as JSON."""
    print(json.dumps(value, indent=1, ensure_ascii=False, default=str))


def print_explanations(explained: Iterable[Mapping[str, Any]]) -> None:
    """Write the contributions of each row to stdout, with the prediction above."""
    for one in explained:
        shown = {name.replace("probability_", "probability of ", 1): one[name] for name in one if name not in {"row", "contributions"}}
        parts = [f"{name}: {value:.4g}" if isinstance(value, float) else f"{name}: {_text(value)}" for name, value in shown.items()]
        told = one["contributions"]
        contributions = [(_of_label(part) + part["column"], _text(part["value"]), f"{part['contribution']:+.4g}") for part in told]
        print_table(f"Row {one['row']}: {', '.join(parts)}", ("column", "value", "contribution"), contributions)


def _of_label(part: Mapping[str, Any]) -> str:
    return f"{part['label']}: " if "label" in part else ""


def print_leaderboard(table: pd.DataFrame) -> None:
    """Write a leaderboard to stdout: what people compare; the rest is in ``leaderboard.csv`` and in the JSON.

    Models without a score are told in words below the table, and so are kinds of models that did not take part and whether networks were
    worth it (``table.attrs``).
    """
    from automl.report import words

    scored = cast(list[dict[str, Any]], table[table["loss"].notna()].to_dict("records"))
    wide = _width() >= _WIDE
    header = ("model", "loss", *(("95 % interval",) if wide else ()), "to the best single model", "share", "training")
    rows = []
    for row in scored:
        model = f"{row['title']} (for comparison)" if row.get("note") == "for comparison" else row["title"]
        share = "" if row["family"] == "ensemble" else percent(row["weight"])
        interval = (f"{_text(row['low'])} to {_text(row['high'])}",) if wide else ()
        costs = (words.size(None if (size := _known(row, "size_bytes")) is None else int(size)),) if wide else ()
        times = [words.moment(None if (ms := _known(row, f"predict_ms_{many}")) is None else ms / 1000) for many in (1, 1000)]
        rows.append((model, _text(row["loss"]), *interval, _difference(row), share, words.seconds(row["seconds"]), *costs, *times))
    print_table("Models, best first", (*header, *(("size",) if wide else ()), "1 row", "1,000 rows"), rows)
    for failed in table[table["loss"].isna()].to_dict("records"):
        print(f"{failed['title']}: no score; {str(failed.get('note') or 'no usable model').rstrip('.')}.")
    for kind, reason in table.attrs.get("absent", {}).items():
        print(f"No {words.kinds(kind)}: {reason}.")
    if table.attrs.get("advice"):
        print(str(table.attrs["advice"]).replace(words.SPACE, " "))
    if table.attrs.get("simplest"):
        print(str(table.attrs["simplest"]).replace(words.SPACE, " "))


def print_detectors(table: pd.DataFrame) -> None:
    """Write detectors of anomalies to stdout, side by side; the rest is in the JSON."""
    from automl.report import words

    scored = table.attrs.get("metric") is not None
    header = ["detector", *(["average precision", "to the best"] if scored else []), "agrees", "with all", "alarms"]
    header += ["training", "1,000 rows"]
    rows = []
    for row in cast(list[dict[str, Any]], table.to_dict("records")):
        shares = [words.percent(_known(row, name)) for name in ("agreement", "agreement_with_all", "share_of_alarms")]
        time = _known(row, "predict_ms_1000")
        costs = [words.seconds(_known(row, "seconds")), words.moment(None if time is None else time / 1000)]
        title = f"{row['title']} (for comparison)" if row["note"] == "for comparison" else row["title"]
        rows.append((title, *((_text(row["average_precision"]), _gap(row)) if scored else ()), *shares, *costs))
    print_table("Detectors, the best first" if scored else "Detectors, those that agree most first", header, rows)
    for title, reason in table.attrs.get("left_out", {}).items():
        print(f"Left out: {title}: {reason}.")
    for name in ("advice", "simplest"):
        if table.attrs.get(name):
            print(str(table.attrs[name]).replace(words.SPACE, " "))


def _gap(row: Mapping[str, Any]) -> str:
    """Say how far a detector is from the best single one; more is better."""
    difference, low, high = (_known(row, name) for name in ("difference", "difference_low", "difference_high"))
    if difference is None or low is None or high is None:
        return ""
    noise = "within noise" if not row["beyond_noise"] else "better" if difference > 0 else "worse"
    return f"{difference:+.2g} ({low:.2g} to {high:.2g}), {noise}"


def _difference(row: Mapping[str, Any]) -> str:
    """Say how far a model is from the best single one."""
    difference, low, high = (_known(row, name) for name in ("difference", "difference_low", "difference_high"))
    if difference is None or low is None or high is None:
        return "" if "difference" not in row or row["family"] == "ensemble" else "the best"
    noise = "within noise" if not row["beyond_noise"] else "worse" if difference > 0 else "better"
    return f"{difference:+.2g} ({low:.2g} to {high:.2g}), {noise}"


def _known(row: Mapping[str, Any], name: str) -> float | None:
    value = row.get(name)
    return None if value is None or value != value else float(value)


def _text(value: Any) -> str:
    if value is None or value != value:
        return "–"
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _width() -> int:
    """Return how many characters a line of the terminal holds."""
    return os.get_terminal_size(sys.stdout.fileno()).columns if sys.stdout.isatty() else _PLAIN_WIDTH


def print_table(title: str, header: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Write a table with a title to stdout."""
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for name in header:
        table.add_column(name, overflow="fold")
    for row in rows:
        table.add_row(*(Text(str(cell)) for cell in row))  # Text: a column called "[red]" is a name, not markup
    console = Console(file=sys.stdout, width=None if sys.stdout.isatty() else _PLAIN_WIDTH)
    console.print(Text(title, style="bold"), table, sep="")


def before_networks(progress: Callable[[Progress], None]) -> Callable[[Progress], None]:
    """Pass progress on, and import the networks' backend quietly once the data are read and checked: a mistake in them is told at once."""

    def told(record: Progress) -> None:
        if record.stage == "prepare":
            progress(replace(record, message="loading the library for networks"))
            import_quietly("automl._backend")
        progress(record)

    return told
