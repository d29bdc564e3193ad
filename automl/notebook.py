"""How a fitted model shows itself in a notebook."""

from __future__ import annotations

from typing import Any


class Shown:
    """Gives an estimator a display of its own once it is fitted; scikit-learn's diagram before."""

    def _html_repr(self) -> str:
        """Return HTML for a notebook's cell; `_repr_html_` and `_repr_mimebundle_` of scikit-learn ask for it."""
        facts: Any = getattr(self, "facts_", None)
        if facts is None:
            return str(super()._html_repr())  # type: ignore[misc]
        from automl.report.notebook import summary

        return summary(facts)
