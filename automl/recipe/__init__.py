"""A business problem as data: a YAML file is read, all its problems are told at once, and it becomes a fitted model.

This is the only place where configuration is parsed. A recipe holds no code; its fields are those of :class:`Recipe`.
"""

from automl.recipe.fields import Costs, Minimum, Recipe
from automl.recipe.reading import load_recipe, parse_recipe
from automl.recipe.running import run_recipe

__all__ = ["Costs", "Minimum", "Recipe", "load_recipe", "parse_recipe", "run_recipe"]
