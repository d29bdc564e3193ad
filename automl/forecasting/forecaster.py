"""What the user holds: fit, predict rows of the future, forecast, save."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from automl.budget import Budget
from automl.dataset import read
from automl.decisions import Decision
from automl.errors import ArtifactError, UsageError, did_you_mean
from automl.forecasting.columns import Asked
from automl.forecasting.frame import steps_ahead, table_of
from automl.forecasting.model import ForecastModel
from automl.forecasting.settings import ForecastSettings
from automl.preprocessing.base import State
from automl.private import check_examples
from automl.proof import Proof
from automl.report.facts import ReportFacts

if TYPE_CHECKING:
    from automl.artifact import Artifact
    from automl.families.base import Family
    from automl.progress import Progress

Array = NDArray[Any]
OPTIONS = ("horizon", "series", "known", "past", "static", "frequency", "season", "country")
"""Arguments that only a forecast has: whoever gives one of them wants a forecast."""
_SHARED = (
    "time", "budget", "families", "only_networks", "seed", "trials", "types", "ignore", "target_scale", "examples", "problem", "directory",
)  # fmt: skip


@dataclass(frozen=True)
class Kept:
    """What a fit leaves behind."""

    model: ForecastModel
    facts: ReportFacts
    leaderboard: pd.DataFrame
    decisions: tuple[Decision, ...]
    interrupted: bool = False
    proof: Proof | None = None


class Forecaster:
    """Forecasts one series or thousands, with intervals that were put to the test.

    Made by :func:`automl.fit` with ``problem="forecasting"``, or with any of the arguments below, and by :func:`automl.load`.

    Args:
        target: Column to forecast.
        budget: Seconds, text such as ``"5m"``, or a :class:`automl.Budget`.
        horizon: Steps to look ahead; None for what is usual for the frequency.
        time: Column of dates or of whole numbers; None to find out.
        series: Columns that tell series apart; None to find out, ``[]`` for one series.
        known: Columns whose future is known: prices, promotions, holidays.
        past: Columns whose future is not known.
        static: Columns that do not change within a series.
        frequency: "D", "h", "15min", "W", "MS" …; None to find out.
        season: Steps after which values come again, one number or several; None to find out.
        country: "DE", "US" …: its public holidays are looked at (library ``holidays``).
        families: Names out of ``automl.forecasting.families``; None for all that fit.
        only_networks: Whether the model may consist of networks alone.
        seed: Seed of every random choice.
        trials: Cap on the number of configurations.
        types: Column types, where the detection is overruled.
        ignore: Columns that are not used.
        target_scale: "linear", "log" or "sqrt" (Box-Cox with powers 1, 0 and 1/2); None to find out.
        examples: How much of the data the report may hold. None: three series by name, with what was before, what was forecast and what
            came true. "none": no value of a single step; series have numbers, and forecasts stand without what was before and came true.
            "few": as None, and what columns that are not used look like.

    Attributes:
        facts_: Everything that the report says.
        decisions_: Every automatic choice.
        horizon_: Steps that the model looks ahead at once.
        interrupted_: Whether Ctrl-C ended the search early.

    Example:
        >>> days = pd.date_range("2026-01-01", periods=120)
        >>> frame = pd.DataFrame({"day": days, "sold": np.tile([5.0, 7, 9, 8, 12, 20, 18], 18)[:120]})
        >>> model = Forecaster("sold", horizon=7, budget=None, trials=1, families=["seasonal_naive"]).fit(frame)
        >>> model.forecast(7)["prediction"].round().tolist()
        [7.0, 9.0, 8.0, 12.0, 20.0, 18.0, 5.0]
    """

    def __init__(
        self,
        target: str | None = None,
        *,
        budget: Budget | str | float | None = "5m",
        horizon: int | None = None,
        time: str | None = None,
        series: str | Sequence[str] | None = None,
        known: str | Sequence[str] | None = None,
        past: str | Sequence[str] | None = None,
        static: str | Sequence[str] | None = None,
        frequency: str | None = None,
        season: int | Sequence[int] | None = None,
        country: str | None = None,
        families: Sequence[Any] | None = None,
        only_networks: bool = False,
        seed: int = 0,
        trials: int | None = None,
        types: dict[str, str] | None = None,
        ignore: str | Sequence[str] | None = None,
        target_scale: str | None = None,
        examples: str | None = None,
        problem: str | None = None,
        directory: Any = None,
    ) -> None:
        if not isinstance(seed, (int, np.integer)) or isinstance(seed, bool) or seed < 0:
            raise UsageError(f"`seed` must be a whole number from 0 on. Received seed={seed!r}.")
        if target_scale not in (None, "linear", "log", "sqrt"):
            raise UsageError(f"`target_scale` must be 'linear', 'log' or 'sqrt'. Received target_scale={target_scale!r}.")
        seasons = None if season is None else tuple(season) if isinstance(season, (list, tuple)) else (season,)
        if seasons is not None and not all(hasattr(step, "__index__") and not isinstance(step, bool) and step >= 1 for step in seasons):
            raise UsageError(f"`season` must be whole numbers of steps from 1 on. Received season={season!r}.")
        self.target, self.directory = target, directory
        limits = budget if isinstance(budget, Budget) else Budget("5m" if budget is None and trials is None else budget, trials=trials)
        asked = Asked(time, _names(series), _names(known), _names(past), _names(static), _names(ignore) or ())
        self._settings = ForecastSettings(
            limits,
            asked,
            horizon,
            frequency,
            seasons,
            country,
            target_scale,
            None if families is None else tuple([families] if isinstance(families, str) else families),
            bool(only_networks),
            int(seed),
            dict(types or {}),
            check_examples(examples),
        )

    def fit(self, X: Any, y: Any = None, *, progress: Callable[[Progress], None] | None = None) -> Forecaster:
        """Read, detect, backtest, search, join, correct, train again and report.

        Args:
            X: A long table: one row for each series and time; a DataFrame or the path of a file.
            y: Name of the target column, where it was not given before.
            progress: Called after every step.

        Raises:
            DataError: If the data cannot be used; the message says what to change.
            UsageError: If an argument is impossible.
        """
        from automl.forecasting.collect import collect
        from automl.forecasting.effect_tests import verify_covariates
        from automl.forecasting.effects import measure_covariates
        from automl.forecasting.proving import proof_of_forecast
        from automl.forecasting.run import ForecastRun

        run = ForecastRun(self._settings, progress)
        run.detect(*run.read(X, self.target if y is None else y))
        run.split()
        run.search()
        run.ensemble()
        run.train_again()
        run.rises = measure_covariates(run)
        run.card = verify_covariates(run)
        run.tell("report")
        facts = collect(run)
        board = pd.DataFrame([row.model_dump() for row in facts.leaderboard.rows]) if facts.leaderboard else pd.DataFrame()
        self._take(Kept(run.model, facts, board.rename(columns={"score": "loss"}), tuple(run.log), run.interrupted, proof_of_forecast(run)))
        return self

    def _take(self, kept: Kept) -> None:
        self.kept_ = kept
        self.facts_, self.decisions_, self.interrupted_ = kept.facts, kept.decisions, kept.interrupted
        self.horizon_, self.target = kept.model.horizon, kept.model.layout.target.name

    def _fitted(self) -> ForecastModel:
        if not hasattr(self, "kept_"):
            raise UsageError("A forecaster must be fitted first. Received one that is not; call fit with data.")
        return self.kept_.model

    def predictions(self, X: Any, *, history: Any = None, sets: Any = None) -> pd.DataFrame:
        """Return the rows of the future, in the order given, with `prediction` (the median) and the quantiles `q10` to `q90`.

        Args:
            X: Series, time and what is known in advance; a target is ignored. A series that was never seen is forecast like the others.
            history: New observations, with their target: they count at once, nothing is trained.
            sets: For classifiers; must be None.

        Raises:
            DataError: If a column or a value is missing, or a row lies in the past.
        """
        if sets is not None:
            raise UsageError(f"`sets` is for classes. Received sets={sets!r} for a forecast; use the quantiles.")
        return table_of(self._fitted(), _frame(X), None if history is None else _frame(history))

    def predict(self, X: Any, *, history: Any = None) -> Array:
        """Return the median of the forecast for each row of the future, (rows,); see :meth:`predictions`."""
        return self.predictions(X, history=history)["prediction"].to_numpy()

    def forecast(self, horizon: int | None = None, *, future: Any = None, history: Any = None) -> pd.DataFrame:
        """Return the next steps of every series.

        Args:
            horizon: Steps ahead; None for the horizon that was trained for, or for all rows of `future`.
            future: Rows with what is known in advance, where the model reads such columns.
            history: New observations, with their target.

        Raises:
            DataError: If the model reads columns of the future that are not given; the message names them.
        """
        model, past = self._fitted(), None if history is None else _frame(history)
        if future is None:
            return steps_ahead(model, model.horizon if horizon is None else horizon, past)
        table = table_of(model, _frame(future), past)
        if horizon is None:
            return table
        keys = [*model.layout.series] or None
        order = table.assign(_time=model.layout.times(table)).sort_values("_time", kind="stable")
        kept = order.groupby(keys, sort=False).head(horizon) if keys else order.head(horizon)
        return table.loc[kept.index.sort_values()].reset_index(drop=True)

    def leaderboard(self) -> pd.DataFrame:
        """Return every model that was tried, best first, the seasonal naive and the ensemble among them."""
        self._fitted()
        return self.kept_.leaderboard.copy()

    def decisions(self) -> pd.DataFrame:
        """Return every automatic choice with its reason and the argument that overrules it."""
        self._fitted()
        return pd.DataFrame([decision.to_dict() for decision in self.decisions_])

    def report(self, path: str | os.PathLike[str] = "report.html") -> str:
        """Write the report, one self-contained HTML file, and return its path."""
        from automl.report.html import write_html

        self._fitted()
        return str(write_html(self.facts_, path))

    def save(self, path: str | os.PathLike[str]) -> str:
        """Write the model with its series to one file without code in it, and return its path."""
        from automl import artifact

        board = self.leaderboard()
        told = {
            "decisions": [decision.to_dict() for decision in self.decisions_],
            "leaderboard": board.astype(object).where(board.notna(), None).to_dict(orient="list"),
            "interrupted": self.interrupted_,
        }
        proof = {} if self.kept_.proof is None else {"proof": self.kept_.proof.state()}
        artifact.write(path, {**self._fitted().states(), "told": State(told), **proof}, facts=self.facts_.model_dump(mode="json"))
        return str(path)

    @classmethod
    def of(cls, stored: Artifact, families: Sequence[Family] = ()) -> Forecaster:
        """Rebuild a forecaster from a verified file.

        Raises:
            ArtifactError: If a part is missing.
        """
        model = ForecastModel.from_states(stored.parts, families)
        try:
            told = stored.parts["told"].json
            decisions = tuple(Decision.from_dict(decision) for decision in told["decisions"])
            board = pd.DataFrame(told["leaderboard"])
            proof = Proof.from_state(stored.parts["proof"]) if "proof" in stored.parts else None
            kept = Kept(model, ReportFacts.model_validate(stored.facts), board, decisions, bool(told["interrupted"]), proof)
        except (KeyError, TypeError) as error:
            raise ArtifactError(f"A model file must hold every part of a model. Received one without {error}; save it again.") from error
        found = cls(model.layout.target.name)
        found._take(kept)
        return found


def refuse_unknown(options: dict[str, Any]) -> None:
    """Raise where an argument is none of a forecast.

    Raises:
        UsageError: The message names it.
    """
    for name, value in options.items():
        if name not in (*OPTIONS, *_SHARED) and value not in (None, False, (), [], {}):
            hint = did_you_mean(name, (*OPTIONS, *_SHARED))
            raise UsageError(f"A forecast takes {', '.join((*OPTIONS, *_SHARED))}. Received {name}={value!r}.{hint}")


def _names(given: str | Sequence[str] | None) -> tuple[str, ...] | None:
    return None if given is None else (given,) if isinstance(given, str) else tuple(given)


def _frame(X: Any) -> pd.DataFrame:
    return X if isinstance(X, pd.DataFrame) else read(X).frame
