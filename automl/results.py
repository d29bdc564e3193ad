"""The folder that a run leaves behind (model, report, facts, leaderboard) and the few lines that sum it up."""

from __future__ import annotations

import json
import operator
import re
import signal
import tempfile
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from automl.errors import DataError, UsageError, did_you_mean

if TYPE_CHECKING:
    from automl.anomaly.detector import AnomalyDetector
    from automl.estimator import AutoML
    from automl.report.anomalies import AnomalyFacts
    from automl.report.facts import ReportFacts, ScoreFacts

MAIN_SCORES = {  # the few that the last lines of a command show; the report shows all
    "binary": ("roc_auc", "pr_auc", "log_loss", "recall", "precision"),
    "multiclass": ("accuracy", "balanced_accuracy", "f1", "roc_auc", "log_loss"),
    "regression": ("rmse", "mae", "r2"),
    "forecasting": ("wql", "mase", "smape", "mae", "coverage"),
    "multilabel": ("f1_macro", "f1_micro", "subset_accuracy", "hamming_loss", "roc_auc"),
    "anomaly_detection": ("average_precision", "precision", "recall", "false_alarms", "share_of_alarms"),
}
LABEL_SCORES = ("f1_macro", "f1_micro", "subset_accuracy", "hamming_loss")
FORECAST_SCORES = ("wql", "mase", "rmsse", "smape", "coverage")
_COMPARE = {">=": operator.ge, "<=": operator.le, ">": operator.gt, "<": operator.lt}


def prepare_folder(path: str | Path) -> Path:
    """Make the folder for the results and prove that it can be written to, before any work is done.

    Args:
        path: The folder; it may exist.

    Returns:
        The folder.

    Raises:
        DataError: If it cannot be made or written to.

    Example:
        >>> with tempfile.TemporaryDirectory() as home:
        ...     prepare_folder(Path(home) / "results").is_dir()
        True
    """
    folder = Path(path)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as problem:
        raise DataError(
            f"The folder for results must be writable. Received out={str(path)!r}: {problem.strerror}. Name another folder with --out."
        ) from problem
    return folder


def with_command(facts: ReportFacts, command: str) -> ReportFacts:
    """Return facts that tell the command which made them."""
    return facts.model_copy(update={"reproduce": facts.reproduce.model_copy(update={"command": command})})


def write_results(model: AutoML | AnomalyDetector, folder: Path) -> dict[str, Path]:
    """Write ``model.automl``, ``report.html``, ``report.json``, ``leaderboard.csv`` and three texts; Ctrl-C waits until all are there.

    Args:
        model: A fitted model.
        folder: Where to; see :func:`prepare_folder`.

    Returns:
        The path of each file by what it is: "report", "model", "facts", "leaderboard", "text", "card", "annex".
    """
    from automl.report.facts import write_json

    with _uninterrupted():
        return {
            "model": Path(model.save(folder / "model.automl")),
            "report": Path(model.report(folder / "report.html")),
            "facts": write_json(model.facts_, folder / "report.json"),
            "leaderboard": _write_table(model.leaderboard(), folder / "leaderboard.csv"),
            **_write_documents(model.facts_, folder),
        }


def write_detector(model: AnomalyDetector, folder: Path, data: Any) -> dict[str, Path]:
    """Write what :func:`write_results` writes, and ``scores.csv``, the scores of some rows.

    Args:
        model: A fitted detector of anomalies.
        folder: Where to.
        data: The rows.
    """
    files = write_results(model, folder)
    return {**files, "scores": model.write_scores(folder / "scores.csv", data)}


def _write_documents(facts: ReportFacts, folder: Path) -> dict[str, Path]:
    """Write the report as Markdown, the model card and the Annex IV file."""
    from automl.report.documents import DOCUMENTS, write_document

    return {kind: write_document(facts, folder / name, kind) for kind, name in DOCUMENTS.items()}


@contextmanager
def _uninterrupted() -> Iterator[None]:
    """Hold Ctrl-C back: who presses it twice still wants the files whole."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    previous = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, previous)


def _write_table(table: Any, path: Path) -> Path:
    configs = {name: table[name].map(json.dumps) for name in table.columns if name == "config"}
    table.assign(**configs).to_csv(path, index=False)
    return path


@dataclass(frozen=True)
class Gate:
    """A minimum (or maximum) that a score has to reach, such as ``roc_auc>=0.8``.

    Attributes:
        metric: Name of the score in the report's facts.
        sign: ">=", "<=", ">" or "<".
        value: The bound.
    """

    metric: str
    sign: str
    value: float

    @classmethod
    def parse(cls, text: str, known: Iterable[str] = ()) -> Gate:
        """Read a gate.

        Args:
            text: Such as ``"roc_auc>=0.8"``.
            known: Names of metrics; empty when they are not known yet.

        Raises:
            UsageError: If it is not a comparison, or names no metric.

        Example:
            >>> Gate.parse("roc_auc >= 0.8")
            Gate(metric='roc_auc', sign='>=', value=0.8)
        """
        match = re.fullmatch(r"\s*([A-Za-z]\w*)\s*(>=|<=|>|<)\s*([-+.\deE]+)\s*", text)
        try:
            value = float(match.group(3)) if match else float("nan")
        except ValueError:
            value = float("nan")
        if match is None or value != value:
            raise UsageError(f"`--require` must compare a metric with a number, such as 'roc_auc>=0.8'. Received {text!r}.")
        names = list(known)
        if names and match.group(1) not in names:
            hint = did_you_mean(match.group(1), names) or f" Known metrics: {', '.join(names)}."
            raise UsageError(f"`--require` must name a metric of the report. Received {match.group(1)!r}.{hint}")
        return cls(match.group(1), match.group(2), value)

    def failure(self, facts: ReportFacts) -> str | None:
        """Return a sentence when the gate is not passed, else None. A score that is not known does not pass.

        Raises:
            UsageError: If the report has no such score.
        """
        scores = facts.evaluation.scores
        gate = Gate.parse(f"{self.metric}{self.sign}{self.value!r}", scores)
        value = scores[gate.metric].value
        if value is not None and _COMPARE[self.sign](value, self.value):
            return None
        return f"{self.metric} must be {self.sign} {self.value:g}. Measured {'nothing' if value is None else _number(value)}."


def _number(value: float) -> str:
    """Four significant digits, with thousands separators and without an exponent: what people read.

    Example:
        >>> _number(0.84391), _number(549.8319), _number(3996.477)
        ('0.8439', '549.8', '3,996')
    """
    if value != 0 and not 1e-4 <= abs(value) < 1e9:
        return f"{value:.3g}"
    whole = len(str(int(abs(value))))
    return f"{value:,.{max(0, 4 - whole if abs(value) >= 1 else 4)}f}"


def _title(score: ScoreFacts) -> str:
    return score.title.split(" (", 1)[0]  # what stands in brackets explains; here is no room for it


def _score_line(score: ScoreFacts, width: int) -> str:
    if score.value is None:
        return f"  {_title(score):<{width}}  not known: {score.undefined or 'undefined'}"
    interval = "" if score.low is None or score.high is None else f"(95 %: {_number(score.low)} to {_number(score.high)})"
    naive = "" if score.naive is None else f"naive {_number(score.naive)}"
    return f"  {_title(score):<{width}}  {_number(score.value):>8}  {interval:<28}  {naive}".rstrip()


def summary(facts: ReportFacts, files: dict[str, Path]) -> str:
    """Sum a run up for people: the verdict, the main scores against the naive predictor, the files.

    Args:
        facts: The run's facts.
        files: What :func:`write_results` returned.

    Returns:
        Lines of text; the last one names the report to open.
    """
    answer, evaluation = facts.answer, facts.evaluation
    wanted = [evaluation.scores[name] for name in MAIN_SCORES[facts.task.problem] if name in evaluation.scores]
    shown = wanted or list(evaluation.scores.values())[:5]
    width = max((len(_title(score)) for score in shown), default=0)
    lines = [f"Usable: {answer.verdict}. {answer.headline}", *(f"  {sentence}" for sentence in answer.sentences)]
    lines += [f"  Warning: {warning}" for warning in answer.warnings]
    lines += [*_strangest(facts.anomalies)] if facts.anomalies is not None else []
    lines += ["", f"Measured on {evaluation.rows:,} rows ({evaluation.source}):", *(_score_line(score, width) for score in shown), ""]
    lines += [f"{name.capitalize():<12}{path}" for name, path in files.items() if name != "report"]
    return "\n".join([*lines, f"{'Report':<12}{files['report']}  (open this one)"])


def _strangest(told: AnomalyFacts) -> Iterator[str]:
    """List the rows that somebody should look at first."""
    from automl.report.anomalies import named, reasons  # late: help must not wait for it

    if told.strangest:
        yield from ("", "Strangest rows:")
    for row in told.strangest[:3]:
        yield f"  {named(row)}: {row.score:.2f}  {' | '.join(reasons(row))}"


def summary_json(facts: ReportFacts, files: dict[str, Path], *, interrupted: bool, failed: list[str]) -> str:
    """Sum a run up for programs: one JSON object with verdict, scores, files, whether it was interrupted, and the gates that failed."""
    told = {
        "verdict": facts.answer.verdict,
        "headline": facts.answer.headline,
        "problem": facts.task.problem,
        "scores": {name: score.model_dump(include={"value", "low", "high", "naive"}) for name, score in facts.evaluation.scores.items()},
        "files": {name: str(path) for name, path in files.items()},
        "interrupted": interrupted,
        "failed": failed,
    }
    return json.dumps(told, indent=1, ensure_ascii=False)
