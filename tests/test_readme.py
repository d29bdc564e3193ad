"""The README's promises: the first two blocks set up and run, every other block runs as it stands, on a small budget."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w*)\n(.*?)^```", README, re.M | re.S)
SHELL = [text for kind, text in BLOCKS if kind == "sh"]
PYTHON = [text for kind, text in BLOCKS if kind == "python"]
SMALL = "10s"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that looks like the repository's root, where blocks may leave files."""
    folder = tmp_path_factory.mktemp("readme")
    for name in ("examples/data", "recipes"):
        shutil.copytree(ROOT / name, folder / name)
    return folder


def run(arguments: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "TF_CPP_MIN_LOG_LEVEL": "3"}
    return subprocess.run(arguments, cwd=folder, env=environment, capture_output=True, text=True, timeout=300, check=False)


def test_the_first_two_blocks_are_the_commands_of_a_newcomer() -> None:
    assert [kind for kind, _ in BLOCKS[:2]] == ["sh", "sh"]
    assert "automl run recipes/" in SHELL[0].strip().splitlines()[-1]
    assert SHELL[1].strip().splitlines()[-1] == "pytest"
    assert '".[test]"' in SHELL[1]


@pytest.mark.parametrize("path", sorted(set(re.findall(r"(?:recipes|examples|tests|automl)/[\w/.]+", README))))
def test_every_path_that_is_named_exists(path: str) -> None:
    assert any((ROOT / f"{path}{suffix}").exists() for suffix in ("", ".py"))


def test_every_module_stands_in_the_map() -> None:
    modules = {path.stem for path in (ROOT / "automl").iterdir() if not path.name.startswith("_") and path.suffix in {"", ".py"}}
    table = README[README.index("## Map") : README.index("## When something")]
    assert {module for module in modules if module not in table} == set()


def test_python_blocks_run(home: Path) -> None:
    """In one folder and in order, because the second block loads what the first one saved."""
    for block in PYTHON:
        done = run([sys.executable, "-c", re.sub(r'budget="[^"]+"', f'budget="{SMALL}"', block)], home)
        assert done.returncode == 0, done.stderr
    assert (home / "churn.html").stat().st_size > 10_000


def test_the_commands_of_the_tour_run(home: Path) -> None:
    for line in SHELL[2].strip().splitlines():
        words = shlex.split(re.sub(r"--budget \w+", f"--budget {SMALL}", line))
        assert words[0] == "automl"
        done = run([sys.executable, "-m", "automl", *words[1:]], home)
        assert done.returncode == 0, done.stderr
    assert (home / "results/credit/predictions.csv").read_text().startswith("prediction,probability_")
    assert (home / "results/credit/again.html").is_file()
