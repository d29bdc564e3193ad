"""Realistic facts for the tests: three small problems, judged on rows that the models have not seen."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from sklearn.calibration import calibration_curve
from sklearn.datasets import load_diabetes, make_classification
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import (
    accuracy_score,
    average_precision_score,
    brier_score_loss,
    confusion_matrix,
    f1_score,
    log_loss,
    precision_recall_curve,
    precision_score,
    recall_score,
    roc_auc_score,
    roc_curve,
)
from sklearn.model_selection import cross_val_predict

from automl.report.facts import ReportFacts


def _interval(measure: Any, y: np.ndarray, p: np.ndarray, repeats: int = 60) -> tuple[float, float]:
    rng = np.random.default_rng(0)
    values = [measure(y[i], p[i]) for i in (rng.integers(0, len(y), len(y)) for _ in range(repeats))]
    return float(np.quantile(values, 0.025)), float(np.quantile(values, 0.975))


def _score(title: str, measure: Any, y: np.ndarray, p: np.ndarray, naive: np.ndarray | None, before: np.ndarray | None = None, greater: bool = True) -> dict[str, Any]:
    low, high = _interval(measure, y, p)
    return {
        "title": title,
        "value": float(measure(y, p)),
        "low": low,
        "high": high,
        "naive": None if naive is None else float(measure(y, naive)),
        "before_calibration": None if before is None else float(measure(y, before)),
        "greater_is_better": greater,
    }


def _bins(y: np.ndarray, p: np.ndarray, number: int = 10) -> list[dict[str, Any]]:
    observed, predicted = calibration_curve(y, p, n_bins=number, strategy="quantile")
    rows = len(y) // number
    half = 1.96 * np.sqrt(observed * (1 - observed) / rows + 1e-4)
    return [
        {"mean_predicted": float(m), "observed": float(o), "low": float(max(o - h, 0)), "high": float(min(o + h, 1)), "rows": rows}
        for m, o, h in zip(predicted, observed, half, strict=True)
    ]


def _thin(x: np.ndarray, y: np.ndarray, points: int = 80) -> dict[str, Any]:
    keep = np.unique(np.linspace(0, len(x) - 1, points).astype(int))
    return {"x": [float(v) for v in x[keep]], "y": [float(v) for v in y[keep]]}


def _customers(rows: int = 6000) -> tuple[list[str], np.ndarray, np.ndarray]:
    rng = np.random.default_rng(7)
    tenure, charges = rng.gamma(1.4, 22, rows).clip(0, 72), rng.normal(65, 28, rows).clip(18, 120)
    contract, fibre, support = rng.integers(0, 3, rows), rng.integers(0, 2, rows), rng.integers(0, 2, rows)
    x = np.column_stack([tenure, charges, contract, fibre, support, rng.normal(size=(rows, 2))])
    logit = 0.9 - 0.035 * tenure + 0.012 * charges - 1.25 * contract + 0.8 * fibre - 0.6 * support - 0.4
    return ["tenure", "MonthlyCharges", "Contract", "InternetService", "TechSupport", "PaymentMethod", "gender"], x, (rng.random(rows) < 1 / (1 + np.exp(-logit))).astype(int)


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
            "config": {} if kind == "naive" else {"learning_rate": 0.0123, "weight_decay": 1e-4, "layers": [64, 64]},
            "status": "ok",
        }
        for rank, (name, title, kind, score, seconds, weight, size) in enumerate(titles, 1)
    ]


def _threshold_table(y: np.ndarray, p: np.ndarray, miss: float, alarm: float) -> list[dict[str, Any]]:
    table = []
    for threshold in np.linspace(0, 1, 101):
        flag = p >= threshold
        tp, fp, fn, tn = int((flag & (y == 1)).sum()), int((flag & (y == 0)).sum()), int((~flag & (y == 1)).sum()), int((~flag & (y == 0)).sum())
        table.append(
            {
                "threshold": round(float(threshold), 2),
                "flagged": tp + fp,
                "true_positive": tp,
                "false_positive": fp,
                "false_negative": fn,
                "true_negative": tn,
                "precision": tp / (tp + fp) if tp + fp else None,
                "recall": tp / (tp + fn),
                "f1": 2 * tp / (2 * tp + fp + fn),
                "cost": miss * fn + alarm * fp,
            }
        )
    return table


_FITTED_ON = "out-of-fold predictions: each row was judged by a model that had not seen it"


def _common(**more: Any) -> dict[str, Any]:
    decisions = [
        ("read", "separator", "','", "It splits all 20 sampled lines into 21 fields.", [";", "tab"], None),
        ("detect", "problem type", "binary classification", "The column holds 2 different values: 'No' and 'Yes'.", ["regression"], 'problem="regression"'),
        ("check", "customerID", "not used", "Each of its values occurs once, so it identifies rows and cannot generalise.", ["used"], 'types={"customerID": "category"}'),
        ("split", "how rows are judged", "5 folds, stratified", "There are fewer than 10,000 rows, so no row is set aside.", ["holdout of 20 %"], "holdout=0.2"),
        ("prepare", "missing values in TotalCharges", "the median, with a column that says so", "11 values (0.2 %) are missing.", [], None),
        ("choose", "families", "linear, hist_gradient_boosting, extra_trees, mlp", "The table has 20 columns of mixed types.", [], 'families=["mlp"]'),
        ("search", "trials", "48", "The search used 46 s of its 48 s.", [], 'budget="5m"'),
        ("ensemble", "members", "3", "Adding a fourth member did not lower the log-loss.", [], None),
        ("calibrate", "method", "temperature", "It lowered the cross-validated log-loss from 0.426 to 0.421.", ["none", "beta"], 'calibration="none"'),
    ]
    names = ("stage", "what", "chosen", "because", "alternatives", "override")
    base = {
        "created": "2026-05-02T09:30:00+00:00",
        "automl_version": "0.1.0",
        "decisions": [dict(zip(names, entry, strict=True)) for entry in decisions],
        "reproduce": {
            "command": "automl fit customers.csv --target Churn --budget 60s --seed 0",
            "python": 'import automl\n\nmodel = automl.fit("customers.csv", target="Churn", budget="60s", seed=0)\nmodel.report("report.html")',
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
            "history": [{"elapsed": t, "best": b, "family": f} for t, b, f in [(3, 0.51, "linear"), (5, 0.447, "linear"), (9, 0.436, "hist_gradient_boosting"), (17, 0.431, "mlp"), (25, 0.428, "mlp"), (38, 0.4255, "mlp")]],
        },
    }
    return {**base, **more}


@cache
def binary() -> ReportFacts:
    """Churn of customers with costs of a miss and of a false alarm."""
    names, x, y = _customers()
    before = cross_val_predict(HistGradientBoostingClassifier(max_iter=60, random_state=0), x, y, cv=5, method="predict_proba")[:, 1]
    p = cross_val_predict(LogisticRegression(max_iter=500), x, y, cv=5, method="predict_proba")[:, 1]
    naive, chosen = np.full(len(y), y.mean()), 0.22
    table = _threshold_table(y, p, 200, 40)
    chosen = min(table, key=lambda row: row["cost"])["threshold"]
    decided = lambda measure: lambda actual, given: measure(actual, (given >= chosen).astype(int), **({} if measure is accuracy_score else {"zero_division": 0}))  # noqa: E731
    fpr, tpr, _ = roc_curve(y, p)
    precision, recall, _ = precision_recall_curve(y, p)
    column = [("tenure", "number"), ("MonthlyCharges", "number"), ("Contract", "category"), ("InternetService", "category"), ("TechSupport", "boolean"), ("PaymentMethod", "category"), ("gender", "category")]
    return ReportFacts.model_validate(
        _common(
            title="Which customers will leave?",
            model_name="customer churn",
            answer={
                "verdict": "yes, with review",
                "rule": "The model beats the naive predictor, but one finding of high severity waits for a person.",
                "headline": "The model tells leavers from stayers far better than chance; look at one suspicious column first.",
                "sentences": [
                    "Its log-loss is 0.421, against 0.569 for always predicting the average (difference 0.148, 95 % interval 0.137 to 0.159).",
                    "It is no better than a plain logistic regression (difference 0.003, 95 % interval −0.001 to 0.007).",
                    "At the cheapest threshold a thousand customers cost €26,400 instead of €52,600.",
                ],
                "warnings": [
                    "TotalCharges alone predicts the target with ROC AUC 0.97; make sure it is known at the time of prediction.",
                    "38 rows occur more than once; one of each was kept.",
                    "The probabilities of the group above 80 % rest on 212 customers only.",
                ],
            },
            task={
                "problem": "binary",
                "target": "Churn",
                "target_label": "customer leaves within a month",
                "case": "customer",
                "cases": "customers",
                "classes": ["No", "Yes"],
                "positive": "Yes",
                "metric": "log_loss",
                "evidence": ["The column holds 2 different values: 'No' (66 %) and 'Yes' (34 %).", "'Yes' is the positive class because of its name."],
                "confidence": 0.99,
                "runner_up": {"problem": "multiclass", "confidence": 0.01, "override": 'problem="multiclass"'},
            },
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
                    *({"name": n, "type": t, "role": "feature", "evidence": f"All 6,011 values parse as {t}.", "missing": 0.002 * (n == "tenure"), "distinct": 73} for n, t in column),
                    {"name": "customerID", "type": "text", "role": "identifier", "evidence": "6,011 different values in 6,011 rows.", "distinct": 6011},
                    {"name": "Country", "type": "category", "role": "dropped", "evidence": "It holds one value only.", "distinct": 1},
                    {"name": "Churn", "type": "boolean", "role": "target", "evidence": "You named it.", "missing": 11 / 6011, "distinct": 2},
                ],
            },
            findings=[
                {"check": "leakage", "columns": ["TotalCharges"], "severity": "high", "action": "Kept; told loudly.", "because": "This column alone predicts the target with ROC AUC 0.97.", "override": 'drop=["TotalCharges"]'},
                {"check": "duplicate_rows", "severity": "warning", "action": "One of each was kept.", "because": "38 rows occur more than once."},
                {"check": "identifier", "columns": ["customerID"], "severity": "info", "action": "Not used.", "because": "Each of its 6,011 values occurs once.", "override": 'types={"customerID": "category"}'},
                {"check": "constant", "columns": ["Country"], "severity": "info", "action": "Not used.", "because": "It holds one value only."},
            ],
            evaluation={
                "rows": len(y),
                "source": _FITTED_ON,
                "scores": {
                    "log_loss": _score("Log-loss", log_loss, y, p, naive, before, greater=False),
                    "roc_auc": _score("ROC AUC", roc_auc_score, y, p, naive),
                    "pr_auc": _score("PR AUC", average_precision_score, y, p, naive),
                    "brier": _score("Brier score", brier_score_loss, y, p, naive, before, greater=False),
                    "accuracy": _score("Accuracy", decided(accuracy_score), y, p, naive),
                    "precision": _score("Precision", decided(precision_score), y, p, None),
                    "recall": _score("Recall", decided(recall_score), y, p, None),
                    "f1": _score("F1", decided(f1_score), y, p, None),
                },
                "per_class": [
                    {"label": label, "rows": int((y == i).sum()), "precision": float(precision_score(y, p >= chosen, pos_label=i)), "recall": float(recall_score(y, p >= chosen, pos_label=i)), "f1": float(f1_score(y, p >= chosen, pos_label=i))}
                    for i, label in enumerate(["No", "Yes"])
                ],
                "confusion": {"labels": ["No", "Yes"], "counts": confusion_matrix(y, p >= chosen).tolist()},
                "curves": {
                    "roc": {"Yes": {**_thin(fpr, tpr), "area": float(roc_auc_score(y, p)), "baseline": 0.5}},
                    "precision_recall": {"Yes": {**_thin(recall[::-1], precision[::-1]), "area": float(average_precision_score(y, p)), "baseline": float(y.mean())}},
                },
                "reliability": {"before": _bins(y, before), "after": _bins(y, p), "of": "Yes"},
                "comparisons": [
                    {"against": "naive", "metric": "Log-loss", "ours": 0.421, "theirs": 0.569, "difference": 0.148, "low": 0.137, "high": 0.159, "p_value": 0.0005, "better": True, "sentence": "Ours is better than the naive predictor: log-loss 0.421 against 0.569."},
                    {"against": "linear", "metric": "Log-loss", "ours": 0.421, "theirs": 0.424, "difference": 0.003, "low": -0.001, "high": 0.007, "p_value": 0.14, "better": False, "sentence": "No difference from the simplest model could be shown: log-loss 0.421 against 0.424."},
                ],
            },
            threshold={
                "value": chosen,
                "rule": "cheapest",
                "because": "It has the lowest cost on the judged rows when a miss costs €200 and a false alarm €40.",
                "costs": {"miss": 200, "false_alarm": 40, "currency": "€"},
                "table": table,
            },
            calibration={"method": "temperature", "candidates": {"none": 0.426, "temperature": 0.421, "beta": 0.4212}, "applied": True, "because": "It lowered the cross-validated log-loss from 0.426 to 0.421."},
            importance={
                "method": "Each column was shuffled 10 times among unseen rows.",
                "metric": "log-loss",
                "rows": len(y),
                "entries": [
                    {"column": n, "value": v, "low": v - w, "high": v + w, "note": note}
                    for n, v, w, note in [("Contract", 0.092, 0.006, None), ("tenure", 0.061, 0.005, "goes together with TotalCharges"), ("InternetService", 0.021, 0.003, None), ("MonthlyCharges", 0.014, 0.003, None), ("TechSupport", 0.009, 0.002, None), ("PaymentMethod", 0.0004, 0.0009, None), ("gender", -0.0002, 0.0006, None)]
                ],
            },
            examples=[
                {
                    "title": "Most certain, and right",
                    "prediction": "Churn = Yes with 87 %",
                    "actual": "Yes",
                    "start": 0.34,
                    "end": 0.87,
                    "scale": "probability",
                    "contributions": [{"column": c, "value": v, "contribution": n} for c, v, n in [("Contract", "Month-to-month", 0.28), ("tenure", "2", 0.17), ("InternetService", "Fiber optic", 0.09), ("TechSupport", "Yes", -0.03), ("MonthlyCharges", "94.4", 0.02)]],
                    "completeness_gap": 0.0,
                },
                {
                    "title": "Nearest to the threshold",
                    "prediction": "Churn = Yes with 22 %",
                    "actual": "No",
                    "start": 0.34,
                    "end": 0.22,
                    "scale": "probability",
                    "contributions": [{"column": c, "value": v, "contribution": n} for c, v, n in [("Contract", "One year", -0.13), ("MonthlyCharges", "20.1", -0.06), ("tenure", "9", 0.08), ("InternetService", "No", -0.02)]],
                    "completeness_gap": 0.01,
                },
            ],
            leaderboard={
                "metric": "log_loss",
                "metric_title": "log-loss",
                "source": _FITTED_ON,
                "rows": _leaderboard(
                    [
                        ("ensemble", "Weighted ensemble of 3 models", "ensemble", 0.421, 46, 1.0, 620_000),
                        ("linear-3", "Logistic regression", "linear", 0.424, 2.1, 0.55, 9_000),
                        ("mlp-12", "Multilayer perceptron, packed", "network", 0.4255, 21.4, 0.3, 240_000),
                        ("hist_gradient_boosting-2", "Histogram gradient boosting", "tree", 0.436, 9.6, 0.15, 380_000),
                        ("extra_trees-1", "Extremely randomised trees", "tree", 0.448, 7.7, 0.0, 4_200_000),
                        ("naive", "Naive: always the average", "naive", 0.569, 0.01, 0.0, 300),
                    ],
                    0.009,
                ),
            },
            advice="You do not need a network here: a logistic regression is within the interval of the best model and is easier to explain.",
        )
    )


@cache
def multiclass() -> ReportFacts:
    """Four classes of plants, a holdout, no costs."""
    x, y = make_classification(1600, 8, n_informative=5, n_classes=4, n_clusters_per_class=1, class_sep=1.1, weights=[0.5, 0.28, 0.15], random_state=3)
    labels = ["Quercus robur", "Fagus sylvatica", "Picea abies", "Taxus baccata"]
    p = cross_val_predict(HistGradientBoostingClassifier(max_iter=40, random_state=0), x, y, cv=4, method="predict_proba")
    guess, naive = p.argmax(axis=1), np.tile(np.bincount(y) / len(y), (len(y), 1))
    loss = lambda actual, given: log_loss(actual, given, labels=range(4))  # noqa: E731
    right = lambda actual, given: float((actual == given.argmax(axis=1)).mean())  # noqa: E731
    macro = lambda actual, given: f1_score(actual, given.argmax(axis=1), average="macro", zero_division=0)  # noqa: E731
    curves: dict[str, Any] = {"roc": {}, "precision_recall": {}}
    for i, label in enumerate(labels):
        fpr, tpr, _ = roc_curve(y == i, p[:, i])
        precision, recall, _ = precision_recall_curve(y == i, p[:, i])
        curves["roc"][label] = {**_thin(fpr, tpr, 40), "area": float(roc_auc_score(y == i, p[:, i])), "baseline": 0.5}
        curves["precision_recall"][label] = {**_thin(recall[::-1], precision[::-1], 40), "area": float(average_precision_score(y == i, p[:, i])), "baseline": float((y == i).mean())}
    return ReportFacts.model_validate(
        _common(
            title="Which tree is it?",
            model_name="trees",
            answer={"verdict": "yes", "rule": "The model beats the naive predictor and the checks found nothing of high severity.", "headline": "The model names the right tree far more often than guessing does.", "sentences": ["Of 100 trees, it names 84 rightly (95 % interval 82 to 86); always saying Quercus robur would name 50."], "warnings": []},
            task={"problem": "multiclass", "target": "species", "case": "tree", "cases": "trees", "classes": labels, "metric": "log_loss", "evidence": ["The column holds 4 different values."], "confidence": 1.0},
            data={"name": "trees", "rows": 8000, "columns": 9, "columns_used": 8, "rows_train": 6400, "rows_holdout": 1600, "folds": 5},
            evaluation={
                "rows": len(y),
                "source": "a holdout of 1,600 rows that no choice has seen",
                "scores": {
                    "log_loss": _score("Log-loss", loss, y, p, naive, greater=False),
                    "accuracy": _score("Accuracy", right, y, p, naive),
                    "f1_macro": _score("F1, mean over classes", macro, y, p, naive),
                    "roc_auc": {"title": "ROC AUC", "undefined": "One class is absent from some folds."},
                },
                "per_class": [
                    {"label": label, "rows": int((y == i).sum()), "precision": float(precision_score(y == i, guess == i)), "recall": float(recall_score(y == i, guess == i)), "f1": float(f1_score(y == i, guess == i))} for i, label in enumerate(labels)
                ],
                "confusion": {"labels": labels, "counts": confusion_matrix(y, guess).tolist()},
                "curves": curves,
                "reliability": {"after": _bins((y == guess).astype(int), p.max(axis=1), 8)},
                "comparisons": [{"against": "naive", "metric": "Log-loss", "ours": 0.45, "theirs": 1.18, "difference": 0.73, "low": 0.69, "high": 0.77, "p_value": 0.0005, "better": True, "sentence": "Ours is better than the naive predictor."}],
            },
            calibration={"method": "none", "candidates": {"none": 0.45, "temperature": 0.451}, "applied": False, "because": "No correction lowered the cross-validated log-loss."},
            importance={"method": "Each column was shuffled 5 times among unseen rows.", "metric": "log-loss", "rows": 1600, "entries": [{"column": f"leaf_{i}", "value": 0.5 / (i + 1) ** 2, "low": 0.4 / (i + 1) ** 2, "high": 0.6 / (i + 1) ** 2} for i in range(8)]},
            leaderboard={"metric": "log_loss", "metric_title": "log-loss", "rows": _leaderboard([("mlp-4", "Multilayer perceptron, packed", "network", 0.45, 20, 1.0, 2e5), ("hist_gradient_boosting-1", "Histogram gradient boosting", "tree", 0.47, 8, 0, 4e5), ("linear-1", "Logistic regression", "linear", 0.71, 2, 0, 9e3), ("naive", "Naive: always the class shares", "naive", 1.18, 0.01, 0, 300)], 0.03)},
            advice="A network is worth its price here: it is better than the best tree model.",
        )
    )


@cache
def regression() -> ReportFacts:
    """Progress of a disease in 442 patients: few rows, wide intervals."""
    x, y = load_diabetes(return_X_y=True)
    p = cross_val_predict(Ridge(alpha=0.01), x, y, cv=5)
    naive, residual = np.full(len(y), y.mean()), y - p
    half = float(np.quantile(np.abs(residual), 0.9))
    counts, actual_edges, predicted_edges = np.histogram2d(y, p, bins=(14, 14))
    rmse = lambda actual, given: float(np.sqrt(np.mean((actual - given) ** 2)))  # noqa: E731
    mae = lambda actual, given: float(np.mean(np.abs(actual - given)))  # noqa: E731
    r2 = lambda actual, given: float(1 - np.sum((actual - given) ** 2) / np.sum((actual - actual.mean()) ** 2))  # noqa: E731
    return ReportFacts.model_validate(
        _common(
            title="How far will the disease progress?",
            model_name="progression",
            answer={"verdict": "yes", "rule": "The model beats the naive predictor and the checks found nothing of high severity.", "headline": "The model predicts the progression to within about 55 points, a quarter better than the average does.", "sentences": [], "warnings": ["Only 442 rows: the intervals are wide."]},
            task={"problem": "regression", "target": "progression", "unit": "points", "case": "patient", "cases": "patients", "metric": "rmse", "evidence": ["The column holds 214 different numbers between 25 and 346."], "confidence": 0.97, "runner_up": {"problem": "multiclass", "confidence": 0.03, "override": 'problem="multiclass"'}},
            data={"name": "diabetes", "source": "scikit-learn", "rows": 442, "columns": 11, "columns_used": 10, "rows_train": 442, "folds": 5},
            findings=[{"check": "few_rows", "severity": "warning", "action": "Small networks only.", "because": "There are 442 rows."}],
            evaluation={
                "rows": len(y),
                "source": _FITTED_ON,
                "scores": {"rmse": _score("Root mean squared error", rmse, y, p, naive, greater=False), "mae": _score("Mean absolute error", mae, y, p, naive, greater=False), "r2": _score("R²", r2, y, p, naive)},
                "regression": {
                    "residual_quantiles": {str(q): float(np.quantile(residual, q)) for q in (0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99)},
                    "grid": {"predicted_edges": predicted_edges.tolist(), "actual_edges": actual_edges.tolist(), "counts": counts.astype(int).tolist()},
                    "coverage": {"nominal": 0.9, "measured": 0.898, "low": 0.866, "high": 0.924, "mean_width": 2 * half},
                },
                "comparisons": [{"against": "naive", "metric": "RMSE", "ours": 55.0, "theirs": 77.1, "difference": 22.1, "low": 18.4, "high": 25.8, "p_value": 0.0005, "better": True, "sentence": "Ours is better than the naive predictor."}],
            },
            importance={"method": "Each column was shuffled 10 times among unseen rows.", "metric": "RMSE", "rows": 442, "entries": [{"column": n, "value": v, "low": v - 1.4, "high": v + 1.4} for n, v in [("bmi", 9.6), ("s5", 8.9), ("bp", 4.1), ("sex", 2.6), ("s3", 0.7), ("age", 0.1)]]},
            examples=[{"title": "Largest error", "prediction": "180 points", "actual": "310 points", "start": 152, "end": 180, "scale": "points", "contributions": [{"column": "bmi", "value": "0.06", "contribution": 31}, {"column": "bp", "value": "−0.01", "contribution": -6}, {"column": "s5", "value": "0.0", "contribution": 3}], "completeness_gap": 0.0}],
            leaderboard={"metric": "rmse", "metric_title": "RMSE", "rows": _leaderboard([("linear-1", "Ridge regression", "linear", 55.0, 1, 1.0, 9e3), ("mlp-4", "Multilayer perceptron, packed", "network", 55.6, 20, 0, 2e5), ("hist_gradient_boosting-1", "Histogram gradient boosting", "tree", 58.7, 8, 0, 4e5), ("naive", "Naive: always the mean", "naive", 77.1, 0.01, 0, 300)], 3.2)},
        )
    )


def bare() -> ReportFacts:
    """The least that a report can hold: no costs, threshold, importance, search or leaderboard."""
    return ReportFacts.model_validate(
        {
            "title": "A bare report",
            "created": "2026-05-02",
            "automl_version": "0.1.0",
            "answer": {"verdict": "no", "rule": "The model was not shown to beat the naive predictor.", "headline": "Do not use this model."},
            "task": {"problem": "regression", "target": "y", "metric": "rmse"},
            "data": {"name": "data", "rows": 20, "columns": 2, "columns_used": 1, "rows_train": 20},
            "evaluation": {"rows": 20, "source": "cross-fitted predictions", "scores": {"rmse": {"title": "RMSE", "value": 1.0, "low": 0.5, "high": 1.5, "naive": 1.0, "greater_is_better": False}}},
        }
    )
