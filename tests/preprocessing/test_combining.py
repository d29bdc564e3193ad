"""Which combined columns are chosen: what is planted is found, noise is not, and no model's columns know the rows that judge it."""

import json

import numpy as np
import pandas as pd
import pytest
from combinations import planted, schema_of, task_of

from automl.budget import Budget
from automl.families import family_by_name
from automl.families.base import TrainingData
from automl.preprocessing import additive, combining, quick
from automl.preprocessing.combining import Choice, choose
from automl.preprocessing.preparation import add_chosen
from automl.preprocessing.tabular import TabularPreprocessor
from automl.search import out_of_fold_loss

FREE = Budget(trials=1)


class Prepared:
    """A table that is prepared up to the choice of combined columns."""

    def __init__(self, frame, target, problem="regression", folds=5, fold=None):
        self.frame, self.target, self.folds, self.problem = frame, target, folds, problem
        self.fold = np.arange(len(frame)) % folds if fold is None else fold
        self.table = TabularPreprocessor().fit(frame, schema_of(frame), task_of(problem))
        self.arrays = self.table.fit_target(frame, target, self.fold, folds)

    def choose(self, budget=FREE, target=None, seed=0):
        target = self.target if target is None else target
        return choose(self.table, self.frame, self.arrays, target, self.fold, self.folds, budget, seed)

    def loss(self, family, choice=None, target=None):
        """Out-of-fold loss of a family's default, with the chosen columns or without."""
        table = TabularPreprocessor.from_state(self.table.state())
        arrays = self.arrays if choice is None else add_chosen(table, choice, self.frame, self.arrays)
        data = TrainingData(arrays, self.target if target is None else target, self.fold, self.folds, table.spec)
        found = family_by_name(family)
        (trained,) = found.train([found.defaults(data.spec)], data, deadline=FREE.deadline(), seed=0)
        return out_of_fold_loss(data, trained.out_of_fold)

    def names(self, choice):
        numbers, categories = (self.table.feature_names[array] for array in ("raw_numbers", "categories"))
        return [formula.name(numbers, categories) for formula in choice.formulas]


def ungated(monkeypatch):
    """Whatever is proposed is kept, and luck is enough to be proposed; two trees are then enough, too."""
    monkeypatch.setattr(quick, "TREES", 2)
    monkeypatch.setattr(quick.Compared, "kept", True)
    monkeypatch.setattr(additive, "LUCK", 1e9)


@pytest.mark.parametrize("problem", ["regression", "binary"])
def test_a_planted_ratio_is_found_and_helps_a_linear_model_out_of_fold(problem):
    case = Prepared(*planted("ratio", problem), problem)
    choice = case.choose()
    assert case.names(choice)[0] in {"income / rooms", "rooms / income"}
    assert case.loss("linear", choice) < 0.95 * case.loss("linear")
    whole, first, *_ = choice.decisions
    assert whole.override == "combine_columns=False"
    assert " proposals were compared on 2,000 rows that did not choose them" in whole.because
    assert (first.what, first.chosen) == ("combined column", case.names(choice)[0])
    assert "5 of 5 folds' models get it: it explains" in first.because


def test_a_planted_distance_from_the_mean_of_a_level_helps_trees():
    case = Prepared(*planted("group", rows=1_200), folds=3)
    choice = case.choose()
    assert case.names(choice)[0] == "x0 − its mean by town"
    assert case.loss("hist_gradient_boosting", choice) < 0.8 * case.loss("hist_gradient_boosting")


@pytest.mark.parametrize("problem", ["regression", "binary"])
def test_the_columns_of_a_fold_do_not_know_its_target(problem, monkeypatch):
    """Changing the target of the rows that fold 2 validates changes columns of other models, and none of the model of fold 2."""
    ungated(monkeypatch)
    case = Prepared(*planted("nothing", problem, 400), problem)
    before = given(case, case.choose())
    changed = case.target.copy()
    changed[case.fold == 2] = changed[case.fold == 2][::-1] if problem == "regression" else 1 - changed[case.fold == 2]
    after = given(case, case.choose(target=changed))
    assert before[2] == after[2]
    assert len(before[2]) > 0
    assert sum(before[fold] != after[fold] for fold in (0, 1, 3, 4)) >= 2


def given(case, choice):
    names = case.names(choice)
    return [{name for name, has in zip(names, row, strict=True) if has} for row in choice.given]


@pytest.mark.parametrize("problem", ["regression", "binary"])
@pytest.mark.parametrize("folds", [1, 3])
def test_a_target_of_noise_gains_nothing_even_where_columns_are_forced(problem, folds, monkeypatch):
    """The planted leak: six of about 70 columns, chosen by the very rows that judge, look better than they are; ours do not."""
    ungated(monkeypatch)
    leaked, honest = [], []
    for seed in range(4):
        frame, target = planted("nothing", problem, 500, seed)
        fold = np.random.default_rng(seed).permutation(500) % 3 if folds == 3 else np.where(np.arange(500) % 3 == 0, 0, -1)
        case = Prepared(frame, target, problem, folds, fold)
        choice = case.choose()
        assert choice.given.any()
        without = case.loss("linear")
        honest.append(case.loss("linear", choice) / without)
        with monkeypatch.context() as patch:  # of a single fold a third of the rows judges: too few to show it
            patch.setattr(combining._Chooser, "_of_fold", of_all_rows)
            leaked.append(case.loss("linear", case.choose()) / without)
    assert folds == 1 or np.mean(leaked) < np.mean(honest) - 0.004  # the leak is there for whoever looks at it
    assert np.mean(honest) > 0.998


def of_all_rows(chooser, learn, ask=combining._Chooser._of_fold):
    return ask(chooser, np.ones(len(learn), dtype=bool))


@pytest.mark.parametrize("problem", ["regression", "binary"])
def test_noise_is_refused(problem):
    kept = [Prepared(*planted("nothing", problem, 400, seed), problem).choose().formulas for seed in range(5)]
    assert sum(map(bool, kept)) == 0


def test_what_single_columns_say_needs_no_combination():
    frame, _ = planted("nothing", rows=1_500)
    target = frame["income"].to_numpy() ** 0.5 - frame["rooms"].to_numpy() ** 2 / 10 + np.random.default_rng(9).normal(size=1_500) / 3
    choice = Prepared(frame, (target - target.mean()) / target.std()).choose()
    assert choice.formulas == ()
    assert choice.decisions[0].chosen == "none"


def test_missing_values_zeros_and_constant_columns_are_no_trouble():
    frame, target = planted("ratio", rows=900)
    frame.loc[::5, "income"] = np.nan
    frame.loc[::7, "rooms"] = 0.0
    frame["empty"], frame["same"] = np.nan, 7.0
    frame.loc[::3, "town"] = None
    case = Prepared(frame, target)
    choice = case.choose()
    assert not any("empty" in name for name in case.names(choice))
    assert np.isfinite(case.loss("linear", choice))


def test_a_choice_survives_json_and_gives_the_same_arrays():
    case = Prepared(*planted("group", rows=600), folds=3)
    choice = case.choose()
    again = Choice.from_dict(json.loads(json.dumps(choice.to_dict())))
    assert (again.formulas, again.decisions) == (choice.formulas, choice.decisions)
    first, second = (TabularPreprocessor.from_state(case.table.state()) for _ in range(2))
    made = add_chosen(first, choice, case.frame, case.arrays), add_chosen(second, again, case.frame, case.arrays)
    np.testing.assert_array_equal(made[0]["encoded"], made[1]["encoded"])


def test_the_same_seed_makes_the_same_choice():
    case = Prepared(*planted("ratio", "binary", 4_500), "binary", 3)
    assert case.choose(seed=3).to_dict() == case.choose(seed=3).to_dict()


# ── the clock


class Ticking:
    """A clock that goes on by a step with every look at it."""

    def __init__(self, step):
        self.now, self.step = 0.0, step

    def __call__(self):
        self.now += self.step
        return self.now


def test_a_short_budget_skips_it_and_says_so():
    case = Prepared(*planted("ratio", rows=600))
    for budget in (Budget(10, clock=lambda: 0.0), Budget(3600, clock=lambda: 3000.0, started=0.0)):
        choice = case.choose(budget)
        assert choice.formulas == ()
        assert "A twentieth of the budget is" in choice.decisions[0].because


@pytest.mark.parametrize("step", [0.4, 1.0])
def test_it_ends_when_a_twentieth_of_the_budget_is_over(step):
    case = Prepared(*planted("ratio", rows=600))
    clock = Ticking(step)
    choice = case.choose(Budget(60, clock=clock))
    assert choice.formulas == ()
    assert "was over before they were compared on 600 rows" in choice.decisions[0].because
    assert clock.now < 3.0 + 5 * step


def test_the_folds_that_have_judged_by_the_deadline_are_enough(monkeypatch):
    monkeypatch.setattr(quick, "TREES", 2)
    case = Prepared(*planted("group", rows=600))
    made, shapes = np.random.default_rng(0).normal(size=(600, 5, 1)).astype(np.float32), case.table.spec
    compared = [
        quick.compare(case.arrays, made, case.target, case.fold, shapes, Budget(100, clock=Ticking(100 / looks)).deadline())
        for looks in (6, 13, 40)
    ]
    assert compared[0] is None
    assert [found.rows for found in compared[1:]] == [240, 600]


def test_a_longer_budget_looks_at_more_rows():
    case = Prepared(*planted("nothing", rows=5_000))
    looked = []
    for seconds in (30, 60, 600):
        limit = combining.SHARE * seconds
        most = int(np.clip(combining.ROWS_PER_SECOND * limit, combining.FEWEST_ROWS, combining.MOST_ROWS))
        made = combining._Chooser.of(case.table, case.frame, case.arrays, case.target, case.fold, 5, np.random.default_rng(0), most)
        looked.append(len(made.target))
    assert looked == sorted(looked)
    assert looked[0] < looked[-1] == 5_000


@pytest.mark.parametrize(
    ("frame", "told"),
    [
        (pd.DataFrame({"a": np.arange(400.0)}), "There are no two numbers"),
        (pd.DataFrame({"a": np.arange(40.0), "b": np.arange(40.0)}), "40 training rows are too few"),
    ],
)
def test_where_there_is_nothing_to_combine_it_says_so(frame, told):
    case = Prepared(frame, np.random.default_rng(0).normal(size=len(frame)))
    assert told in case.choose().decisions[0].because


def test_a_bent_line_and_what_it_explains():
    values = np.array([0.0, 1.0, 2.0, 3.0, 4.0, np.nan])
    line = additive.basis(values)
    np.testing.assert_allclose(line[:5, 1:], [[0, 0, 0, 0], *np.eye(4)], atol=1e-6)
    assert not line[5].any()
    assert not additive.basis(np.full(4, np.nan)).any()
    assert additive.basis(np.array([0.0] * 9 + [5.0]))[-1, -1] == 1.0  # equal quartiles are one
