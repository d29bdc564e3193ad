"""The contract suite over every family in the folder: it grows by itself.

Families that a CPU tries only where they are asked for by name train long here too; most of their
checks are run by ``pytest -m slow tests/families``.
"""

import pytest

from automl.families import find_families
from automl.testing import FAMILY_CHECKS

ALWAYS = {
    "check_defaults_are_in_the_space",
    "check_configurations_survive_json",
    "check_sampling_is_deterministic",
    "check_it_is_described",
    "check_inputs_are_untouched",
    "check_rows_are_independent",
}


def promises():
    for family in find_families().values():
        for check in FAMILY_CHECKS:
            later = family.tags.opt_in and check.__name__ not in ALWAYS
            yield pytest.param(family, check, id=f"{family.name}-{check.__name__}", marks=[pytest.mark.slow] if later else [])


@pytest.mark.parametrize(("family", "check"), list(promises()))
def test_family(family, check):
    check(family)
