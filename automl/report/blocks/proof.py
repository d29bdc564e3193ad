"""The audit part: every automatic choice, how to do it again, and what the words mean."""

from __future__ import annotations

from automl.report import words
from automl.report.blocks.base import Block, Cell, Table, code, cut
from automl.report.facts import ReportFacts


def decisions(facts: ReportFacts) -> Block | None:
    """List every automatic choice with its reason and the argument that changes it."""
    if not facts.decisions:
        return None
    open_ones = sum(decision.override is not None for decision in facts.decisions)
    rows: list[list[Cell]] = [
        [
            d.stage,
            words.shorten(d.what, 80),
            "nothing was changed" if d.chosen == "told" else words.shorten(d.chosen, 120),
            words.shorten(d.because, 300),
            words.listing(d.alternatives, 5) or words.NOTHING,
            code(d.override) if d.override else words.NOTHING,
        ]
        for d in facts.decisions
    ]
    shown, more = cut(rows, 300)
    return Block(
        "decisions",
        "Decisions",
        f"{words.count(len(facts.decisions), 'choice')} {words.was(len(facts.decisions))} made for you;"
        f" {open_ones} of them you can overrule with one argument.",
        "Choices that were made before the data came here: what was recorded, about whom, and what was left out.",
        tables=(
            Table(
                "Automatic choices, in order",
                ("Stage", "What", "Chosen", "Because", "Instead of", "To overrule"),
                shown,
                frozenset(range(6)),
                more,
            ),
        ),
        open_tables=True,
    )


def reproduce(facts: ReportFacts) -> Block | None:
    """Say how to do the same again and on what it was done."""
    again, data = facts.reproduce, facts.data
    pairs = [
        ("Data", words.shorten(data.source or data.name, 200)),
        ("Rows and columns", f"{words.whole(data.rows)} × {words.whole(data.columns)}"),
        ("SHA-256 of the file", data.sha256 or ""),
        ("Fingerprint of the data", again.data_fingerprint if again.data_fingerprint != data.sha256 else ""),
        ("Seed", "" if again.seed is None else str(again.seed)),
        *again.hardware.items(),
        *((f"{name} version", version) for name, version in again.versions.items()),
        ("Report made", facts.created),
    ]
    known: list[list[Cell]] = [[name[:1].upper() + name[1:], value] for name, value in pairs if value]
    same = (
        "The same seed, versions and data give the same model when trials are capped instead of time"
        if again.seed is not None
        else "How this model came to be"
    )
    seed = f", seed {again.seed}" if again.seed is not None else ""
    return Block(
        "reproduce",
        "Do it again",
        f"{same}: {words.count(data.rows, 'row')}, automl {facts.automl_version}{seed}.",
        "That another machine gives the same digits: processors and libraries round differently.",
        notes=("Whether a model file, its data and this report agree is checked by: automl verify MODEL DATA.",),
        template="reproduce",
        data={"command": again.command, "python": again.python},
        tables=(Table("What it was made from and with", ("What", "Value"), known, frozenset({0, 1})),),
        open_tables=True,
    )


_TERMS = {
    "95 % interval": ("", "If the same study were repeated on many samples, about 95 of 100 such intervals would hold the true value."),
    "Naive predictor": (
        "naive",
        "A model that looks at no column: it always gives the average, or the share of each class. Anything useful must beat it.",
    ),
    "Seasonal naive": ("seasonal", "It repeats the last season: next Monday will be as last Monday was. Any forecast must beat it."),
    "Score of a row": (
        "rarity",
        "How rare such a row is, in powers of ten: 2 is one row in a hundred, 3 one in a thousand, as all detectors see it together.",
    ),
    "Alarm": ("alarm", "A row whose score is above the threshold. It says that a row is unusual, not that it is wrong."),
    "Agreement": ("agreement", "Of the strangest rows of one detector, the share that is among the strangest of another."),
    "Naive predictor of anomalies": ("chance", "Rows in random order, of which as many raise an alarm. Any detector must beat it."),
    "Average precision": (
        "average_precision",
        "Going down the rows from the strangest, the share of known anomalies so far, averaged over the places where there is one. Rows in"
        " random order reach the share of anomalies, 1 is perfect.",
    ),
    "False alarms": ("false_alarms", "The share of the rows not marked as anomalies that raise an alarm."),
    "Simplest model": (
        "simplest",
        "The plainest model that learns from the columns: a linear one. Where nothing beats it clearly, prefer it.",
    ),
    "Log-loss": ("log_loss", "How surprised the model is by what really happens; sure and wrong costs most. 0 is perfect."),
    "Brier score": ("brier", "The mean squared gap between the probability and what happened (0 or 1). 0 is perfect."),
    "Accuracy": ("accuracy", "The share of cases named rightly. Misleading where one class is rare."),
    "Precision": ("precision", "Of the flagged, the share that is real. Also: right when flagged."),
    "Recall": ("recall", "Of the real ones, the share that is flagged. Also: found."),
    "F1": ("f1", "The harmonic mean of precision and recall."),
    "Macro-F1": ("macro_f1", "The mean F1 of the classes: a rare class counts as much as a common one."),
    "Macro and micro F1": (
        "f1_micro",
        "F1 is the harmonic mean of precision and recall. Macro: the mean over the labels, rare ones count like common ones. Micro: all"
        " labels of all rows in one count.",
    ),
    "Subset accuracy": ("subset_accuracy", "The share of rows whose labels are all right, none missing and none too many."),
    "Hamming loss": ("hamming_loss", "The share of wrong answers when each row is asked for each label."),
    "ROC AUC": ("roc_auc", "The chance that a random real case is ranked above a random other one. 0.5 is guessing, 1 is perfect."),
    "PR AUC": ("pr_auc", "Precision averaged over all levels of recall. Guessing gives the share of real cases."),
    "Calibration": ("reliability", "Bending probabilities so that of all cases given 20 %, one in five comes true."),
    "Calibration error": ("calibration_error", "The mean gap between what the model says and what happens."),
    "Threshold": ("threshold", "The probability from which a case is flagged."),
    "RMSE": ("rmse", "Root of the mean squared error: a typical error in which large ones count more."),
    "MAE": ("mae", "The mean size of an error."),
    "Weighted quantile loss": (
        "wql",
        "The error of the median and of the other quantiles, as a share of the mean size of the values: it pays for being far off and for"
        " intervals that are too wide or too narrow. 0 is perfect.",
    ),
    "MASE, RMSSE": ("mase", "The error as a multiple of what the seasonal naive reached in the past: below 1 is better than that."),
    "sMAPE": ("smape", "The error as percents of the mean of forecast and truth, so that large and small series count alike."),
    "R²": ("r2", "The share of the differences between cases that the model explains. 0 is the naive predictor, 1 is perfect."),
    "Coverage": ("coverage", "How often the prediction interval holds the true value."),
    "Out of fold": ("folds", "The rows are cut in parts; each part is predicted by models that learned from the others."),
    "Ensemble": ("ensemble", "Several models whose answers are averaged with weights."),
    "Leakage": (
        "leakage",
        "A column that knows the answer because it was filled in afterwards. Such a model shines here and fails in use.",
    ),
}


def glossary(facts: ReportFacts) -> list[tuple[str, str]]:
    """Return the terms that this report uses with their meaning."""
    used = {"", *facts.evaluation.scores, "seasonal" if facts.task.problem == "forecasting" else "naive"}
    used |= {"simplest"} if facts.task.problem not in ("forecasting", "multilabel") else set()
    if facts.anomalies is not None:
        used = (used - {"naive", "simplest"}) | {"rarity", "alarm", "agreement", *(["chance"] if facts.anomalies.known else [])}
    used |= {"reliability"} if facts.evaluation.reliability or facts.calibration else set()
    used |= {"threshold"} if facts.threshold else set()
    used |= {"coverage"} if facts.evaluation.regression and facts.evaluation.regression.coverage else set()
    used |= {"folds"} if facts.data.folds > 1 else set()
    used |= {"ensemble"} if facts.leaderboard and any(row.weight and row.weight < 1 for row in facts.leaderboard.rows) else set()
    used |= {"leakage"} if any(finding.check == "leakage" for finding in facts.findings) else set()
    return [(term, meaning) for term, (key, meaning) in _TERMS.items() if key in used]
