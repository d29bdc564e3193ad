"""Whether networks are worth it, in numbers and in one sentence or two."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from automl.evaluation import Comparison
from automl.report import words
from automl.report.facts import NetworksFacts


def worth(
    metric: str,
    *,
    network: str | None,
    other: str | None,
    weight: float,
    between: Comparison | None,
    loses: Comparison | None,
    faster: float | None,
    failed: Mapping[str, str],
) -> NetworksFacts:
    """Say whether networks are worth it.

    They are where the ensemble without them is worse beyond noise (paired test, 95 %), or, where there is no such ensemble, where the best
    network beats the best other model beyond noise.

    Args:
        metric: What was measured, such as "log-loss"; smaller is better.
        network: The best network; None where none is usable.
        other: The best model that is no network; None where there is none.
        weight: Share of the networks in the ensemble.
        between: The best network against the best other model.
        loses: The ensemble against the one without networks; None where networks have no weight, or nothing else may take part.
        faster: Seconds of the ensemble's predictions over those of the one without networks.
        failed: Networks that were not trained, with the reason.
    """
    numbers: dict[str, Any] = {
        "network": network,
        "other": other,
        "weight": weight,
        **_numbers("", between),
        **_numbers("ensemble_", loses),
        "faster": faster,
    }
    if network is None:
        reasons = "; ".join(f"{title}: {why.rstrip('.')}" for title, why in list(failed.items())[:4])
        return NetworksFacts(**numbers, worth_it=None, sentence=f"No network was trained ({reasons}), so nothing is known of them.")
    if between is None or other is None:
        sentence = f"Only networks were tried; nothing says whether a simpler model would do as well as {network}."
        return NetworksFacts(**numbers, worth_it=None, sentence=sentence)
    first = _between(metric, network, other, between)
    if loses is None:
        better = between.difference > 0 and between.p_value < 0.05
        told = f"{first} The ensemble gives networks no weight; you do not need one here." if weight == 0 else first
        return NetworksFacts(**numbers, worth_it=better if weight else False, sentence=told)
    needed = loses.difference > 0 and loses.p_value < 0.05
    return NetworksFacts(**numbers, worth_it=needed, sentence=f"{first} {_without(metric, loses, needed, weight, faster)}")


def _numbers(prefix: str, tested: Comparison | None) -> dict[str, Any]:
    if tested is None:
        return {}
    ends = {f"{prefix}low": tested.low, f"{prefix}high": tested.high}
    return {f"{prefix}difference": tested.difference, **ends, f"{prefix}beyond_noise": bool(tested.p_value < 0.05)}


def _between(metric: str, network: str, other: str, tested: Comparison) -> str:
    scores = f"{metric} {words.number(tested.ours, 4)} for {network}, {words.number(tested.theirs, 4)} for {other}"
    gap = f"difference {words.number(abs(tested.difference))} ± {words.number((tested.high - tested.low) / 2)}"
    if tested.p_value < 0.05:
        verb = "beat" if tested.difference > 0 else "are behind"
        return f"The networks {verb} the other models: {scores} ({gap}, beyond noise)."
    return f"The networks do not beat the other models: {scores} ({gap}, within noise)."


def _without(metric: str, tested: Comparison, needed: bool, weight: float, faster: float | None) -> str:
    sure = words.confidence(*((tested.low, tested.high) if tested.difference > 0 else (-tested.high, -tested.low)))
    share = f"They have {words.percent(weight)} of the ensemble; without them it "
    if tested.difference > 0:
        loss = f"loses {words.number(tested.difference)} in {metric}"
    else:
        loss = f"gains {words.number(-tested.difference)} in {metric}"
    noise = "" if needed else ", within noise" if tested.p_value >= 0.05 else ", beyond noise"
    speed = "" if faster is None else f", and its predictions are {_times(faster)}"
    verdict = "Networks are worth it here." if needed else "A network is not worth it here."
    return f"{share}{loss} ({sure or 'interval not known'}{noise}){speed}. {verdict}"


def _times(faster: float) -> str:
    if 0.8 < faster < 1.25:
        return "as fast"
    return f"{words.number(faster, 2)} times as fast" if faster > 1 else f"{words.number(1 / faster, 2)} times as slow"
