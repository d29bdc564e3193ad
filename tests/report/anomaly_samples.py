"""Made-up facts of two searches for anomalies: hours of a pump with marked faults, and pictures of which nobody knows anything."""

from __future__ import annotations

from typing import Any

from report_samples import bare

from automl.report.facts import ReportFacts

PICTURE = "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
DETECTORS = (("robust_zscore", "Robust z-scores", "linear", 0.21), ("autoencoder", "Masked autoencoder", "network", 0.55))


def _detectors(labels: bool) -> list[dict[str, Any]]:
    made = []
    for place, (name, title, kind, value) in enumerate(DETECTORS):
        other = DETECTORS[1 - place][0]
        one: dict[str, Any] = {"name": name, "title": title, "kind": kind, "votes": bool(place), "agreement": {other: 0.35}}
        one |= {"mean_agreement": 0.35, "joint": 0.4 + 0.3 * place, "above": 0.011, "seconds": 0.4, "size_bytes": 81_000}
        one |= {"predict_seconds_one": 0.002, "predict_seconds_per_1000": 0.031}
        ends = {"average_precision": value, "average_precision_low": value - 0.1, "average_precision_high": value + 0.1}
        made.append(one | (ends if labels else {}))
    return made


def _strangest(labels: bool) -> list[dict[str, Any]]:
    return [
        {
            "row": 10 * place,
            "when": [f"2026-01-{place + 1:02d} 04:00"] if labels else [],
            "score": 4.2 - 0.3 * place,
            "alarm": place < 9,
            "known": place < 6 if labels else None,
            "reasons": [{"column": "flow" if labels else "image", "value": f"{90 + place}" if labels else f"{place}.png"}],
            "agree": ["autoencoder"],
        }
        for place in range(12)
    ]


def _board() -> dict[str, Any]:
    rows = [
        {"rank": 1, "name": "ensemble", "family": "ensemble", "title": "All together", "kind": "ensemble", "score": 0.58},
        {"rank": 2, "name": "autoencoder", "family": "autoencoder", "title": "Masked autoencoder", "kind": "network", "score": 0.55},
        {"rank": 3, "name": "robust_zscore", "family": "robust_zscore", "title": "Robust z-scores", "kind": "linear", "score": 0.21},
        {"rank": 4, "name": "chance", "family": "naive", "title": "Rows in random order", "kind": "naive", "score": 0.01},
    ]  # fmt: skip
    rows[0] |= {"low": 0.5, "high": 0.7}
    rows[1] |= {"low": 0.45, "high": 0.65, "seconds": 9.0, "predict_seconds_one": 0.4, "predict_seconds_per_1000": 0.6, "weight": 1.0}
    rows[2] |= {"low": 0.1, "high": 0.3, "seconds": 0.1, "predict_seconds_one": 0.002, "difference": -0.34, "reference": True}
    rows[2] |= {"difference_low": -0.45, "difference_high": -0.2, "beyond_noise": True}
    found: dict[str, Any] = {"metric": "average_precision", "metric_title": "Average precision", "greater_is_better": True, "rows": rows}
    return found | {"source": "900 rows", "best_single": "autoencoder"}


def _known() -> dict[str, Any]:
    titles = {"average_precision": "Average precision", "precision": "Precision", "recall": "Recall", "false_alarms": "False alarms"}
    values = {"average_precision": (0.58, 0.5, 0.7, 0.01), "precision": (0.6667, 0.4, 0.86, 0.01), "recall": (0.6667, 0.4, 0.86, 0.01)}
    values["false_alarms"] = (0.003, 0.001, 0.01, 0.01)
    return {
        name: {"title": titles[name], "value": value, "low": low, "high": high, "naive": naive, "greater_is_better": name != "false_alarms"}
        for name, (value, low, high, naive) in values.items()
    }


def pump() -> ReportFacts:
    """Hours of a pump: a time line, stretches, labels, and a test of the reasons that was passed."""
    line = {
        "times": [f"2026-01-{day:02d}" for day in range(1, 31)],
        "scores": [1.0 + 0.1 * day for day in range(30)],
        "count": 4,
        "stretches": [
            {
                "first": "2026-01-01 04:00",
                "last": "2026-01-01 06:00",
                "steps": 3,
                "score": 4.2,
                "columns": ["flow", "power"],
                "drawing": {
                    "column": "flow",
                    "times": [f"2026-01-01 {hour:02d}:00" for hour in range(9)],
                    "values": [100.0, 101.0, None, 99.0, 140.0, 141.0, 139.0, 100.0, 99.0],
                    "inside": [4, 6],
                },
            },
            {"first": "2026-01-02 04:00", "last": "2026-01-02 04:00", "steps": 1, "score": 3.9, "columns": ["power"]},
        ],
    }
    told: dict[str, Any] = {"alarms": 9, "share_of_alarms": 0.01, "threshold": 2.1, "false_alarms_asked": 0.01, "rate_of": "normal rows"}
    told |= {"expected_low": 0.005, "expected_high": 0.019, "columns": ["flow", "power"], "time": "hour", "named_by": ["hour"]}
    told |= {
        "known": {
            "column": "fault",
            "anomalies": 9,
            "found": 6,
            "precision": 0.6667,
            "recall": 0.6667,
            "false_alarms": 0.003,
            "average_precision": 0.58,
        },
        "steps": [{"threshold": at, "alarms": many, "found": min(many, 7)} for at, many in ((0.5, 300), (1.0, 90), (2.1, 9), (3.0, 1))],
        "strangest": _strangest(True),
        "by_column": [{"column": "flow", "alarms": 6, "share": 0.6667}, {"column": "power", "alarms": 3, "share": 0.3333}],
        "time_line": line,
        "detectors": _detectors(True),
        "left_out": {"Patches of pictures": "there are no pictures"},
        "map": {"places": [[0.1 * place, 0.2 * (place % 7)] for place in range(40)], "alarm": [place % 20 == 0 for place in range(40)]},
        "imputation": {"cells": 120, "rmse": {"autoencoder": 0.4, "neighbours": 0.5, "median": 0.9}, "right": {"autoencoder": 0.8}},
    }
    sentence = "With the told column made usual, scores fall more."
    check = {"name": "deletion", "passed": True, "sentence": sentence, "value": 1.0, "low": 0.5, "high": 1.5, "limit": 0.0}
    return _report(
        "What is unusual in the pump", told, _known(),
        task={"problem": "anomaly_detection", "target": "fault", "metric": "average_precision", "modality": "sequence", "case": "row",
              "cases": "rows"},
        cards=[{"of": "rows", "rows": 12, "checks": [check]}],
        leaderboard=_board(),
        names={"flow": "Flow of water"},
        units={"flow": "m³/h"},
    )  # fmt: skip


def photos() -> ReportFacts:
    """Pictures without labels."""
    told: dict[str, Any] = {"alarms": 9, "share_of_alarms": 0.01, "threshold": 2.1, "alarms_asked": 0.01, "columns": ["image"]}
    told |= {"expected_low": 0.005, "expected_high": 0.019, "detectors": _detectors(False), "strangest": _strangest(False)}
    told |= {
        "pictures": [{"row": row, "name": f"{row}.png", "score": 4.0 - row, "picture": PICTURE, "heat": PICTURE} for row in range(3)],
        "by_column": [{"column": "image", "alarms": 9, "share": 1.0}],
        "steps": [{"threshold": limit, "alarms": many} for limit, many in ((0.5, 300), (2.1, 9))],
    }
    scores = {"share_of_alarms": {"title": "Share of alarms", "value": 0.01, "greater_is_better": False}}
    task = {"problem": "anomaly_detection", "target": "", "metric": "share_of_alarms", "modality": "image", "case": "row", "cases": "rows"}
    return _report("What is unusual in photos", told, scores, task=task)


def _report(title: str, told: dict[str, Any], scores: dict[str, Any], **more: Any) -> ReportFacts:
    base = bare().model_dump(mode="json")
    return ReportFacts.model_validate(
        {
            **base,
            "title": title,
            "answer": {
                "verdict": "yes, with review",
                "rule": "A person looks at each alarm.",
                "headline": "9 of 900 rows (1.0 %) raise an alarm; 1.0 % was asked for.",
                "sentences": ["The strangest is row 0: flow = 90; score 4.20.", "Next: look at the rows below."],
                "warnings": ["The threshold rests on the 9 strangest rows."],
            },
            "data": {
                "name": "pump", "rows": 900, "columns": 4, "columns_used": 2, "rows_train": 900, "folds": 3,
                "column_list": [{"name": "flow", "type": "number", "role": "feature"},
                                {"name": "hour", "type": "datetime", "role": "time"}],
            },
            "evaluation": {"rows": 900, "source": "each row by models that had not seen it", "scores": scores},
            "anomalies": told,
            "decisions": [{"stage": "judge", "what": "threshold", "chosen": "2.1", "because": "About 1 % should score higher."}],
            "reproduce": {"python": "automl.fit('pump.csv', problem='anomaly_detection')", "seed": 0, "versions": {"automl": "0.1.0"}},
            **more,
        }
    )  # fmt: skip
