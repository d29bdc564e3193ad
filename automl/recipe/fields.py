"""What a recipe can say: its fields, checked one by one."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator

from automl.budget import parse_seconds

Label = bool | int | float | str


class Part(BaseModel):
    """Fields that cannot be changed, and no others."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True, allow_inf_nan=False)


class Costs(Part):
    """What one missed positive case and one false alarm cost."""

    miss: float = Field(ge=0)
    false_alarm: float = Field(ge=0)
    currency: str = ""


class Minimum(Part):
    """What the threshold has to reach; at most one of the two."""

    recall: float | None = Field(default=None, gt=0, le=1)
    precision: float | None = Field(default=None, gt=0, le=1)


class Recipe(Part):
    """A business problem.

    Attributes:
        name: Short name, for folders; the file's name by default.
        title: Heading of the report.
        question: What the reader of the report wants to know, as one sentence.
        data: The table; a relative path is looked for beside the recipe, then in the current folder.
        target: The column to predict, or several columns of two values, each of which is a label of its own (multilabel).
        test: A table to judge the model on, which it never sees before; looked for as `data` is.
        problem: "binary", "multiclass", "multilabel", "regression", "forecasting" or "anomaly_detection", where the detection is wrong.
        alarms: Share of rows that may raise an alarm (anomaly_detection, where the target marks known anomalies to check against).
        false_alarms: Share of normal rows that may.
        positive: The class that matters, of two.
        budget: Time for everything, such as "2m".
        trials: Cap on the number of configurations.
        seed: Seed of every random choice.
        families: Only these families of models.
        only_networks: Whether the model may consist of networks alone.
        costs: What errors cost; they choose the threshold.
        minimum: Recall or precision that the threshold has to reach.
        ignore: Columns that must not be used.
        group: The column whose equal values belong together, such as a customer.
        time: The column that says when a row happened.
        sensitive: Columns that must not decide about anybody: left out of the model; the report compares people by them.
        changes: "never", "up" or "down" by column: what may change where the smallest change of an answer is looked for.
        types: Type of a column, where the detection is wrong.
        metric: What the weights of the ensemble minimise: log_loss or brier, rmse or mae; or what the decisions serve: macro_f1,
            balanced_accuracy, f1 (two classes) or accuracy.
        target_scale: "linear" or "log", for numbers over orders of magnitude.
        combine_columns: Whether to try products, ratios and differences of columns, and numbers beside the mean of their level.
        pretrained: A ``.keras`` file that pictures are looked at with, or a network of keras.applications in the local cache.
        examples: "none" or "few": how much of single rows the report may hold, of forecasts too; left out, pictures but no texts.
        horizon, series, known, past, static, frequency, season, country: As in :class:`automl.forecasting.Forecaster`.
        glossary: What a column is called among people.
        units: Unit of a column, such as "EUR" or "months".
        matters: What matters in this case, in free text; printed in the report.
        governance: Answers of the owner to questions of laws and standards, by field of the mapping, such as `owner` or `not_for`.
    """

    name: str = Field(default="", pattern=r"^[\w.-]*$")
    title: str = ""
    question: str = ""
    data: str = Field(min_length=1)
    target: str | tuple[str, ...]
    test: str | None = None
    problem: Literal["binary", "multiclass", "regression", "forecasting", "anomaly_detection", "multilabel"] | None = None
    alarms: float | None = Field(default=None, gt=0, lt=0.5)
    false_alarms: float | None = Field(default=None, gt=0, lt=0.5)
    positive: Label | None = None
    budget: str | float = "5m"
    trials: int | None = Field(default=None, ge=1)
    seed: int = Field(default=0, ge=0)
    families: tuple[str, ...] | None = None
    only_networks: bool = False
    costs: Costs | None = None
    minimum: Minimum = Minimum()
    ignore: tuple[str, ...] = ()
    group: str | None = None
    time: str | None = None
    sensitive: tuple[str, ...] = ()
    changes: dict[str, Literal["never", "up", "down"]] = {}
    types: dict[str, str] = {}
    metric: Literal["log_loss", "brier", "macro_f1", "balanced_accuracy", "f1", "accuracy", "rmse", "mae"] | None = None
    target_scale: Literal["linear", "log"] | None = None
    combine_columns: bool = False
    pretrained: str | None = None
    examples: Literal["none", "few"] | None = None
    horizon: int | None = Field(default=None, ge=1)
    series: tuple[str, ...] | None = None
    known: tuple[str, ...] | None = None
    past: tuple[str, ...] | None = None
    static: tuple[str, ...] | None = None
    frequency: str | None = None
    season: tuple[int, ...] | None = None
    country: str | None = None
    glossary: dict[str, str] = {}
    units: dict[str, str] = {}
    matters: str = ""
    governance: dict[str, str] = {}

    @field_validator("target", mode="plain")
    @classmethod
    def _names(cls, value: object) -> str | tuple[str, ...]:
        names = [value] if isinstance(value, str) else value
        if not isinstance(names, (list, tuple)) or not names or not all(isinstance(name, str) and name.strip() for name in names):
            raise ValueError("it must be the name of a column, or a list of names")
        found = tuple(name.strip() for name in names)
        if len(set(found)) < len(found):
            raise ValueError("each target must be named once")
        return found[0] if len(found) == 1 else found

    @field_validator("problem")
    @classmethod
    def _of_labels(cls, value: str | None, known: ValidationInfo) -> str | None:
        if isinstance(known.data.get("target"), tuple) and value not in (None, "multilabel"):
            raise ValueError("several targets are labels, which is the problem 'multilabel'")
        return value

    @field_validator("budget")
    @classmethod
    def _duration(cls, value: str | float) -> str | float:
        parse_seconds(value)
        return value

    @field_validator("governance")
    @classmethod
    def _asked(cls, value: dict[str, str]) -> dict[str, str]:
        from automl.report.governance import check_owner

        check_owner(value)
        return value

    @property
    def targets(self) -> tuple[str, ...]:
        """The names of all target columns."""
        return (self.target,) if isinstance(self.target, str) else self.target

    @property
    def heading(self) -> str:
        """The title, or a readable form of the name."""
        return self.title or self.name.replace("_", " ").capitalize()
