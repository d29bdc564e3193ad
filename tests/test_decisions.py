"""Every automatic choice leaves a record that can be read and overruled."""

import json

from hypothesis import given
from hypothesis import strategies as st

from automl.decisions import Decision, DecisionLog

WORDS = st.text(max_size=20)


@given(st.builds(Decision, WORDS, WORDS, WORDS, WORDS, st.lists(WORDS, max_size=3).map(tuple), st.none() | WORDS))
def test_a_decision_survives_json(decision):
    assert Decision.from_dict(json.loads(json.dumps(decision.to_dict()))) == decision


def test_the_log_keeps_the_order_and_only_grows():
    log = DecisionLog()
    first = log.add("read", "separator", "';'", "20 lines.")
    second = log.add("detect", "problem type", "binary", "2 values.", iter(["multiclass"]), 'problem="multiclass"')
    assert list(log) == [first, second]
    assert len(log) == 2
    assert second.alternatives == ("multiclass",)
    assert [entry["stage"] for entry in log.to_list()] == ["read", "detect"]


def test_a_copied_log_goes_its_own_way():
    log = DecisionLog()
    log.add("read", "a", "b", "c")
    copy = DecisionLog(list(log))
    copy.add("read", "d", "e", "f")
    assert len(log) == 1
