"""Why the model predicts what it does: which columns it needs and how, what each added to one row, what would change it, and proof.

Everything here looks at the model from outside: ``predict`` takes a frame of raw columns and returns (rows, outputs).
"""

from automl.explanation.association import associated_columns
from automl.explanation.attention import AttendedText, AttendedWord, Attention, agreement, attended_text
from automl.explanation.cards import Card, Check, Curve
from automl.explanation.changes import check_changes
from automl.explanation.counterfactual import Change, Counterfactual, smallest_change
from automl.explanation.effects import Effect, column_effects
from automl.explanation.examples import interesting_rows
from automl.explanation.frames import Clock
from automl.explanation.importance import ColumnImportance, Importance, permutation_importance
from automl.explanation.interactions import Interaction, column_interactions
from automl.explanation.pictures import PictureEffect, inline_png, picture_effects, warmed
from automl.explanation.shapley import ColumnContribution, RowExplanation, explain_rows
from automl.explanation.similar import Similar, similar_cases
from automl.explanation.verify import verify_importance, verify_rows
from automl.explanation.words import Words, word_effects

__all__ = [
    "AttendedText",
    "AttendedWord",
    "Attention",
    "Card",
    "Change",
    "Check",
    "Clock",
    "ColumnContribution",
    "ColumnImportance",
    "Counterfactual",
    "Curve",
    "Effect",
    "Importance",
    "Interaction",
    "PictureEffect",
    "RowExplanation",
    "Similar",
    "Words",
    "agreement",
    "associated_columns",
    "attended_text",
    "check_changes",
    "column_effects",
    "column_interactions",
    "explain_rows",
    "inline_png",
    "interesting_rows",
    "permutation_importance",
    "picture_effects",
    "similar_cases",
    "smallest_change",
    "verify_importance",
    "verify_rows",
    "warmed",
    "word_effects",
]
