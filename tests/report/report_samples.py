"""Realistic facts for the tests: three small problems, judged on rows that the models have not seen."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from sklearn.datasets import load_diabetes, make_classification
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import cross_val_predict
from sklearn.naive_bayes import GaussianNB

from automl.calibration import calibrate
from automl.evaluation import evaluate
from automl.report.answer import answer
from automl.report.facts import EvaluationFacts, FindingFacts, ReportFacts, TaskFacts, ThresholdFacts
from automl.report.forecasts import (
    CovariateFacts,
    FanFacts,
    ForecastFacts,
    LevelFacts,
    PatternFacts,
    PatternLevelFacts,
    SeriesScoreFacts,
    StepFacts,
)
from automl.threshold import choose_threshold


def _calibration(problem: str, y: np.ndarray, prediction: np.ndarray) -> tuple[dict[str, Any], np.ndarray]:
    chosen, calibrated = calibrate(problem, y, prediction)
    facts = {"method": chosen.method, "candidates": chosen.losses, "applied": chosen.method != "none", "because": chosen.because}
    return facts, calibrated


def _customers(rows: int = 6000) -> tuple[list[tuple[str, str]], np.ndarray, np.ndarray]:
    rng = np.random.default_rng(7)
    tenure, charges = rng.gamma(1.4, 22, rows).clip(0, 72), rng.normal(65, 28, rows).clip(18, 120)
    contract, fibre, support = rng.integers(0, 3, rows), rng.integers(0, 2, rows), rng.integers(0, 2, rows)
    x = np.column_stack([tenure, charges, contract, fibre, support, rng.normal(size=(rows, 2))])
    logit = 0.5 - 0.055 * tenure + 0.016 * charges - 1.7 * contract + 1.2 * fibre - 0.9 * support - 0.4
    names = ("tenure", "MonthlyCharges", "Contract", "InternetService", "TechSupport", "PaymentMethod", "gender")
    types = ("number", "number", "category", "category", "boolean", "category", "category")
    return list(zip(names, types, strict=True)), x, (rng.random(rows) < 1 / (1 + np.exp(-logit))).astype(int)


def _leaderboard(titles: list[tuple[str, str, str, float, float, float, float]], width: float) -> list[dict[str, Any]]:
    return [
        {
            "rank": rank,
            "name": name,
            "family": name.split("-")[0],
            "title": title,
            "kind": kind,
            "score": score,
            "low": score - width,
            "high": score + width,
            "trials": 1 if kind == "naive" else 12,
            "seconds": seconds,
            "weight": weight,
            "size_bytes": int(size),
            "predict_seconds_per_1000": 0.002 + size / 4e7,
            "predict_seconds_one": 0.0012 + size / 4e8,
            "difference": None if rank == 1 else score - titles[0][3],
            "difference_low": None if rank == 1 else score - titles[0][3] - width / 4,
            "difference_high": None if rank == 1 else score - titles[0][3] + width / 4,
            "beyond_noise": None if rank == 1 else score - titles[0][3] > width / 4,
            "config": {} if kind == "naive" else {"learning_rate": 0.0123, "weight_decay": 1e-4, "layers": [64, 64]},
            "status": "ok",
        }
        for rank, (name, title, kind, score, seconds, weight, size) in enumerate(titles, 1)
    ]


def _without_score(rank: int) -> dict[str, Any]:
    note = "no usable model before its share of the time was over"
    named = {"name": "resnet-9", "family": "resnet", "title": "Residual network", "kind": "network"}
    return {"rank": rank, **named, "trials": 1, "seconds": 3.2, "status": "failed", "note": note}


def _common(**more: Any) -> dict[str, Any]:
    decisions = [
        ("read", "separator", "','", "It splits all 20 sampled lines into 21 fields.", [";", "tab"], None),
        (
            "detect",
            "problem type",
            "binary classification",
            "The column holds 2 different values: 'No' and 'Yes'.",
            ["regression"],
            'problem="regression"',
        ),
        (
            "check",
            "customerID",
            "not used",
            "Each of its values occurs once, so it identifies rows and cannot generalise.",
            ["used"],
            'types={"customerID": "category"}',
        ),
        (
            "split",
            "how rows are judged",
            "5 folds, stratified",
            "There are fewer than 10,000 rows, so no row is set aside.",
            ["holdout of 20 %"],
            "holdout=0.2",
        ),
        ("prepare", "missing values in TotalCharges", "the median, with a column that says so", "11 values (0.2 %) are missing.", [], None),
        (
            "choose",
            "families",
            "linear, hist_gradient_boosting, extra_trees, mlp",
            "The table has 20 columns of mixed types.",
            [],
            'families=["mlp"]',
        ),
        ("search", "trials", "48", "The search used 46 s of its 48 s.", [], 'budget="5m"'),
        ("ensemble", "members", "3", "Adding a fourth member did not lower the log-loss.", [], None),
        (
            "calibrate",
            "method",
            "temperature",
            "It lowered the cross-validated log-loss from 0.426 to 0.421.",
            ["none", "beta"],
            'calibration="none"',
        ),
    ]
    names = ("stage", "what", "chosen", "because", "alternatives", "override")
    base = {
        "created": "2026-05-02T09:30:00+00:00",
        "automl_version": "0.1.0",
        "decisions": [dict(zip(names, entry, strict=True)) for entry in decisions],
        "reproduce": {
            "command": "automl fit customers.csv --target Churn --budget 60s --seed 0",
            "python": 'import automl\n\nmodel = automl.fit("customers.csv", target="Churn", budget="60s", seed=0)\nmodel.report()',
            "seed": 0,
            "versions": {"automl": "0.1.0", "python": "3.11.9", "keras": "3.15.1", "tensorflow": "2.21.0", "scikit-learn": "1.9.0"},
            "hardware": {"processor": "2 cores, x86_64", "memory": "8 GiB", "accelerator": "none"},
            "data_fingerprint": "9f2c1a7be4d05c8806fa3f6c1f0e6b7d2a9d4f1ce5b88d3a40bd2f64a7e1c903",
        },
        "search": {
            "trials": 48,
            "failed": 1,
            "seconds": 46.2,
            "budget": "60 s",
            "metric_title": "log-loss",
            "history": [
                {"elapsed": t, "best": b, "family": f}
                for t, b, f in [
                    (3, 0.51, "linear"),
                    (5, 0.447, "linear"),
                    (9, 0.436, "hist_gradient_boosting"),
                    (17, 0.431, "mlp"),
                    (25, 0.428, "mlp"),
                    (38, 0.4255, "mlp"),
                ]
            ],
        },
    }
    return {**base, **more}


def cards() -> list[dict[str, Any]]:
    """The tests of two explanations: one passes, one has failed a test and lacks another."""
    share = [0.0, 0.25, 0.5, 0.75, 1.0]
    return [
        {
            "of": "importance",
            "rows": 300,
            "checks": [
                {
                    "name": "deletion",
                    "passed": True,
                    "sentence": "The loss rises 74 % more.",
                    "value": 0.74,
                    "low": 0.5,
                    "high": 0.98,
                    "limit": 0,
                },
                {"name": "repetition", "passed": True, "sentence": "The values correlate at 0.99.", "value": 0.99, "limit": 0.9},
            ],
            "curves": [{"name": "deletion", "share": share, "explained": [0.4, 0.6, 0.7, 0.75, 0.8], "random": [0.4, 0.5, 0.6, 0.7, 0.8]}],
        },
        {
            "of": "rows",
            "rows": 12,
            "checks": [
                {"name": "completeness", "passed": True, "sentence": "The parts add up.", "value": 0.0, "limit": 0.02},
                {"name": "insertion", "passed": False, "sentence": "No faster.", "value": 0.1, "low": -0.1, "high": 0.3, "limit": 0},
                {"name": "deletion", "passed": None, "sentence": "There is one column."},
            ],
            "curves": [{"name": "insertion", "share": share, "explained": [0, 0.3, 0.5, 0.8, 1.0], "random": [0, 0.2, 0.5, 0.7, 1.0]}],
            "skipped": "The clock left no time for the tests that are missing.",
        },
    ]


def effects() -> list[dict[str, Any]]:
    """A number and levels."""
    x = [float(v) for v in np.linspace(0, 72, 9)]
    line = [0.2 - v / 180 for v in x]
    return [
        {
            "column": "tenure",
            "kind": "number",
            "of": "Yes",
            "x": x,
            "value": line,
            "low": [v - 0.01 for v in line],
            "high": [v + 0.01 for v in line],
            "grid": x,
            "partial": [v * 0.9 for v in line],
            "lines": [[v * f for v in line] for f in (0.5, 1.5)],
            "rows": 600,
            "shape": "falls",
        },
        {
            "column": "Contract",
            "kind": "levels",
            "of": "Yes",
            "x": [0, 1, 2],
            "labels": ["Month-to-month", "One year", "Two <b>year</b>"],
            "value": [0.08, -0.05, -0.12],
            "low": [0.07, -0.06, -0.13],
            "high": [0.09, -0.04, None],
            "rows": 200,
            "shape": "levels",
        },
    ]


@cache
def binary() -> ReportFacts:
    """Churn of customers with costs of a miss and of a false alarm."""
    columns, x, y = _customers()
    raw = cross_val_predict(GaussianNB(), x, y, cv=3, method="predict_proba")
    simple = cross_val_predict(LogisticRegression(max_iter=500), x, y, cv=3, method="predict_proba")
    calibration, p = _calibration("binary", y, 0.12 * raw + 0.88 * simple)
    naive = np.tile(np.bincount(y) / len(y), (len(y), 1))
    costs = {"miss": 200.0, "false_alarm": 40.0}
    chosen = choose_threshold(y, p[:, 1], cost_miss=costs["miss"], cost_false_alarm=costs["false_alarm"])
    judged = evaluate(
        "binary",
        ("No", "Yes"),
        y,
        p,
        source="cross-fitted",
        naive_prediction=naive,
        simple_prediction=simple,
        simple_name="logistic regression",
        uncalibrated=0.12 * raw + 0.88 * simple,
        threshold=chosen.value,
    )
    evaluation = EvaluationFacts.model_validate(judged.report())
    threshold = ThresholdFacts.model_validate({**chosen.to_dict(), "costs": {**costs, "currency": "€"}})
    score = evaluation.scores["log_loss"].value or 0.0
    task = TaskFacts.model_validate(
        {
            "problem": "binary",
            "target": "Churn",
            "target_label": "customer leaves within a month",
            "case": "customer",
            "cases": "customers",
            "classes": ["No", "Yes"],
            "positive": "Yes",
            "metric": "log_loss",
            "evidence": [
                "The column holds 2 different values: 'No' (76 %) and 'Yes' (24 %).",
                "'Yes' is the positive class because of its name.",
            ],
            "confidence": 0.99,
            "runner_up": {"problem": "multiclass", "confidence": 0.01, "override": 'problem="multiclass"'},
        }
    )
    findings = [
        FindingFacts(
            check="leakage",
            columns=("TotalCharges",),
            severity="high",
            action="It was kept; make sure that it is known when you predict.",
            because="'TotalCharges' alone predicts the target with ROC AUC 0.97.",
            override='drop=["TotalCharges"]',
        ),
        FindingFacts(
            check="duplicate_rows", severity="warning", action="All of them stay in the same fold.", because="38 rows occur more than once."
        ),
        FindingFacts(
            check="identifier",
            columns=("customerID",),
            severity="info",
            action="It is not used.",
            because="Each of its 6,011 values occurs once.",
            override='types={"customerID": "category"}',
        ),
        FindingFacts(check="constant", columns=("Country",), severity="info", action="It is not used.", because="It holds one value only."),
    ]
    worth = [
        ("Contract", 0.092, 0.006, None),
        ("tenure", 0.061, 0.005, "goes together with TotalCharges"),
        ("InternetService", 0.021, 0.003, None),
        ("MonthlyCharges", 0.014, 0.003, None),
        ("TechSupport", 0.009, 0.002, None),
        ("PaymentMethod", 0.0004, 0.0009, None),
        ("gender", -0.0002, 0.0006, None),
    ]
    stay = [
        ("Contract", "One year", -0.13),
        ("MonthlyCharges", "20.1", -0.06),
        ("tenure", "9", 0.11),
        ("InternetService", "No", -0.02),
        ("TechSupport", "Yes", 0.01),
    ]
    leave = [
        ("Contract", "Month-to-month", 0.32),
        ("tenure", "2", 0.21),
        ("InternetService", "Fiber optic", 0.12),
        ("TechSupport", "Yes", -0.04),
        ("MonthlyCharges", "94.4", 0.02),
    ]
    return ReportFacts.model_validate(
        _common(
            title="Which customers will leave?",
            model_name="customer churn",
            answer=answer(task, evaluation, threshold=threshold, findings=findings),
            task=task,
            data={
                "name": "customers",
                "source": "customers.csv",
                "rows": 6011,
                "columns": 10,
                "columns_used": 7,
                "rows_train": 6000,
                "folds": 5,
                "sha256": "9f2c1a7be4d05c8806fa3f6c1f0e6b7d2a9d4f1ce5b88d3a40bd2f64a7e1c903",
                "column_list": [
                    *(
                        {
                            "name": n,
                            "type": t,
                            "role": "feature",
                            "evidence": f"All 6,011 values parse as {t}.",
                            "missing": 0.002 * (n == "tenure"),
                            "distinct": 73,
                        }
                        for n, t in columns
                    ),
                    {
                        "name": "customerID",
                        "type": "text",
                        "role": "identifier",
                        "evidence": "6,011 different values in 6,011 rows.",
                        "distinct": 6011,
                    },
                    {"name": "Country", "type": "category", "role": "dropped", "evidence": "It holds one value only.", "distinct": 1},
                    {
                        "name": "Churn",
                        "type": "boolean",
                        "role": "target",
                        "evidence": "You named it.",
                        "missing": 11 / 6011,
                        "distinct": 2,
                    },
                ],
            },
            findings=findings,
            evaluation=evaluation,
            threshold=threshold,
            calibration=calibration,
            importance={
                "method": "Each column was shuffled 10 times.",
                "metric": "log-loss",
                "rows": len(y),
                "entries": [{"column": n, "value": v, "low": v - w, "high": v + w, "note": note} for n, v, w, note in worth],
            },
            examples=[
                {
                    "title": "Most certain, and right",
                    "prediction": "Churn = Yes with 87 %",
                    "actual": "Yes",
                    "start": 0.24,
                    "end": 0.87,
                    "scale": "probability",
                    "contributions": [{"column": c, "value": v, "contribution": n} for c, v, n in leave],
                    "completeness_gap": 0.0,
                    "change": {
                        "found": True,
                        "changes": [{"column": "Contract", "before": "Month-to-month", "after": "Two year"}],
                        "cost": 1.0,
                        "prediction": "14 % Yes",
                    },
                    "similar": {"cases": 20, "distance": 0.02, "usual": 0.4, "counts": {"No": 4, "Yes": 16}},
                },
                {
                    "title": "Nearest to the threshold",
                    "prediction": "Churn = Yes with 16 %",
                    "actual": "No",
                    "start": 0.24,
                    "end": 0.16,
                    "scale": "probability",
                    "contributions": [{"column": c, "value": v, "contribution": n} for c, v, n in stay],
                    "completeness_gap": 0.01,
                    "change": {"found": False},
                },
            ],
            cards=cards(),
            effects=effects(),
            interactions=[
                {
                    "columns": ["tenure", "Contract"],
                    "of": "Yes",
                    "strength": 0.31,
                    "low": 0.22,
                    "high": 0.4,
                    "size": 0.2,
                    "corners": [[0.5, 0.2], [0.2, 0.1]],
                    "labels": [["2", "69"], ["Month-to-month", "Two year"]],
                }
            ],
            changes={"tenure": "up", "gender": "never"},
            leaderboard={
                "metric": "log_loss",
                "metric_title": "log-loss",
                "source": "cross-fitted",
                "rows": [
                    *_leaderboard(
                        [
                            ("ensemble", "Weighted ensemble of 3 models", "ensemble", score, 46, 1.0, 620_000),
                            ("linear-3", "Logistic regression", "linear", score + 0.002, 2.1, 0.55, 9_000),
                            ("mlp-12", "Multilayer perceptron, packed", "network", score + 0.0035, 21.4, 0.3, 240_000),
                            ("hist_gradient_boosting-2", "Histogram gradient boosting", "tree", score + 0.015, 9.6, 0.15, 380_000),
                            ("extra_trees-1", "Extremely randomised trees", "tree", score + 0.027, 7.7, 0.0, 4_200_000),
                            ("naive", "Naive: always the average", "naive", evaluation.scores["log_loss"].naive or 0.6, 0.01, 0.0, 300),
                        ],
                        0.009,
                    ),
                    _without_score(7),
                ],
                "best_single": "linear-3",
                "absent": {"other": "not asked for"},
            },
            advice="You do not need a network here: a logistic regression is within the interval of the best model and easier to explain.",
        )
    )


def _field_note() -> dict[str, Any]:
    """A column of texts: what its words are worth, and where a transformer attended in one of them."""
    pieces = ("Broad ", "crown, ", "acorns ", "on ", "long ", "<stalks> ", "& ", "lobed ", "leaves")
    shares = (0.08, 0.12, 0.30, 0.02, 0.10, 0.16, 0.01, 0.13, 0.08)
    shown = {"title": "A clear case of Quercus robur", "prediction": "98 % Quercus robur", "actual": "Quercus robur"}
    attention = {"share": 0.35, "agreement": 0.21, "compared": 38, "texts": [{**shown, "pieces": pieces, "shares": shares, "cut": True}]}
    effects = [
        {"word": "acorns", "of": "Quercus robur", "value": 0.4, "texts": 9},
        {"word": "leaves", "of": "Taxus baccata", "value": -0.1, "texts": 5},
    ]
    return {"column": "field note", "texts": 60, "effects": effects, "attention": attention}


@cache
def multiclass() -> ReportFacts:
    """Four classes of plants, a holdout, no costs."""
    x, y = make_classification(
        1600, 8, n_informative=5, n_classes=4, n_clusters_per_class=1, class_sep=1.1, weights=[0.5, 0.28, 0.15], random_state=3
    )
    labels = ["Quercus robur", "Fagus sylvatica", "Picea abies", "Taxus baccata"]
    simple = cross_val_predict(GaussianNB(), x, y, cv=3, method="predict_proba")
    raw = cross_val_predict(LogisticRegression(max_iter=500), x, y, cv=3, method="predict_proba")
    calibration, p = _calibration("multiclass", y, raw)
    naive = np.tile(np.bincount(y) / len(y), (len(y), 1))
    judged = evaluate(
        "multiclass",
        tuple(labels),
        y,
        p,
        source="holdout",
        naive_prediction=naive,
        simple_prediction=simple,
        simple_name="naive Bayes",
        uncalibrated=raw,
    )
    evaluation = EvaluationFacts.model_validate(judged.report())
    task = TaskFacts.model_validate(
        {
            "problem": "multiclass",
            "target": "species",
            "case": "tree",
            "cases": "trees",
            "classes": labels,
            "metric": "log_loss",
            "evidence": ["The column holds 4 different values."],
        }
    )
    score, guess = evaluation.scores["log_loss"].value or 0.0, evaluation.scores["log_loss"].naive or 0.0
    models = [
        ("mlp-4", "Multilayer perceptron, packed", "network", score, 20, 1.0, 2e5),
        ("hist_gradient_boosting-1", "Histogram gradient boosting", "tree", score + 0.06, 8, 0, 4e5),
        ("linear-1", "Logistic regression", "linear", score + 0.2, 2, 0, 9e3),
        ("naive", "Naive: always the class shares", "naive", guess, 0.01, 0, 300),
    ]
    return ReportFacts.model_validate(
        _common(
            title="Which tree is it?",
            model_name="trees",
            answer=answer(task, evaluation),
            task=task,
            data={"name": "trees", "rows": 8000, "columns": 9, "columns_used": 8, "rows_train": 6400, "rows_holdout": 1600, "folds": 5},
            evaluation=evaluation,
            calibration=calibration,
            importance={
                "method": "Each column was shuffled 5 times.",
                "metric": "log-loss",
                "rows": 1600,
                "entries": [
                    {"column": f"leaf_{i}", "value": 0.5 / (i + 1) ** 2, "low": 0.4 / (i + 1) ** 2, "high": 0.6 / (i + 1) ** 2}
                    for i in range(8)
                ],
            },
            words=(_field_note(),),
            leaderboard={"metric": "log_loss", "metric_title": "log-loss", "rows": _leaderboard(models, 0.03)},
            advice="A network is worth its price here: it is better than the best tree model.",
        )
    )


@cache
def regression() -> ReportFacts:
    """Progress of a disease in 442 patients: few rows, wide intervals."""
    x, y = load_diabetes(return_X_y=True)
    p = cross_val_predict(Ridge(alpha=0.01), x, y, cv=5)
    simple = cross_val_predict(Ridge(alpha=5.0), x, y, cv=5)
    half = float(np.quantile(np.abs(y - p), 0.9))
    judged = evaluate(
        "regression",
        (),
        y,
        p[:, None],
        source="cross-fitted",
        naive_prediction=np.full((len(y), 1), y.mean()),
        simple_prediction=simple[:, None],
        simple_name="ridge regression",
        intervals=(p - half, p + half),
    )
    evaluation = EvaluationFacts.model_validate(judged.report())
    task = TaskFacts.model_validate(
        {
            "problem": "regression",
            "target": "progression",
            "unit": "points",
            "case": "patient",
            "cases": "patients",
            "metric": "rmse",
            "evidence": ["The column holds 214 different numbers between 25 and 346."],
            "confidence": 0.97,
            "runner_up": {"problem": "multiclass", "confidence": 0.03, "override": 'problem="multiclass"'},
        }
    )
    findings = [FindingFacts(check="few_rows", severity="warning", action="Only small networks are tried.", because="There are 442 rows.")]
    models = [
        ("linear-1", "Ridge regression", "linear", 54.8, 1, 1.0, 9e3),
        ("mlp-4", "Multilayer perceptron, packed", "network", 55.6, 20, 0, 2e5),
        ("hist_gradient_boosting-1", "Histogram gradient boosting", "tree", 58.7, 8, 0, 4e5),
        ("naive", "Naive: always the mean", "naive", 77.1, 0.01, 0, 300),
    ]
    parts = [
        {"column": "bmi", "value": "0.06", "contribution": 31},
        {"column": "bp", "value": "−0.01", "contribution": -6},
        {"column": "s5", "value": "0.0", "contribution": 3},
    ]
    return ReportFacts.model_validate(
        _common(
            title="How far will the disease progress?",
            model_name="progression",
            answer=answer(task, evaluation, findings=findings),
            task=task,
            data={
                "name": "diabetes",
                "source": "scikit-learn",
                "rows": 442,
                "columns": 11,
                "columns_used": 10,
                "rows_train": 442,
                "folds": 5,
            },
            findings=findings,
            evaluation=evaluation,
            importance={
                "method": "Each column was shuffled 10 times.",
                "metric": "RMSE",
                "rows": 442,
                "entries": [
                    {"column": n, "value": v, "low": v - 1.4, "high": v + 1.4}
                    for n, v in [("bmi", 9.6), ("s5", 8.9), ("bp", 4.1), ("sex", 2.6), ("s3", 0.7), ("age", 0.1)]
                ],
            },
            examples=[
                {
                    "title": "Largest error",
                    "prediction": "180 points",
                    "actual": "310 points",
                    "start": 152,
                    "end": 180,
                    "scale": "points",
                    "contributions": parts,
                    "completeness_gap": 0.0,
                }
            ],
            leaderboard={"metric": "rmse", "metric_title": "RMSE", "rows": _leaderboard(models, 3.2)},
        )
    )


def bare() -> ReportFacts:
    """The least that a report can hold: no costs, threshold, importance, search or leaderboard."""
    return ReportFacts.model_validate(
        {
            "title": "A bare report",
            "created": "2026-05-02",
            "automl_version": "0.1.0",
            "answer": {
                "verdict": "no",
                "rule": "The model was not shown to beat the naive predictor.",
                "headline": "Do not use this model.",
            },
            "task": {"problem": "regression", "target": "y", "metric": "rmse"},
            "data": {"name": "data", "rows": 20, "columns": 2, "columns_used": 1, "rows_train": 20},
            "evaluation": {
                "rows": 20,
                "source": "cross-fitted predictions",
                "scores": {"rmse": {"title": "RMSE", "value": 1.0, "low": 0.5, "high": 1.5, "naive": 1.0, "greater_is_better": False}},
            },
        }
    )


def forecast(**changes: Any) -> ReportFacts:
    """Three shops, seven days ahead."""
    weekday = (
        PatternLevelFacts(name="Monday", mean=-0.1, low=-0.2, high=-0.05),
        PatternLevelFacts(name="Friday", mean=0.3, low=0.2, high=0.4),
    )
    told: dict[str, Any] = {
        "horizon": 7,
        "frequency": "D",
        "series": 3,
        "steps": 90,
        "windows": 3,
        "fans": (
            FanFacts(
                kind="typical", name="Brno", times=("a", "b"), median=(1, 2), low=(0, 1), high=(2, 3), inner_low=(1, 1), inner_high=(1, 2)
            ),
        ),
        "by_step": (
            StepFacts(first=1, last=1, mae=2.0, coverage=0.8, values=3),
            StepFacts(first=7, last=7, mae=3.0, coverage=0.7, values=3),
        ),
        "by_series": (SeriesScoreFacts(name="Brno", mase=1.4, smape=9.0), SeriesScoreFacts(name="Praha", mase=0.5, smape=4.0)),
        "levels": (LevelFacts(nominal=0.8, measured=0.76, values=21),),
        "covariates": (CovariateFacts(name="promo", role="known", rise=0.1, share=0.5),),
        "patterns": (PatternFacts(part="weekday", cycle="week", relative=True, levels=weekday),),
    }
    base = bare()
    task = base.task.model_copy(update={"problem": "forecasting", "target": "sales", "metric": "wql"})
    return base.model_copy(update={"task": task, "forecast": ForecastFacts(**{**told, **changes})})
