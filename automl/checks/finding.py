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
        because: One sentence of evidence, with numbers.
        override: The argument that changes the action, or an empty string.

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

    def to_dict(self) -> dict[str, Any]:
        """Return the finding as JSON-ready values."""
        return {**asdict(self), "columns": list(self.columns)}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Finding:
        """Rebuild a finding from :meth:`to_dict`."""
        return cls(**{**values, "columns": tuple(values["columns"])})
