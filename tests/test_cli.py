"""The command line: what goes to stdout and stderr, exit codes, what is checked before work starts, and that it is light."""

from __future__ import annotations

import io
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from fakes import FakeFit, FakeModel

import automl
from automl.checks import Finding
from automl.cli import main
from automl.detection import Detection
from automl.errors import ArtifactError, DataError, InternalError
from automl.schema import Column, Schema
from automl.task import Task

HEAVY = ("keras", "tensorflow", "jax", "torch", "pandas", "sklearn", "numpy", "scipy", "pydantic")


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("AUTOML_DEBUG", raising=False)
    monkeypatch.setattr("automl.cli.output.import_quietly", lambda *names: None)  # what it imports is replaced, or not needed


@pytest.fixture
def table(tmp_path: Path) -> str:
    (tmp_path / "customers.csv").write_text("age,income,churn\n30,1,Yes\n40,2,No\n50,3,Yes\n")
    return "customers.csv"


@pytest.fixture
def fit(monkeypatch: pytest.MonkeyPatch) -> FakeFit:
    fake = FakeFit()
    monkeypatch.setitem(automl.__dict__, "fit", fake)
    return fake


@pytest.fixture
def saved(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> FakeModel:
    model = FakeModel()
    (tmp_path / "model.automl").write_bytes(b"model")
    monkeypatch.setitem(automl.__dict__, "load", lambda path: model)
    return model


def fresh(*arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
    home = str(Path(automl.__file__).parent.parent)
    return subprocess.run(
        [sys.executable, *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        env={**os.environ, "PYTHONPATH": home},
        **options,
    )


def test_importing_quietly_holds_back_what_libraries_write() -> None:
    Path("noisy.py").write_text("import os\nos.write(2, b'driver not found')\n")
    code = "import sys; sys.path.insert(0, '.'); from automl.cli.output import import_quietly; import_quietly('noisy')"
    assert fresh("-c", f"{code}; print('after', file=sys.stderr)").stderr == "after\n"


# ── light ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("code", ["import automl", "import automl.cli.commands", "import automl; dir(automl); automl.Budget"])
def test_importing_is_light(code: str) -> None:
    done = fresh("-c", f"{code}\nimport sys\nprint([name for name in {HEAVY!r} if name in sys.modules])")
    assert done.stdout.strip() == "[]", done.stderr


CLOCK = """
import resource, subprocess, sys
subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, check=True)
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(used.ru_utime + used.ru_stime)
"""


def best_seconds(*arguments: str) -> float:
    """The quickest of five runs, in seconds of processor time, so that a busy machine does not matter."""
    return min(float(fresh("-c", CLOCK, sys.executable, *arguments).stdout) for _ in range(5))


def test_importing_takes_less_than_300_ms() -> None:
    assert best_seconds("-c", "import automl") < 0.3


def test_help_takes_less_than_400_ms() -> None:
    assert best_seconds("-m", "automl", "--help") < 0.4


def test_help_names_every_command() -> None:
    shown = fresh("-m", "automl", "--help").stdout
    assert re.findall(r"^  (\w+)  ", shown.split("Commands:")[1], re.M) == [
        "fit",
        "run",
        "resume",
        "detect",
        "predict",
        "explain",
        "compare",
        "report",
        "verify",
        "forecast",
        "version",
    ]


# ── fit ────────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_fit_leaves_its_files_and_sums_up_on_stdout(fit: FakeFit, table: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["fit", table, "--target", "churn", "--budget", "60s"]) == 0
    assert sorted(path.name for path in Path("results/customers").iterdir()) == [
        "annex_iv.md",
        "leaderboard.csv",
        "model.automl",
        "model_card.md",
        "report.html",
        "report.json",
        "report.md",
    ]
    out, err = capsys.readouterr()
    assert out.startswith("Usable: yes. It finds them.")
    assert "Warning: Few rows." in out
    assert re.search(r"ROC AUC +0\.8400 +\(95 %: 0\.8200 to 0\.8600\) +naive 0\.5000", out)
    assert out.rstrip().splitlines()[-1] == f"Report      {Path('results/customers/report.html')}  (open this one)"
    assert "search: best log loss 0.4 after 3 trials; linear" in err


def test_fit_hands_over_what_was_said(fit: FakeFit, table: str) -> None:
    options = (
        "--families linear,mlp --seed 3 --trials 9 --budget 1m --problem binary --positive Yes --cost-miss 5 --cost-false-alarm 1"
        " --currency EUR --min-recall 0.8 --min-precision 0.2 --type age=category --ignore income --memory 2GB --test customers.csv"
        " --sensitive age --change income=up"
    )
    assert main(["fit", table, "-t", "churn", "-q", *options.split()]) == 0
    call = fit.calls[0]
    budget = call.pop("budget")
    assert (budget.limit, budget.trials, budget.memory) == (60.0, 9, 2 * 10**9)
    call.pop("progress")
    assert call.pop("directory") == Path("results/customers")
    assert call == {
        "data": "customers.csv", "target": "churn", "families": ["linear", "mlp"], "seed": 3, "problem": "binary", "positive": "Yes",
        "costs": {"miss": 5.0, "false_alarm": 1.0, "currency": "EUR"}, "min_recall": 0.8, "min_precision": 0.2,
        "types": {"age": "category"}, "ignore": ["income"], "sensitive": ["age"], "changes": {"income": "up"}, "test": "customers.csv",
    }  # fmt: skip


def test_the_report_tells_the_command(fit: FakeFit, table: str) -> None:
    assert main(["fit", table, "--target", "churn", "--out", "my results", "-q"]) == 0
    told = json.loads(Path("my results/report.json").read_text())["reproduce"]["command"]
    assert told == "automl fit customers.csv --target churn --out 'my results' -q"


def test_trials_without_a_budget_have_no_clock(fit: FakeFit, table: str) -> None:
    assert main(["fit", table, "-t", "churn", "--trials", "4"]) == 0
    assert not fit.calls[0]["budget"].timed


@pytest.mark.parametrize(("age", "counted"), [(3.0, True), (200.0, False)])
def test_start_up_counts_but_not_the_shell_that_became_the_command(
    age: float, counted: bool, fit: FakeFit, table: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("automl.cli.starting.process_started", lambda: time.monotonic() - age)
    assert main(["fit", table, "-t", "churn"]) == 0
    assert (fit.calls[0]["budget"].elapsed() >= age) == counted


def test_fit_json_is_for_programs(fit: FakeFit, table: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["fit", table, "-t", "churn", "--json", "--require", "roc_auc>=0.8"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["verdict"] == "yes"
    assert told["scores"]["roc_auc"] == {"value": 0.84, "low": 0.82, "high": 0.86, "naive": 0.5}
    assert told["failed"] == []
    assert Path(told["files"]["report"]).is_file()


def test_a_gate_that_fails_ends_with_5_and_everything_saved(fit: FakeFit, table: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["fit", table, "-t", "churn", "--require", "roc_auc>=0.9", "--require", "roc_auc > 0.1"]) == 5
    assert "roc_auc must be >= 0.9. Measured 0.8400." in capsys.readouterr().err
    assert Path("results/customers/model.automl").is_file()


@pytest.mark.parametrize("gate", ["roc_auk>=0.9", "roc_auc", "roc_auc>=high", ">=3", "roc_auc==1"])
def test_a_gate_that_is_none_is_told_before_the_work(gate: str, fit: FakeFit, table: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["fit", table, "-t", "churn", "--require", gate]) == 2
    assert fit.calls == []
    assert "`--require` must" in capsys.readouterr().err


def test_an_interrupted_run_saves_the_best_so_far_and_ends_with_130(fit: FakeFit, table: str, capsys: pytest.CaptureFixture[str]) -> None:
    fit.model.interrupted_ = True
    assert main(["fit", table, "-t", "churn"]) == 130
    assert Path("results/customers/model.automl").is_file()
    out, err = capsys.readouterr()
    assert "Report " in out
    assert "Interrupted: the best so far was saved." in err


def test_an_interrupt_before_any_model_ends_with_130(fit: FakeFit, table: str) -> None:
    fit.raises = KeyboardInterrupt()
    assert main(["fit", table, "-t", "churn"]) == 130


def test_ctrl_c_after_the_search_waits_until_everything_is_saved(fit: FakeFit, table: str, capsys: pytest.CaptureFixture[str]) -> None:
    handler = signal.getsignal(signal.SIGINT)
    fit.pressed = "ensemble"
    assert main(["fit", table, "-t", "churn"]) == 130
    assert Path("results/customers/model.automl").is_file()
    assert "Finishing with the best so far" in capsys.readouterr().err
    assert signal.getsignal(signal.SIGINT) is handler


def test_ctrl_c_in_the_search_is_for_the_search(fit: FakeFit, table: str, capsys: pytest.CaptureFixture[str]) -> None:
    fit.pressed = "search"
    assert main(["fit", table, "-t", "churn"]) == 130
    assert not Path("results/customers/model.automl").exists()
    assert "before there was anything to save" in capsys.readouterr().err


def test_a_second_interrupt_does_not_spoil_the_files(fit: FakeFit, table: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def report(path: Any) -> Path:
        os.kill(os.getpid(), signal.SIGINT)
        return FakeModel().report(path)

    monkeypatch.setattr(fit.model, "report", report, raising=False)
    assert main(["fit", table, "-t", "churn"]) == 0
    assert Path("results/customers/leaderboard.csv").is_file()


def test_an_unwritable_folder_is_told_before_the_work(fit: FakeFit, table: str, capsys: pytest.CaptureFixture[str]) -> None:
    Path("file").write_text("")
    assert main(["fit", table, "-t", "churn", "--out", "file/deep"]) == 3
    assert fit.calls == []
    assert "must be writable" in capsys.readouterr().err


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser may write everywhere")
def test_a_folder_without_permission_is_told(fit: FakeFit, table: str) -> None:
    Path("locked").mkdir(mode=0o500)
    assert main(["fit", table, "-t", "churn", "--out", "locked/results"]) == 3


# ── a target that is not given ─────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def suggestions(monkeypatch: pytest.MonkeyPatch) -> None:
    found = SimpleNamespace(task=None, suggestions=[("churn", "it has two values"), ("age", "it is the first")])
    monkeypatch.setitem(automl.__dict__, "detect", lambda data, target=None: found)


@pytest.mark.usefixtures("suggestions")
def test_without_a_target_the_suggestions_are_told(fit: FakeFit, table: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["fit", table]) == 3
    err = capsys.readouterr().err
    assert "did you mean --target 'churn'?" in err
    assert "2. age: it is the first" in err
    assert fit.calls == []
    assert not Path("results").exists()


@pytest.mark.usefixtures("suggestions")
@pytest.mark.parametrize(("answer", "target"), [("\n", "churn"), ("2\n", "age"), ("income\n", "income"), ("7\n", "7")])
def test_at_a_terminal_the_target_is_asked_for(answer: str, target: str, fit: FakeFit, table: str, monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setattr(sys, "stdin", Terminal(answer))
    monkeypatch.setattr(sys, "stderr", Terminal())
    assert main(["fit", table, "--quiet"]) == 0
    assert fit.calls[0]["target"] == target


# ── errors ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (DataError("`target` must vary. Received one class."), 3),
        (ArtifactError("A model file must be whole."), 3),
        (InternalError("A promise was broken."), 70),
        (PermissionError(13, "Permission denied", "x.csv"), 3),
        (OSError(28, "No space left on device"), 3),
        (MemoryError(), 3),
        (KeyError("x"), 70),
    ],
)
def test_every_error_is_a_sentence_and_an_exit_code(
    error: Exception, code: int, fit: FakeFit, table: str, capsys: pytest.CaptureFixture[str]
) -> None:
    fit.raises = error
    assert main(["fit", table, "-t", "churn", "-q"]) == code
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("Error: ")
    assert "Traceback" not in err
    assert ("Please report it" in err) == isinstance(error, KeyError)


def test_a_bug_shows_its_traceback_on_request(
    fit: FakeFit, table: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("AUTOML_DEBUG", "1")
    fit.raises = KeyError("x")
    assert main(["fit", table, "-t", "churn", "-q"]) == 70
    assert "Traceback" in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments",
    [
        ["fit"],
        ["nonsense"],
        ["fit", "customers.csv", "--nonsense"],
        ["fit", "customers.csv", "-t", "churn", "--budget", "soon"],
        ["fit", "customers.csv", "-t", "churn", "--trials", "0"],
        ["fit", "customers.csv", "-t", "churn", "--seed", "x"],
        ["fit", "customers.csv", "-t", "churn", "--cost-miss", "3"],
        ["fit", "customers.csv", "-t", "churn", "--cost-miss", "-1", "--cost-false-alarm", "1"],
        ["fit", "customers.csv", "-t", "churn", "--min-recall", "2"],
        ["fit", "customers.csv", "-t", "churn", "--min-precision", "-0.1"],
        ["fit", "customers.csv", "-t", "churn", "--type", "age"],
        ["predict", "model.automl", "customers.csv", "-o", "out.docx"],
        ["explain", "model.automl", "customers.csv", "--row", "3"],
        ["explain", "model.automl", "customers.csv", "--row", "-1"],
        ["report", "model.automl", "-o", "report.docx"],
    ],
    ids=" ".join,
)
def test_impossible_arguments_end_with_2(
    arguments: list[str], fit: FakeFit, table: str, saved: FakeModel, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert "Error: " in err
    assert fit.calls == []


@pytest.mark.parametrize(
    "command", [["fit", "x.csv", "-t", "y"], ["detect", "x.csv"], ["compare", "x.csv", "-t", "y"], ["predict", "model.automl", "x.csv"]]
)
def test_a_missing_file_is_told_with_a_neighbour(
    command: list[str], table: str, saved: FakeModel, capsys: pytest.CaptureFixture[str]
) -> None:
    wrong = [part.replace("x.csv", "custmers.csv") for part in command]
    assert main(wrong) == 3
    assert "'custmers.csv', which does not exist. Did you mean 'customers.csv'?" in capsys.readouterr().err


def test_a_folder_is_no_table(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "folder").mkdir()
    assert main(["detect", "folder"]) == 3
    assert "Received the folder 'folder'" in capsys.readouterr().err


def test_a_reader_that_has_gone_is_no_error() -> None:
    code = "import os, sys; from automl.cli import main; r, w = os.pipe(); os.dup2(w, 1); os.close(w); os.close(r)"
    done = fresh("-c", f"{code}; sys.exit(main(['version']))")
    assert (done.returncode, done.stderr) == (0, "")


# ── predict, explain, report, detect, compare, run, version ────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("problem", "columns"),
    [
        ("binary", ["prediction", "probability_No", "probability_Yes"]),
        ("multiclass", ["prediction", "probability_1", "probability_2", "probability_3"]),
        ("regression", ["prediction", "lower", "upper"]),
    ],
)
@pytest.mark.parametrize("suffix", [".csv", ".tsv", ".parquet", ".jsonl"])
def test_predictions_have_exactly_these_columns(
    problem: str, columns: list[str], suffix: str, table: str, saved: FakeModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = FakeModel(problem)
    monkeypatch.setitem(automl.__dict__, "load", lambda path: model)
    assert main(["predict", "model.automl", table, "-o", f"out/predictions{suffix}"]) == 0
    path = Path(f"out/predictions{suffix}")
    read = {
        ".csv": pd.read_csv,
        ".tsv": lambda p: pd.read_csv(p, sep="\t"),
        ".parquet": pd.read_parquet,
        ".jsonl": lambda p: pd.read_json(p, lines=True),
    }
    frame = read[suffix](path)
    assert list(frame.columns) == columns
    assert frame["prediction"].tolist() == model.predict(pd.DataFrame(index=range(3))).tolist()


def test_predictions_go_to_stdout_without_a_file(table: str, saved: FakeModel, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["predict", "model.automl", table]) == 0
    assert pd.read_csv(io.StringIO(capsys.readouterr().out))["prediction"].tolist() == ["No", "Yes", "No"]
    assert main(["predict", "model.automl", table, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)[1] == {"prediction": "Yes", "probability_No": 0.5, "probability_Yes": 0.5}
    assert main(["predict", "model.automl", table, "--sets", "0.9"]) == 0
    assert pd.read_csv(io.StringIO(capsys.readouterr().out))["set"].tolist() == ["No | Yes"] * 3


def test_explain_puts_the_largest_contribution_first(table: str, saved: FakeModel, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "model.automl", table, "--row", "2", "--row", "0", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert [one["row"] for one in told] == [2, 0]
    assert told[0]["contributions"][0] == {"column": "income", "value": None, "contribution": -0.4}
    assert main(["explain", "model.automl", table]) == 0
    assert re.search(r"income +– +-0\.4", capsys.readouterr().out)


@pytest.mark.parametrize("name", ["r.html", "new/r.json"])
def test_report_is_written_again(name: str, saved: FakeModel, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["report", "model.automl", "-o", name]) == 0
    assert Path(name).is_file()
    assert capsys.readouterr().out.strip() == name


def detection(target: Any) -> Detection:
    other = {"problem": "regression", "confidence": 0.1, "override": 'problem="regression"'}
    task = Task("binary", "churn", ("no", "yes"), confidence=0.99, evidence=("It has two values.",), runner_up=other)
    schema = Schema((Column("[red]age", "number", evidence="All 3 values are numbers."), Column("churn", "boolean", "target")))
    finding = Finding("leakage", ("age",), "high", "told", "It predicts alone.", "ignore=['age']")
    return Detection(task if target else None, schema, (finding,), (), (("churn", "it has two values"),), None if target else task)


def test_detect_shows_columns_task_and_findings(table: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    asked: list[Any] = []

    def detect(data: Any, target: Any = None, **options: Any) -> Any:
        asked.append((data, target, options))
        return detection(target)

    monkeypatch.setitem(automl.__dict__, "detect", detect)
    assert main(["detect", table, "-t", "churn", "--problem", "binary"]) == 0
    out = capsys.readouterr().out
    assert asked == [("customers.csv", "churn", {"problem": "binary", "types": None})]
    for part in (
        "[red]age",
        "All 3 values are numbers.",
        "Task: binary, target 'churn', confidence 99 %, modality tabular",
        'regression (problem="regression")',
        "leakage",
        "ignore=['age']",
    ):
        assert part in out
    assert main(["detect", table, "-t", "churn", "-t", "age", "--json"]) == 0
    assert asked[-1][1] == ["churn", "age"]
    told = json.loads(capsys.readouterr().out)
    assert list(told) == ["modality", "task", "target", "confidence", "evidence", "runner_up", "columns", "findings"]
    assert told["runner_up"] == {"task": "regression", "confidence": 0.1, "override": 'problem="regression"'}
    assert set(told["columns"]["[red]age"]) == {"type", "role", "confidence", "evidence"}
    assert set(told["findings"][0]) == {"check", "columns", "severity", "action", "because", "override"}
    assert main(["detect", table]) == 0
    assert "it has two values" in capsys.readouterr().out


def test_compare_shows_all_models(table: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def compare(data: Any, target: Any, **options: Any) -> pd.DataFrame:
        assert options["families"] == ["linear"]
        assert options["budget"].limit == 30.0
        assert "only_networks" not in options
        table = FakeModel().leaderboard()
        table.attrs = {"advice": "A network is not worth it here.", "absent": {"tree": "not asked for"}}
        return table

    monkeypatch.setitem(automl.__dict__, "compare", compare)
    arguments = ["compare", table, "-t", "churn", "-b", "30s", "--families", "linear"]
    assert main(arguments) == 0
    out = capsys.readouterr().out
    assert re.search(r"Linear model +0\.4 +0\.3 to 0\.5 +the best +100 % +1\.2\ss", out)
    assert "Naive predictor: no score; no usable model before its share of the time was over." in out
    assert "No trees: not asked for." in out
    assert "A network is not worth it here." in out
    assert "– to –" not in out
    assert main([*arguments, "--json"]) == 0
    naive = json.loads(capsys.readouterr().out)[1]
    assert (naive["family"], naive["loss"], naive["config"]) == ("naive", None, {})


@pytest.mark.parametrize("command", ["fit", "compare"])
def test_networks_alone_can_be_asked_for(command: str, fit: FakeFit, table: str, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[dict[str, Any]] = []
    monkeypatch.setitem(automl.__dict__, "compare", lambda data, target, **options: seen.append(options) or FakeModel().leaderboard())
    assert main([command, table, "-t", "churn", "-b", "30s", "--only-networks", "-q"]) == 0
    assert (seen or fit.calls)[0]["only_networks"] is True
    assert "combine_columns" not in (seen or fit.calls)[0]


def test_compare_takes_a_metric_and_a_page(table: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    seen: list[dict[str, Any]] = []
    monkeypatch.setitem(automl.__dict__, "compare", lambda data, target, **options: seen.append(options) or FakeModel().leaderboard())
    arguments = ["compare", table, "-t", "churn", "-b", "30s", "-q", "--metric", "brier"]
    assert main([*arguments, "-o", "comparison.html"]) == 0
    assert (seen[0]["metric"], seen[0]["out"]) == ("brier", "comparison.html")
    assert "The comparison is in comparison.html." in capsys.readouterr().err
    assert main([*arguments, "-o", "comparison.pdf"]) == 2
    assert "must end in .html" in capsys.readouterr().err
    assert len(seen) == 1


def test_compare_takes_several_targets_and_what_forecasts_need(table: str, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Any] = []
    monkeypatch.setitem(
        automl.__dict__, "compare", lambda data, target, **options: seen.append((target, options)) or FakeModel().leaderboard()
    )
    assert main(["compare", table, "-t", "churn", "-t", "member", "-b", "30s", "-q"]) == 0
    assert main(["compare", table, "-t", "churn", "-b", "30s", "-q", "--horizon", "7", "--series", "shop", "--type", "age=number"]) == 0
    assert seen[0][0] == ["churn", "member"]
    assert (seen[1][0], seen[1][1]["horizon"], seen[1][1]["series"], seen[1][1]["types"]) == ("churn", 7, ["shop"], {"age": "number"})


@pytest.mark.parametrize("command", ["fit", "compare"])
def test_combined_columns_can_be_asked_for(command: str, fit: FakeFit, table: str, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[dict[str, Any]] = []
    monkeypatch.setitem(automl.__dict__, "compare", lambda data, target, **options: seen.append(options) or FakeModel().leaderboard())
    assert main([command, table, "-t", "churn", "-b", "30s", "--combine-columns", "-q"]) == 0
    assert (seen or fit.calls)[0]["combine_columns"] is True


def test_run_solves_a_recipe(fit: FakeFit, table: str, capsys: pytest.CaptureFixture[str]) -> None:
    Path("case.yaml").write_text("data: customers.csv\ntarget: churn\nbudget: 8s\ntitle: Who leaves?\n")
    assert main(["run", "case.yaml"]) == 0
    assert fit.calls[0]["budget"].limit == 8.0
    assert "results/case/report.html" in capsys.readouterr().out.splitlines()[-1]
    assert json.loads(Path("results/case/report.json").read_text())["title"] == "Who leaves?"
    assert main(["run", "case.yaml", "--budget", "3s", "--out", "elsewhere"]) == 0
    assert fit.calls[1]["budget"].limit == 3.0
    assert Path("elsewhere/model.automl").is_file()


def test_a_bad_recipe_ends_with_2_and_tells_all(capsys: pytest.CaptureFixture[str]) -> None:
    Path("case.yaml").write_text("dta: customers.csv\ntrget: churn\n")
    assert main(["run", "case.yaml"]) == 2
    err = capsys.readouterr().err
    assert "Did you mean 'data'?" in err
    assert "Did you mean 'target'?" in err


def test_version_names_what_is_installed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["version"]) == 0
    assert f"automl {automl.__version__}" in capsys.readouterr().out
    assert main(["version", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["automl"] == automl.__version__


def test_numbers_are_written_as_people_read_them() -> None:
    from automl.results import _number

    assert [_number(value) for value in (0.0, 1.0, 12345.6, 0.00001, -0.5, 2.5e9)] == [
        "0.0000",
        "1.000",
        "12,346",
        "1e-05",
        "-0.5000",
        "2.5e+09",
    ]
    assert np.isfinite(float(_number(0.999999)))


@pytest.mark.parametrize(("arguments", "code"), [(["version"], 0), (["fit", "no such file.csv", "--target", "y"], 3)])
def test_the_process_ends_with_the_code_after_everything_is_written_and_cleared_away(arguments, code):
    program = "import atexit, sys; atexit.register(print, 'cleared away'); from automl.__main__ import run; run()"
    done = subprocess.run([sys.executable, "-c", program, *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == code
    assert done.stdout.endswith("cleared away\n")
    assert (len(done.stdout.splitlines()) > 1) == (code == 0)
    assert done.stderr.startswith("Error: `data` must be a file") == (code == 3)
