"""Why the model predicts what it predicts: which columns it needs, and what each column added to one row's prediction.

Everything here looks at the model from outside: ``predict`` takes a frame of raw columns and returns (rows, outputs).
"""

from automl.explanation.association import associated_columns
from automl.explanation.examples import interesting_rows
from automl.explanation.importance import ColumnImportance, Importance, permutation_importance
from automl.explanation.shapley import ColumnContribution, RowExplanation, explain_rows

__all__ = [
    "ColumnContribution",
    "ColumnImportance",
    "Importance",
    "RowExplanation",
    "associated_columns",
    "explain_rows",
    "interesting_rows",
    "permutation_importance",
]
