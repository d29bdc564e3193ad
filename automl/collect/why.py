"""Facts on why the model answers as it does."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from automl.collect.shared import only, short, shown
from automl.explanation import inline_png, warmed
from automl.leaderboard import METRIC_TITLES
from automl.report import facts as f
from automl.report.explained import AttendedFacts, AttentionFacts

if TYPE_CHECKING:
    from automl.explaining import Why
    from automl.explanation import Attention, Counterfactual, Importance, PictureEffect, Similar, Words
    from automl.run import Run


def why_facts(run: Run) -> dict[str, Any]:
    """Return the sections of the report on why the model answers as it does."""
    why = run.why
    if why is None:
        return {}
    return {
        "importance": _importance(why.importance),
        "kinds": _importance(why.kinds),
        "examples": _examples(run, why),
        "cards": tuple(f.CardFacts.model_validate(card.to_dict()) for card in why.cards),
        "effects": tuple(_effect(run, effect.to_dict()) for effect in why.effects),
        "interactions": tuple(_interaction(run, pair.to_dict()) for pair in why.interactions),
        "pictures": tuple(_picture(run, why, seen) for seen in why.pictures),
        "words": _texts(run, why),
        "changes": dict(run.settings.changes or {}),
        "not_explained": why.skipped,
        "occlusion": _occlusion(run),
    }


def _occlusion(run: Run) -> f.OcclusionFacts | None:
    found = run.occlusion
    if found is None:
        return None
    places = found.changes.max(axis=1).argsort()[::-1][:3]
    examples = tuple(f.StretchExample(row=int(found.rows[place]), changes=tuple(found.changes[place].tolist())) for place in places)
    return f.OcclusionFacts(rows=len(found.rows), changes=tuple(found.mean.tolist()), examples=examples)


def _importance(found: Importance | None) -> f.ImportanceFacts | None:
    if found is None:
        return None
    values = found.to_dict()
    entries = tuple(f.ImportanceEntry.model_validate(only(f.ImportanceEntry, entry)) for entry in values["columns"])
    if not entries:
        return None
    return f.ImportanceFacts(
        method=values["method"], metric=METRIC_TITLES.get(values["metric"], values["metric"]), rows=values.get("rows"), entries=entries
    )


def _examples(run: Run, why: Why) -> tuple[f.ExampleFacts, ...]:
    told = []
    for title, row, found in why.examples:
        values = found.to_dict()
        entries = tuple(f.Contribution.model_validate(only(f.Contribution, entry)) for entry in values["contributions"])
        told.append(
            f.ExampleFacts(
                title=title,
                prediction=shown(run, why.predictions[row]),
                actual=_actual(run, row),
                start=values["base"],
                end=values["prediction"],
                scale=_scale(run, values.get("output")),
                contributions=entries,
                completeness_gap=values["completeness_gap"],
                change=_change(run, why.changes.get(row)),
                similar=_similar(run, why.similar.get(row)),
            )
        )
    return tuple(told)


def _actual(run: Run, row: int) -> str:
    """Return the truth of a row of the data as a reader wants it."""
    actual = run.dataset.frame[run.task.target].iloc[row]
    return f"{actual:,.4g}" if isinstance(actual, (float, np.floating)) else str(actual)


def _scale(run: Run, output: Any) -> str:
    if not run.task.is_classification:
        return run.task.target
    label = run.task.classes[1] if run.task.problem == "binary" else run.task.classes[int(output)] if output is not None else ""
    return f"probability of {label}"


def _change(run: Run, found: Counterfactual | None) -> f.CounterfactualFacts | None:
    if found is None:
        return None
    changes = tuple(f.ChangeFacts(column=change.column, before=change.before, after=change.after) for change in found.changes)
    prediction = shown(run, np.array(found.prediction)) if found.found else ""
    return f.CounterfactualFacts(found=found.found, changes=changes, cost=found.cost if found.found else None, prediction=prediction)


def _similar(run: Run, found: Similar | None) -> f.SimilarFacts | None:
    if found is None:
        return None
    values = found.to_dict()
    counts = {str(label): count for label, count in zip(run.task.classes, values.pop("counts"), strict=False)}
    return f.SimilarFacts(**values, counts=counts)


def _of(run: Run, output: int) -> str | None:
    """Return the class that a column of the prediction tells of; None for numbers."""
    return str(run.task.classes[output]) if run.task.is_classification else None


def _effect(run: Run, values: dict[str, Any]) -> f.EffectFacts:
    numbers = {name: short(values[name]) for name in ("x", "value", "low", "high", "grid", "partial", "lines")}
    return f.EffectFacts.model_validate({**only(f.EffectFacts, values), **numbers, "of": _of(run, values["output"])})


def _texts(run: Run, why: Why) -> tuple[f.TextFacts, ...]:
    """Return what is known of each column of texts: of its words, of the attention to it, or of both."""
    words, attention = {one.column: one for one in why.words}, {one.column: one for one in why.attention}
    return tuple(
        (_words(run, words[column]) if column in words else f.TextFacts(column=column, texts=0)).model_copy(
            update={"attention": _attention(run, why, attention[column]) if column in attention else None}
        )
        for column in {**words, **attention}
    )


def _attention(run: Run, why: Why, found: Attention) -> AttentionFacts:
    titles = {row: title for title, row, _ in why.examples}
    texts = []
    for row, told in found.texts.items():
        if row in titles:
            edges = [0, *(word.start for word in told.words[1:]), told.words[-1].stop]
            pieces = tuple(told.text[start:stop] for start, stop in pairwise(edges))
            given = {"title": titles[row], "prediction": shown(run, why.predictions[row]), "actual": _actual(run, row)}
            texts.append(AttendedFacts(**given, pieces=pieces, shares=tuple(short([word.share for word in told.words])), cut=told.cut))
    return AttentionFacts(share=found.share, agreement=found.agreement, compared=found.compared, texts=tuple(texts))


def _words(run: Run, words: Words) -> f.TextFacts:
    effects = tuple(
        f.WordFacts(word=effect.word, of=_of(run, effect.of), value=float(short([effect.value])[0]), texts=effect.texts)
        for effect in words.effects
    )
    return f.TextFacts(column=words.column, texts=words.texts, effects=effects)


def _picture(run: Run, why: Why, seen: PictureEffect) -> f.PictureFacts:
    return f.PictureFacts(
        title=seen.title,
        prediction=shown(run, seen.prediction),
        actual=_actual(run, seen.at),
        of=_of(run, seen.of),
        picture=inline_png(seen.thumbnail),
        covered=inline_png(warmed(seen.thumbnail, seen.covered)),
        places=None if seen.places is None else inline_png(warmed(seen.thumbnail, seen.places)),
        largest_fall=float(short([float(seen.covered.max())])[0]),
    )


def _interaction(run: Run, values: dict[str, Any]) -> f.InteractionFacts:
    return f.InteractionFacts.model_validate({**only(f.InteractionFacts, values), "of": _of(run, values["output"])})
