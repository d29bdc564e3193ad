"""What was found, as the facts of the report: one report over all labels, and one for each of the first labels."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from automl import __version__
from automl.collect.facts import data_facts
from automl.evaluation.facts import Estimate
from automl.multilabel import judging
from automl.multilabel.cells import slug
from automl.multilabel.judging import Seen
from automl.multilabel.plan import Plan
from automl.multilabel.run import Outcome, shares
from automl.multilabel.tried import over_labels
from automl.private import private_columns, told_decisions, told_findings
from automl.report import facts as f
from automl.report.blocks.judged import how_good
from automl.report.labelled import LabelFacts, LabelsFacts, PairFacts, SizeFacts
from automl.report.words import bracket, confidence, percent
from automl.run import RunSettings

FOLDER = "labels"  # beside the report
SHOWN = ("precision", "recall", "f1", "roc_auc", "log_loss", "calibration_error")
GAP = 0.05
FEW_ROWS = 100
OPTIONS = (
    "families", "only_networks", "metric", "costs", "min_precision", "min_recall", "types", "ignore", "group", "time", "sensitive",
    "examples",
)  # fmt: skip


@dataclass(frozen=True)
class Collected:
    """The facts of all labels, and those of each label that has a report of its own, by the name of its file."""

    facts: f.ReportFacts
    details: dict[str, f.ReportFacts]


def collect(plan: Plan, outcomes: Sequence[Outcome], settings: RunSettings) -> Collected:
    """Return everything that the reports say.

    Args:
        plan: What all labels share.
        outcomes: What became of each label, in their order.
        settings: What the user asked for.
    """
    seen = seen_of(plan, outcomes)
    learnt = [one for one in outcomes if one.fitted is not None]
    names = {
        one.place: f"{FOLDER}/{number:02d}-{slug(plan.labels.names[one.place])}.html" for number, one in enumerate(_detailed(learnt), 1)
    }
    told = _labels(plan, outcomes, seen, names)
    evaluation = _evaluation(plan, seen, learnt, [one.place for one in outcomes if one.fitted is None])
    task = _task(plan)
    first = learnt[0].fitted
    assert first is not None  # fit_labels raises where nothing was learnt
    private = frozenset() if settings.examples == "few" else private_columns(plan.schema.columns, plan.findings)
    findings = told_findings(plan.findings, private, settings.examples)
    data = _data(plan, private)
    fits = [(one.tried, one.fitted.leaderboard) for one in learnt if one.fitted is not None and one.tried is not None]
    absent = {} if first.facts.leaderboard is None else first.facts.leaderboard.absent
    board, tried = over_labels([one for one, _ in fits], [one for _, one in fits], absent)
    reproduce = first.facts.reproduce.model_copy(update={"python": _call(plan, settings)})
    facts = f.ReportFacts(
        title=f"{_target(plan)}: labels predicted from {plan.dataset.name}",
        model_name=plan.dataset.name.rsplit(".", 1)[0],
        created=datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        automl_version=__version__,
        answer=_answer(task, evaluation, told, findings),
        task=task,
        data=data,
        findings=findings,
        evaluation=evaluation,
        labels=told,
        leaderboard=board,
        tried=tried,
        search=_search(settings, learnt),
        decisions=told_decisions(plan.log, plan.dataset.frame, private),
        reproduce=reproduce,
    )
    details = {}
    for one in _detailed(learnt):
        if one.fitted is not None:
            details[names[one.place]] = one.fitted.facts.model_copy(update={"reproduce": reproduce})
    return Collected(facts, details)


def _detailed(learnt: Sequence[Outcome]) -> list[Outcome]:
    return [one for one in learnt if one.detailed]


def seen_of(plan: Plan, outcomes: Sequence[Outcome]) -> Seen:
    """Return what is true, said and decided of the judged rows."""
    probability = np.stack([one.probability for one in outcomes], axis=1)
    limit = np.stack([one.limit for one in outcomes], axis=1)
    naive = np.stack([shares(plan, place)[0] for place in range(len(outcomes))], axis=1)
    return Seen.of(plan.codes[plan.judged], probability, limit, naive)


def _source(plan: Plan) -> str:
    if plan.test_rows is not None:
        return "test file"
    return "holdout" if len(plan.parts.holdout) else "cross-fitted"


def _evaluation(plan: Plan, seen: Seen, learnt: Sequence[Outcome], shared: Sequence[int]) -> f.EvaluationFacts:
    errors = []
    for one in learnt:
        score = None if one.fitted is None else one.fitted.facts.evaluation.scores.get("calibration_error")
        if score is not None and score.value is not None and score.low is not None and score.high is not None:
            errors.append(Estimate(score.value, score.low, score.high))
    found = judging.scores(seen, errors, shared)
    return f.EvaluationFacts(
        rows=len(seen.y),
        source=_source(plan),
        scores={name: f.ScoreFacts.model_validate(one.to_dict()) for name, one in found.items()},
        comparisons=(f.ComparisonFacts.model_validate(judging.against_naive(seen)),),
    )


def _labels(plan: Plan, outcomes: Sequence[Outcome], seen: Seen, files: dict[int, str]) -> LabelsFacts:
    names = plan.labels.names
    pairs, count = judging.together(seen, names)
    sizes, having, given = judging.sizes(seen)
    return LabelsFacts(
        complete=int(seen.complete.sum()),
        labels=tuple(_label(names[one.place], one, seen, files.get(one.place)) for one in outcomes),
        pairs=tuple(PairFacts.model_validate(pair) for pair in pairs),
        pairs_in_all=count,
        sizes=tuple(SizeFacts.model_validate(size) for size in sizes),
        mean_having=having,
        mean_given=given,
        unknown=dict(plan.unknown.most_common(100)),
    )


def _label(name: str, one: Outcome, seen: Seen, file: str | None) -> LabelFacts:
    y, given = seen.y[:, one.place], seen.given[:, one.place]
    counted: dict[str, Any] = {"judged": int((y >= 0).sum()), "having": int((y == 1).sum()), "given": int(given.sum())}
    if one.fitted is None:
        return LabelFacts(label=name, learnt=False, why=one.why, share=one.share, threshold=one.threshold, **counted)
    facts = one.fitted.facts
    against = next((test for test in facts.evaluation.comparisons if "naive" in test.against), None)
    simple = next((test.sentence for test in facts.evaluation.comparisons if "naive" not in test.against), "")
    parts = one.fitted.predictor.parts
    return LabelFacts(
        label=name,
        verdict=facts.answer.verdict,
        rule=facts.answer.rule,
        share=one.share,
        threshold=one.threshold,
        threshold_rule="" if facts.threshold is None else facts.threshold.rule,
        better=against is not None and against.better,
        simplest=simple,
        scores={key: facts.evaluation.scores[key] for key in SHOWN if key in facts.evaluation.scores},
        losses={} if facts.leaderboard is None else {row.title: row.score for row in facts.leaderboard.rows if row.score is not None},
        models=", ".join(f"{part.family.title} ({100 * part.share:.0f} %)" for part in sorted(parts, key=lambda part: -part.share)),
        detail=file,
        **counted,
    )


def _answer(task: f.TaskFacts, evaluation: f.EvaluationFacts, told: LabelsFacts, findings: Sequence[f.FindingFacts]) -> f.Answer:
    """Decide by the mean over the labels whether it can be used at all, and by the worst of them whether a person must look."""
    test = evaluation.comparisons[0]
    learnt = [one for one in told.labels if one.learnt]
    worse = [one for one in learnt if not one.better]
    doubtful = [one for one in learnt if one.better and one.verdict != "yes"]
    others = [one for one in told.labels if not one.learnt]
    sentences = [f"On average over the labels it is {'better' if test.better else 'not shown to be better'} than naive. {test.sentence}"]
    worst = min(learnt, key=lambda one: _value(one, "f1"))
    score = worst.scores.get("f1")
    if score is not None and score.value is not None and score.low is not None and score.high is not None:
        sentences.append(f"The worst label is {worst.label}: F1 {percent(score.value)} ({confidence(score.low, score.high, True)}).")
    whole = evaluation.scores["subset_accuracy"]
    if whole.value is not None and whole.naive is not None:
        sure = bracket(confidence(whole.low, whole.high, True))
        sentences.append(
            f"All labels of a row are right in {percent(whole.value)} of the rows{sure}; naming the most frequent set is right in"
            f" {percent(whole.naive)}."
        )
    high = [one for one in findings if one.severity == "high"]
    warnings = [one.because for one in high]
    reasons = []
    if high:
        reasons.append(
            f"{len(high)} finding{'s' if len(high) > 1 else ''} of high severity wait{'' if len(high) > 1 else 's'} for a person"
        )
    if worse:
        reasons.append(f"{len(worse)} of {len(learnt)} labels were not shown to beat the naive predictor")
        warnings.append(f"Do not rely on {_listed(worse)}: nothing shows that it is better than guessing.")
    if others:
        reasons.append(f"{len(others)} label{'s' if len(others) > 1 else ''} could not be learnt")
        warnings.append(f"Not learnt, and predicted by their share alone: {_listed(others)}.")
    if evaluation.rows < FEW_ROWS:
        reasons.append(f"fewer than {FEW_ROWS} rows could be judged")
    if doubtful:
        reasons.append(f"{len(doubtful)} label{'s' if len(doubtful) > 1 else ''} can be used with review only")
        warnings.append(f"With review only: {_listed(doubtful)}; the table of labels and their own reports say why.")
    if not test.better:
        return f.Answer(
            verdict="no",
            rule="A model must be shown to beat the naive predictor on average over the labels; this one was not.",
            headline="Do not use it: nothing shows that it is better than guessing.",
            sentences=tuple(sentences),
            warnings=tuple(warnings[:3]),
        )
    rule = "It beats the naive predictor on average and for each label, and the checks found nothing of high severity."
    if reasons:
        rule = f"On average over the labels it beats the naive predictor, but {'; '.join(reasons)}."
    return f.Answer(
        verdict="yes, with review" if reasons else "yes",
        rule=rule,
        headline=how_good(task, evaluation),
        sentences=tuple(sentences),
        warnings=tuple(warnings[:3]),
    )


def _value(one: LabelFacts, name: str) -> float:
    score = one.scores.get(name)
    return -1.0 if score is None or score.value is None else score.value


def _listed(labels: Sequence[LabelFacts], most: int = 6) -> str:
    shown = ", ".join(one.label[:40] for one in labels[:most])
    return shown + (f" and {len(labels) - most} more" if len(labels) > most else "")


def _target(plan: Plan) -> str:
    if not plan.labels.columns:
        return plan.labels.target
    names = plan.labels.columns
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")


def _task(plan: Plan) -> f.TaskFacts:
    told = next((one.because for one in plan.log if one.stage == "detect" and one.what == "labels"), "")
    return f.TaskFacts(
        problem="multilabel",
        target=_target(plan),
        classes=plan.labels.names,
        metric="log_loss",
        modality=plan.modality,
        case="row",
        cases="rows",
        evidence=(told,) if told else (),
        confidence=0.95,
    )


def _data(plan: Plan, private: frozenset[str]) -> f.DataFacts:
    told = data_facts(plan.dataset, plan.schema, plan.parts, plan.learning_rows, test=plan.test_rows is not None, private=private)
    return told.model_copy(update={"columns": told.columns + max(len(plan.labels.columns), 1)})  # targets were taken out


def _search(settings: RunSettings, learnt: Sequence[Outcome]) -> f.SearchFacts:
    budget = settings.budget
    searches = [one.fitted.facts.search for one in learnt if one.fitted is not None]
    limits = [f"{budget.limit:g} s"] if budget.timed else []
    limits += [f"{budget.trials} trials for each label"] if budget.trials is not None else []
    return f.SearchFacts(
        trials=sum(one.trials for one in searches if one is not None),
        failed=sum(one.failed for one in searches if one is not None),
        seconds=budget.elapsed(),
        budget=" and ".join(limits),
        metric_title="log-loss",
    )


def _call(plan: Plan, settings: RunSettings) -> str:
    """Return the call that makes the model again."""
    target: Any = list(plan.labels.columns) or plan.labels.target
    budget = f"{settings.budget.limit:g}" if settings.budget.timed else "None"
    arguments = [f"target={target!r}", f"budget={budget}", f"seed={settings.seed}", "problem='multilabel'"]
    arguments += [f"trials={settings.budget.trials}"] if settings.budget.trials is not None else []
    for name in OPTIONS:
        value = getattr(settings, name)
        if value:
            shown = [getattr(one, "name", one) for one in value] if isinstance(value, tuple) else value
            arguments.append(f"{name}={shown!r}")
    source = repr(plan.dataset.path.rsplit("/", 1)[-1]) if plan.dataset.path else "data"
    return f"automl.fit({source}, {', '.join(arguments)})"
