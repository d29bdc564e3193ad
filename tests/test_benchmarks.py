"""The commands that print our numbers: they start, they judge every system by the same rows and score, and their arithmetic is right."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

HOME = Path(__file__).parent.parent / "benchmarks"
sys.path.insert(0, str(HOME))

import accuracy  # noqa: E402
import calibration  # noqa: E402
import comparison  # noqa: E402
import judging  # noqa: E402
import peers  # noqa: E402
import prediction  # noqa: E402
import throughput  # noqa: E402


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A folder with one set: an identifier, a leak, a row without a target, and the odd spellings that the reader mends."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=120)
    frame = pd.DataFrame({"id": range(120), "x": x, "kind": [" a", "?", " b"] * 40, "leak": x > 0})
    frame["bought"] = np.where(x > 0, " yes", " no")
    frame.loc[5, "bought"] = None
    folder = tmp_path / "data" / "shop"
    folder.mkdir(parents=True)
    frame.to_csv(folder / "data.csv", index=False)
    (folder / "test_rows.txt").write_text("\n".join(map(str, range(30))))
    meta = {"task": "binary", "target": "bought", "file": "data.csv", "id_columns": ["id"], "leak_columns": ["leak"]}
    meta["reference"] = {"all columns incl. leaks": {"roc_auc": 1.0}, "tree": {"roc_auc": 0.7}, "linear": {"roc_auc": 0.8}}
    (folder / "meta.json").write_text(json.dumps(meta))
    return folder.parent


def records(**losses: list[float]) -> pd.DataFrame:
    """Return records of systems on as many sets as there are losses."""
    lines = [
        {"peer": peer, "data": f"set {place}", "budget": 60, "seed": 0, "log_loss": loss, "ece": loss / 10, "fit_s": 61, "peak_mb": 900}
        for peer, values in losses.items()
        for place, loss in enumerate(values)
    ]
    return comparison.frame(map(comparison.record, lines))


@pytest.mark.parametrize("name", ["throughput", "accuracy", "calibration", "peers", "prediction", "texts", "truth", "verdicts"])
def test_every_command_explains_itself(name: str) -> None:
    command = [sys.executable, str(HOME / f"{name}.py"), "--help"]
    said = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True).stdout
    assert "usage:" in said
    assert f"benchmarks/{name}.py" in said


def test_identifiers_leaks_and_rows_without_a_target_are_left_out(data: Path) -> None:
    train, test, meta = judging.load(data / "shop")
    assert list(train) == ["x", "kind", "bought"]
    assert (len(train), len(test)) == (90, 29)
    assert set(train["kind"].dropna()) == {"a", "b"}
    assert set(train["bought"]) == {"yes", "no"}
    assert judging.reference(meta) == 0.8


def test_only_tables_are_judged_unless_a_set_is_named(data: Path) -> None:
    text = data / "posts"
    text.mkdir()
    meta = json.loads((data / "shop" / "meta.json").read_text()) | {"text_columns": ["kind"]}
    (text / "meta.json").write_text(json.dumps(meta))
    (text / "test_rows.txt").write_text("0\n1")
    assert [folder.name for folder in judging.tables(data)] == ["shop"]
    assert [folder.name for folder in judging.tables(data, "posts")] == ["posts"]


def test_classes_are_scored_by_the_probability_of_the_truth() -> None:
    truth = pd.Series(["a", "b", "b", "unseen"])
    predicted = pd.DataFrame({"probability_a": [0.5, 0.5, 0.25, 0.1], "probability_b": [0.5, 0.5, 0.75, 0.9]})
    found = judging.score("binary", truth, predicted)
    assert found["log_loss"] == pytest.approx(-np.mean(np.log([0.5, 0.5, 0.75])))
    assert found["roc_auc"] == 0.75


def test_numbers_are_scored_with_and_without_intervals() -> None:
    truth, predicted = pd.Series([1.0, 2.0]), pd.DataFrame({"prediction": [1.0, 4.0]})
    assert judging.score("regression", truth, predicted) == {"rmse": pytest.approx(np.sqrt(2))}
    assert judging.score("regression", truth, predicted.assign(lower=0.0, upper=1.5))["coverage"] == 0.5


def test_the_clock_ends_what_takes_too_long_and_keeps_what_was_said(tmp_path: Path) -> None:
    said = tmp_path / "said"
    seconds, memory, code = judging.timed([sys.executable, "-c", "print('here')"], said)
    assert (code, said.read_text()) == (0, "here\n")
    assert memory > 1
    assert seconds > 0
    assert judging.timed([sys.executable, "-c", "import time; time.sleep(60)"], limit=0.5)[2] == -9


def test_ranks_wins_and_ratios() -> None:
    table = comparison.losses(records(automl=[1.0, 2.0, 3.0], flaml=[2.0, 1.0, 3.0], mljar=[3.0, 3.0, 1.5]))
    assert comparison.mean_ranks(table).to_dict() == pytest.approx({"automl": 5.5 / 3, "flaml": 5.5 / 3, "mljar": 7 / 3})
    assert comparison.wins(table, "flaml") == (1, 3)
    assert comparison.ratio_to_best(table, ["flaml", "mljar"]).tolist() == [0.5, 2.0, 2.0]


def test_a_tool_without_a_result_does_not_count_on_that_set() -> None:
    found = records(automl=[1.0, 2.0], flaml=[0.5])
    assert comparison.wins(comparison.losses(found), "flaml") == (0, 1)
    assert comparison.systems(found).set_index("system")["sets"].to_dict() == {"automl": 2, "flaml": 1}


def test_bars_are_met_or_missed_by_what_was_measured() -> None:
    good = comparison.bars(records(automl=[1.0] * 9, flaml=[1.1] * 9)).set_index("bar")["met"]
    assert good.all()
    bad = comparison.bars(records(automl=[1.03] + [1.0] * 8, flaml=[1.0] + [1.1] * 8)).set_index("bar")["met"]
    assert bad["better than flaml on 6 of 9"]
    assert not bad["at most 2 % worse than the best peer"]


def test_networks_alone_have_bars_of_their_own() -> None:
    found = records(automl=[1.0] * 9, lightgbm=[1.1] * 9, realmlp=[0.995] * 9)
    found.loc[found["peer"] == "realmlp", "fit_s"] = 100.0
    met = comparison.bars(found, only_networks=True).set_index("bar")["met"]
    assert met["networks better than lightgbm on 4 of 9"]
    assert met["within 1 % of RealMLP-TD on all"]
    assert not met["at most half of RealMLP-TD's time"]


def test_the_overrun_is_told_for_each_budget_and_not_for_tools_without_a_clock() -> None:
    found = records(automl=[1.0, 1.0], lightgbm=[1.0, 1.0])
    found.loc[1, "fit_s"] = 66.0
    over = comparison.overruns(found)
    assert over["peer"].tolist() == ["automl"]
    assert over["worst"].tolist() == pytest.approx([0.1])


def test_result_lines_of_an_earlier_run_are_read_whatever_stands_around_them() -> None:
    line = 'RESULT {"rmse": 2.0, "peer": "flaml", "data": "a", "budget": 60.0, "fit_s": 64.5, "predict_s": 0.1, "peak_mb": 641}'
    other = line.replace("flaml", "lightgbm")
    found = comparison.results_in(f"noise\nnoise {line}\n{other}\n{line.replace('2.0', '3.0')}")
    assert [(entry["peer"], entry["loss"]) for entry in found] == [("flaml", 3.0), ("lightgbm", 2.0)]
    again = comparison.at_budgets(found, [30.0, 300.0])
    assert [(entry["peer"], entry["budget"]) for entry in again] == [("lightgbm", 30.0), ("lightgbm", 300.0)]


def test_categories_of_a_tool_come_from_the_training_rows_and_missing_stays_missing() -> None:
    convert = peers.as_categories(pd.DataFrame({"x": [1.0, 2.0, 3.0], "kind": ["a", None, "b"]}))
    found = convert(pd.DataFrame({"x": [1.0, 2.0, 3.0], "kind": ["b", None, "new"]}))
    assert found["kind"].cat.codes.tolist() == [1, -1, -1]


def test_a_tool_that_is_not_installed_has_no_interpreter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(peers.MODULES, "nothing", "no_such_module")
    assert peers.interpreter("nothing", tmp_path) is None
    monkeypatch.setitem(peers.MODULES, "nothing", "numpy")
    assert peers.interpreter("nothing", tmp_path) == sys.executable


def test_a_tool_is_measured_like_any_other(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def constant(problem: peers.Problem) -> peers.Predict:
        share = float((problem.target == "yes").mean())
        return lambda rows: peers.probabilities(np.full((len(rows), 2), [1 - share, share]), ["no", "yes"])

    monkeypatch.setitem(peers.PEERS, "constant", constant)
    found = peers.measure("constant", data / "shop", 1.0, 0)
    assert (found["peer"], found["data"], found["roc_auc"]) == ("constant", "shop", 0.5)
    assert comparison.record(found)["loss"] == found["log_loss"]


def test_options_that_are_not_ours_go_to_the_fit(tmp_path: Path) -> None:
    ours = ["--data", str(tmp_path), "--budget", "30,60", "--seeds", "0,1"]
    known, options = accuracy.arguments_of([*ours, "--only-networks", "--families", "mlp"])
    assert (known.budget, known.seeds) == ([30.0, 60.0], [0, 1])
    assert options == ["--only-networks", "--families", "mlp"]
    with pytest.raises(SystemExit):
        accuracy.arguments_of(["--data", str(tmp_path), "--peers", "nobody"])


def test_a_run_of_ours_that_failed_counts_as_the_worst() -> None:
    failed = accuracy.as_record({"set": "set 0", "budget": 60.0, "seconds": 3.0, "memory_mib": 200.0, "exit": 1})
    found = comparison.frame([failed, *records(flaml=[1.0]).to_dict("records")])
    table = comparison.losses(found)
    assert comparison.mean_ranks(table)["automl"] == 2
    assert comparison.wins(table, "flaml") == (0, 1)
    met = comparison.bars(found).set_index("bar")["met"]
    assert not met[["at most 2 % worse than the best peer", "a model from every run", "p95 of the overrun at most 5 %"]].any()
    assert "inf" in comparison.scores(table, ["flaml"])


def test_prediction_is_measured_for_one_row_and_for_many() -> None:
    sizes: list[int] = []
    found = prediction.measure(lambda rows: sizes.append(len(rows)), pd.DataFrame({"x": [1, 2, 3]}), tries=4, many=100)
    assert sizes == [3, 3, 1, 1, 1, 1, 1, 10, 100]
    assert set(found) == {"first_s", "again_s", "one_row_ms", "many_s"}


def test_a_row_of_the_table_tells_the_ratio_and_the_bar() -> None:
    base = {"layers": 2, "units": 64, "rows": 100, "pack": 32, "gpu": False}
    ours = {**base, "system": "packs", "trials_per_minute": 300.0}
    others = [{**base, "system": "random", "trials_per_minute": 20.0}, {**base, "system": "sequential", "trials_per_minute": 10.0}]
    found = throughput.row(ours, others)
    assert (found["random"], found["bar"], found["met"]) == ("20.0 (15.0 ×)", "20 × random", "no")
    assert throughput.row({**ours, "gpu": True}, others)["bar"] == "100 × sequential"


def test_the_table_of_the_issue_and_a_grid() -> None:
    table = throughput.sweep(throughput.arguments_of(["--table"]))
    assert [(setting.layers, setting.units, sizes) for setting, sizes in table] == [(2, 64, (32,)), (3, 256, (16, 32))]
    grid = throughput.sweep(throughput.arguments_of(["--rows", "100,200", "--units", "8,16", "--pack", "1,4"]))
    assert [(setting.rows, setting.units, sizes) for setting, sizes in grid] == [(r, u, (1, 4)) for r in (100, 200) for u in (8, 16)]


def test_packs_train_every_trial_for_all_epochs() -> None:
    setting = throughput.Setting(rows=400, epochs=2, batch=64, layers=1, units=8, pack=2, trials=3)
    outcome = throughput.packs(*throughput.problem(setting.rows), setting)
    assert outcome.epochs == 6
    assert 0 < outcome.loss < 1


def test_the_loss_of_a_pack_is_that_of_its_best_network() -> None:
    assert throughput.log_loss(np.array([[0.5, 0.5], [0.25, 0.75]]), np.array([0, 1])) == pytest.approx(-np.log([0.5, 0.75]).mean())
    setting = throughput.Setting(rows=4000, epochs=5, batch=64, layers=2, units=32, pack=4, trials=4)
    assert throughput.packs(*throughput.problem(setting.rows), setting).loss < 0.6  # of these four, the slowest learners stay at 0.69


@pytest.mark.slow
@pytest.mark.parametrize("system", ["sequential", "steps", "random", "hyperband"])
def test_systems_that_train_one_network_at_a_time(system: str) -> None:
    setting = throughput.Setting(rows=400, epochs=2, batch=64, layers=1, units=8, trials=2)
    setting = replace(setting, epochs=3) if system == "hyperband" else setting
    outcome = throughput.SYSTEMS[system](*throughput.problem(setting.rows), setting)
    assert outcome.epochs >= setting.trials * 2
    assert 0 < outcome.loss < 1


@pytest.mark.slow
def test_a_whole_comparison(data: Path, tmp_path: Path) -> None:
    earlier = tmp_path / "earlier.txt"
    earlier.write_text('RESULT {"log_loss": 5.0, "ece": 0.5, "peer": "flaml", "data": "shop", "budget": 10.0, "fit_s": 11, "peak_mb": 100}')
    command = [sys.executable, str(HOME / "accuracy.py"), "--data", str(data), "--budget", "10", "--peer-results", str(earlier)]
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}
    out = ["--out", str(tmp_path / "out.json"), "--families", "linear,hist_gradient_boosting"]
    said = subprocess.run([*command, *out], capture_output=True, text=True, env=environment, timeout=300, check=True).stdout
    assert "not run in this run: flaml" in said
    assert "| better than flaml on 6 of 9 | 1 of 1 | yes |" in said
    assert json.loads((tmp_path / "out.json").read_text())[0]["exit"] == 0


# ── calibration


def test_calibration_is_scored_as_every_system_is() -> None:
    rng = np.random.default_rng(0)
    p = rng.uniform(size=600)
    code = (rng.random(600) < p).astype(int)
    told = calibration.scores(np.column_stack([1 - p, p]), code)
    table = pd.DataFrame({"probability_no": 1 - p, "probability_yes": p})
    expected = judging.score("binary", pd.Series(np.where(code == 1, "yes", "no")), table)
    assert told["calibration_error"] == pytest.approx(expected["calibration_error"])
    assert told["log_loss"] == pytest.approx(expected["log_loss"])
    assert told["brier"] == pytest.approx(np.mean((p - code) ** 2))
    assert calibration.honest_error(np.column_stack([1 - p, p])) == pytest.approx(told["calibration_error"], abs=0.02)
    claimed, came_true = calibration.claim(np.array([[0.7, 0.2, 0.1], [0.1, 0.3, 0.6]]), np.array([0, 1]))
    assert (claimed.tolist(), came_true.tolist()) == ([0.7, 0.6], [True, False])


def test_peers_count_where_they_were_measured_on_all_of_our_sets() -> None:
    ours = [{"set": "a", "calibration_error": 0.02}, {"set": "b", "calibration_error": 0.04}]
    lines = [{"peer": "x", "data": "a", "ece": 0.01}, {"peer": "x", "data": "b", "ece": 0.06}, {"peer": "y", "data": "a", "ece": 0.01}]
    text = "\n".join("RESULT " + json.dumps({**line, "budget": 60, "log_loss": 0.4}) for line in lines)
    table = calibration.with_peers(ours, text)
    assert list(table.columns) == ["automl", "x"]
    assert table.loc["mean"].tolist() == pytest.approx([0.03, 0.035])


@pytest.mark.slow
def test_calibration_end_to_end(data: Path, tmp_path: Path) -> None:
    result = calibration.run(data / "shop", 10, ["--families", "linear", "--trials", "1"])
    assert result["exit"] == 0
    assert {"log_loss_before", "log_loss", "calibration_error", "honest_error", "coverage", "method", "cross_fitted"} <= set(result)
    assert result["rows"] == 29
