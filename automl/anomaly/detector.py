"""What the user holds: a detector of what is unusual, fitted without a target."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from automl import __version__
from automl.anomaly.base import Shape
from automl.anomaly.design import Design, Rows
from automl.anomaly.families import detector_by_name
from automl.anomaly.families.autoencoder import Autoencoder
from automl.anomaly.families.variational_autoencoder import VariationalAutoencoder
from automl.anomaly.run import FOLDS, Found, Member, dataset_of, places_of, relative_columns, run, voters
from automl.anomaly.scores import Rarity
from automl.budget import Budget
from automl.errors import ArtifactError, DataError, UsageError
from automl.preprocessing.base import State
from automl.schema import Schema

REASONS = 3
SHOWN = 20
MAP_ROWS = 1_500


class AnomalyDetector:
    """Says how unusual rows are, which raise an alarm, and why.

    Args:
        target: A column that marks known anomalies (the rarer of its two values), to check against; it is not learnt from.
        budget: Seconds, or text such as ``"5m"``.
        alarms: The share of rows like those of the fit that may raise an alarm; with labels, of the rows that are labelled normal: the
            rate of false alarms.
        families: Names of the detectors; None for all that fit.
        seed: Of every random choice.
        time: The column that orders the rows; None to find out.
        types: Types of columns, where the detection is overruled.
        ignore: Columns that are not used.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> frame = pd.DataFrame({"a": rng.normal(size=300)})
        >>> frame["b"] = 2 * frame["a"] + 0.1 * rng.normal(size=300)
        >>> model = AnomalyDetector(budget=None, alarms=0.05, families=["robust_zscore", "isolation_forest"]).fit(frame)
        >>> model.predictions(pd.DataFrame({"a": [0.0, 9.0], "b": [0.0, -9.0]}))["alarm"].tolist()
        [False, True]
    """

    def __init__(
        self,
        target: str | None = None,
        *,
        budget: Budget | str | float | None = "5m",
        alarms: float = 0.01,
        families: Sequence[str] | None = None,
        seed: int = 0,
        time: str | None = None,
        types: Mapping[str, str] | None = None,
        ignore: Sequence[str] | None = None,
    ) -> None:
        self.target, self.budget, self.alarms, self.families, self.seed = target, budget, alarms, families, seed
        self.time, self.types, self.ignore = time, types, ignore

    def fit(self, X: Any, *, progress: Callable[[str], None] | None = None) -> AnomalyDetector:
        """Learn what is usual.

        Args:
            X: A DataFrame, anything that converts to one, or the path of a file.
            progress: Called with the name of each stage.

        Raises:
            DataError: If the data cannot be used; the message says what to change.
            UsageError: If an argument is impossible.
        """
        limits = self.budget if isinstance(self.budget, Budget) else Budget(self.budget, trials=1 if self.budget is None else None)
        found = run(
            X,
            self.target,
            budget=limits,
            alarms=self.alarms,
            families=self.families,
            seed=self.seed,
            time=self.time,
            types=dict(self.types or {}),
            ignore=list(self.ignore or ()),
            tell=progress or (lambda stage: None),
        )
        self.schema_, self.design_, self.shape_, self.members_ = found.schema, found.design, found.shape, found.members
        self.threshold_, self.usual_, self.decisions_ = found.threshold, found.usual, tuple(found.log)
        self.facts_ = {**found.facts, **self._told(found), "automl_version": __version__}
        return self

    def _told(self, found: Found) -> dict[str, Any]:
        """Return the strangest rows with their reasons, the time line and the map, JSON-ready."""
        strangest = np.argsort(-found.scores, kind="stable")[:SHOWN]
        rows = []
        for row in strangest.tolist():
            reasons = self._reasons(found.columns[row : row + 1], found.frame.iloc[[row]])[0]
            agree = [name for name, scores in found.by_family.items() if scores[row] > 2.0]
            rows.append({"row": row, "score": float(found.scores[row]), "reasons": reasons, "families": agree})
        told: dict[str, Any] = {"strangest": rows, "time_line": None, "map": None}
        told["by_column"] = self._by_column(found)
        told["decisions"] = [decision.to_dict() for decision in found.log]
        if found.rows.order is not None:
            told["time_line"] = self._time_line(found)
        variational = next((member for member in found.members if isinstance(member.family, VariationalAutoencoder)), None)
        if variational is not None:
            own = np.flatnonzero(found.fold == 0)
            usual = np.random.default_rng(0).permutation(own)[:MAP_ROWS]
            chosen = np.unique(np.concatenate([usual, own[np.argsort(-found.scores[own])][:SHOWN]]))
            places = VariationalAutoencoder().places(variational.model, found.rows.take(chosen), found.shape)
            told["map"] = {
                "places": places.round(3).tolist(),
                "alarm": (found.scores[chosen] > found.threshold).tolist(),
                "rows": chosen.tolist(),
            }
        return told

    def _by_column(self, found: Found) -> dict[str, float]:
        """Return how often a column is the first reason of an alarm."""
        alarms = np.flatnonzero(found.scores > found.threshold)
        first = found.columns[alarms].argmax(axis=1) if len(alarms) else np.zeros(0, dtype=np.int64)
        names = self.design_.sources
        shares = pd.Series([names[place] for place in first]).value_counts(normalize=True)
        return {str(name): float(share) for name, share in shares.items()}

    def _time_line(self, found: Found) -> dict[str, Any]:
        """Return the largest score of each of 400 stretches of time, and the stretches that alarms in a row make."""
        order = np.argsort(found.rows.order, kind="stable")  # type: ignore[arg-type]
        scores, alarm = found.scores[order], found.scores[order] > found.threshold
        edges = np.linspace(0, len(order), min(400, len(order)) + 1).astype(np.int64)
        largest = [float(scores[start:end].max()) for start, end in pairwise(edges.tolist())]
        times = found.frame[found.facts["time"]].astype(str).to_numpy()[order]
        starts = np.flatnonzero(alarm & ~np.concatenate([[False], alarm[:-1]]))
        ends = np.flatnonzero(alarm & ~np.concatenate([alarm[1:], [False]]))
        stretches = [
            {"from": times[a], "to": times[b], "steps": int(b - a + 1), "score": float(scores[a : b + 1].max())}
            for a, b in zip(starts, ends, strict=True)
        ]
        stretches.sort(key=lambda one: -one["score"])
        return {"times": times[edges[:-1]].tolist(), "scores": largest, "stretches": stretches[:SHOWN], "count": len(stretches)}

    def _frame(self, X: Any) -> pd.DataFrame:
        self._fitted()
        return dataset_of(X).frame

    def _scored(self, frame: pd.DataFrame) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
        rows = self.design_.rows(self.schema_.cast(frame))
        made = {member.family.name: member.scores(rows, self.shape_, FOLDS) for member in voters(self.members_)}
        names = list(made)
        usual = self.usual_[places_of(self.members_)]
        columns = relative_columns({name: made[name][1] for name in names}, usual, names)
        return np.mean([made[name][0] for name in names], axis=0), columns

    def score(self, X: Any) -> np.ndarray[Any, Any]:
        """Return how rare rows are, (rows,): 2 is one row in a hundred, 3 one in a thousand, as the families see it on average."""
        return self._scored(self._frame(X))[0]

    def predict(self, X: Any) -> np.ndarray[Any, Any]:
        """Return which rows raise an alarm, (rows,)."""
        return np.asarray(self.score(X) > self.threshold_)

    def predictions(self, X: Any, **_: Any) -> pd.DataFrame:
        """Return a table: `score`, `alarm`, and `reasons`, the columns that made a row strange, the strongest first."""
        frame = self._frame(X)
        scores, columns = self._scored(frame)
        told = [" | ".join(reasons) for reasons in self._reasons(columns, frame)]
        return pd.DataFrame({"score": scores, "alarm": scores > self.threshold_, "reasons": told})

    def _reasons(self, columns: np.ndarray[Any, Any], frame: pd.DataFrame) -> list[list[str]]:
        """Return for each row its most unusual columns with their values."""
        sources, told = self.design_.sources, []
        for row in range(len(columns)):
            found: dict[str, str] = {}
            for place in np.argsort(-columns[row], kind="stable")[: 3 * REASONS]:
                name = sources[place]
                if len(found) < REASONS and (not found or columns[row, place] > 1.0):
                    value = frame[name].iloc[row] if name in frame.columns else "a series"
                    found.setdefault(name, f"{name} = {value if isinstance(value, str) else _short(value)}")
            told.append(list(found.values()))
        return told

    def impute(self, X: Any) -> pd.DataFrame:
        """Return the rows with missing cells of judged columns filled in by the masked autoencoder.

        Raises:
            UsageError: If the model has none.
        """
        member = next((one for one in self.members_ if isinstance(one.family, Autoencoder)), None)
        if member is None:
            raise UsageError("`impute` needs the family 'autoencoder'. This model was fitted without it.")
        frame = self._frame(X).copy()
        rows = self.design_.rows(self.schema_.cast(frame))
        expected = Autoencoder().expected(member.model, rows, self.shape_, FOLDS)
        numbers = self.design_.unscaled(expected[:, : self.shape_.numbers])
        sources, table = self.design_.sources, self.design_.table
        for place in range(self.shape_.columns):
            name, gaps = sources[place], None
            if place < self.shape_.numbers and self.schema_[name].type == "number":
                gaps, values = ~rows.known[:, place], numbers[:, place]
                frame[name] = np.where(gaps, values, rows.raw[:, place])
            elif place >= self.shape_.numbers:
                start = int(np.argmax(np.asarray(self.shape_.group) == place))
                width = self.design_.widths[place - self.shape_.numbers]
                levels = dict(table._categories)[name].levels
                gaps = ~rows.known[:, start]
                codes = expected[:, start + 2 : start + width].argmax(axis=1) if width > 2 else np.zeros(len(frame), dtype=np.int64)
                if gaps.any() and len(levels):
                    filled = np.array(levels, dtype=object)[np.minimum(codes, len(levels) - 1)]
                    frame[name] = frame[name].astype(object).where(~pd.Series(gaps, index=frame.index), filled)
        return frame

    def report(self, path: str | os.PathLike[str] = "report.html") -> str:
        """Write the report, one self-contained HTML file, and return its path."""
        from automl.anomaly.page import render

        self._fitted()
        target = Path(path)
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(render(self.facts_), encoding="utf-8", newline="\n")
        except OSError as error:
            raise DataError(f"A report must be written to a folder that allows it. Received {str(path)!r}: {error.strerror}.") from error
        return str(target)

    def save(self, path: str | os.PathLike[str]) -> str:
        """Write the model to one file without code in it, and return its path."""
        from automl import artifact

        self._fitted()
        told = {"threshold": self.threshold_, "schema": self.schema_.to_dict(), "alarms": self.alarms, "seed": self.seed}
        told["families"] = [member.family.name for member in self.members_]
        told["moments"] = self.shape_.moments
        parts = {"anomaly": State(told, {"usual": self.usual_}), "design": self.design_.state()}
        for member in self.members_:
            arrays = {f"model-{name}": np.asarray(values) for name, values in member.model.items()}
            for fold, rarity in enumerate(member.rarity):
                arrays |= {f"rarity{fold}-{name}": values for name, values in rarity.to_arrays().items()}
            parts[f"detector-{member.family.name}"] = State({}, arrays)
        artifact.write(path, parts, facts=json.loads(json.dumps(self.facts_)))
        return str(path)

    def write(self, folder: str | os.PathLike[str], X: Any) -> None:
        """Write model, report, facts, and the scores of some rows into a folder."""
        home = Path(folder)
        self.save(home / "model.automl")
        self.predictions(X).to_csv(home / "scores.csv", index=False)
        (home / "report.json").write_text(json.dumps(self.facts_, indent=1), encoding="utf-8")
        self.report(home / "report.html")

    @classmethod
    def of(cls, stored: Any) -> AnomalyDetector:
        """Rebuild a detector from a verified artifact.

        Raises:
            ArtifactError: If a part is missing.
        """
        try:
            told = stored.parts["anomaly"].json
            model = cls(alarms=told["alarms"], seed=told["seed"])
            model.schema_ = Schema.from_dict(told["schema"])
            model.design_ = Design.from_state(stored.parts["design"])
            group = tuple(int(place) for place in model.design_.group)
            model.shape_ = Shape(len(model.design_.numbers), group, int(told["moments"]))
            model.threshold_, model.usual_ = float(told["threshold"]), stored.parts["anomaly"].arrays["usual"]
            model.facts_, model.decisions_ = stored.facts, ()
            members = []
            for name in told["families"]:
                arrays = stored.parts[f"detector-{name}"].arrays
                own = {key.removeprefix("model-"): values for key, values in arrays.items() if key.startswith("model-")}
                rarity = tuple(Rarity.from_arrays(_under(arrays, f"rarity{fold}-")) for fold in range(FOLDS))
                members.append(Member(detector_by_name(name), own, rarity))
            model.members_ = tuple(members)
            return model
        except (KeyError, TypeError, IndexError, UsageError) as error:
            raise ArtifactError(f"A model file must hold every part of a detector. Received one without {error}; save it again.") from error

    def _fitted(self) -> None:
        if not hasattr(self, "members_"):
            raise UsageError("This detector is not fitted yet. Call fit with data first.")


def _under(arrays: Mapping[str, Any], prefix: str) -> dict[str, Any]:
    return {name.removeprefix(prefix): values for name, values in arrays.items() if name.startswith(prefix)}


def _short(value: Any) -> str:
    return (
        "missing"
        if value is None or (not hasattr(value, "__len__") and pd.isna(value))
        else f"{value:.4g}"
        if isinstance(value, float)
        else str(value)
    )


__all__ = ["AnomalyDetector", "Rows"]
