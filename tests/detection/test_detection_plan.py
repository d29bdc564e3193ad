"""Findings change the plan: groups, twins and time decide the folds, and scores are less flattered by it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cases_findings  # noqa: F401
import cases_signs  # noqa: F401
import numpy as np
import pandas as pd
import pytest
from detection_cases import CASES, signal, table

from automl import Budget, detect
from automl.detection import plan_of
from automl.errors import UsageError
from automl.run import Run, RunSettings
from automl.split import split


def run_of(frame: pd.DataFrame, target: str, **settings: Any) -> Run:
    run = Run(RunSettings(budget=Budget("1h"), **settings), None)
    run.detect(*run.read(frame, target))
    run.check()
    run.split()
    return run


def case(name: str) -> pd.DataFrame:
    return CASES[name].data(Path("."))


def test_rows_of_a_patient_share_a_fold() -> None:
    frame = case("group: patients")
    run = run_of(frame, "ill")
    assert run.parts.kind == "grouped"
    folds = pd.Series(run.parts.fold).groupby(frame["patient_id"].to_numpy()[run.parts.train]).nunique()
    assert (folds == 1).all()
    assert "patient_id" not in [column.name for column in run.schema.features]
    assert run.schema["patient_id"].role == "group"


def test_a_declared_column_is_no_group() -> None:
    run = run_of(case("group: patients"), "ill", types={"patient_id": "category"})
    assert run.parts.kind == "stratified"
    assert "patient_id" in [column.name for column in run.schema.features]


def test_folds_are_blocks_of_time() -> None:
    frame = case("time: shuffled sales")
    run = run_of(frame, "price")
    assert run.parts.kind == "quantiles"  # the target drifts a little: told, and judged on random rows
    assert [finding.action for finding in run.findings if finding.check == "time_order"] == ["told"]
    frame["price"] += 6 * frame["price"].std() * pd.to_datetime(frame["sold_on"]).rank(pct=True)
    run = run_of(frame, "price")
    assert run.parts.kind == "ordered"
    times = frame["sold_on"].to_numpy()[run.parts.train]
    ends = [(times[run.parts.fold == fold].min(), times[run.parts.fold == fold].max()) for fold in range(run.parts.folds)]
    assert run.parts.folds == 5
    assert all(ends[fold][1] < ends[fold + 1][0] for fold in range(4))
    assert "sold_on" in [column.name for column in run.schema.features]
    assert run_of(frame, "price", types={"sold_on": "datetime"}).parts.kind == "quantiles"


def test_what_came_last_is_held_out() -> None:
    times = np.random.default_rng(0).permutation(1000)
    task: Any = detect(pd.DataFrame({"x": np.arange(1000) * 1.1, "y": ["a", "b"] * 500}), "y").task
    parts = split(task, np.arange(1000) % 2, np.arange(1000), times=times, holdout=0.2)
    assert times[parts.holdout].min() == 800
    assert len(parts.holdout) == 200
    assert times[parts.train].max() == 799


def test_rows_of_one_moment_share_a_fold() -> None:
    task: Any = detect(pd.DataFrame({"x": np.arange(600) * 1.1, "y": ["a", "b"] * 300}), "y").task
    times = np.repeat(np.arange(60), 10)
    parts = split(task, np.arange(600) % 2, np.arange(600), times=times, holdout=0)
    assert (pd.Series(parts.fold).groupby(times).nunique() == 1).all()


def test_twins_share_a_fold_and_folds_stay_stratified() -> None:
    frame = case("duplicate rows: all")
    run = run_of(frame, "price")
    assert run.parts.kind == "quantiles"
    assert (run.parts.fold[:600] == run.parts.fold[600:]).all()
    assert np.bincount(run.parts.fold).min() > 150


def test_a_test_file_leaves_the_plan_as_it_is_and_its_shift_is_told() -> None:
    frame = case("group: patients")
    test = frame.iloc[:200].assign(income=lambda f: f["income"] * 3)
    run = run_of(frame, "ill", test=test)
    assert run.parts.kind == "grouped"
    assert len(run.parts.holdout) == 200
    shifts = [finding for finding in run.findings if finding.check == "shift"]
    assert [finding.columns for finding in shifts] == [("income",)]
    assert not [one for one in detect(frame.iloc[:600], "ill", test=frame.iloc[600:]).findings if one.check == "shift"]


def test_a_copy_of_the_target_is_not_used_and_other_leaks_are_told_with_scores() -> None:
    copy = detect(case("leakage: copy in other words"), "churned")
    assert next(one for one in copy.findings if one.check == "leakage").action == "not used"
    assert copy.schema["extra"].role == "dropped"
    told = next(one for one in detect(case("leakage: score after the outcome"), "churned").findings if one.check == "leakage")
    assert told.action == "told"
    assert "with it and" in told.because
    assert "without" in told.because


def test_doubt_is_told_before_the_budget_is_spent() -> None:
    frame = pd.DataFrame({"x": np.arange(80) * 1.5 % 7, "y": [0.3, 0.7] * 40})
    told: list[str] = []
    run = Run(RunSettings(budget=Budget("1h")), lambda progress: told.append(progress.message))
    run.detect(*run.read(frame, "y"))
    run.check()
    assert "regression is a guess (confidence 55 %); else it is binary: problem='binary'" in told


def optimism(frame: pd.DataFrame, test: pd.DataFrame, target: str, plan: dict[str, Any]) -> float:
    """Return how much better a model looks in validation than on the test rows (R²), by the folds of a plan."""
    from sklearn.ensemble import ExtraTreesRegressor
    from sklearn.metrics import r2_score

    task: Any = detect(frame, target, problem="regression").task
    parts = split(task, frame[target].to_numpy(), np.arange(len(frame)), holdout=0, **plan)
    columns = [name for name in frame.columns if name != target]
    x, y = frame[columns].to_numpy()[parts.train], frame[target].to_numpy()[parts.train]
    told = np.empty(len(y))
    for fold in range(parts.folds):
        own = parts.fold == fold
        told[own] = ExtraTreesRegressor(30, random_state=0).fit(x[~own], y[~own]).predict(x[own])
    later = ExtraTreesRegressor(30, random_state=0).fit(x, y).predict(test[columns].to_numpy())
    return float(r2_score(y, told) - r2_score(test[target], later))


def test_grouped_folds_flatter_less() -> None:
    random = np.random.default_rng(0)
    who = random.integers(0, 150, 1200)
    body, level = random.normal(size=(150, 4)), random.normal(size=150)
    frame = pd.DataFrame(body[who] + random.normal(0, 0.05, (1200, 4)), columns=list("abcd"))
    frame["who"] = who.astype(float)
    frame["y"] = level[who] + frame["a"] * 0.3 + random.normal(0, 0.2, 1200)
    known, new = frame[who < 110].reset_index(drop=True), frame[who >= 110]
    named = known.assign(who=[f"P{k:03.0f}" for k in known["who"]])
    checked = run_of(named, "y").checked
    assert checked.groups is not None
    plan = plan_of(checked, len(named))
    without = [name for name in known.columns if name != "who"]
    assert optimism(known[without], new[without], "y", plan) < optimism(known[without], new[without], "y", {}) - 0.2


def test_ordered_folds_flatter_less() -> None:
    random = np.random.default_rng(1)
    frame = table(random, 1500)[["age", "score"]].assign(income=1.0, city="Brno", channel="web")
    frame["y"] = signal(frame, random, 0.3) + np.sin(np.arange(1500) / 60) * 4 + np.arange(1500) / 150
    frame = frame[["age", "score", "y"]].assign(
        day=pd.Timestamp("2020-01-01") + pd.to_timedelta(np.sort(random.integers(0, 10**8, 1500)), "s")
    )
    checked = run_of(frame.iloc[:1200], "y").checked
    assert checked.times is not None
    plan = plan_of(checked, 1200)
    numbers = frame.assign(day=frame["day"].astype("int64") / 1e15)
    known, later = numbers.iloc[:1200], numbers.iloc[1200:]
    assert optimism(known, later, "y", plan) < optimism(known, later, "y", {}) - 0.2


# ── what the user says of the plan


def test_named_groups_and_times_decide_the_folds() -> None:
    frame = case("group: patients").assign(seen=pd.date_range("2020-01-01", periods=1200, freq="h"), visit=np.arange(1200) % 300)
    run = run_of(frame, "ill", group="city")
    assert run.parts.kind == "grouped"
    assert (pd.Series(run.parts.fold).groupby(frame["city"].to_numpy()[run.parts.train]).nunique() == 1).all()
    assert run.schema["city"].role == "group"
    run = run_of(frame.drop(columns="patient_id"), "ill", time="seen")
    assert run.parts.kind == "ordered"
    assert (np.diff(run.parts.fold) >= 0).all()
    assert [(one.action, one.override) for one in run.findings if one.check == "time_order"] == [("ordered folds", "time=None")]


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"group": "pateint_id"}, "Did you mean 'patient_id'"),
        ({"time": "ill"}, "another column than the target"),
        ({"time": "city"}, "dates or numbers"),
    ],
)
def test_impossible_groups_and_times_are_refused(asked: dict[str, str], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        detect(case("group: patients"), "ill", **asked)  # type: ignore[arg-type]


def test_whole_groups_in_the_order_of_their_last_rows() -> None:
    who = np.repeat(np.arange(200), 6)
    times = who * 10 + np.tile(np.arange(6), 200) * 3
    mixed = np.random.default_rng(0).permutation(1200)
    task: Any = detect(pd.DataFrame({"x": np.arange(1200) * 1.1, "y": ["a", "b"] * 600}), "y").task
    parts = split(task, np.arange(1200) % 2, np.arange(1200), groups=who[mixed], times=times[mixed], holdout=0.2)
    assert parts.kind == "grouped and ordered"
    assert set(who[mixed][parts.holdout]) == set(range(160, 200))
    folds = pd.Series(parts.fold).groupby(who[mixed][parts.train])
    assert (folds.nunique() == 1).all()
    assert (np.diff(folds.first().sort_index()) >= 0).all()
    together = split(task, np.arange(1200) % 2, np.arange(1200), groups=who, times=np.tile(np.arange(6), 200), holdout=0.2)
    assert together.kind == "grouped"
    assert len(together.holdout) == 240


OVERRIDES = [
    "group: patients",
    "identifier: codes",
    "constant: word",
    "duplicate column: same",
    "leakage: copy in other words",
    "mixed types: numbers and words",
    "sign: nearly constant",
    "sign: words again as codes",
    "sign: nine in ten missing",
    "sign: complaint number",
    "when: calls in order",
    "sign: euros",
]


@pytest.mark.parametrize("name", OVERRIDES)
def test_what_a_finding_says_to_change_it_changes_it(name: str) -> None:
    frame, target = case(name), CASES[name].target
    before = detect(frame, target)
    for finding in before.findings:
        assert finding.override, finding
        if not finding.override.startswith(("types=", "ignore=", "time=", "group=")):
            continue
        asked: dict[str, Any] = eval(f"dict({finding.override})")
        after = detect(frame, target, **asked)
        same = [one for one in after.findings if (one.check, one.columns) == (finding.check, finding.columns)]
        if "ignore" in asked:
            assert all(after.schema[column].role == "dropped" for column in asked["ignore"])
        elif "time" in asked:
            assert [one.action for one in same] == ["ordered folds"]
        elif finding.check in ("identifier", "constant", "duplicate_columns", "leakage", "group"):
            assert after.schema[finding.columns[0]].role == "feature"
        else:
            assert not same
