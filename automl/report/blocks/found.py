"""What was asked, what was detected in the data, and what the checks warn of."""

from __future__ import annotations

from collections import Counter

from automl.report import of_anomalies, svg, words
from automl.report.blocks.base import Block, Cell, Table, code, cut
from automl.report.facts import FindingFacts, ReportFacts

_PROBLEMS = {
    "binary": "a yes-or-no question",
    "multiclass": "a choice between classes",
    "regression": "a number",
    "forecasting": "a forecast",
    "multilabel": "any number of labels",
    "anomaly_detection": "what is unusual",
}
_LIMITS = "Whether this is the right question, and whether the values were already known at the moment when you would predict."
_UNUSUAL = "Whether what is unusual is what matters to you: a fault that looks like every other row is not looked for."
_SEVERITIES = {"high": 0, "warning": 1, "info": 2}
_CHECKS = {"few_rows": "Few rows", "high_missing": "Many missing values"}


def task(facts: ReportFacts) -> Block:
    """Say what is predicted, from what, how that was found out, and how to overrule it."""
    asked, data = facts.task, facts.data
    questions: list[tuple[str, str, str, str]] = []
    runner_up = asked.runner_up
    override = runner_up.override if runner_up else ""
    questions.append(("Kind of question", _PROBLEMS[asked.problem], " ".join(asked.evidence), override))
    if asked.classes:
        called = "Labels" if asked.problem == "multilabel" else "Classes"
        questions.append((called, words.listing((words.shorten(label, 40) for label in asked.classes), 12), "", ""))
    if asked.problem == "binary":
        questions.append(("What the model looks for", words.event(asked), asked.target_label or "", ""))
    if facts.anomalies is not None:
        questions += of_anomalies.questions(facts)
    else:
        questions.append(("Score that the search improved", _metric_title(facts), "", ""))
    questions.append(
        (
            "Rows the scores were measured on",
            words.count(facts.evaluation.rows, "row"),
            _sentence(words.source(facts.evaluation.source)),
            "",
        )
    )
    unused = max(data.rows - data.rows_train - data.rows_holdout - data.rows_test, 0)
    rows = [
        (f"{words.whole(data.rows_train)} to learn from" + (f", in {data.folds} parts" if data.folds > 1 else ""), data.rows_train),
        (f"{words.whole(data.rows_holdout)} held out", data.rows_holdout),
        (f"{words.whole(data.rows_test)} in your test file", data.rows_test),
        (f"{words.whole(unused)} not used", unused),
    ]
    return Block(
        "task",
        "What was asked",
        _asked(facts),
        _UNUSUAL if facts.anomalies is not None else _LIMITS,
        template="task",
        data={
            "questions": questions,
            "rows": [row for row in enumerate(rows) if row[1][1]],
            "bar": svg.parts_bar(rows),
            "sure": words.percent(asked.confidence),
        },
        tables=_columns(facts),
        summary="Every column and what it was taken for",
    )


def _asked(facts: ReportFacts) -> str:
    if facts.anomalies is not None:
        return of_anomalies.asked(facts)
    asked, data = facts.task, facts.data
    target = words.shorten(asked.target, 60)
    what = {
        "binary": f"whether {words.event(asked)}",
        "multiclass": f"which of {words.whole(len(asked.classes))} classes of {target} applies",
        "regression": f"the number in {target}",
        "forecasting": f"the next values of {target}",
        "multilabel": f"which of {words.whole(len(asked.classes))} labels of {target} apply",
    }[asked.problem]
    sure = "" if asked.confidence >= 0.995 else f"; that this is the question is {words.percent(asked.confidence)} certain"
    rows = words.count(data.rows, "row") if asked.problem == "forecasting" else words.count_of(data.rows_train, data.rows, "row")
    return f"The model predicts {what} from {words.count(data.columns_used, 'column')} and {rows}{sure}."


def _metric_title(facts: ReportFacts) -> str:
    score = facts.evaluation.scores.get(facts.task.metric)
    return score.title if score else facts.task.metric


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:].rstrip(".") + "." if text else ""


def _columns(facts: ReportFacts) -> tuple[Table, ...]:
    """List the columns, used ones first, with what each was taken for."""
    if not facts.data.column_list:
        return ()
    known = sorted(
        facts.data.column_list, key=lambda column: ("target", "feature").index(column.role) if column.role in ("target", "feature") else 2
    )
    roles = {"feature": "used", "target": "target", "time": "order in time", "identifier": "not used: identifier", "dropped": "not used"}
    rows: list[list[Cell]] = [
        [words.shorten(c.name), c.type, roles.get(c.role, c.role), words.percent(c.missing), words.whole(c.distinct), c.evidence]
        for c in known
    ]
    shown, more = cut(rows, 250)
    return (
        Table(
            "Every column and what it was taken for",
            ("Column", "Type", "Use", "Missing", "Distinct", "Why"),
            shown,
            frozenset({0, 1, 2, 5}),
            more,
        ),
    )


def findings(facts: ReportFacts) -> Block | None:
    """List what the checks found, the worst first."""
    if not facts.findings:
        return None
    ranked = sorted(facts.findings, key=lambda finding: _SEVERITIES[finding.severity])
    number = Counter(finding.severity for finding in ranked)
    parts = [
        *([f"{number['high']} of high severity"] if number["high"] else []),
        *([words.count(number["warning"], "warning")] if number["warning"] else []),
        *([words.count(number["info"], "remark")] if number["info"] else []),
    ]
    rows: list[list[Cell]] = [
        [
            f.severity,
            f.check,
            words.listing(map(words.shorten, f.columns), 20),
            f.because,
            words.done(f.action),
            code(f.override) if f.override else words.NOTHING,
        ]
        for f in ranked
    ]
    shown, more = cut(rows, 100)
    return Block(
        "findings",
        "Warnings",
        f"The checks found {words.count(len(ranked), 'thing')} worth knowing: {words.listing(parts)}.",
        "Faults that leave no trace in the numbers, such as wrong labels or rows that are missing altogether.",
        template="findings",
        data={"cards": [_card(finding) for finding in ranked[:40]], "more": max(len(ranked) - 40, 0)},
        tables=(
            Table(
                "All findings",
                ("Severity", "Check", "Columns", "Because", "What was done", "To overrule"),
                shown,
                frozenset(range(6)),
                more,
            ),
        ),
    )


def _card(finding: FindingFacts) -> dict[str, str | None]:
    """Return the texts of one finding."""
    return {
        "severity": finding.severity,
        "title": _CHECKS.get(finding.check, finding.check.replace("_", " ").capitalize()),
        "columns": words.listing((words.shorten(name, 50) for name in finding.columns), 6),
        "because": finding.because,
        "action": words.done(finding.action),
        "override": finding.override,
    }
