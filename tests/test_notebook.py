"""An estimator shows itself in a notebook, fitted or not."""

from __future__ import annotations

from small import FEATURES, fit, people

import automl
from automl.report.notebook import summary


def test_an_estimator_shows_itself_fitted_or_not() -> None:
    model = automl.AutoML("churn")
    assert "AutoML" in model._repr_html_()  # scikit-learn's diagram
    fitted = fit(people(120)[[*FEATURES, "churn"]], "churn")
    assert fitted._repr_html_() == summary(fitted.facts_)
    assert "Can we use it?" in fitted._repr_mimebundle_()["text/html"]
