"""Evaluation: every number with its 95 % interval, on rows that no choice has seen."""

from automl.evaluation.facts import ClassScores, Comparison, Estimate, Evaluation
from automl.evaluation.judge import compare, evaluate

__all__ = ["ClassScores", "Comparison", "Estimate", "Evaluation", "compare", "evaluate"]
