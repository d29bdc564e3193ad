"""The second text of every block, for who decides and does not analyse: the same fact, the same numbers, no term that needs a glossary."""

from __future__ import annotations

from collections.abc import Callable

from automl.report import of_anomalies, plain_forecasts, ruled, words
from automl.report.blocks.effects import CLEAR
from automl.report.facts import ReportFacts


def plain(name: str, facts: ReportFacts) -> str:
    """Return the sentence for managers of a block; empty where the analyst's sentence is plain enough.

    Args:
        name: The block's name.
        facts: The report's facts. No sentence says more than the interval of its number allows.
    """
    maker = (of_anomalies.PLAIN.get(name) if facts.anomalies is not None else None) or _PLAIN.get(name)
    return maker(facts) if maker is not None else ""


def _task(facts: ReportFacts) -> str:
    data = facts.data
    if facts.task.problem == "forecasting":
        return plain_forecasts.task(facts)
    cases = words.count_of(data.rows_train, data.rows, "past case")
    return (
        f"The model learned from {cases} to tell {facts.task.target_label or facts.task.target} in advance, from"
        f" {words.count(data.columns_used, 'piece')} of information about each."
    )


def _findings(facts: ReportFacts) -> str:
    high = sum(finding.severity == "high" for finding in facts.findings)
    if high:
        return f"Before anybody relies on this model, a person must look at {words.count(high, 'problem')} in the data."
    return "The data hold nothing that forbids using the model; what was noticed is listed below."


def _scores(facts: ReportFacts) -> str:
    if facts.task.problem == "forecasting":
        return plain_forecasts.scores(facts)
    return f"{facts.answer.headline} Everything was measured on {words.count(facts.evaluation.rows, 'case')} that the model had not seen."


def _confusion(facts: ReportFacts) -> str:
    known = facts.evaluation.scores.get("accuracy")
    if known is None or known.value is None:
        return ""
    between = ""
    if known.low is not None and known.high is not None:
        between = f", between {words.of_hundred(known.low)} and {words.of_hundred(known.high)}"
    right = words.of_hundred(known.value)
    asked = ruled.plainly(facts.evaluation, facts.task.cases)
    return f"Of 100 {facts.task.cases} the model names {right} rightly{between}; the table says which mistakes it makes. {asked}".strip()


def _curves(facts: ReportFacts) -> str:
    known = facts.evaluation.curves
    if known is None:
        return ""
    if facts.task.problem == "binary":
        area = known.roc[name].area if (name := str(words.positive(facts.task))) in known.roc else None
        if area is None:
            return ""
        return f"Shown two {facts.task.cases}, one of each kind, the model picks the right one {words.of_hundred(area)} times in 100."
    ranked = sorted((curve.area, label) for label, curve in known.precision_recall.items() if curve.area is not None)
    if not ranked:
        return ""
    easiest = f", {words.shorten(ranked[-1][1], 40)} the easiest" if len(ranked) > 1 else ""
    return f"{words.shorten(ranked[0][1], 40)} is the hardest class to find{easiest}."


def _reliability(facts: ReportFacts) -> str:
    if facts.task.problem == "regression":
        bins = facts.evaluation.reliability.after if facts.evaluation.reliability else ()
        held = sum(entry.low <= entry.mean_predicted <= entry.high for entry in bins)
        groups = words.count(len(bins), "group")
        return f"In {held} of {groups} of like {facts.task.cases} the predictions are neither too high nor too low."
    gap = facts.evaluation.scores.get("calibration_error")
    if gap is None or gap.value is None:
        return ""
    points = words.number(100 * gap.value, 2)
    most = f" and hardly more than {words.number(100 * gap.high, 2)}" if gap.high is not None and gap.high > 1.2 * gap.value else ""
    return f"When the model gives a percentage, it is off by {points} points on average{most}."


def _trust(facts: ReportFacts) -> str:
    doubtful = [entry for entry in facts.trust if entry.p_value < 0.05]
    if not doubtful:
        return "The percentages can be taken at their word; what is missing is no more than chance."
    return f"Do not take the percentages of {words.listing((words.shorten(entry.label, 30) for entry in doubtful), 3)} at their word."


def _decides(facts: ReportFacts) -> str:
    known = facts.selective
    if known is None or known.escalated is None or known.rest is None:
        return "Nothing shows that handing the doubtful cases to a person would pay."
    if known.measure != "share wrong":
        handed = words.of_hundred(known.escalated)
        return f"It pays to let a person decide {handed} of 100 {facts.task.cases}: those where the model can gain least."
    return (
        f"Let a person decide the {words.of_hundred(known.escalated)} of 100 {facts.task.cases} that the model is least sure of; of the"
        f" others {words.of_hundred(known.rest)} in 100 are then wrong instead of {words.of_hundred(known.all)}."
    )


def _payoff(facts: ReportFacts) -> str:
    known = facts.payoff
    currency = facts.threshold.costs.currency if facts.threshold and facts.threshold.costs else ""
    if known is None:
        return "Without prices of mistakes nobody can say what the model is worth in money; give them, and this report says it."
    if known.saved_low is None or known.saved_high is None or known.saved_low <= 0 <= known.saved_high:
        return f"Nothing shows that the model saves money against flagging {known.without}."
    low, high = sorted((abs(1000 * known.saved_low), abs(1000 * known.saved_high)))
    verb = "saves" if known.saved > 0 else "costs"
    between = f"between {words.money(low, currency)} and {words.money(high, currency)}"
    return f"The model {verb} {between} on 1,000 {facts.task.cases}, against flagging {known.without}."


def _errors(facts: ReportFacts) -> str:
    known = facts.evaluation.scores.get("mae")
    if known is None or known.value is None:
        return ""
    between = f", between {words.value(known.low, facts.task)} and {words.value(known.high, facts.task)}" if known.low is not None else ""
    return f"A prediction is off by {words.value(known.value, facts.task)} on average{between}."


def _predicted(facts: ReportFacts) -> str:
    known = facts.evaluation.scores.get("r2")
    if known is None or known.value is None:
        return "The nearer to the dashed line, the nearer a prediction came to the truth."
    if known.value <= 0:
        return f"What makes {words.shorten(facts.task.target)} high or low, the model does not know."
    between = words.bracket(f"between {words.percent(known.low)} and {words.percent(known.high)}" if known.low is not None else "")
    target, case = words.shorten(facts.task.target), facts.task.case
    return f"Of what makes {target} differ from {case} to {case}, the model knows {words.percent(known.value)}{between}."


def _labels(facts: ReportFacts) -> str:
    learnt = [one for one in facts.labels.labels if one.learnt] if facts.labels else []
    if not learnt:
        return "No label could be learnt."
    good = sum(one.better for one in learnt)
    told = f"{words.whole(good)} of {words.count(len(learnt), 'label')} {words.are(good)}"
    return f"{told} told better than by guessing from how common each is."


def _cohort(facts: ReportFacts) -> str:
    tree = facts.where.cohorts if facts.where else None
    if tree is None or not tree.leaves or not tree.worse:
        return f"No group of {facts.task.cases} was shown to go wrong more than the rest."
    rules = words.shorten(" and ".join(tree.leaves[0].rules) or "all cases", 140)
    return f"The model goes wrong most where {rules}, by more than chance: look at such {facts.task.cases} yourself."


def _coverage(facts: ReportFacts) -> str:
    known = facts.evaluation.regression.coverage if facts.evaluation.regression else None
    if known is None:
        return ""
    held, promised = words.of_hundred(known.measured), words.of_hundred(known.nominal)
    return f"Each prediction comes with a range; of 100 such ranges {held} hold the true value, {promised} were promised."


def _segments(facts: ReportFacts) -> str:
    if facts.where is None or not facts.where.segments:
        return ""
    worse = [segment for segment in facts.where.segments if segment.differs == "worse"]
    if not worse:
        return f"No kind of {facts.task.case} was shown to be served worse than the others."
    named = words.listing((f"{words.shorten(s.column, 30)} = {words.shorten(s.name, 30)}" for s in worse[:3]), 3)
    return f"Be careful where {named}: there the model is wrong more than elsewhere, and not by chance."


def _treatment(facts: ReportFacts) -> str:
    gaps = [gap for one in facts.treatments for gap in one.gaps if gap.low is not None and gap.high is not None]
    sure, named = [gap for gap in gaps if not (gap.low or 0.0) <= 0 <= (gap.high or 0.0)], words.listing(facts.sensitive)
    if not sure:
        return f"By {named}, no difference between groups was larger than chance allows; that does not prove that there is none."
    rates = words.count(len(sure), "rate")
    return f"Groups by {named} differ in {rates} by more than chance; whether that is acceptable is for people to decide."


def _importance(facts: ReportFacts) -> str:
    known = facts.importance
    sure = [entry for entry in known.entries if entry.low is not None and entry.low > 0] if known else []
    if not sure:
        return "No single piece of information was shown to matter by itself."
    return f"Most of what the model knows comes from {words.listing((words.shorten(entry.column, 40) for entry in sure), 3)}."


def _kinds(facts: ReportFacts) -> str:
    known = facts.kinds
    sure = [entry.column for entry in known.entries if entry.low is not None and entry.low > 0] if known else []
    if not sure:
        return "No kind of data was shown to add anything to the others."
    return f"The model needs the {words.listing(sure)}; without, it is worse by more than chance."


def _interactions(facts: ReportFacts) -> str:
    known = facts.interactions
    if not known:
        return ""
    one, two = (words.shorten(name, 30) for name in known[0].columns)
    if known[0].low is None or known[0].low <= CLEAR:
        return f"No two pieces of information were clearly shown to depend on each other; {one} and {two} come nearest."
    return f"What {one} means for the answer depends on {two}, and the other way round."


def _attention(facts: ReportFacts) -> str:
    return "The darker a word, the more the model looked at it; that does not say why it decided so."


def _search(facts: ReportFacts) -> str:
    known = facts.search
    if known is None:
        return ""
    late = len(known.history) > 1 and any(point.elapsed > known.seconds / 2 for point in known.history)
    more = "more time may bring a better one" if late else "nothing better came in the second half of that time"
    return f"{words.count(known.trials, 'model')} {words.was(known.trials)} tried in {words.seconds(known.seconds)}; {more}."


def _leaderboard(facts: ReportFacts) -> str:
    board = facts.leaderboard
    scored = [row for row in board.rows if row.score is not None] if board else []
    return f"{words.count(len(scored), 'kind')} of models had the same chance; {scored[0].title} came first." if scored else ""


def _pareto(facts: ReportFacts) -> str:
    known = facts.tried.simplest if facts.tried else None
    if known is None:
        rows = facts.leaderboard.rows if facts.leaderboard else ()
        timed = [row for row in rows if row.predict_seconds_one is not None and row.kind != "naive"]
        if not timed:
            return ""
        fast = min(timed, key=lambda row: row.predict_seconds_one or 0.0)
        least = f"{fast.title} answers fastest, in {words.moment(fast.predict_seconds_one)}"
        return f"{least}; the picture shows what is gained by waiting longer."
    if known.title == known.best:
        return f"{known.title} is the simplest model that is good enough: nothing simpler comes near the best."
    return f"If a simple model is wanted, {known.title} is as good as the best by the usual rule."


def _mistakes(facts: ReportFacts) -> str:
    known = facts.tried.mistakes if facts.tried else None
    if known is None:
        return ""
    one, two = known.titles[known.least[0]], known.titles[known.least[1]]
    return f"The models mostly make the same mistakes; asking {one} and {two} together brings the most second opinion."


def _winner(facts: ReportFacts) -> str:
    known = facts.tried.drawing if facts.tried else None
    if known is None or not known.parts:
        return ""
    models = sum(part.models for part in known.parts)
    return f"The answer is a vote of {models} models; nobody has to choose one." if models > 1 else "The answer comes from one model."


def _decisions(facts: ReportFacts) -> str:
    return f"Nothing was decided in secret: {words.count(len(facts.decisions), 'choice')}, each with its reason."


def _reproduce(facts: ReportFacts) -> str:
    return "Anybody with the same data can make this model again and check it; how is written below."


def _governance(facts: ReportFacts) -> str:
    from automl.report.governance import missing

    blank = missing(facts)
    if not blank:
        return "All questions of the three frameworks have an answer; whether the answers suffice is for your lawyers."
    them = "it" if blank == 1 else "them"
    return f"{words.count(blank, 'question')} that laws and standards ask {words.are(blank)} open, and only you can answer {them}."


_PLAIN: dict[str, Callable[[ReportFacts], str]] = {
    "task": _task,
    "findings": _findings,
    "scores": _scores,
    "confusion": _confusion,
    "curves": _curves,
    "predicted": _predicted,
    "labels": _labels,
    "cohort": _cohort,
    "kinds": _kinds,
    "interactions": _interactions,
    "attention": _attention,
    "search": _search,
    "reliability": _reliability,
    "trust": _trust,
    "decides": _decides,
    "payoff": _payoff,
    "errors": _errors,
    "coverage": _coverage,
    "segments": _segments,
    "treatment": _treatment,
    "importance": _importance,
    "leaderboard": _leaderboard,
    "pareto": _pareto,
    "mistakes": _mistakes,
    "winner": _winner,
    "decisions": _decisions,
    "reproduce": _reproduce,
    "governance": _governance,
    **plain_forecasts.FORECASTS,
}
