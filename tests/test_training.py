"""The pack trainer: equality with single training, honest folds, best epochs, halving, the clock."""

import copy

import numpy as np
import pytest
from small import HandClock

from automl.budget import Budget
from automl.families.mlp import MLP
from automl.testing import toy_data
from automl.training import PackData, PackTrainer, Schedule, coslog4, refined_log_loss
from automl.training.schedule import CYCLE_ENDS


def trainer(data, configs=2, schedule=None, deadline=None, rates=None, seeds=None):
    family, spec = MLP(), data.spec
    shared = family.complete({"units": 32}, spec)
    used = {name: data.arrays[name] for name in ("numbers", "categories")}
    rates = rates or [3e-3] * configs
    vectors = {"learning_rate": np.array(rates), "weight_decay": np.full(configs, 0.02), "dropout": np.full(configs, 0.2)}
    return PackTrainer(
        ("test", spec),
        lambda members: family.build(spec, [shared] * members),
        PackData(used, data.target, data.fold, data.folds, spec.is_classification),
        vectors,
        seeds or list(range(configs)),
        schedule or Schedule(4, 32),
        deadline or Budget(trials=1).deadline(),
    )


@pytest.mark.parametrize("problem", ["binary", "multiclass", "regression"])
def test_a_member_of_a_pack_equals_the_same_network_trained_alone(problem):
    data = toy_data(problem)
    schedule = Schedule(5, 32, keep=(1.0, 1.0, 1.0), seed=3)
    rates = [1e-3, 3e-3, 8e-3]
    together = trainer(data, 3, schedule, rates=rates, seeds=[5, 6, 7]).run()
    for number, rate in enumerate(rates):
        alone = trainer(data, 1, schedule, rates=[rate], seeds=[5 + number]).run()
        np.testing.assert_allclose(together.logits[number], alone.logits[0], atol=1e-5)
        for fold in range(data.folds):
            for ours, theirs in zip(together.weights[number][fold], alone.weights[0][fold], strict=True):
                np.testing.assert_allclose(ours, theirs, atol=1e-5)


def test_the_rows_of_a_fold_never_reach_its_member():
    data = toy_data("binary")
    changed = data.target.copy()
    changed[data.fold == 1] = 1 - changed[data.fold == 1]
    schedule = Schedule(1, 32)  # one epoch: there is no choice of an epoch, so the weights themselves are compared
    before = trainer(data, 1, schedule).run()
    after = trainer(type(data)(data.arrays, changed, data.fold, data.folds, data.spec), 1, schedule).run()
    for ours, theirs in zip(before.weights[0][1], after.weights[0][1], strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-7)
    moved = [abs(ours - theirs).max() for ours, theirs in zip(before.weights[0][0], after.weights[0][0], strict=True)]
    assert max(moved) > 1e-4  # the other members did learn from these rows


def test_out_of_fold_outputs_are_those_of_the_stored_weights():
    data = toy_data("regression")
    result = trainer(data, 2, Schedule(6, 32)).run()
    family, spec = MLP(), data.spec
    config = family.complete({"units": 32}, spec)
    for fold in range(data.folds):
        models = [{"weights": result.weights[1][fold], "scale": 1.0, "fold": fold}]
        rows = data.fold == fold
        arrays = {name: values[rows] for name, values in data.arrays.items()}
        predicted = family.combine([(config, models, 1.0)], spec).predict(arrays)
        np.testing.assert_allclose(predicted, result.logits[1][rows], atol=1e-5)


def test_the_best_epoch_is_chosen_on_the_other_folds():
    data = toy_data("binary")
    run = trainer(data, 1, Schedule(12, 32))
    seen = []
    validate = run._validate

    def recording(state, epoch):
        losses = validate(state, epoch)
        seen.append((epoch, state.epoch.copy(), state.criterion.copy()))
        return losses

    run._validate = recording
    result = run.run()
    criteria = np.array([criterion for _, _, criterion in seen])[:, 0]
    assert (np.diff(criteria, axis=0) <= 0).all()  # the kept criterion only falls
    assert (result.best_epoch >= 0).all()


def test_halving_keeps_the_state_of_the_survivors_exactly():
    data = toy_data("binary")
    run = trainer(data, 4, Schedule(15, 32, keep=(1.0, 0.5, 1.0)), rates=[1e-6, 3e-3, 1e-6, 5e-3])
    halve, seen = run._halve, []

    def frozen(state):  # the run goes on, and a compiled step may take over the memory of its input
        kept = copy.copy(state)
        for name in ("weights", "first", "second", "best"):
            setattr(kept, name, [np.array(tensor) for tensor in getattr(state, name)])
        return kept

    def recording(state, losses, keep, result):
        before = frozen(state)
        after = halve(state, losses, keep, result)
        seen.append((before, frozen(after)))
        return after

    run._halve = recording
    result = run.run()
    ((before, after),) = seen
    assert after.configs == [1, 3]  # those that can learn
    for name in ("weights", "first", "second", "best"):
        for whole, part in zip(getattr(before, name), getattr(after, name), strict=True):
            np.testing.assert_array_equal(np.asarray(whole).reshape(4, 3, *whole.shape[1:])[[1, 3]].reshape(part.shape), np.asarray(part))
    np.testing.assert_array_equal(before.criterion[[1, 3]], after.criterion)
    assert result.status == ["halved", "finished", "halved", "finished"]
    assert all(len(weights) == 3 for weights in result.weights)  # what the others reached is kept
    assert np.isnan(result.history[-1][0])
    assert np.isfinite(result.history[-1][1])


def test_a_diverging_member_fails_and_leaves_the_others_alone():
    data = toy_data("regression")
    result = trainer(data, 2, Schedule(4, 32, keep=(1.0, 1.0, 1.0)), rates=[3e-3, 1e30]).run()
    assert result.status == ["finished", "failed"]
    assert result.weights[1] == []
    assert np.isfinite(result.logits[0]).all()


def test_a_member_that_diverges_late_fails_too():
    data = toy_data("regression")
    pack = trainer(data, 2, Schedule(4, 32, keep=(1.0, 1.0, 1.0)))
    validate, looks = pack._validate, []

    def late(state, epoch):
        if len(looks) == 2:
            second = np.where(np.arange(6) < 3, 1.0, np.nan).astype("float32")
            state.weights = [weight * second.reshape((6,) + (1,) * (len(weight.shape) - 1)) for weight in state.weights]
        looks.append(epoch)
        return validate(state, epoch)

    pack._validate = late
    result = pack.run()
    assert result.status == ["finished", "failed"]
    assert result.weights[1] == []


def test_the_clock_stops_training_in_time():
    class Clock:
        now = 0.0

        def __call__(self):
            self.now += 0.05
            return self.now

    budget = Budget(4.0, clock=Clock())
    result = trainer(toy_data("binary"), 2, Schedule(100_000, 32), deadline=budget.deadline(until=0.8)).run()
    assert budget.elapsed() < 4.0
    assert set(result.status) <= {"finished", "stopped", "halved"}
    assert 1 <= len(result.history) < 1_000


def test_with_many_rows_to_judge_a_pack_looks_at_them_less_often(monkeypatch):
    clock = HandClock()
    pack = trainer(toy_data("binary"), 1, Schedule(64, 32, keep=(1.0, 1.0, 1.0)), deadline=Budget(30.0, clock=clock).deadline())
    pack.steps = 1_000_000  # of a pass over the rows

    def wait(seconds):
        clock.now += seconds

    monkeypatch.setattr(pack, "_steps", lambda state, times, *given: wait(0.01 * len(times)))
    monkeypatch.setattr(pack, "_forward", lambda *given: wait(0.1))
    monkeypatch.setattr(pack, "_validate", lambda *given: wait(3.0))
    pack._measure(pack._start())
    assert clock.now < 4.0  # all rows are judged once to know how long that takes, not twice
    left = 30.0 - clock.now
    assert left / 3 < pack.seconds_per_epoch < left / 2  # three looks at most cost 30 % of it
    assert pack._epochs_left(None, 0, 0.0) == 2


def test_rows_without_a_fold_are_learned_from_and_never_judged():
    data = toy_data("binary")
    fold = np.where(np.arange(data.rows) < 60, 0, -1)
    single = type(data)(data.arrays, data.target, fold, 1, data.spec)
    result = trainer(single, 2, Schedule(3, 32)).run()
    assert np.isfinite(result.logits[0][:60]).all()
    assert np.isnan(result.logits[0][60:]).all()
    assert len(result.weights[0]) == 1


def test_coslog4_has_four_cycles_that_double():
    ends = coslog4(np.array([0.0, *CYCLE_ENDS]))
    np.testing.assert_allclose(ends, 0.0, atol=1e-6)
    peaks = coslog4((2 ** (np.arange(4) + 0.5) - 1) / 15)
    np.testing.assert_allclose(peaks, 1.0, atol=1e-6)


def test_the_work_left_counts_what_halving_saves():
    assert Schedule(9, 32, keep=(1.0, 1.0, 1.0)).work_left(0.0) == pytest.approx(1.0)
    halving = Schedule(9, 32, keep=(1.0, 0.5, 0.5))
    assert halving.work_left(0.0) == pytest.approx(3 / 15 + 0.5 * 4 / 15 + 0.25 * 8 / 15)
    assert halving.work_left(3 / 15) == pytest.approx(4 / 15 + 0.5 * 8 / 15)  # in units of those that are alive


def test_configurations_are_cut_when_a_cycle_ends():
    schedule = Schedule(9, 32, keep=(1.0, 0.5, 0.25))
    assert schedule.cut_between(0.1, 0.19) == 1.0
    assert schedule.cut_between(0.19, 0.21) == 0.5
    assert schedule.cut_between(0.19, 0.5) == 0.125
    assert schedule.cut_between(0.4, 1.0) == 1.0  # at the very end nothing is gained by cutting


def test_refined_log_loss_finds_a_planted_temperature():
    rng = np.random.default_rng(0)
    logits = rng.normal(size=(20_000, 3)) * 2
    p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    target = (p.cumsum(axis=1) < rng.random((20_000, 1))).sum(axis=1)
    stacked = np.stack([logits, logits * 4, logits / 4], axis=1).astype(np.float32)
    losses, beta = refined_log_loss(stacked, target)
    np.testing.assert_allclose(beta, [1.0, 0.25, 4.0], rtol=0.03)
    np.testing.assert_allclose(losses, losses[0], rtol=1e-3)
