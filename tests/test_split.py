from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from automl.decisions import DecisionLog
from automl.errors import DataError, UsageError
from automl.split import sample, split

CLASSES = SimpleNamespace(problem="multiclass", is_classification=True)
NUMBERS = SimpleNamespace(problem="regression", is_classification=False)


class_counts = st.lists(st.integers(1, 40), min_size=2, max_size=6).filter(lambda counts: sum(counts) >= 10)


def codes(counts, seed=0):
    y = np.repeat(np.arange(len(counts)), counts)
    return np.random.default_rng(seed).permutation(y)


@settings(max_examples=80, deadline=None)
@given(counts=class_counts, folds=st.integers(2, 7), holdout=st.sampled_from([None, 0.0, 0.1, 0.3, 0.8]), seed=st.integers(0, 5))
def test_rows_are_partitioned_and_classes_are_spread(counts, folds, holdout, seed):
    y = codes(counts, seed)
    result = split(CLASSES, y, np.arange(len(y)), folds=folds, holdout=holdout, seed=seed)
    assert sorted([*result.train, *result.holdout]) == list(range(len(y)))
    assert result.fold.shape == result.train.shape
    assert set(result.fold) == set(range(result.folds))
    sizes = np.bincount(result.fold)
    assert sizes.max() - sizes.min() <= 1
    for value, count in enumerate(counts):
        of_class = np.bincount(result.fold[y[result.train] == value], minlength=result.folds)
        assert of_class.max() - of_class.min() <= 1
        if count >= result.folds:
            assert of_class.min() >= 1
        assert of_class.sum() >= min(count, folds)  # a rare class stays with the training rows


@settings(max_examples=40, deadline=None)
@given(rows=st.integers(2, 300), folds=st.integers(2, 6), distinct=st.integers(1, 50), seed=st.integers(0, 3))
def test_numbers_are_dealt_by_quantile_even_with_ties(rows, folds, distinct, seed):
    y = np.random.default_rng(seed).integers(0, distinct, rows).astype(float)
    result = split(NUMBERS, y, np.arange(rows), folds=folds, seed=seed)
    assert result.kind == "quantiles"
    assert result.folds == min(folds, rows)
    sizes = np.bincount(result.fold, minlength=result.folds)
    assert sizes.max() - sizes.min() <= 1


def test_folds_of_numbers_have_similar_means():
    y = np.random.default_rng(0).lognormal(0, 1.5, 2_000)
    stratified = split(NUMBERS, y, np.arange(2_000))
    means = [y[stratified.fold == fold].mean() for fold in range(5)]
    chance = np.random.default_rng(0).permutation(np.arange(2_000) % 5)
    assert np.std(means) < 0.5 * np.std([y[chance == fold].mean() for fold in range(5)])


@settings(max_examples=60, deadline=None)
@given(
    sizes=st.lists(st.integers(1, 30), min_size=2, max_size=40),
    folds=st.integers(2, 6),
    holdout=st.sampled_from([0.0, 0.2]),
    kinds=st.booleans(),
    seed=st.integers(0, 3),
)
def test_groups_are_never_separated(sizes, folds, holdout, kinds, seed):
    groups = np.repeat([f"g{number}" for number in range(len(sizes))], sizes)
    y = np.repeat(np.arange(len(sizes)) % 2, sizes) if kinds else np.random.default_rng(seed).integers(0, 3, len(groups))
    result = split(CLASSES, y, np.arange(len(y)), groups=groups, folds=folds, holdout=holdout, seed=seed)
    assert result.kind == "grouped"
    assert sorted([*result.train, *result.holdout]) == list(range(len(y)))
    assert set(result.fold) == set(range(result.folds))
    assert not set(groups[result.train]) & set(groups[result.holdout])
    for name in set(groups[result.train]):
        assert len(set(result.fold[groups[result.train] == name])) == 1


def test_grouped_folds_are_even_in_size_and_class():
    rng = np.random.default_rng(0)
    groups = rng.integers(0, 300, 6_000)
    y = (rng.random(6_000) < 0.1 + 0.4 * (groups % 3 == 0)).astype(int)
    result = split(CLASSES, y, np.arange(6_000), groups=groups)
    shares = [y[result.fold == fold].mean() for fold in range(5)]
    sizes = np.bincount(result.fold)
    assert max(shares) - min(shares) < 0.02
    assert sizes.max() / sizes.min() < 1.05


def test_many_small_groups_are_quick_and_even():
    groups = np.arange(60_000) // 3
    result = split(CLASSES, np.arange(60_000) % 2, np.arange(60_000), groups=groups)
    sizes = np.bincount(result.fold)
    assert sizes.max() / sizes.min() < 1.02
    assert len(result.holdout) == pytest.approx(12_000, abs=3)


def test_row_without_group_stands_alone():
    result = split(CLASSES, np.arange(20) % 2, np.arange(20), groups=[None] * 20)
    assert np.bincount(result.fold).tolist() == [4] * 5


def test_holdout_only_where_rows_are_plenty():
    few = split(CLASSES, np.arange(9_999) % 2, np.arange(9_999))
    plenty = split(CLASSES, np.arange(10_000) % 2, np.arange(10_000))
    many = split(CLASSES, np.arange(150_000) % 3, np.arange(150_000))
    assert len(few.holdout) == 0
    assert len(plenty.holdout) == 2_000
    assert len(many.holdout) == 20_000


def test_one_validation_part_above_a_hundred_thousand_rows():
    y = np.zeros(150_000, dtype=np.int64)
    y[:2_000] = 1
    y[2_000:2_003] = 2
    result = split(CLASSES, y, np.arange(150_000))
    assert result.folds == 1
    assert set(result.fold) == {0, -1}
    assert (result.fold == 0).sum() == 13_000
    validated = y[result.train[result.fold == 0]]
    assert np.mean(validated == 1) == pytest.approx(2_000 / 150_000, rel=0.02)
    assert not (validated == 2).any()
    assert (y[result.holdout] != 2).all()
    assert result.to_dict()["never_validated"] == 117_000


def test_two_groups_on_many_rows_become_two_folds():
    result = split(CLASSES, np.arange(120_000) % 2, np.arange(120_000), groups=np.arange(120_000) % 2, holdout=0)
    assert result.folds == 2


def test_rows_given_for_testing_are_the_holdout():
    y = np.append(np.arange(50) % 2, [0, 1, -1])
    result = split(CLASSES, y, np.arange(52), test_rows=[50, 51, 52])
    assert result.holdout.tolist() == [50, 51]  # row 52 has no target: nothing to judge
    assert result.train.tolist() == list(range(50))


def test_only_usable_rows_are_dealt():
    y = np.where(np.arange(40) % 4 == 0, np.nan, np.arange(40.0))
    rows = np.flatnonzero(np.isfinite(y))
    assert split(NUMBERS, y, rows).train.tolist() == rows.tolist()


def test_same_seed_same_split_and_another_seed_another():
    y = np.arange(12_000) % 2
    first, again, other = (split(CLASSES, y, np.arange(12_000), seed=seed) for seed in (3, 3, 4))
    assert np.array_equal(first.fold, again.fold)
    assert np.array_equal(first.holdout, again.holdout)
    assert not np.array_equal(first.holdout, other.holdout)


def test_inputs_are_untouched():
    y, rows, groups = np.arange(30) % 2, np.arange(30)[::-1].copy(), np.array(["a", "b", None] * 10, dtype=object)
    before = y.copy(), rows.copy(), groups.copy()
    split(CLASSES, y, rows, groups=groups, holdout=0.2)
    assert all(np.array_equal(old, new) for old, new in zip(before, (y, rows, groups), strict=True))


def test_choices_are_recorded():
    log = DecisionLog()
    split(CLASSES, np.arange(20_000) % 2, np.arange(20_000), log=log)
    assert [(entry.stage, entry.what) for entry in log] == [("split", "rows that judge"), ("split", "folds")]
    assert "4,000" in log.entries[0].chosen


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ({"folds": 1}, UsageError, "folds=1"),
        ({"holdout": 1.0}, UsageError, "holdout=1.0"),
        ({"groups": [1, 2]}, UsageError, "Received 2"),
        ({"groups": [1] * 20}, DataError, "Received 1"),
        ({"test_rows": range(19)}, DataError, "Received 1"),
    ],
)
def test_impossible_arguments_get_a_sentence(arguments, error, words):
    with pytest.raises(error, match=words):
        split(CLASSES, np.arange(20) % 2, np.arange(20), **arguments)


def test_a_sample_has_its_share_of_each_class_and_keeps_rare_ones_whole():
    task = CLASSES
    y = np.repeat([0, 1, 2], [900, 600, 15])
    rows = np.arange(1_515)[::-1]
    chosen = sample(task, y, rows, 315, seed=4)
    assert np.bincount(y[chosen]).tolist() == pytest.approx([180, 120, 15], abs=3)
    assert (np.diff(chosen) > 0).all()
    assert np.array_equal(sample(task, y, rows, 315, seed=4), chosen)
    assert np.array_equal(sample(task, y, rows, 2_000), np.arange(1_515))


def test_a_single_part_judges_no_more_rows_than_it_takes():
    task = SimpleNamespace(problem="binary", is_classification=True)
    sizes = [(split(task, [0, 1] * (rows // 2), range(rows), holdout=0, single=True).fold == 0).sum() for rows in (10_000, 60_000)]
    assert sizes == [2_000, 5_000]
