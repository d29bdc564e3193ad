"""The winner as a drawing: columns, preparation, the layers of each part, the weighted mean, calibration, decision."""

from __future__ import annotations

import re
from collections import Counter
from itertools import groupby
from typing import TYPE_CHECKING, Any

from automl.report.tried_facts import DrawingFacts, LayerFacts, PartFacts

if TYPE_CHECKING:
    from automl.run import Run

_LAYERS = {
    "Dense": "dense",
    "RankOneDense": "rank-one dense",
    "SharedDense": "shared dense",
    "HeadsDense": "dense of each head",
    "LayerNorm": "normalisation",
    "Relu": "ReLU",
    "Residual": "residual block",
    "Cross": "cross layers",
    "Scale": "scaling",
    "Branches": "two branches",
    "TransformerBlock": "transformer block",
    "Tokens": "a token for each column",
    "Memory": "remembered rows",
    "PiecewiseLinearEncoding": "piecewise-linear numbers",
    "PeriodicEmbedding": "periodic numbers",
    "TreeEncoding": "numbers cut by trees",
    "Categories": "embedded categories",
}
_JOINED = {"Dropout", "Activation"}  # told with the layer before them


def drawing_of(run: Run) -> DrawingFacts:
    """Describe the parts of the fitted model in the order in which a row walks through them.

    Args:
        run: A run that is judged.
    """
    columns = Counter(column.type for column in run.schema.features)
    parts = []
    for part in sorted(run.predictor.parts, key=lambda part: -part.share):
        weighted = [
            (float(weight), trial)
            for trial, weight in zip(run.usable, run.weights, strict=True)
            if weight > 0 and trial.family.name == part.family.name and trial.trained is not None
        ]
        heaviest = max(weighted, key=lambda pair: pair[0])[1]
        models = sum(len(trial.trained.models) for _, trial in weighted if trial.trained is not None)
        spec = run.preprocessor.spec
        layers = _layers(part.family, heaviest.config, spec) if part.family.tags.kind == "network" else _settings(heaviest.config)
        parts.append(PartFacts(title=part.family.title, kind=part.family.tags.kind, share=part.share, models=models, layers=layers))
    return DrawingFacts(columns=dict(columns.most_common()), parts=tuple(parts), after=tuple(_after(run)), answer=_answer(run))


def _after(run: Run) -> list[str]:
    told = []
    if run.task.is_classification:
        method = run.judgement.calibration.method
        told.append("probabilities as they are" if method == "none" else f"calibrated: {method}")
    if run.judgement.threshold is not None:
        told.append(f"flagged above {run.judgement.threshold.value:.3g}")
    if run.judgement.intervals is not None:
        told.append("with a prediction interval")
    return told


def _answer(run: Run) -> str:
    return f"{run.task.target}: {'class and probabilities' if run.task.is_classification else 'number'}"


def _settings(config: dict[str, Any]) -> tuple[LayerFacts, ...]:
    """Tell the settings of a model that has no layers."""
    shown = {key: value for key, value in config.items() if key != "seed"}
    return tuple(LayerFacts(name=key.replace("_", " "), detail=_short(value)) for key, value in list(shown.items())[:6])


def _layers(family: Any, config: dict[str, Any], spec: Any) -> tuple[LayerFacts, ...]:
    """Build the network once more, without weights, and name its layers."""
    from automl.families.networks import KerasFamily

    if not isinstance(family, KerasFamily):
        return _settings(config)
    model = family.build(spec, [config])
    body = getattr(model, "body", None) or model.layers
    first = [layer for layer in (getattr(model, "numbers", None), getattr(model, "categories", None)) if layer is not None]
    told: list[LayerFacts] = [LayerFacts(name=_name(layer)) for layer in first]
    for place, layer in enumerate(body):
        kind = _kind(layer)
        if kind in _JOINED and told:
            rate = config.get("dropout")
            extra = f"dropout {_short(rate)}" if kind == "Dropout" and rate else _activation(layer) if kind == "Activation" else ""
            told[-1] = told[-1].model_copy(update={"detail": ", ".join(text for text in (told[-1].detail, extra) if text)})
            continue
        units = getattr(layer, "units", None)
        last = place == len(body) - 1
        detail = [f"{units} units"] if units and not last else [f"{units} output{'s' if units > 1 else ''}"] if units else []
        told.append(LayerFacts(name=_name(layer), detail=", ".join([*detail, *([_activation(layer)] if _activation(layer) else [])])))
    return tuple(entry.model_copy(update={"times": len(list(equal))}) for entry, equal in groupby(told))


def _kind(layer: Any) -> str:
    return type(layer).__name__.removeprefix("Packed")


def _name(layer: Any) -> str:
    kind = _kind(layer)
    return _LAYERS.get(kind) or re.sub(r"(?<=[a-z])(?=[A-Z])", " ", kind).lower()


def _activation(layer: Any) -> str:
    name = getattr(getattr(layer, "activation", None), "__name__", "")
    return "" if name in ("", "linear") else {"relu": "ReLU", "selu": "SELU", "silu": "SiLU", "gelu": "GELU"}.get(name, name)


def _short(value: Any) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)
