"""A model that costs nothing, so that the tests of the command line and of recipes test those and not the training."""

from __future__ import annotations

import os
import signal
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd

from automl.progress import Progress
from automl.report.facts import Answer, DataFacts, EvaluationFacts, ReportFacts, ScoreFacts, TaskFacts


def facts(problem: str = "binary") -> ReportFacts:
    """Small but complete facts."""
    name, title = ("rmse", "RMSE (root)") if problem == "regression" else ("roc_auc", "ROC AUC (ranking)")
    score = ScoreFacts(title=title, value=0.84, low=0.82, high=0.86, naive=0.5, greater_is_better=problem != "regression")
    return ReportFacts(
        title="t",
        created="2026-01-01",
        automl_version="0",
        answer=Answer(verdict="yes", rule="r", headline="It finds them.", sentences=("Four of five.",), warnings=("Few rows.",)),
        task=TaskFacts(problem=problem, target="churn", metric=name),  # type: ignore[arg-type]
        data=DataFacts(name="d", rows=90, columns=3, columns_used=2, rows_train=90),
        evaluation=EvaluationFacts(rows=90, source="out of fold", scores={name: score}),
    )


@dataclass
class FakeModel:
    """Has the face of a fitted model; predicts from the row's number."""

    problem: str = "binary"
    interrupted_: bool = False
    calls: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.facts_ = facts(self.problem)
        labels: tuple[Any, ...] = {"binary": ("No", "Yes"), "multiclass": (1, 2, 3)}.get(self.problem, ())
        self.task_ = SimpleNamespace(is_classification=bool(labels), classes=labels, problem=self.problem)

    def predict(self, data: pd.DataFrame) -> np.ndarray[Any, Any]:
        if not self.task_.is_classification:
            return np.arange(len(data), dtype=float)
        return np.array(self.task_.classes)[np.arange(len(data)) % len(self.task_.classes)]

    def predict_proba(self, data: pd.DataFrame) -> np.ndarray[Any, Any]:
        return np.full((len(data), len(self.task_.classes)), 1 / len(self.task_.classes))

    def predict_interval(self, data: pd.DataFrame) -> tuple[Any, Any]:
        return self.predict(data) - 1, self.predict(data) + 1

    def predictions(self, data: pd.DataFrame, *, sets: float | None = None) -> pd.DataFrame:
        table: dict[str, Any] = {"prediction": self.predict(data)}
        if self.task_.is_classification:
            table |= {f"probability_{label}": self.predict_proba(data)[:, code] for code, label in enumerate(self.task_.classes)}
            if sets is not None:
                table["set"] = " | ".join(map(str, self.task_.classes))
        else:
            table["lower"], table["upper"] = self.predict_interval(data)
        return pd.DataFrame(table)

    def leaderboard(self) -> pd.DataFrame:
        return pd.DataFrame(
            {
                "rank": [1, 2],
                "family": ["linear", "naive"],
                "title": ["Linear model", "Naive predictor"],
                "loss": [0.4, np.nan],
                "low": [0.3, np.nan],
                "high": [0.5, np.nan],
                "difference": [np.nan, np.nan],
                "note": ["", "no usable model before its share of the time was over"],
                "weight": [1.0, 0.0],
                "seconds": [1.25, 0.0],
                "config": [{"C": 1.0}, {}],
            }
        )

    def explain(self, rows: pd.DataFrame) -> pd.DataFrame:
        parts = {"column": ["age", "income"], "value": ["30", None], "contribution": [0.1, -0.4]}
        return pd.concat([pd.DataFrame({"row": row, **parts}) for row in range(len(rows))], ignore_index=True)

    def report(self, path: Any = None) -> Path:
        Path(path).write_text("<html></html>", encoding="utf-8")
        self.calls.append("report")
        return Path(path)

    def save(self, path: Any) -> Path:
        Path(path).write_bytes(b"model")
        self.calls.append("save")
        return Path(path)


@dataclass
class FakeFit:
    """Stands in for ``automl.fit``: keeps what it was called with."""

    model: FakeModel = field(default_factory=FakeModel)
    raises: BaseException | None = None
    pressed: str | None = None  # the stage in which somebody presses Ctrl-C
    calls: list[dict[str, Any]] = field(default_factory=list)

    def __call__(self, data: Any, target: Any = None, **options: Any) -> FakeModel:
        self.calls.append({"data": data, "target": target, **options})
        if options.get("progress") is not None:
            for stage in ("search", "ensemble"):
                options["progress"](Progress(stage, 0.4, "log_loss", 3, 1.0, 60.0, "linear"))
                if stage == self.pressed:
                    os.kill(os.getpid(), signal.SIGINT)
        if self.raises is not None:
            raise self.raises
        return self.model
