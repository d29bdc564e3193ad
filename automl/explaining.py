"""Why the model answers as it does: every explanation of a run, each put to its tests, within a share of the budget."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from automl.attending import attend, text_columns, words_of
from automl.attribution import explain_decided, kinds_of
from automl.budget import search_until
from automl.explanation import (
    Attention,
    Card,
    Clock,
    Counterfactual,
    Effect,
    Importance,
    Interaction,
    PictureEffect,
    RowExplanation,
    Similar,
    Words,
    column_effects,
    column_interactions,
    explain_rows,
    interesting_rows,
    permutation_importance,
    similar_cases,
    smallest_change,
    verify_importance,
    verify_rows,
)
from automl.looking import look_at
from automl.predictor import Predictor, join_trials
from automl.preprocessing.pictures.store import pictures_kept

if TYPE_CHECKING:
    from automl.run import Run

Array = NDArray[Any]
EXPLAINED_ROWS = 2_000
FEWER_ROWS = 500  # for the tests of an importance where time is short
BACKGROUND_ROWS = 60
SHUFFLED_COLUMNS = 10_000  # columns × repeats; wider tables are shuffled fewer times
SHARE, SECONDS = 0.09, 12.5  # of the budget, and at most, for all explanations: the whole report may take 15 % and 20 s
AFTER = 0.35  # of the time behind the search, for the examination, the report and the files
VERIFIED_ROWS = 12
SHUFFLED_ROWS = 4_000  # that the model with shuffled answers learns from
EFFECTS = 6
INTERACTING = 4
PART_OF_TRAINING = 0.2
LONG = 8.0  # seconds for all explanations from which the same family learns the shuffled answers


@dataclass(frozen=True)
class Why:
    """What explains a model.

    Attributes:
        importance: What each column is worth; None where there was nothing to measure or no time.
        background: Typical unseen rows; None likewise.
        kinds: What each kind of data is worth, where a row holds several; None elsewhere.
        examples: Title, row of the data and explanation of a few rows.
        predictions: Their predictions by row of the data.
        cards: The tests of importance and rows.
        effects: How the prediction moves with the main columns.
        interactions: Pairs of main columns, the strongest first.
        words: What the words of each text column are worth.
        pictures: What the model looks at in a few pictures.
        attention: Where its transformers attended in the texts of `examples`; only where their texts may be shown.
        changes: The smallest change that turns the answer, by row of the data.
        similar: Similar past cases by row of the data.
        skipped: What time did not allow, in sentences.
    """

    importance: Importance | None = None
    background: pd.DataFrame | None = None
    kinds: Importance | None = None
    examples: tuple[tuple[str, int, RowExplanation], ...] = ()
    predictions: Mapping[int, Array] = field(default_factory=dict)
    cards: tuple[Card, ...] = ()
    effects: tuple[Effect, ...] = ()
    interactions: tuple[Interaction, ...] = ()
    words: tuple[Words, ...] = ()
    pictures: tuple[PictureEffect, ...] = ()
    attention: tuple[Attention, ...] = ()
    changes: Mapping[int, Counterfactual] = field(default_factory=dict)
    similar: Mapping[int, Similar] = field(default_factory=dict)
    skipped: tuple[str, ...] = ()


def explain_run(run: Run) -> Why:
    """Explain the ensemble of a run on rows that the explained models have not seen.

    The stages share 9 % of the budget, at most 12.5 seconds; each may use what those before it left: importance, rows, their tests,
    effects, changes, interactions.

    Args:
        run: A run that is judged.
    """
    rows, predictor = unseen_rows(run)
    features = [column.name for column in run.schema.features]
    if not features or len(rows) < 2 or run.budget.over(_end(run)):
        return Why(skipped=() if not features else ("There was no time to explain the model; give it a larger budget.",))
    with pictures_kept():
        return _Explaining(run, rows, predictor, features).why()


def _end(run: Run) -> float:
    """Return the share of the budget at which explanations must end."""
    return 1.0 - AFTER * (1.0 - search_until(run.budget, run.data.rows))


def unseen_rows(run: Run) -> tuple[Array, Predictor]:
    """Return rows, and a predictor whose models were not trained on them: the holdout, or the first fold and its models."""
    rng = np.random.default_rng(run.settings.seed)
    if len(run.parts.holdout):
        rows, predictor = run.parts.holdout, run.predictor
    else:
        rows = run.parts.train[run.parts.fold == 0]
        parts = join_trials(run.usable, run.weights, run.preprocessor.spec, fold=0)
        predictor = Predictor(**{**run.predictor.__dict__, "parts": parts})
    most = FEWER_ROWS if any(column.type == "image" for column in run.schema.features) else EXPLAINED_ROWS
    return (np.sort(rng.choice(rows, most, replace=False)) if len(rows) > most else rows), predictor


class _Explaining:
    """The stages of one explanation, each with its share of the time."""

    def __init__(self, run: Run, rows: Array, predictor: Predictor, features: list[str]) -> None:
        self.run, self.rows, self.predictor, self.features = run, rows, predictor, features
        self.budget, self.seed, self.problem = run.budget, run.settings.seed, run.task.problem
        self.frame = run.dataset.frame.iloc[rows][features].reset_index(drop=True)
        self.y = run.y[rows]
        self.skipped: list[str] = []
        self.start, self.end, self.pace = 0.0, 1.0, 0.0

    def _begin(self) -> None:
        """Let the stages share the time from now on."""
        if self.budget.timed:
            self.start = self.budget.elapsed() / self.budget.limit
            self.end = min(_end(self.run), self.start + min(SHARE, SECONDS / self.budget.limit))

    def until(self, part: float) -> float:
        """Return the share of the budget at which a stage ends that may use so much of the time."""
        return self.start + part * (self.end - self.start) if self.budget.timed else 1.0

    def clock(self, part: float) -> Clock:
        """Return a clock that knows how long a row takes."""
        clock = Clock(self.budget, self.until(part))
        clock.seconds_per_row = self.pace
        return clock

    def why(self) -> Why:
        background = self.frame.sample(min(BACKGROUND_ROWS, len(self.frame)), random_state=self.seed).reset_index(drop=True)
        if self.budget.timed:
            self.predictor(self.frame)  # compiles what there is to compile: the stages must not pay for it
        self._begin()
        clock = self.clock(1.0)
        prediction = clock.time(self.predictor, self.frame)
        self.pace = clock.seconds_per_row
        importance = self._importance()
        kinds = self._kinds()
        self.codes = self.predictor.codes(prediction) if self.run.task.is_classification else None
        chosen = interesting_rows(prediction, self.y, self.codes, self.run.task.classes)
        places = [row for _, row in chosen]
        few = self._typical(background)
        explained, verified = self._rows(few, places)
        shuffled = self._shuffled_answers()
        cards = (self._importance_card(importance, shuffled), self._rows_card(few, verified, explained, shuffled))
        texts = set(text_columns(self.predictor))  # a text is no level to draw a curve over
        main = [entry.columns[0] for entry in importance.columns if entry.value > 0 and len(entry.columns) <= 20]
        main = [column for column in main if column not in texts]
        effects = self._effects(main)
        told = self._words(prediction)
        at = [int(self.rows[row]) for row in places]
        shown = dict(zip(places, at, strict=True)) if self.run.settings.examples == "few" else {}
        attended = attend(self.predictor, self.frame, shown, self.clock(0.95), told) if shown else ()
        seen = look_at(self.predictor, self.run.task, self.frame, self.y, prediction, self.clock(0.93), self.rows.tolist())
        changes = self._changes(prediction, places)
        interactions = self._interactions([effect.column for effect in effects if effect.shape != "flat"][:INTERACTING])
        return Why(
            importance,
            background,
            kinds,
            tuple((title, row, found) for (title, _), row, found in zip(chosen, at, explained, strict=False)),
            {row: prediction[place] for row, place in zip(at, places, strict=True)},
            tuple(card for card in cards if card is not None),
            effects,
            interactions,
            told,
            seen,
            attended,
            {row: found for row, found in zip(at, changes, strict=False) if found is not None},
            dict(zip(at, self._similar(importance, places), strict=False)),
            tuple(self.skipped),
        )

    # ── what is worth what

    def _measured(
        self, predict: Any, seed: int, repeats: int, part: float, rows: int = EXPLAINED_ROWS, groups: dict[str, list[str]] | None = None
    ) -> Importance:
        return permutation_importance(
            predict,
            self.frame,
            self.y,
            problem=self.problem,
            repeats=repeats,
            max_rows=rows,
            budget=self.budget,
            until=self.until(part),
            seed=seed,
            groups=groups,
        )

    def _kinds(self) -> Importance | None:
        """Shuffle all columns of a kind of data at once: with and without the texts, with and without the pictures."""
        groups = kinds_of(self.run.schema.features)
        if not groups or not self.clock(0.28).allows(len(groups) * len(self.frame)):
            return None
        return self._measured(self.predictor, self.seed + 2, 3, 0.3, groups=groups)

    def _importance(self) -> Importance:
        return self._measured(self.predictor, self.seed, int(np.clip(SHUFFLED_COLUMNS // len(self.features), 1, 5)), 0.25)

    def _rows(self, background: pd.DataFrame, places: Sequence[int]) -> tuple[tuple[RowExplanation, ...], list[int]]:
        """Explain the chosen rows, and with them others that only the tests look at."""
        rng = np.random.default_rng(self.seed)
        others = [int(row) for row in rng.permutation(len(self.frame)) if int(row) not in set(places)]
        wanted = [*places, *others[: max(VERIFIED_ROWS - len(places), 0)]]
        cost = 40 * len(self.features) * len(wanted)
        if not self.clock(0.35).allows(cost):
            wanted = list(places)
        ruled = self.codes if self.predictor.rule is not None else None
        output = () if ruled is None else ruled[wanted].tolist()
        return self._explained(self.predictor, background, wanted, self.seed, 0.35, output), wanted

    def _typical(self, background: pd.DataFrame) -> pd.DataFrame:
        """Return as many background rows as there will be orders of columns: parts add up to the mean of those that were used."""
        players = min(len(self.features), 21)
        orders = self._most(VERIFIED_ROWS) // (VERIFIED_ROWS * 2 * max(players - 1, 1))
        return background.head(int(np.clip(orders // 2, 10, len(background)))).reset_index(drop=True)

    def _most(self, rows: int) -> int:
        """Return how many rows may be predicted to explain so many."""
        return self._affordable(max(20_000, 2_500 * rows), 6_000, 0.12)

    def _explained(
        self, predict: Any, background: pd.DataFrame, rows: Sequence[int], seed: int, part: float, output: Sequence[int] = ()
    ) -> tuple[RowExplanation, ...]:
        asked = self.frame.iloc[list(rows)].reset_index(drop=True)
        given: dict[str, Any] = {"problem": self.problem, "budget": self.budget, "until": self.until(part), "seed": seed}
        most = self._most(len(rows))
        if self.problem != "multiclass" or not output:
            fixed = 1 if self.problem == "binary" else None
            return explain_rows(predict, background, asked, output=fixed, max_evaluations=most, **given)
        # Another model must be asked about the same class of each row, not about its own favourite.
        return explain_decided(predict, background, asked, output, max_evaluations=most, **given)

    def _affordable(self, most: int, least: int, part: float) -> int:
        """Return how many rows may be predicted in so much of the time."""
        if not self.budget.timed or self.pace <= 0:
            return most
        window = (self.end - self.start) * self.budget.limit
        return int(np.clip(part * window / self.pace, least, most))

    # ── tests

    def _shuffled_answers(self) -> Predictor | None:
        """Train the cheapest member again, on shuffled answers; None where there is no time."""
        run = self.run
        members = [trial for trial, weight in zip(run.usable, run.weights, strict=True) if weight > 0 and trial.trained is not None]
        window = (self.end - self.start) * self.budget.limit if self.budget.timed else float("inf")
        if window < LONG:  # a linear model learns shuffled answers in no time, whatever the members are
            members = [trial for trial in run.usable if trial.family.tags.kind == "linear" and trial.trained is not None] or members
        trial = min(members, key=lambda trial: trial.seconds)
        data = run.data
        rng = np.random.default_rng(self.seed + 1)
        rows = np.sort(rng.choice(data.rows, min(SHUFFLED_ROWS, data.rows), replace=False))
        left = self.clock(0.45)
        # A fit has a part that does not shrink with the rows.
        expected = trial.seconds / max(data.folds, 1) * max(len(rows) / data.rows, 0.1)
        if self.budget.timed and self.budget.remaining(left.until) < 1.5 * expected + 0.1:
            return None
        arrays = {name: values[rows][:, :1] if name == "encoded" else values[rows] for name, values in data.arrays.items()}
        fold = np.where(rng.random(len(rows)) < PART_OF_TRAINING, 0, -1)
        few = replace(data, arrays=arrays, target=rng.permutation(data.target[rows]), fold=fold, folds=1)
        deadline = self.budget.deadline(left.until)
        trained = trial.family.train([trial.config], few, deadline=deadline, seed=self.seed)
        if not trained or trained[0].status == "failed" or not trained[0].models:
            return None
        again = replace(trial, trained=trained[0])
        parts = join_trials([again], np.ones(1), run.preprocessor.spec, fold=0)
        return Predictor(**{**run.predictor.__dict__, "parts": parts})

    def _importance_card(self, found: Importance, shuffled: Predictor | None) -> Card | None:
        if not found.columns:
            return None
        rows = found.rows if self.clock(0.5).allows(2 * len(found.columns) * found.rows) else min(FEWER_ROWS, found.rows)
        cost = len(found.columns) * rows
        again = self._measured(self.predictor, self.seed + 1, 1, 0.6, rows) if self.clock(0.55).allows(cost) else None
        other = self._measured(shuffled, self.seed, 1, 0.6, rows) if shuffled is not None and self.clock(0.6).allows(cost) else None
        return verify_importance(
            self.predictor,
            self.frame,
            self.y,
            found,
            problem=self.problem,
            clock=self.clock(0.7),
            again=again,
            shuffled=other,
            seed=self.seed,
        )

    def _rows_card(
        self, background: pd.DataFrame, rows: Sequence[int], found: Sequence[RowExplanation], shuffled: Predictor | None
    ) -> Card | None:
        if not found:
            return None
        output = [one.output for one in found]
        cost = found[0].evaluations
        again: tuple[RowExplanation, ...] = ()
        other: tuple[RowExplanation, ...] = ()
        if self.clock(0.72).allows(cost // 2):
            again = self._explained(self.predictor, background, rows, self.seed + 1, 0.72, output)
        if again and shuffled is not None and self.clock(0.78).allows(cost // 2):
            other = self._explained(shuffled, background, rows, self.seed, 0.78, output)
        return verify_rows(
            self.predictor,
            background,
            self.frame.iloc[list(rows)].reset_index(drop=True),
            found,
            clock=self.clock(0.82),
            again=again,
            shuffled=other,
            seed=self.seed,
        )

    # ── how, and what else

    def _effects(self, main: Sequence[str]) -> tuple[Effect, ...]:
        output = 1 if self.problem == "binary" else 0 if self.problem == "regression" else None
        found = column_effects(self.predictor, self.frame, main[:EFFECTS], clock=self.clock(0.88), output=output, seed=self.seed)
        if main and not found:
            self.skipped.append("There was no time to draw how the prediction moves with a column.")
        return found

    def _words(self, prediction: Array) -> tuple[Words, ...]:
        """Take words out of the texts, as long as there is time."""
        count = len(text_columns(self.predictor))
        clocks = [self.clock(0.88 + 0.05 * (place + 1) / count) for place in range(count)]
        return words_of(self.predictor, self.frame, prediction, clocks, self.seed)

    def _changes(self, prediction: Array, places: Sequence[int]) -> list[Counterfactual | None]:
        told: list[Counterfactual | None] = []
        for place in places:
            row = self.frame.iloc[[place]]
            flips = self._flips(prediction, place)
            ways = self.run.settings.changes
            told.append(smallest_change(self.predictor, row, self.frame, flips, changes=ways, clock=self.clock(0.95)))
        if any(found is None for found in told):
            self.skipped.append("There was no time to look for the smallest change of every case.")
        return told

    def _flips(self, prediction: Array, place: int) -> Any:
        """Return what another answer is: another class, or for numbers the other side of the usual prediction."""
        if self.problem == "regression":
            usual, above = float(np.median(prediction[:, 0])), prediction[place, 0] > np.median(prediction[:, 0])
            return lambda given: (given[:, 0] > usual) != above
        decided = self.predictor.decide(prediction[[place]])[0]
        return lambda given: self.predictor.decide(given) != decided

    def _interactions(self, columns: Sequence[str]) -> tuple[Interaction, ...]:
        output = 1 if self.problem == "binary" else 0
        if self.problem == "multiclass":
            output = int(np.bincount(self.y.astype(np.int64)).argmax())
        given: dict[str, Any] = {"problem": self.problem, "clock": self.clock(1.0), "output": output, "seed": self.seed}
        found = column_interactions(self.predictor, self.frame, columns, **given)
        if len(columns) > 1 and not found:
            self.skipped.append("There was no time to look for columns that work together.")
        return found

    def _similar(self, importance: Importance, places: Sequence[int]) -> tuple[Similar, ...]:
        run = self.run
        weights = {column: entry.value for entry in importance.columns for column in entry.columns}
        past = run.dataset.frame.iloc[run.parts.train][self.features]
        own = self.rows[list(places)]
        kept = ~np.isin(run.parts.train, own)
        classes = len(run.task.classes) if run.task.is_classification else 0
        y = run.y[run.parts.train]
        return similar_cases(past[kept], y[kept], self.frame.iloc[list(places)], weights, classes=classes, seed=self.seed)
