"""What a check found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

SEVERITIES = ("info", "warning", "high")


@dataclass(frozen=True)
class Finding:
    """One thing about the data that people should know.

    Attributes:
        check: The check: "identifier", "constant", "duplicate_columns", "duplicate_rows", "target_missing", "leakage", "infinite",
            "high_missing", "imbalance", "few_rows", "mixed_types", "group", "time_order", "encoding", "number_format", "images" or "shift".
        columns: The columns concerned; empty where it is about rows.
        severity: "info", "warning" or "high".
        action: What was done: "not used", "told", "rows left out", "counted as missing", "rows kept together", "ordered folds",
            "kept on one side" or how something was read.
        because: One sentence of evidence, with numbers and without single values of a column.
        override: The argument that changes the action, or an empty string.
        examples: Values that show what is meant; apart from the sentence, so that it can be told without them.

    Example:
        >>> Finding("constant", ("year",), "info", "not used", "All values are 2013.").action
        'not used'
    """

    check: str
    columns: tuple[str, ...]
    severity: str
    action: str
    because: str
    override: str = ""
    examples: tuple[str, ...] = ()

    @property
    def told(self) -> str:
        """The evidence with its examples.

        Example:
            >>> Finding("identifier", ("id",), "info", "not used", "All 3 values are codes.", "", ("a1", "b2")).told
            "All 3 values are codes, such as 'a1', 'b2'."
        """
        return f"{self.because.rstrip('.')}, such as {', '.join(map(repr, self.examples))}." if self.examples else self.because

    def to_dict(self) -> dict[str, Any]:
        """Return the finding as JSON-ready values, the examples within the sentence."""
        told = {**asdict(self), "columns": list(self.columns), "because": self.told}
        return {name: value for name, value in told.items() if name != "examples"}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Finding:
        """Rebuild a finding from :meth:`to_dict`."""
        return cls(**{**values, "columns": tuple(values["columns"])})
