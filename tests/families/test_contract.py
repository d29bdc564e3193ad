"""The contract suite over every family in the folder: it grows by itself.

What looks at a training that other checks look at too is run for every family that reads tables or texts. What trains something of its own
is run by default for one family of each mechanism, and for trees and linear models. Families that a CPU tries only where they are asked for
by name, and those of pictures and series, train long here too: they train once, or not at all where another family is made of the same
layers or a backend has no fast gradient of their convolutions. All the rest is run by ``pytest -m slow tests/families``.
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
OF_THEIR_OWN = {"check_a_pack_equals_single_training", "check_any_input_is_enough", "check_encoded_columns_are_those_of_the_fold"}
SHARED = {check.__name__ for check in FAMILY_CHECKS} - OF_THEIR_OWN
LONG = {"pixels", "series"}
ONE_OF_EACH = {"mlp", "text_cnn"}  # packed layers over tables, over texts
# Made of the layers of a family that trains by default: of cnn, fcn_resnet, gru and ft_transformer.
LIKE_ANOTHER = {"convnext", "vit", "inception_time", "lstm_fcn", "lstm", "simple_rnn", "series_transformer", "text_transformer"}


def always(family):
    """Return the names of the checks that are never put off, or None for all."""
    if family.name in LIKE_ANOTHER:
        return WITHOUT_TRAINING
    if "pixels" in family.tags.inputs and keras.backend.backend() != "tensorflow":
        return WITHOUT_TRAINING
    if family.tags.opt_in or family.tags.inputs & LONG:
        return SHORT
    return SHARED if family.tags.kind == "network" and family.name not in ONE_OF_EACH else None


def promises():
    for family in find_families().values():
        if not family.tags.trainable:
            continue
        kept = always(family)
        for check in FAMILY_CHECKS:
            later = kept is not None and check.__name__ not in kept
            yield pytest.param(family, check, id=f"{family.name}-{check.__name__}", marks=[pytest.mark.slow] if later else [])


@pytest.mark.parametrize(("family", "check"), list(promises()))
def test_family(family, check):
    check(family)
