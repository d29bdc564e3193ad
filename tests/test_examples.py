"""Every script in examples/ runs on a small budget and stays short."""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import automl

HERE = Path(__file__).parent.parent / "examples"
SCRIPTS = sorted(HERE.glob("*.py"))
TABLES = sorted((HERE / "data").glob("*.csv"))


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_a_script_is_under_60_lines(script: Path) -> None:
    assert len(script.read_text(encoding="utf-8").splitlines()) < 60


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_a_script_runs(script: Path, tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(Path(automl.__file__).parent.parent), "TF_CPP_MIN_LOG_LEVEL": "3"}
    done = subprocess.run(
        [sys.executable, "-c", f"import runpy, sys; main = runpy.run_path({str(script)!r})['main']; main(budget='10s')"],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip()


@pytest.mark.parametrize("table", TABLES, ids=lambda path: path.stem)
def test_a_table_is_small_and_its_source_and_checksum_are_told(table: Path) -> None:
    told = (HERE / "data" / "README.md").read_text(encoding="utf-8")
    assert table.stat().st_size < 1_000_000
    assert re.search(rf"^\| `{table.name}` \|.*\(MIT\)", told, re.M)
    assert f"{hashlib.sha256(table.read_bytes()).hexdigest()}  {table.name}" in told
