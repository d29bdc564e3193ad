"""Methods that are there only where classes are predicted, as scikit-learn expects it of ``predict_proba``."""

from __future__ import annotations

from collections.abc import Callable
from types import MethodType
from typing import Any

from numpy.typing import NDArray

from automl.errors import UsageError

Array = NDArray[Any]


class NotForNumbersError(UsageError, AttributeError):
    """What is for classes was asked of a regression; an AttributeError too, because scikit-learn asks with ``hasattr``."""


class ForClasses:
    """A method that is there only where classes are, or may be, predicted."""

    def __init__(self, method: Callable[..., Array]) -> None:
        self.method = method
        self.__doc__ = method.__doc__

    def __get__(self, model: Any | None, owner: type | None = None) -> Callable[..., Array]:
        if model is None:
            return self.method
        if model._problem() == "regression":
            law, hint = f"`{self.method.__name__}` is for classes", "use predict or predict_interval"
            raise NotForNumbersError(f"{law}. Received a model that predicts numbers; {hint}.")
        return MethodType(self.method, model)
