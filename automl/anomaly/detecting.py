"""What a search for anomalies would do with rows: their order, what is judged, labels to check against, the rate; nothing is trained."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from automl.anomaly.run import look, rate_asked
from automl.decisions import DecisionLog
from automl.detection import Detection, tell_refusal
from automl.errors import DataError, UsageError, did_you_mean
from automl.percents import percent
from automl.task import no_target

OPTIONS = ("alarms", "false_alarms", "time", "types", "ignore")


def detect_anomalies(data: Any, label: str | None, options: Mapping[str, Any]) -> Detection:
    """Find out all that a fit would find out before it trains, by the same code.

    Args:
        data: As in :func:`automl.fit`.
        label: A column that marks known anomalies; None without one.
        options: Further arguments of :class:`automl.anomaly.detector.AnomalyDetector`.

    Raises:
        DataError: If a fit would refuse the data; the message says what to change.
        UsageError: If an argument is impossible.
    """
    given = {name: value for name, value in options.items() if value is not None and value is not False}
    for name, value in given.items():
        if name not in OPTIONS:
            raise UsageError(
                f"A search for anomalies is looked at with {', '.join(OPTIONS)}. Received {name}={value!r}.{did_you_mean(name, OPTIONS)}"
            )
    if label is not None and not isinstance(label, str):
        raise UsageError(f"`target` must name the one column that marks known anomalies. Received {label!r}.")
    alarms = rate_asked(given.get("alarms"), given.get("false_alarms"))
    log = DecisionLog()
    asked = dict(given.get("types") or {}), list(given.get("ignore", ())), given.get("time")
    looked = look(data, label, *asked, log)
    dataset, schema, time, truth, findings = looked.dataset, looked.schema, looked.time, looked.truth, looked.findings
    if given.get("time") is not None:
        log.add("detect", "order of rows", str(time), "You said so.")
    elif time is None:
        told = "No column of times with regular steps orders all rows as one series."
        log.add("detect", "order of rows", "none", told, [], "time='COLUMN'")
    judged = [column.name for column in schema.features if column.name != time]
    left = {column.name: column.evidence for column in schema.columns if column.name not in judged and column.name != time}
    left |= {name: finding.because for finding in findings for name in finding.columns if name in left and finding.action == "not used"}
    log.add("detect", "columns judged", ", ".join(judged), "What is unusual is looked for in them, and in how they hang together.", [])
    for name, reason in left.items():
        log.add("detect", f"role of {name!r}", "not judged", reason, [], f"types={{{name!r}: …}}")
    labels = None if truth is None else {"column": label, "anomalies": int(np.sum(truth)), "rows": len(truth)}
    if labels is not None:
        told = f"The rarer value of {label!r} marks {labels['anomalies']:,} of {len(dataset.frame):,} rows; nothing is learnt from it."
        log.add("detect", "labels to check against", str(label), told)
    false = given.get("false_alarms")
    rates = [f"{percent(rate)} {of}" for rate, of in ((alarms, "of all rows"), (false, "of normal rows")) if rate is not None]
    said = "You said so." if given.get("alarms") is not None or false is not None else "No rate was asked for."
    log.add("judge", "rate of alarms", " and ".join(rates), said, [], "alarms=0.05 or false_alarms=0.05")
    plan = {"time": time, "judged": judged, "not_judged": left, "labels": labels, "alarms": alarms, "false_alarms": false}
    plan["steps"] = [one.to_dict() for one in log if one.stage != "read" and one.what != "column types"]
    task = replace(no_target(None, "You asked for what is unusual; no target is needed."), confidence=1.0)
    return Detection(task, schema, findings, tuple(log), plan=plan)


def with_anomalies(found: Detection, data: Any, options: Mapping[str, Any]) -> Detection:
    """Return a detection that found no target, with what a search for anomalies would do; why not, where it would refuse."""
    try:
        made = detect_anomalies(data, None, options)
    except DataError as problem:
        return tell_refusal(found, problem)
    return replace(found, plan=made.plan)
