"""The published schema is that of the facts, and reports keep to it."""

from __future__ import annotations

import json
from typing import Any

import pytest
import report_samples
from anomaly_samples import photos, pump

from automl.report.schema import json_schema, published


def test_the_published_schema_is_that_of_the_facts() -> None:
    told = "Write it again: python -c \"from automl.report.schema import publish; publish('automl/report')\""
    assert published() == json.loads(json.dumps(json_schema())), told


@pytest.mark.parametrize(
    "sample",
    [report_samples.binary, report_samples.multiclass, report_samples.regression, report_samples.bare, pump, photos],
    ids=lambda s: s.__name__,
)
def test_reports_keep_to_it(sample: Any) -> None:
    jsonschema = pytest.importorskip("jsonschema")
    schema = published()
    jsonschema.Draft202012Validator.check_schema(schema)
    facts = json.loads(sample().model_dump_json())
    jsonschema.validate(facts, schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**facts, "task": {**facts["task"], "problem": "guessing"}}, schema)
