"""The contract suite over every family in the folder: it grows by itself.

Families that a CPU tries only where they are asked for by name, and those of pictures and series, train long here too; most of their
checks are run by ``pytest -m slow tests/families``. What is left for them trains once, or not at all where a backend has no fast gradient
of their convolutions.
"""

import keras
import pytest

from automl.families import find_families
from automl.testing import FAMILY_CHECKS

WITHOUT_TRAINING = {
    "check_defaults_are_in_the_space",
    "check_configurations_survive_json",
    "check_sampling_is_deterministic",
    "check_it_is_described",
}
SHORT = WITHOUT_TRAINING | {"check_state_survives_storing"}
LONG = {"pixels", "series"}


def always(family):
    """Return the names of the checks that are never put off, or None for all."""
    if "pixels" in family.tags.inputs and keras.backend.backend() != "tensorflow":
        return WITHOUT_TRAINING
    return SHORT if family.tags.opt_in or family.tags.inputs & LONG else None


def promises():
    for family in find_families().values():
        kept = always(family)
        for check in FAMILY_CHECKS:
            later = kept is not None and check.__name__ not in kept
            yield pytest.param(family, check, id=f"{family.name}-{check.__name__}", marks=[pytest.mark.slow] if later else [])


@pytest.mark.parametrize(("family", "check"), list(promises()))
def test_family(family, check):
    check(family)
