"""Proposals: the portfolio first, then points that fill the space, in packs that time and memory allow."""

import numpy as np
from small import FakeFamily

from automl.preprocessing.base import Spec
from automl.proposals import Limits, Queue, key_of

SPEC = Spec(3, 3, (), 2, "binary", 100)


class Packed(FakeFamily):
    """Packs of four whose members differ in "a"; sizes by "b"."""

    pack_configs = 4
    per_member = frozenset({"a"})

    def space(self, hp, spec):
        hp.Float("a", 0.0, 1.0)
        hp.Choice("b", [1, 2, 3])

    def pack_size(self, config, spec, folds, seconds, memory):
        return min(memory // int(config["b"]), 4)


def queue(portfolio=()):
    family = Packed(kind="network")
    return Queue(family, [family.complete(config, SPEC) for config in portfolio])


def ask(queue, memory=100, most=None, best=None, seed=0):
    return queue.ask(Limits(SPEC, 5, float("inf"), memory, most), best, seed, np.random.default_rng(3))


def test_the_portfolio_comes_first_and_packs_share_their_structure():
    known = queue([{"b": 2, "a": 0.1}, {"b": 3, "a": 0.2}, {"b": 2, "a": 0.3}])
    assert ask(known, most=4) == [{"a": 0.1, "b": 2}, {"a": 0.3, "b": 2}]  # the third is not filled up while the portfolio waits
    chosen = ask(known, most=4)
    assert chosen[0] == {"a": 0.2, "b": 3}
    assert {config["b"] for config in chosen} == {3}
    assert len({key_of(config) for config in chosen}) == len(chosen) == 4


def test_what_is_too_large_for_memory_is_not_proposed_but_the_portfolio_is_tried():
    assert ask(queue([{"b": 3}]), memory=2)[0]["b"] == 3
    for seed in range(8):
        assert {config["b"] for config in ask(queue(), memory=2, seed=seed)} <= {1, 2}
    assert ask(queue(), memory=0) == []


def test_caps_count():
    assert len(ask(queue(), most=2)) == 2
    small = queue()
    small.largest = 3
    assert len(ask(small)) == 3


def test_nothing_is_asked_twice():
    asked, every = queue(), []
    for _ in range(6):
        every += ask(asked)
    assert len({key_of(config) for config in every}) == len(every) == 24


def test_proposals_fill_the_space_more_evenly_than_chance():
    class One(Packed):
        per_member = frozenset()

        def space(self, hp, spec):
            hp.Float("a", 0.0, 1.0)
            hp.Float("b", 1.0, 2.0)

        def pack_size(self, *_):
            return 1

    def gap(seed):
        asked = Queue(One(kind="network"), [])
        values = sorted(ask(asked, seed=seed)[0]["a"] for _ in range(32))
        return np.diff([0.0, *values, 1.0]).max()

    chance = [np.diff([0.0, *sorted(np.random.default_rng(seed).random(32)), 1.0]).max() for seed in range(10)]
    assert np.mean([gap(seed) for seed in range(10)]) < 0.8 * np.mean(chance)


def test_the_same_questions_give_the_same_answers():
    assert [ask(queue()), ask(queue(), best={"a": 0.5, "b": 1})] == [ask(queue()), ask(queue(), best={"a": 0.5, "b": 1})]
    near = [ask(queue(), most=1, best={"a": 0.5, "b": 1}, seed=seed)[0] for seed in range(20)]
    assert near == [ask(queue(), most=1, best={"a": 0.5, "b": 1}, seed=seed)[0] for seed in range(20)]


def test_a_portfolio_that_was_sized_before_is_not_tried_again():
    class Sized(Packed):
        def affordable(self, config, spec, folds, seconds):
            return {**config, "b": 1}

    family = Sized(kind="network")
    known = Queue(family, [{"a": 0.1, "b": 3}], {key_of({"a": 0.1, "b": 1})})
    assert {"a": 0.1, "b": 1} not in ask(known)
