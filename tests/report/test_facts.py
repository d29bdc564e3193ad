"""The facts: one versioned model that survives JSON and refuses what it does not know."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import report_samples
from anomaly_samples import photos, pump
from pydantic import ValidationError

from automl.errors import DataError
from automl.report.facts import SCHEMA_VERSION, Answer, ReportFacts, ScoreFacts, read_json, write_json

SAMPLES = (report_samples.binary, report_samples.multiclass, report_samples.regression, report_samples.bare, pump, photos)


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.__name__)
def test_facts_survive_json(sample, tmp_path: Path) -> None:
    facts = sample()
    path = write_json(facts, tmp_path / "report.json")
    assert read_json(path) == facts
    assert json.loads(path.read_text(encoding="utf-8"))["schema_version"] == SCHEMA_VERSION


def test_labels_keep_their_type(tmp_path: Path) -> None:
    facts = report_samples.multiclass()
    mixed = facts.model_copy(update={"task": facts.task.model_copy(update={"classes": (1, 1.5, True, "x")})})
    back = read_json(write_json(mixed, tmp_path / "report.json")).task.classes
    assert [type(label) for label in back] == [int, float, bool, str]


def test_facts_cannot_be_changed() -> None:
    with pytest.raises(ValidationError):
        report_samples.bare().title = "other"  # type: ignore[misc]


def test_unknown_fields_are_refused() -> None:
    with pytest.raises(ValidationError, match="Extra inputs"):
        Answer(verdict="no", rule="r", headline="h", colour="red")  # type: ignore[call-arg]


def test_at_most_three_warnings() -> None:
    with pytest.raises(ValidationError):
        Answer(verdict="no", rule="r", headline="h", warnings=("a", "b", "c", "d"))


def test_nan_and_infinity_become_not_known() -> None:
    score = ScoreFacts(title="t", value=float("nan"), low=float("-inf"), high=0.5)
    assert (score.value, score.low, score.high) == (None, None, 0.5)


@pytest.mark.parametrize(
    ("content", "told"),
    [(b'{"schema_version": 2}', "schema_version"), (b"not json", "JSON"), (b"\xff\xfe\x00", "UTF-8"), (b"[]", "facts")],
)
def test_a_file_that_is_no_report_gets_a_sentence(content: bytes, told: str, tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    path.write_bytes(content)
    with pytest.raises(DataError, match=told):
        read_json(path)


def test_a_missing_file_gets_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="No such file"):
        read_json(tmp_path / "absent.json")


def test_the_evaluation_of_a_run_fits_without_change() -> None:
    assert isinstance(report_samples.binary(), ReportFacts)  # the sample hands Evaluation.report() over as it is
    assert report_samples.binary().evaluation.comparisons[0].against == "the naive predictor"
