"""Who can mend it decides the exit code."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from automl.errors import ArtifactError, AutoMLError, DataError, GateError, InternalError, UsageError, did_you_mean


@pytest.mark.parametrize(("kind", "code"), [(DataError, 3), (ArtifactError, 3), (UsageError, 2), (GateError, 5), (InternalError, 70)])
def test_exit_codes(kind, code):
    assert kind.exit_code == code
    assert issubclass(kind, AutoMLError)


def test_what_scikit_learn_catches_is_a_value_error():
    assert issubclass(DataError, ValueError)
    assert issubclass(UsageError, ValueError)
    assert not issubclass(GateError, ValueError)


@pytest.mark.parametrize(("value", "name"), [("prise", "price"), ("PRICE", "price"), ("Arae", "area"), ("zzz", None), (3, None)])
def test_the_nearest_name_is_offered(value, name):
    assert did_you_mean(value, ["price", "area"]) == (f" Did you mean {name!r}?" if name else "")


@given(st.text(), st.lists(st.text()))
def test_a_hint_names_something_known(value, known):
    hint = did_you_mean(value, known)
    assert hint == "" or any(repr(name) in hint for name in known)


def test_names_need_not_be_text():
    assert did_you_mean("12", [12, None, ("a", 1)]) == " Did you mean '12'?"
