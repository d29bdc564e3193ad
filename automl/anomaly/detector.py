"""What the user holds: a detector of what is unusual, fitted without a target."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from pydantic import ValidationError

from automl.anomaly.base import Shape
from automl.anomaly.collect import collect
from automl.anomaly.design import Design, Rows
from automl.anomaly.families import detector_by_name
from automl.anomaly.proving import proof_of_detector
from automl.anomaly.run import FOLDS, Asked, Member, dataset_of, places_of, relative_columns, run, voters
from automl.anomaly.scores import Rarity, joined
from automl.anomaly.telling import reasons
from automl.budget import Budget
from automl.decisions import Decision
from automl.errors import ArtifactError, UsageError
from automl.preprocessing.base import State
from automl.proof import Proof
from automl.report.facts import ReportFacts
from automl.schema import Schema

HISTORY = ("values", "known", "raw", "moments", "times")


class AnomalyDetector:
    """Says how unusual rows are, which raise an alarm, and why.

    Args:
        target: A column that marks known anomalies (the rarer of its two values), to check against; it is not learnt from.
        budget: Seconds, or text such as ``"5m"``.
        alarms: The share of rows like those of the fit that may raise an alarm, faults among them; 0.01 where neither rate is given.
        false_alarms: The share of normal rows that may raise an alarm. Without labels all rows stand in for normal ones, so that faults
            among them make false alarms rarer than this. Where both are given both hold.
        families: Names of the detectors; None for all that fit.
        seed: Of every random choice.
        time: The column that orders the rows; None to find out.
        types: Types of columns, where the detection is overruled.
        ignore: Columns that are not used.
        examples: How much of single rows the report may hold: "none" (number, time and columns of the strangest rows), None (their cells
            too, but no texts and no names), "few" (everything).

    Attributes:
        facts_: Everything that the report says.
        decisions_: Every automatic choice.
        threshold_: The score above which a row raises an alarm.

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
        alarms: float | None = None,
        false_alarms: float | None = None,
        families: Sequence[str] | None = None,
        seed: int = 0,
        time: str | None = None,
        types: Mapping[str, str] | None = None,
        ignore: Sequence[str] | None = None,
        examples: str | None = None,
    ) -> None:
        if examples not in (None, "none", "few"):
            raise UsageError(f"`examples` must be 'none' or 'few'. Received examples={examples!r}.")
        self.target, self.budget, self.alarms, self.false_alarms = target, budget, alarms, false_alarms
        self.families, self.seed = families, seed
        self.time, self.types, self.ignore, self.examples = time, types, ignore, examples
        self.interrupted_ = False

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
        families, ignore = None if self.families is None else tuple(self.families), tuple(self.ignore or ())
        rates = (self.alarms, self.false_alarms)
        asked = Asked(self.target, limits, *rates, families, self.seed, self.time, dict(self.types or {}), ignore, self.examples)
        tell = progress or (lambda stage: None)
        found = run(X, asked, tell)
        self.schema_, self.design_, self.shape_, self.members_ = found.schema, found.design, found.shape, found.members
        self.overall_, self.history_ = found.overall, found.history
        self.out_of_fold_, self.against_others_ = found.scores, found.against_others
        self.threshold_, self.usual_, self.decisions_ = found.threshold, found.usual, tuple(found.log)
        tell("report")
        self.facts_: ReportFacts = collect(found, self._by_member)
        self.proof_: Proof | None = proof_of_detector(found, self.score)
        return self

    def _frame(self, X: Any) -> pd.DataFrame:
        self._fitted()
        return dataset_of(X).frame

    def _by_member(self, frame: pd.DataFrame, members: Sequence[Member]) -> dict[str, tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]]:
        """Return rarity and columns by family; rows of a series are judged with what was seen last before them."""
        rows = self._with_history(self.design_.rows(self.schema_.cast(frame)))
        found = {member.family.name: member.scores(rows, self.shape_, FOLDS) for member in members}
        return {name: (scores[-len(frame) :], columns[-len(frame) :]) for name, (scores, columns) in found.items()}

    def _with_history(self, rows: Rows) -> Rows:
        """Return the rows behind the last ones of the fit; those that are given again count as they are given."""
        if self.history_ is None or self.history_.times is None or rows.times is None or not len(rows.times):
            return rows
        again = np.isin(self.history_.times, rows.times)
        return rows.after(self.history_.take(np.flatnonzero(~again)))

    def _has_past(self, frame: pd.DataFrame) -> np.ndarray[Any, Any]:
        """Return whether the step before each row was observed, (rows,)."""
        rows = self._with_history(self.design_.rows(self.schema_.cast(frame)))
        assert rows.order is not None
        return np.isin(rows.order - 1, rows.order)[-len(frame) :]

    def _scored(self, frame: pd.DataFrame) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
        made = self._by_member(frame, voters(self.members_))
        names = list(made)
        usual = self.usual_[places_of(self.members_)]
        columns = relative_columns({name: made[name][1] for name in names}, usual, names)
        return self.overall_(joined(np.stack([made[name][0] for name in names], axis=1))), columns

    def scores_by_family(self, X: Any) -> dict[str, np.ndarray[Any, Any]]:
        """Return how rare rows are as each family sees it, baselines too."""
        return {name: scores for name, (scores, _) in self._by_member(self._frame(X), self.members_).items()}

    def score(self, X: Any) -> np.ndarray[Any, Any]:
        """Return how rare rows are, (rows,): 2 is one row in a hundred, 3 one in a thousand, as the families see it on average."""
        return self._scored(self._frame(X))[0]

    def predict(self, X: Any) -> np.ndarray[Any, Any]:
        """Return which rows raise an alarm, (rows,)."""
        return np.asarray(self.score(X) > self.threshold_)

    def predictions(self, X: Any, **_: Any) -> pd.DataFrame:
        """Return a table: `score`, `alarm`, and `reasons`, the columns that made a row strange, the strongest first.

        Rows of a series have `past` beside them: whether the step before them was observed, in these rows or at the end of those of the
        fit. Without it the calendar and the other columns judge alone.
        """
        frame = self._frame(X)
        scores, columns = self._scored(frame)
        parts = reasons(columns, frame, self.design_.sources)
        told = [" | ".join(f"{name} = {value}" for name, value in one.items()) for one in parts]
        table = pd.DataFrame({"score": scores, "alarm": scores > self.threshold_, "reasons": told})
        return table if self.history_ is None else table.assign(past=self._has_past(frame))

    def impute(self, X: Any) -> pd.DataFrame:
        """Return the rows with missing cells of judged columns filled in by the masked autoencoder.

        Raises:
            UsageError: If the model has none.
        """
        member = next((one for one in self.members_ if one.family.name == "autoencoder"), None)
        if member is None:
            raise UsageError("`impute` needs the family 'autoencoder'. This model was fitted without it.")
        frame = self._frame(X).copy()
        rows = self.design_.rows(self.schema_.cast(frame))
        family: Any = member.family
        expected = family.expected(member.model, rows, self.shape_, FOLDS)
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

    def leaderboard(self) -> pd.DataFrame:
        """Return all detectors side by side: by average precision where labels are known, else how far they agree."""
        from automl.report.board import board_frame

        self._fitted()
        return board_frame(self.facts_)

    def decisions(self) -> pd.DataFrame:
        """Return every automatic choice with its reason and the argument that overrules it."""
        self._fitted()
        return pd.DataFrame([decision.model_dump() for decision in self.facts_.decisions])

    def report(self, path: str | os.PathLike[str] = "report.html") -> str:
        """Write the report, one self-contained HTML file, and return its path."""
        from automl.report.html import write_html

        self._fitted()
        return str(write_html(self.facts_, path))

    def _repr_html_(self) -> str:
        """Show the answer in a notebook."""
        self._fitted()
        return self.facts_._repr_html_()

    def save(self, path: str | os.PathLike[str]) -> str:
        """Write the model to one file without code in it, and return its path."""
        from automl import artifact

        self._fitted()
        told = {"threshold": self.threshold_, "schema": self.schema_.to_dict(), "alarms": self.alarms, "false_alarms": self.false_alarms}
        told |= {"seed": self.seed}
        told["families"] = [member.family.name for member in self.members_]
        told["moments"] = self.shape_.moments
        own = {"usual": self.usual_, **{f"overall-{name}": values for name, values in self.overall_.to_arrays().items()}}
        parts = {"anomaly": State(told, own), "design": self.design_.state()}
        if self.history_ is not None:
            parts["history"] = State({}, {name: getattr(self.history_, name) for name in HISTORY})
        if self.proof_ is not None:
            parts["proof"] = self.proof_.state()
        for member in self.members_:
            arrays = {f"model-{name}": np.asarray(values) for name, values in member.model.items()}
            for fold, rarity in enumerate(member.rarity):
                arrays |= {f"rarity{fold}-{name}": values for name, values in rarity.to_arrays().items()}
            for fold, rarities in enumerate(member.by_column):
                stacked = [rarity.to_arrays() for rarity in rarities]
                arrays |= {f"columns{fold}-{name}": np.stack([one[name] for one in stacked]) for name in stacked[0]}
            parts[f"detector-{member.family.name}"] = State({}, arrays)
        artifact.write(path, parts, facts=self.facts_.model_dump(mode="json"))
        return str(path)

    def write_scores(self, path: str | os.PathLike[str], X: Any) -> Path:
        """Write the scores of some rows as CSV, with the time and the series beside them, and return the path."""
        frame, target = self._frame(X), Path(path)
        scores = self.predictions(frame)
        told = self.facts_.anomalies
        names = [name for name in (told.named_by if told else ()) if name in frame.columns and name not in scores.columns]
        pd.concat([frame[names].reset_index(drop=True), scores], axis=1).to_csv(target, index=False)
        return target

    @classmethod
    def of(cls, stored: Any) -> AnomalyDetector:
        """Rebuild a detector from a verified artifact.

        Raises:
            ArtifactError: If a part is missing.
        """
        try:
            told = stored.parts["anomaly"].json
            model = cls(alarms=told["alarms"], false_alarms=told["false_alarms"], seed=told["seed"])
            model.schema_ = Schema.from_dict(told["schema"])
            model.design_ = Design.from_state(stored.parts["design"])
            group = tuple(int(place) for place in model.design_.group)
            model.shape_ = Shape(len(model.design_.numbers), group, int(told["moments"]), model.design_.picture)
            model.threshold_, model.usual_ = float(told["threshold"]), stored.parts["anomaly"].arrays["usual"]
            model.overall_ = Rarity.from_arrays(_under(stored.parts["anomaly"].arrays, "overall-"))
            model.history_ = None
            if "history" in stored.parts:
                kept = stored.parts["history"].arrays
                model.history_ = Rows(order=None, grid=model.design_.grid, **{name: kept[name] for name in HISTORY})
            model.facts_ = ReportFacts.model_validate(stored.facts)
            model.decisions_ = tuple(Decision.from_dict(told.model_dump(exclude_none=True)) for told in model.facts_.decisions)
            model.proof_ = Proof.from_state(stored.parts["proof"]) if "proof" in stored.parts else None
            members = []
            for name in told["families"]:
                arrays = stored.parts[f"detector-{name}"].arrays
                own = {key.removeprefix("model-"): values for key, values in arrays.items() if key.startswith("model-")}
                rarity = tuple(Rarity.from_arrays(_under(arrays, f"rarity{fold}-")) for fold in range(FOLDS))
                columns = tuple(_columns(_under(arrays, f"columns{fold}-")) for fold in range(FOLDS))
                members.append(Member(detector_by_name(name), own, rarity, columns if any(columns) else ()))
            model.members_ = tuple(members)
            return model
        except ValidationError as error:
            raise ArtifactError(
                "A detector must hold facts of a report that this automl can read. Received a file that was saved before reports of"
                " anomalies had a schema; fit it again, or open it with the automl that saved it."
            ) from error
        except (KeyError, TypeError, IndexError, UsageError) as error:
            raise ArtifactError(f"A model file must hold every part of a detector. Received one without {error}; save it again.") from error

    def _fitted(self) -> None:
        if not hasattr(self, "members_"):
            raise UsageError("This detector is not fitted yet. Call fit with data first.")


def _under(arrays: Mapping[str, Any], prefix: str) -> dict[str, Any]:
    return {name.removeprefix(prefix): values for name, values in arrays.items() if name.startswith(prefix)}


def _columns(arrays: dict[str, Any]) -> tuple[Rarity, ...]:
    """Return one rarity for each column of stacked arrays, none where there are none."""
    count = len(np.atleast_1d(arrays["rate"])) if arrays else 0
    return tuple(Rarity.from_arrays({name: values[place] for name, values in arrays.items()}) for place in range(count))


__all__ = ["AnomalyDetector", "Rows"]
