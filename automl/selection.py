"""Which families are eligible for this data, in which order, and why: simple ones first, so that a usable model exists early."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from automl.decisions import DecisionLog
from automl.errors import UsageError, did_you_mean
from automl.families import find_families
from automl.families.base import Family
from automl.preprocessing.base import Spec

ORDER = {"naive": 0, "linear": 1, "tree": 2, "network": 3}
SHARES = {"linear": 0.1, "tree": 0.4, "network": 0.5}  # of the search time, while each kind still has something to try


@dataclass(frozen=True)
class Plan:
    """The families of one run.

    Attributes:
        families: Eligible families, in the order in which their first configuration is tried.
        left_out: Names of the others with the reason.
    """

    families: tuple[Family, ...]
    left_out: dict[str, str]

    def to_dict(self) -> dict[str, object]:
        """Return names and reasons."""
        return {"families": [family.name for family in self.families], "left_out": self.left_out}


def choose_families(spec: Spec, wanted: Sequence[str | Family] | None = None, log: DecisionLog | None = None) -> Plan:
    """Choose the families to try.

    Args:
        spec: The shapes of the prepared data.
        wanted: Names or objects of the families to try; None for all that fit. The naive family always takes part, because
            every score is read against it.
        log: Where the choice is recorded.

    Returns:
        The plan.

    Raises:
        UsageError: If a name is unknown, or nothing but the naive family is left.
    """
    extra = tuple(family for family in wanted or () if isinstance(family, Family))
    known = find_families(extra)
    names = None if wanted is None else [family.name if isinstance(family, Family) else str(family) for family in wanted]
    for name in names or ():
        if name not in known:
            raise UsageError(f"`families` must name families out of {sorted(known)}. Received {name!r}.{did_you_mean(name, known)}")
    left_out: dict[str, str] = {}
    for name, family in known.items():
        reason = _reason_against(family, spec)
        if names is not None and name not in names and family.tags.kind != "naive":
            left_out[name] = "not asked for"
        elif reason is not None:
            left_out[name] = reason
    chosen = sorted((family for name, family in known.items() if name not in left_out), key=_order)
    if names is not None and all(family.tags.kind == "naive" for family in chosen) and set(names) != {f.name for f in chosen}:
        raise UsageError(f"`families` must leave at least one that fits this data. Received {names}: {left_out}.")
    if log is not None:
        rejected = [f"{name} ({reason})" for name, reason in left_out.items()]
        log.add(
            "choose",
            "families",
            ", ".join(family.name for family in chosen),
            f"They solve {spec.problem} on {spec.rows:,} rows; simple ones come first so that a usable model exists early.",
            rejected,
            "families=['linear', 'mlp']",
        )
    return Plan(tuple(chosen), left_out)


def _order(family: Family) -> tuple[int, int, str]:
    return ORDER.get(family.tags.kind, 9), family.tags.rank, family.name


def _reason_against(family: Family, spec: Spec) -> str | None:
    """Return why a family does not fit, or None."""
    if spec.problem not in family.tags.problems:
        return f"does not solve {spec.problem}"
    if family.tags.maximum_rows is not None and spec.rows > family.tags.maximum_rows:
        return f"only up to {family.tags.maximum_rows:,} rows"
    if not spec.numbers and not spec.categories and family.tags.kind != "naive":
        return "there is no column to learn from"
    return None
