"""The exception tree: either the user can mend it, or we have a bug.

    AutoMLError
    ├── DataError        the data or a file cannot be used as it is        exit code 3
    │   └── ArtifactError    a model file is damaged, altered or too new
    ├── UsageError       an argument or a recipe says something impossible  exit code 2
    ├── GateError        a requested minimum was not reached                exit code 5
    └── InternalError    a promise of our own was broken: please report it  exit code 70

Every message is one sentence of law, the value received and a hint.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class AutoMLError(Exception):
    """Base of every error that automl raises on purpose."""

    exit_code = 70


class DataError(AutoMLError, ValueError):
    """The data or a file cannot be used as it is; the message says what to change."""

    exit_code = 3


class ArtifactError(DataError):
    """A model file is damaged, was altered after saving, or comes from a newer version."""


class UsageError(AutoMLError, ValueError):
    """An argument, an option or a recipe entry is impossible; the message names the allowed values."""

    exit_code = 2


class GateError(AutoMLError):
    """A minimum that the user asked for was not reached; the model was saved all the same."""

    exit_code = 5


class InternalError(AutoMLError):
    """A promise of our own was broken. Please report it with the message."""

    exit_code = 70


def did_you_mean(value: object, known: Iterable[object]) -> str:
    """Return a hint with the nearest known name, or an empty string.

    Args:
        value: What was received.
        known: The names that would have been right.

    Returns:
        A sentence that starts with a space, ready to be appended to a message.

    Example:
        >>> did_you_mean("prise", ["price", "area"])
        " Did you mean 'price'?"
    """
    names = [str(name) for name in known]
    folded = {name.casefold(): name for name in names}
    close = difflib.get_close_matches(str(value).casefold(), list(folded), n=1, cutoff=0.6)
    return f" Did you mean {folded[close[0]]!r}?" if close else ""
