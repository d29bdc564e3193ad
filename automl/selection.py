"""Which families are eligible for this data, in which order, and why: simple ones first, so that a usable model exists early."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from automl.decisions import DecisionLog
from automl.errors import UsageError, did_you_mean
from automl.families import family_by_name, family_names, find_families
from automl.families.base import Family
from automl.preprocessing.base import Spec

ORDER = {"naive": 0, "linear": 1, "tree": 2, "network": 3}
TABLE = frozenset({"numbers", "categories"})
NOT_ASKED = "not asked for"
NOTHING = "there is no column to learn from"
COMPARED = ("naive", "linear")  # kinds that are cheap, and that every score is read against, also where they are not wanted as a model


@dataclass(frozen=True)
class Plan:
    """The families of one run.

    Attributes:
        families: Eligible families, in the order in which their first configuration is tried.
        left_out: Names of the others with the reason.
        references: Names of the families that are trained once for comparison and never become part of the model.
        absent: Kinds of which no family takes part, with the reason.
    """

    families: tuple[Family, ...]
    left_out: dict[str, str]
    references: frozenset[str] = frozenset()
    absent: dict[str, str] = field(default_factory=dict)

    def competes(self, family: Family) -> bool:
        """Whether a family is searched for its best configuration, and not only there to be compared with."""
        return family.tags.kind != "naive" and family.name not in self.references

    def to_dict(self) -> dict[str, object]:
        """Return names and reasons."""
        named = [family.name for family in self.families]
        return {"families": named, "left_out": self.left_out, "references": sorted(self.references)}


def check_families(wanted: Sequence[str | Family] | None) -> None:
    """Raise where a family is named that does not exist; the names are those of files, so no library for networks is loaded.

    Raises:
        UsageError: If a name is unknown.

    Example:
        >>> check_families(["linear", "mlp"])
    """
    names = [getattr(family, "name", str(family)) for family in wanted or ()]
    known = sorted({*family_names(), *(family.name for family in wanted or () if isinstance(family, Family))})
    for name in names:
        if name not in known:
            raise UsageError(f"`families` must name families out of {known}. Received {name!r}.{did_you_mean(name, known)}")


def choose_families(
    spec: Spec, wanted: Sequence[str | Family] | None = None, log: DecisionLog | None = None, *, only_networks: bool = False
) -> Plan:
    """Choose the families to try.

    Args:
        spec: The shapes of the prepared data.
        wanted: Names or objects of the families to try; None for all that fit. The naive family always takes part, because
            every score is read against it.
        log: Where the choice is recorded.
        only_networks: Whether the model may consist of networks alone. The naive and the linear family are then trained once, for
            comparison; trees are not trained at all, because their seconds would be the networks'.

    Returns:
        The plan.

    Raises:
        UsageError: If a name is unknown, nothing but the naive family is left, or no network where only networks are wanted.
    """
    check_families(wanted)
    names = None if wanted is None else [getattr(family, "name", str(family)) for family in wanted]
    known = _known(wanted, names)
    left_out = {} if names is None else dict.fromkeys((name for name in family_names() if name not in known), NOT_ASKED)
    for name, family in list(known.items()):
        if names is None and spec.offered and _foreign(family, spec) is not None:
            del known[name]  # what reads pictures says nothing about a table, not even that it was left out
            continue
        reason = _reason_against(family, spec)
        if only_networks and family.tags.kind not in ("network", *COMPARED):
            left_out[name] = "only networks were asked for"
        elif reason is not None:
            left_out[name] = reason
        elif names is None and spec.modality == "image" and family.tags.kind == "network" and family.tags.inputs <= TABLE:
            left_out[name] = f"pictures have networks of their own; ask for it with families=[{name!r}]"
        elif names is None and spec.rows < family.tags.hungry:
            left_out[name] = f"needs {family.tags.hungry:,} rows; ask for it with families=[{name!r}]"
        elif names is None and family.tags.opt_in and not _has_gpu():
            left_out[name] = f"opt-in on a CPU; ask for it with families=[{name!r}]"
    for name, family in known.items():
        better = family.tags.stands_in_for
        if names is None and better in known and better not in left_out and name not in left_out:
            left_out[name] = f"{better} grows such trees in less time; ask for it with families=[{name!r}]"
    chosen = sorted((family for name, family in known.items() if name not in left_out), key=order_of)
    references = frozenset(family.name for family in chosen if only_networks and family.tags.kind in COMPARED)
    if only_networks and len(references) == len(chosen):
        given = "all families" if names is None else names
        raise UsageError(f"`only_networks=True` needs a network that fits this data among the families. Received {given}: {left_out}.")
    if names is not None and all(family.tags.kind == "naive" for family in chosen) and set(names) != {f.name for f in chosen}:
        told = {name: reason for name, reason in left_out.items() if reason != NOT_ASKED}
        raise UsageError(f"`families` must leave at least one that fits this data. Received {names}: {told}.")
    if log is not None:
        _tell(log, spec, chosen, left_out, references)
    present = {family.tags.kind for family in chosen}
    reasons = {known[name].tags.kind: reason for name, reason in left_out.items() if name in known}
    absent = {kind: reasons.get(kind, NOT_ASKED) for kind in ORDER if kind not in present}
    return Plan(tuple(chosen), left_out, references, absent)


def _known(wanted: Sequence[str | Family] | None, names: Sequence[str] | None) -> dict[str, Family]:
    """Return families by name; where some were asked for, no other is loaded: trees and linear models need no library for networks."""
    extra = tuple(family for family in wanted or () if isinstance(family, Family))
    if names is None:
        return find_families(extra)
    return {name: family_by_name(name, extra) for name in sorted({"naive", *names})}


def _tell(log: DecisionLog, spec: Spec, chosen: list[Family], left_out: dict[str, str], references: frozenset[str]) -> None:
    because = f"They solve {spec.problem} on {spec.rows:,} rows; simple ones come first so that a usable model exists early."
    if references:
        because = f"You asked for networks only; {' and '.join(sorted(references))} are trained once for comparison and have no weight."
    log.add(
        "choose",
        "families",
        ", ".join(family.name for family in chosen),
        because,
        [f"{name} ({reason})" for name, reason in left_out.items()],
        "only_networks=False" if references else "families=['linear', 'mlp']",
    )


def _has_gpu() -> bool:
    from automl import _backend  # loads Keras, which a run without networks does without

    return _backend.has_gpu()


def order_of(family: Family) -> tuple[int, int, str]:
    """Return what families are tried by: their kind, their rank among it, their name."""
    return ORDER.get(family.tags.kind, 9), family.tags.rank, family.name


def _reason_against(family: Family, spec: Spec) -> str | None:
    """Return why a family does not fit, or None."""
    if spec.problem not in family.tags.problems:
        return f"does not solve {spec.problem}"
    if family.tags.maximum_rows is not None and spec.rows > family.tags.maximum_rows:
        return f"only up to {family.tags.maximum_rows:,} rows"
    if not family.tags.trainable:
        return f"needs the library {family.tags.library}, which cannot be loaded here"
    columns = spec.numbers + spec.encoded + len(spec.categories)
    if family.tags.maximum_columns is not None and columns > family.tags.maximum_columns:
        return f"only up to {family.tags.maximum_columns:,} columns"
    return _foreign(family, spec)


def _foreign(family: Family, spec: Spec) -> str | None:
    """Return why a family is for other data, or None."""
    tags = family.tags
    if tags.kind != "naive" and not tags.inputs & spec.offered:
        return f"it reads {' or '.join(sorted(tags.inputs))}, which these data have not" if spec.offered else NOTHING
    if tags.modalities is not None and spec.modality not in tags.modalities:
        return f"it is for {' and '.join(sorted(tags.modalities))} data"
    return None
