"""Hard cases through the real `automl.fit`: each ends with a model that can be used, or with one sentence."""

from __future__ import annotations

import errno
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from small import BOOSTED, FEATURES, FakeFamily, fit, people

import automl
from automl.errors import DataError
from automl.split import Split

QUICK = {"families": ["linear", BOOSTED], "trials": 2}


def table(rows: int, columns: int, seed: int = 0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    return pd.DataFrame(rng.normal(size=(rows, columns)), columns=[f"c{number}" for number in range(columns)])


def usable(model: automl.AutoML, data: pd.DataFrame) -> Any:
    """Predictions of the model, after looking at everything that a user gets."""
    predicted = model.predict(data)
    assert len(predicted) == len(data)
    if model.task_.is_classification:
        probabilities = model.predict_proba(data)
        assert np.isfinite(probabilities).all()
        np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-6)
        assert set(predicted) <= set(model.classes_)
    else:
        assert np.isfinite(predicted).all()
    board = model.leaderboard()
    assert np.isfinite(board.loc[board["family"] == "ensemble", "loss"]).all()
    assert board["weight"].sum() == pytest.approx(1.0)
    assert model.facts_.answer.headline
    assert model.facts_.model_dump_json()
    return predicted


# ── few rows, many columns, one column


@pytest.mark.parametrize("families", [["linear", BOOSTED], pytest.param(["mlp"], marks=pytest.mark.slow)])
def test_two_rows_per_class(families: list[str]) -> None:
    data = table(12, 2).assign(y=list("abcdef") * 2)
    usable(fit(data, "y", families=families, trials=2), data)


@pytest.mark.parametrize("classes", ["ab", "abc"])
def test_two_rows_of_two_or_three_classes_are_too_few_and_that_is_a_sentence(classes: str) -> None:
    with pytest.raises(DataError, match=rf"at least 10 rows with a target\. Received {2 * len(classes)} rows") as caught:
        fit(table(2 * len(classes), 2).assign(y=list(classes) * 2), "y")
    assert "\n" not in str(caught.value)


def test_more_columns_than_rows() -> None:
    data = table(100, 250)
    data["y"] = np.where(data["c0"] + data["c1"] > 0, "yes", "no")
    usable(fit(data, "y", families=["linear"], trials=1), data)


@pytest.mark.slow
def test_more_columns_than_rows_with_networks() -> None:
    data = table(200, 500)
    data["y"] = data["c0"] - data["c1"]
    usable(fit(data, "y", families=["mlp"], trials=1), data)


@pytest.mark.parametrize("target", ["number", "class"])
def test_one_column(target: str) -> None:
    data = table(120, 1)
    data["y"] = 3 * data["c0"] if target == "number" else np.where(data["c0"] > 0, "yes", "no")
    predicted = usable(fit(data, "y", **QUICK), data)
    if target == "class":
        assert (predicted == data["y"]).mean() > 0.9


def test_nothing_but_categories() -> None:
    rng = np.random.default_rng(0)
    data = pd.DataFrame({name: rng.choice(list("pqrst"), 150) for name in "uvw"})
    data["y"] = np.where((data["u"] == "p") | (data["v"] == "q"), "yes", "no")
    predicted = usable(fit(data, "y", **QUICK), data)
    assert (predicted == data["y"]).mean() > 0.8


# ── what a fold does not have


def several(network: bool) -> dict[str, Any]:
    """All kinds of family that fit within a test, or a network alone."""
    return {"families": ["mlp"], "trials": 1} if network else {"families": ["linear", BOOSTED, "extra_trees"], "trials": 3}


def dealt(monkeypatch: pytest.MonkeyPatch, fold_of: Callable[[np.ndarray[Any, Any]], np.ndarray[Any, Any]]) -> None:
    """Deal the rows into the folds that a case needs."""
    import automl.run

    original = automl.run.split

    def split(*arguments: Any, **options: Any) -> Split:
        from dataclasses import replace

        found = original(*arguments, **options)
        return replace(found, fold=fold_of(found.train))

    monkeypatch.setattr("automl.run.split", split)


@pytest.mark.parametrize("network", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_a_column_that_is_missing_outside_one_fold(network: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    data = people(150)[[*FEATURES, "churn"]]
    here = np.arange(150) % 5 == 2
    data.loc[~here, "income"] = np.nan  # in this fold's model the column was never seen
    dealt(monkeypatch, lambda rows: rows % 5)
    usable(fit(data, "churn", **several(network)), data)


@pytest.mark.parametrize("network", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_a_target_that_is_constant_outside_one_fold(network: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    data = table(100, 3)
    data["y"] = np.where(np.arange(100) % 5 == 0, np.arange(100.0), 7.0)
    dealt(monkeypatch, lambda rows: (rows % 5).astype(np.int64))
    usable(fit(data, "y", problem="regression", **several(network)), data)


@pytest.mark.parametrize("network", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_a_class_that_only_one_fold_has(network: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    data = table(120, 3)
    data["y"] = np.where(data["c0"] > 0, "yes", "no")
    data.loc[np.arange(120) % 15 == 0, "y"] = "rare"
    dealt(monkeypatch, lambda rows: np.where(rows % 15 == 0, 0, 1 + rows % 4).astype(np.int64))
    model = fit(data, "y", **several(network))
    usable(model, data)
    assert list(model.classes_) == ["no", "rare", "yes"]
    assert (model.leaderboard()["status"] != "failed").all()


def test_one_positive_in_a_hundred() -> None:
    data = table(1000, 4)
    data["y"] = np.where(data["c0"].rank() > 990, "yes", "no")
    model = fit(data, "y", **QUICK)
    usable(model, data)
    assert model.task_.classes == ("no", "yes")
    assert model.predict_proba(data)[:, 1].mean() == pytest.approx(0.01, abs=0.01)
    rare = next(entry for entry in model.facts_.evaluation.per_class if entry.label == "yes")
    assert rare.rows == 10


# ── numbers over six orders of magnitude


def payments(rows: int, seed: int = 0) -> pd.DataFrame:
    """Amounts between cents and ten thousands, whose logarithm follows from two columns."""
    data = table(rows, 3, seed)
    noise = np.random.default_rng(seed + 1).normal(0, 0.4, rows)
    return data.assign(y=np.exp(3 + 2.2 * data["c0"].clip(-3, 3) + data["c1"].abs() + noise))


@pytest.fixture(scope="module")
def wide() -> automl.AutoML:
    return fit(payments(900), "y", **QUICK)


def test_six_orders_of_magnitude_are_modelled_as_logarithms_and_that_is_said(wide: automl.AutoML) -> None:
    data = payments(900)
    assert data["y"].max() / data["y"].min() > 1e5
    assert (usable(wide, data) > 0).all()
    decision = next(decision for decision in wide.decisions_ if decision.what == "scale of the target")
    assert decision.chosen.startswith("logarithm")
    assert decision.override == "target_scale='linear'"
    assert "RMSE" in decision.because


def test_the_judged_error_is_in_the_users_units_and_lower_than_without_the_logarithm(wide: automl.AutoML) -> None:
    plain = fit(payments(900), "y", **QUICK, target_scale="linear")
    new = payments(4000, seed=50)

    def error(model: automl.AutoML) -> float:
        return float(np.sqrt(np.mean((model.predict(new) - new["y"]) ** 2)))

    assert error(wide) < error(plain)
    board = wide.leaderboard().set_index("family")
    assert board.loc["naive", "loss"] == pytest.approx(payments(900)["y"].std(), rel=0.02)  # the mean, not the mean of the logarithms
    score = wide.facts_.evaluation.scores["rmse"]
    assert score.value == pytest.approx(board.loc["ensemble", "loss"], rel=1e-6)


def test_what_the_joined_model_predicts_is_what_was_judged(wide: automl.AutoML) -> None:
    new = payments(4000, seed=50)
    assert wide.predict(new).sum() == pytest.approx(new["y"].sum(), rel=0.25)  # predictions of logarithms alone are too low


@pytest.mark.slow
def test_networks_join_into_a_model_of_logarithms() -> None:
    model, new = fit(payments(900), "y", families=["mlp"], trials=2), payments(4000, seed=50)
    assert model.fitted_.predictor.scaler.log
    assert usable(model, new).sum() == pytest.approx(new["y"].sum(), rel=0.25)
    assert np.corrcoef(np.log(model.predict(new)), np.log(new["y"]))[0, 1] > 0.9


def test_a_model_of_logarithms_survives_its_file(wide: automl.AutoML, tmp_path: Path) -> None:
    data = payments(50, seed=9)
    again = automl.load(wide.save(tmp_path / "m.automl"))
    np.testing.assert_allclose(again.predict(data), wide.predict(data), rtol=1e-6)
    assert again.fitted_.predictor.scaler.log


# ── networks that diverge, disks that are full


class Diverging(FakeFamily):
    """Learns until its predictions are no numbers any more."""

    def train(self, configs: Any, data: Any, **options: Any) -> Any:
        results = super().train(configs, data, **options)
        for result in results:
            result.out_of_fold[::7] = np.inf if self.name == "inf" else np.nan
        return results


@pytest.mark.parametrize("name", ["nan", "inf"])
@pytest.mark.parametrize("target", ["churn", "spent"])
def test_a_network_that_diverges_is_a_failed_trial_and_not_the_best_one(name: str, target: str) -> None:
    data = people(120)[[*FEATURES, target]]
    model = fit(data, target, families=["linear", Diverging(name, "network")], trials=4)
    usable(model, data)
    board = model.leaderboard().set_index("family")
    assert set(board.loc[[name], "status"]) == {"failed"}
    assert set(board.loc[[name], "note"]) == {"its predictions are not finite"}
    assert set(board.loc[[name], "weight"]) == {0.0}
    assert name not in {point.family for point in model.facts_.search.history}


@pytest.mark.slow
def test_a_real_network_whose_weights_explode_does_not_become_the_model() -> None:
    from automl.families.mlp import MLP

    class Exploding(MLP):
        name = "exploding"

        def portfolio(self, spec: Any) -> list[dict[str, Any]]:
            return [{"learning_rate": 1e30}]

    data = people(120)[[*FEATURES, "churn"]]
    model = fit(data, "churn", families=["linear", Exploding()], trials=2)
    usable(model, data)
    entry = model.leaderboard().set_index("family").loc["exploding"]
    assert entry["weight"] == 0 or np.isfinite(entry["loss"])
    assert model.leaderboard()["loss"].dropna().ge(0).all()


def test_a_disk_that_is_full_for_the_record_does_not_end_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    connect = sqlite3.connect

    def full(path: Any, *arguments: Any, **options: Any) -> Any:
        if path == ":memory:":
            return connect(path, *arguments, **options)
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr(sqlite3, "connect", full)
    data = people(120)[[*FEATURES, "churn"]]
    model = fit(data, "churn", directory=tmp_path / "run")
    usable(model, data)
    told = next(decision for decision in model.decisions_ if decision.what == "record of trials")
    assert "disk is full" in told.because
    assert told.chosen == "in memory"


def test_a_disk_that_is_full_when_the_model_is_saved_is_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = fit(people(120)[[*FEATURES, "churn"]], "churn")

    def full(*arguments: Any, **options: Any) -> Any:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("os.replace", full)
    with pytest.raises(DataError, match="the disk is full") as caught:
        model.save(tmp_path / "m.automl")
    assert "\n" not in str(caught.value)
    assert not list(tmp_path.iterdir())  # no half of a file is left
