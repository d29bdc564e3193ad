"""The search keeps the clock and the cap, tries the portfolio first and nothing twice, and outlives what families do."""

import numpy as np
import pytest
from small import FakeFamily, HandClock

from automl.budget import Budget, search_until
from automl.families.base import Trained, TrainingData
from automl.search import Study, out_of_fold_loss
from automl.selection import Plan
from automl.shares import SHARES
from automl.testing import toy_data
from automl.trials import TrialStore

DATA = toy_data("binary", rows=60)


def study(*families, budget=None, data=DATA, **options):
    return Study(Plan(families, {}), data, budget or Budget(trials=4), **options)


def configs(trials):
    return [{key: value for key, value in trial.config.items() if key != "seed"} for trial in trials]


@pytest.mark.parametrize("cap", [1, 2, 5, 17])
def test_the_cap_on_trials_is_exact(cap):
    naive, one, pack = FakeFamily("naive", "naive", portfolio=[{}]), FakeFamily("one"), FakeFamily("pack", "network", pack=4)
    trials = study(naive, one, pack, budget=Budget(trials=cap)).run()
    assert sum(trial.family is not naive for trial in trials) == cap
    assert sum(trial.family is naive for trial in trials) == 1


def test_the_portfolio_comes_first_then_proposals_that_are_new():
    family = FakeFamily(portfolio=[{"strength": 0.1}, {}, {"strength": 0.9, "shape": "square"}])
    tried = configs(study(family, budget=Budget(trials=30)).run())
    assert tried[:3] == [{"strength": 0.1, "shape": "round"}, {"strength": 0.5, "shape": "round"}, {"strength": 0.9, "shape": "square"}]
    assert len({str(sorted(config.items())) for config in tried}) == 30
    assert {config["shape"] for config in tried[3:]} == {"round", "square"}


def test_half_of_the_proposals_stay_near_the_best():
    family = FakeFamily(portfolio=[{"strength": 0.6}])
    tried = configs(study(family, budget=Budget(trials=60)).run())[1:]
    same = sum(config["strength"] == 0.6 for config in tried)  # one entry of two is kept, the other one changed
    assert 0 < same < 40


def test_members_of_a_pack_share_their_structure():
    family = FakeFamily(kind="network", pack=6, portfolio=[{}, {"shape": "square"}, {"strength": 0.1}])
    study(family, budget=Budget(trials=18)).run()
    assert len(family.calls) >= 3
    assert all(len({config["shape"] for config in call}) == 1 for call in family.calls)
    assert [config["strength"] for config in family.calls[0]][:2] == [0.5, 0.1]  # of the portfolio, what fits together
    assert max(len(call) for call in family.calls) <= 6


def test_every_trial_has_a_seed_of_its_own():
    trials = study(FakeFamily(kind="network", pack=3), budget=Budget(trials=9), seed=5).run()
    assert len({trial.config["seed"] for trial in trials}) == 9


def test_the_same_seed_tries_the_same_and_another_one_something_else():
    pair = [FakeFamily(), FakeFamily("b", "network", pack=3)]
    runs = [configs(study(*pair, budget=Budget(trials=12), seed=seed).run()) for seed in (1, 1, 2)]
    assert runs[0] == runs[1]
    assert runs[0] != runs[2]


def test_the_search_ends_when_its_share_of_the_clock_is_used_up():
    clock = HandClock()
    budget = Budget(100, clock=clock)
    trials = study(FakeFamily("a", clock=clock, cost=3.0), FakeFamily("b", "tree", clock=clock, cost=7.0), budget=budget).run()
    assert len(trials) > 5
    assert clock.now <= 100 * search_until(budget, 200)


@pytest.mark.parametrize("useful", SHARES)
def test_kinds_of_families_get_the_time_that_the_ensemble_says_they_are_worth(useful, monkeypatch):
    monkeypatch.setattr("automl.shares.TRUST_ROWS", (1, 2))
    clock = HandClock()
    # All are useless but one, which therefore has all the weight.
    families = [FakeFamily(kind, kind, clock=clock, cost=1.0, best=0.5 if kind == useful else 5.0) for kind in SHARES]
    trials = study(*families, budget=Budget(150, clock=clock)).run()
    spent = {kind: sum(trial.seconds for trial in trials if trial.family.tags.kind == kind) for kind in SHARES}
    for kind, share in SHARES.items():
        worth = 0.5 * share + 0.5 * (kind == useful)
        assert spent[kind] / sum(spent.values()) == pytest.approx(worth, abs=0.03)


def test_what_does_not_fit_into_the_time_left_is_not_begun():
    clock = HandClock()
    slow = FakeFamily("slow", clock=clock, cost=30.0)
    study(slow, budget=Budget(100, clock=clock)).run()
    assert len(slow.calls) == 3  # 15 s as a baseline, then two times 30 s; 5 of 80 s are left


@pytest.mark.parametrize("start", [0.0, 6.0])
def test_a_first_network_that_would_learn_nothing_in_the_time_left_is_not_begun(start):
    clock = HandClock()
    slow, net = FakeFamily("slow", clock=clock, cost=15.0), FakeFamily("net", "network", clock=clock)
    net.start_seconds, clock.now = start, 66.0
    study(slow, net, budget=Budget(100, clock=clock, started=0.0)).run()  # 5 of 86 s are left after the baseline
    assert bool(net.calls) == (start == 0.0)
    alone = FakeFamily("alone", "network", clock=HandClock(), cost=1.0)
    alone.start_seconds = 100.0
    study(alone, budget=Budget(100, clock=alone.clock)).run()
    assert alone.calls  # without it there would be no model at all


def test_a_usable_model_exists_early():
    clock = HandClock()
    naive, net = FakeFamily("naive", "naive", clock=clock, cost=0.1), FakeFamily("net", "network", clock=clock, cost=20)
    trials = study(naive, FakeFamily("a", clock=clock), net, budget=Budget(100, clock=clock)).run()
    assert [trial.family.name for trial in trials[:3]] == ["naive", "a", "net"]
    assert trials[1].elapsed < 5


@pytest.mark.parametrize("error", [ValueError("no"), TypeError("no"), KeyError("no"), MemoryError(), AssertionError("no"), OSError("no")])
def test_a_family_that_raises_is_recorded_and_the_run_goes_on(error):
    def fail(call):
        raise error

    broken, fine = FakeFamily("broken", before=fail), FakeFamily("fine")
    run = study(broken, fine, budget=Budget(trials=6))
    trials = run.run()
    assert len(broken.calls) == 1  # the same failure would come again
    failed = [trial for trial in trials if trial.family is broken]
    assert [(trial.status, trial.usable) for trial in failed] == [("failed", False)]
    assert type(error).__name__ in failed[0].reason
    assert sum(trial.usable for trial in trials) == 5
    assert run.best is not None


def test_a_family_may_fail_later_and_keep_what_it_reached():
    def fail(call):
        if call == 3:
            raise RuntimeError("out of memory")

    trials = study(FakeFamily(before=fail), FakeFamily("other"), budget=Budget(trials=10)).run()
    assert [trial.usable for trial in trials if trial.family.name == "fake"] == [True, True, False]


def test_ctrl_c_ends_the_search_and_keeps_the_best_so_far():
    def press(call):
        if call == 3:
            raise KeyboardInterrupt

    run = study(FakeFamily(before=press), budget=Budget(trials=10))
    assert len(run.run()) == 2
    assert run.interrupted
    assert run.best is not None


class Odd(FakeFamily):
    """Returns fewer results than it was asked for, or useless ones."""

    def train(self, configs, data, **options):
        results = super().train(configs, data, **options)
        if self.name == "silent":
            return []
        results[0].out_of_fold[:] = np.nan
        return results


def test_predictions_that_are_not_finite_are_a_failure():
    (trial,) = study(Odd("nan"), budget=Budget(trials=1)).run()
    assert (trial.status, trial.usable, trial.reason) == ("failed", False, "its predictions are not finite")


def test_nothing_reached_in_time_is_a_failure_with_a_reason():
    (trial,) = study(Odd("silent"), budget=Budget(trials=1)).run()
    assert trial.status == "failed"
    assert "before its share of the time" in trial.reason


def test_trials_are_stored_and_progress_is_told(tmp_path):
    told = []
    store = TrialStore(tmp_path / "t.sqlite")
    trials = study(FakeFamily(), budget=Budget(trials=3), store=store, on_progress=told.append).run()
    store.close()
    rows = list(TrialStore(tmp_path / "t.sqlite").rows())
    assert [(row["number"], row["loss"]) for row in rows] == [(trial.number, trial.loss) for trial in trials]
    assert told[0] == "training Fake"
    assert "1 of 1 usable" in told[1]


def test_a_search_space_that_is_used_up_ends_the_search():
    class Tiny(FakeFamily):
        def space(self, hp, spec):
            hp.Choice("strength", [0.1, 0.2], default=0.1)

    trials = study(Tiny(portfolio=[{}]), budget=Budget(trials=50)).run()
    assert len(trials) == 2


def test_the_loss_looks_at_validated_rows_alone():
    fold = np.where(np.arange(DATA.rows) < 20, 0, -1)
    data = TrainingData(DATA.arrays, DATA.target, fold, 1, DATA.spec)
    out = np.full((DATA.rows, 2), np.nan, np.float32)
    out[:20] = 0.5
    assert out_of_fold_loss(data, out) == pytest.approx(np.log(2))
    out[3] = np.nan
    assert out_of_fold_loss(data, out) == float("inf")


def test_the_loss_of_numbers_is_the_rmse_in_model_space():
    data = toy_data("regression", rows=60)
    assert out_of_fold_loss(data, np.zeros((60, 1), np.float32)) == pytest.approx(1.0)


def test_trained_is_what_a_family_returns():
    (result,) = FakeFamily().train([{"strength": 0.6}], DATA, deadline=Budget(trials=1).deadline(), seed=0)
    assert isinstance(result, Trained)
    assert out_of_fold_loss(DATA, result.out_of_fold) == pytest.approx(-np.log(0.9))
