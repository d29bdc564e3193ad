"""Which families take part, in which order, and why the others do not."""

import json
import subprocess
import sys

import pytest
from small import BOOSTED, FakeFamily, needs_lightgbm

from automl.decisions import DecisionLog
from automl.errors import UsageError
from automl.families import base
from automl.families.base import Tags
from automl.preprocessing.base import Spec
from automl.selection import ORDER, choose_families

SPEC = Spec(3, 2, (4,), 2, "binary", 500)


def names(plan):
    return [family.name for family in plan.families]


def test_everything_takes_part_and_simple_things_come_first():
    plan = choose_families(SPEC)
    kinds = [ORDER[family.tags.kind] for family in plan.families]
    assert kinds == sorted(kinds)
    assert names(plan)[0] == "naive"
    assert {"linear", BOOSTED, "extra_trees", "mlp"} <= set(names(plan))
    others = {name: reason for name, reason in plan.left_out.items() if name not in ("lightgbm", "hist_gradient_boosting")}
    assert all(reason.startswith("opt-in on a CPU") for reason in others.values())


@needs_lightgbm
def test_what_another_family_does_in_less_time_is_left_out():
    assert choose_families(SPEC).left_out["hist_gradient_boosting"].startswith("lightgbm grows such trees in less time")


def test_a_family_stands_in_where_the_other_cannot_be_trained(monkeypatch):
    monkeypatch.setattr(base, "loads", lambda library: False)
    plan = choose_families(SPEC)
    assert "hist_gradient_boosting" in names(plan)
    assert plan.left_out["lightgbm"] == "needs the library lightgbm, which cannot be loaded here"
    with pytest.raises(UsageError, match="needs the library lightgbm"):
        choose_families(SPEC, ["lightgbm"])


@needs_lightgbm
def test_a_family_that_stands_in_takes_part_where_it_is_asked_for():
    assert names(choose_families(SPEC, ["hist_gradient_boosting", "lightgbm"])) == ["naive", "hist_gradient_boosting", "lightgbm"]


def test_the_naive_family_is_always_there_to_compare_with():
    plan = choose_families(SPEC, ["mlp"])
    assert names(plan) == ["naive", "mlp"]
    assert plan.left_out["linear"] == "not asked for"


def test_an_unknown_name_gets_a_hint():
    with pytest.raises(UsageError, match=r"Received 'lineer'\. Did you mean 'linear'"):
        choose_families(SPEC, ["lineer"])


def test_families_of_ones_own_are_asked_for_by_object():
    mine = FakeFamily("mine", "network")
    assert names(choose_families(SPEC, [mine, "linear"])) == ["naive", "linear", "mine"]


def test_tags_say_what_fits():
    small = FakeFamily("small")
    small.tags = Tags("linear", maximum_rows=499)
    numbers = FakeFamily("numbers")
    numbers.tags = Tags("linear", problems=frozenset({"regression"}))
    plan = choose_families(SPEC, [small, numbers, "linear"])
    assert names(plan) == ["naive", "linear"]
    assert plan.left_out["small"] == "only up to 499 rows"
    assert plan.left_out["numbers"] == "does not solve binary"


def test_what_is_opt_in_is_asked_for_by_name_or_has_a_gpu(monkeypatch):
    dear = FakeFamily("dear")
    dear.tags = Tags("linear", opt_in=True)
    monkeypatch.setattr("automl.selection.find_families", lambda extra: {"naive": FakeFamily("naive", "naive"), "dear": dear})
    for gpu, chosen in ((False, ["naive"]), (True, ["naive", "dear"])):
        monkeypatch.setattr("automl._backend.has_gpu", lambda gpu=gpu: gpu)
        assert names(choose_families(SPEC)) == chosen
        assert names(choose_families(SPEC, [dear])) == ["naive", "dear"]
    monkeypatch.setattr("automl._backend.has_gpu", lambda: False)
    assert choose_families(SPEC).left_out["dear"] == "opt-in on a CPU; ask for it with families=['dear']"


def test_too_many_columns_are_a_reason():
    narrow = FakeFamily("narrow")
    narrow.tags = Tags("linear", maximum_columns=3)
    assert choose_families(SPEC, [narrow, "linear"]).left_out["narrow"] == "only up to 3 columns"


def test_nothing_left_is_an_error():
    numbers = FakeFamily("numbers")
    numbers.tags = Tags("linear", problems=frozenset({"regression"}))
    with pytest.raises(UsageError, match=r"`families` must leave at least one.*does not solve binary"):
        choose_families(SPEC, [numbers])
    with pytest.raises(UsageError, match="`families` must leave at least one"):
        choose_families(SPEC, [])


def test_the_naive_family_alone_may_be_asked_for():
    assert names(choose_families(SPEC, ["naive"])) == ["naive"]


def test_without_columns_only_the_naive_family_is_left():
    assert names(choose_families(Spec(0, 0, (), 2, "binary", 500))) == ["naive"]


def test_the_choice_is_told():
    log = DecisionLog()
    plan = choose_families(SPEC, ["linear"], log)
    (decision,) = log
    assert decision.chosen == "naive, linear"
    assert "500 rows" in decision.because
    assert any("mlp (not asked for)" in other for other in decision.alternatives)
    assert json.loads(json.dumps(plan.to_dict()))["families"] == ["naive", "linear"]


# ── networks alone


def test_networks_alone_leave_trees_out_and_keep_simple_things_to_compare_with():
    plan = choose_families(SPEC, only_networks=True)
    kinds = {family.tags.kind for family in plan.families}
    assert kinds == {"naive", "linear", "network"}
    assert plan.references == {"naive", "linear"}
    assert plan.absent == {"tree": "only networks were asked for"}
    assert not any(plan.competes(family) for family in plan.families if family.tags.kind != "network")


def test_networks_alone_among_those_that_were_named():
    plan = choose_families(SPEC, ["mlp"], only_networks=True)
    assert (names(plan), plan.references) == (["naive", "mlp"], {"naive"})
    with pytest.raises(UsageError, match="needs a network that fits this data"):
        choose_families(SPEC, ["linear", "extra_trees"], only_networks=True)


def test_a_kind_that_does_not_take_part_has_its_reason():
    assert choose_families(SPEC, ["linear"]).absent == {"tree": "not asked for", "network": "not asked for"}
    assert choose_families(SPEC).absent == {}


def test_trees_and_linear_models_do_not_load_the_library_for_networks():
    code = (
        "import sys; from automl.preprocessing.base import Spec; from automl.selection import choose_families; "
        "choose_families(Spec(3, 2, (4,), 2, 'binary', 500), ['linear', 'hist_gradient_boosting']); print('keras' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
