"""The contract suite over every family in the folder: it grows by itself."""

import pytest

from automl.families import find_families
from automl.testing import FAMILY_CHECKS


@pytest.mark.parametrize("check", FAMILY_CHECKS, ids=lambda check: check.__name__)
@pytest.mark.parametrize("family", find_families().values(), ids=lambda family: family.name)
def test_family(family, check):
    check(family)
