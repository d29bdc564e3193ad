"""How much of single rows a report holds: a secret planted in texts is in no file unless it was asked for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import automl
from automl.collect.private import HIDDEN, allowed
from automl.errors import UsageError
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
