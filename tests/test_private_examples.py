"""How much of single rows a report holds: a secret planted in texts is in no file unless it was asked for."""

from __future__ import annotations

import html
import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import automl
from automl.errors import UsageError
from automl.private import HIDDEN, allowed
from automl.report import facts as f
from automl.results import write_results

SECRET = "xyzzyplugh"


def tickets(rows: int = 60) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    kind = np.arange(rows) % 2
    words = [["refund money card", "delivery parcel late"][k] for k in kind]
    return pd.DataFrame(
        {
            "note": [f"{SECRET}{n} said about {text} on the phone this {n}th time" for n, text in enumerate(words)],
            "age": rng.integers(18, 80, rows),
            "queue": np.array(["bank", "shop"])[kind],
        }
    )


@pytest.mark.parametrize(("examples", "quoted"), [(None, False), ("few", True)])
def test_a_column_that_only_tells_rows_apart_is_not_quoted(examples: str | None, quoted: bool) -> None:
    data = tickets().assign(mail=[f"{SECRET}{n}@example.com" for n in range(60)]).drop(columns="note")
    model = automl.fit(data, "queue", budget=None, trials=1, families=["linear"], examples=examples)
    assert next(one for one in model.facts_.data.column_list if one.name == "mail").role == "identifier"
    assert (SECRET in model.facts_.model_dump_json()) is quoted


def accounts(rows: int = 80) -> pd.DataFrame:
    """Columns that only tell rows or groups apart, written so that no pattern would find their values in a sentence."""
    rng = np.random.default_rng(1)
    first, last = ["Ida", "Bo", "Eva", "Max", "Lea", "Jan", "Una", "Ole"], ["Xyzzyk", "Xyzzyl", "Xyzzym", "Xyzzyn", "Xyzzyo"]
    age = rng.integers(18, 80, rows)
    return pd.DataFrame(
        {
            "mail": [f"{SECRET}{n}@example.com" for n in range(rows)],
            "serial": 7_310_000 + np.arange(rows),
            "code": [f"Q{n}-{SECRET}'s, such as \"x\" and 'y'; {n}" for n in range(rows)],
            "mixed": [str(8_420_000 + 17 * n) if n % 9 else f"{SECRET}#{n}" for n in range(rows)],
            "name": [f"{first[n % 8]} {last[n % 5]}{chr(97 + n // 8)}{chr(97 + n % 8)}" for n in range(rows)],
            "client": [f"C{SECRET}{n // 8}" for n in range(rows)],
            "since": [SECRET if n == 80 else str(np.datetime64("2001-03-05") + 7 * n) for n in range(rows)],
            "weight": [f"ask {SECRET}" if n == 60 else str(60 + n % 37) for n in range(rows)],
            "age": age,
            "bought": np.where(age + rng.normal(0, 9, rows) > 50, "yes", "no"),
            "seen": np.where(age + rng.normal(0, 9, rows) > 40, "yes", "no"),
        }
    )


PRIVATE = ("mail", "serial", "code", "mixed", "name", "client")


@pytest.mark.parametrize("target", ["bought", ["bought", "seen"]], ids=["one", "several"])
def test_no_document_holds_a_value_of_a_private_column(tmp_path: Path, target: Any) -> None:
    data = accounts()
    rest = data if isinstance(target, list) else data.drop(columns="seen")
    model = automl.fit(rest, target, budget=None, trials=1, families=["linear"], group="client")
    write_results(model, tmp_path)
    roles = {one.name: one.role for one in model.facts_.data.column_list}
    assert {roles[name] for name in ("mail", "serial", "client")} <= {"identifier", "group"}
    written = {path.name: path.read_text("utf-8") for path in tmp_path.rglob("*") if path.suffix in (".html", ".json", ".md", ".csv")}
    assert {"report.json", "report.html", "report.md", "model_card.md", "annex_iv.md"} <= set(written)
    texts = {name: html.unescape(text).replace("\\", "") for name, text in written.items()}
    for column in PRIVATE:
        for value in data[column].astype(str).unique():
            parts = [value, *(part for part in re.split(r"[^\w#]+", value) if SECRET in part or "Xyzzy" in part)]
            assert [name for name, text in texts.items() for part in parts if part in text] == [], (column, value)


def test_values_come_where_few_are_asked_for() -> None:
    data = accounts().drop(columns="seen")
    told = automl.fit(data, "bought", budget=None, trials=1, families=["linear"], examples="few").facts_.model_dump_json()
    assert SECRET in told
    assert "such as" in told


def test_a_finding_keeps_its_examples_apart_from_its_sentence() -> None:
    found = automl.detect(accounts().drop(columns="seen"), "bought")
    coded = {one.columns[0]: one for one in found.findings if one.check == "identifier"}
    assert SECRET in coded["mail"].examples[0]
    assert SECRET not in coded["mail"].because
    assert SECRET in coded["mail"].told  # who looks at the own data in the terminal sees what is meant
    assert SECRET in coded["mail"].to_dict()["because"]


@pytest.mark.parametrize("examples", [None, "none", "few"])
def test_no_file_holds_a_text_that_was_not_asked_for(tmp_path: Path, examples: str | None) -> None:
    model = automl.fit(tickets(), "queue", budget=None, trials=1, families=["tfidf_linear"], examples=examples, types={"note": "text"})
    write_results(model, tmp_path)
    (tmp_path / "notebook.html").write_text(model._repr_html_() + model.facts_._repr_html_(), encoding="utf-8")
    holding = [
        path.name for path in tmp_path.rglob("*") if path.suffix in (".html", ".json", ".md", ".csv") and SECRET in path.read_text("utf-8")
    ]
    assert bool(holding) == (examples == "few"), holding
    assert bool(model.facts_.examples) == (examples != "none")
    assert examples != "none" or not (model.facts_.words or model.facts_.pictures)


def example(value: str) -> f.ExampleFacts:
    entries = (f.Contribution(column="note", value=value, contribution=0.1), f.Contribution(column="age", value="3", contribution=0.2))
    change = f.CounterfactualFacts(found=True, changes=(f.ChangeFacts(column="note", before=value, after=value),))
    return f.ExampleFacts(title="t", prediction="p", contributions=entries, change=change)


def test_texts_are_hidden_wherever_a_row_is_told() -> None:
    sections: dict[str, Any] = {"examples": (example(SECRET),), "words": (), "pictures": (1,), "cards": ()}
    assert allowed(sections, "few", ["note"]) == sections
    (told,) = allowed(sections, None, ["note"])["examples"]
    assert SECRET not in told.model_dump_json()
    assert [entry.value for entry in told.contributions] == [HIDDEN, "3"]
    nothing = allowed(sections, "none", ["note"])
    assert (nothing["examples"], nothing["pictures"], nothing["words"]) == ((), (), ())
    assert allowed({}, None, ["note"]) == {}


def test_another_word_is_refused() -> None:
    with pytest.raises(UsageError, match=r"'none' or 'few'.*examples='fiw'"):
        automl.fit(tickets(), "queue", budget=None, trials=1, examples="fiw")
