"""What is known of one column."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

TYPES = ("number", "boolean", "category", "ordinal", "datetime", "text", "image", "series", "list")
ROLES = ("feature", "target", "identifier", "group", "time", "series", "dropped")


@dataclass(frozen=True)
class Column:
    """The meaning of one column.

    Attributes:
        name: The column's name.
        type: "number", "boolean", "category", "ordinal" (a category with an order), "datetime", "text", "image" (paths of pictures),
            "series" (steps in time) or "list" (several labels in a cell).
        role: "feature", "target", "identifier", "group" (rows that belong together), "time" (when a row was), "series" (which series
            a row is of) or "dropped".
        evidence: Why it has this type: a sentence with numbers.
        confidence: From 0 to 1.
        parse: How raw cells become typed values (decimal, thousands, affix, true_values, false_values, formats); also `unread`,
            the share of the cells looked at that the type cannot hold, and `examples` of them.
        declared: Whether the user declared the type. Checks keep such a column among the features.

    Example:
        >>> Column("age", "number").role
        'feature'
    """

    name: str
    type: str
    role: str = "feature"
    evidence: str = ""
    confidence: float = 1.0
    parse: dict[str, Any] = field(default_factory=dict)
    declared: bool = False

    def to_dict(self) -> dict[str, Any]:
        """Return the column as JSON-ready values."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Column:
        """Rebuild a column from :meth:`to_dict`."""
        return cls(**values)
