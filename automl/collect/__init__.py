"""Gathers what the stages found into the facts of the report: words and shapes; the numbers come from the stages that own them."""

from automl.collect.facts import collect_facts

__all__ = ["collect_facts"]
