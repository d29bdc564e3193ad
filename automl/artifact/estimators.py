"""scikit-learn estimators in a model file: skops with our own list of exact types; forests as flat, checked arrays.

skops trusts every scikit-learn estimator and a good deal more by default. We walk its description of the object first and refuse every
(kind of node, type) pair that is not in :data:`ALLOWED`, then check the indices inside the trees, which scikit-learn follows unchecked.
"""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any

import numpy as np
from numpy.typing import NDArray

from automl.artifact.arrays import check_stored, pack, read_array, unpack
from automl.artifact.container import BROKEN
from automl.artifact.manifest import ALTERED
from automl.errors import ArtifactError

_GRADIENT = "sklearn.ensemble._hist_gradient_boosting"
_PREDICTOR = f"{_GRADIENT}.predictor.TreePredictor"
_FOREST = "sklearn.ensemble._forest"
FORESTS = frozenset(f"{_FOREST}.{kind}{task}" for kind in ("ExtraTrees", "RandomForest") for task in ("Classifier", "Regressor"))

OBJECTS = frozenset(
    {
        "sklearn.linear_model._logistic.LogisticRegression",
        "sklearn.linear_model._ridge.Ridge",
        "sklearn.dummy.DummyClassifier",
        "sklearn.dummy.DummyRegressor",
        "sklearn.decomposition._truncated_svd.TruncatedSVD",
        f"{_GRADIENT}.gradient_boosting.HistGradientBoostingClassifier",
        f"{_GRADIENT}.gradient_boosting.HistGradientBoostingRegressor",
        f"{_GRADIENT}.binning._BinMapper",
        _PREDICTOR,
        # How HistGradientBoosting turns category columns into codes.
        "sklearn.compose._column_transformer.ColumnTransformer",
        "sklearn.preprocessing._encoders.OrdinalEncoder",
        "sklearn.preprocessing._function_transformer.FunctionTransformer",
        "sklearn.preprocessing._label.LabelEncoder",
        "sklearn._loss.link.Interval",
        "sklearn._loss.link.IdentityLink",
        "sklearn._loss.link.LogitLink",
        "sklearn._loss.link.MultinomialLogit",
        "sklearn._loss.loss.HalfSquaredError",
        "sklearn._loss.loss.HalfBinomialLoss",
        "sklearn._loss.loss.HalfMultinomialLoss",
    }
)
_SCALARS = frozenset({"bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "float32", "float64"})
_CHECK_ARRAY = "sklearn.utils.validation.check_array"

ALLOWED: dict[str, frozenset[str]] = {
    "ObjectNode": OBJECTS,
    "LossNode": frozenset(f"sklearn._loss._loss.Cy{name}" for name in ("HalfSquaredError", "HalfBinomialLoss", "HalfMultinomialLoss")),
    "NdArrayNode": frozenset({"numpy.ndarray", *(f"numpy.{name}" for name in _SCALARS)}),
    "TypeNode": frozenset({"builtins.str", "builtins.int", "builtins.float", "builtins.bool", *(f"numpy.{name}" for name in _SCALARS)}),
    "DictNode": frozenset({"builtins.dict"}),
    "ListNode": frozenset({"builtins.list"}),
    "TupleNode": frozenset({"builtins.tuple"}),
    "SliceNode": frozenset({"builtins.slice"}),
    "JsonNode": frozenset({"builtins.str"}),
    "RandomGeneratorNode": frozenset({"numpy.random._generator.Generator"}),
    "PartialNode": frozenset({"functools.partial"}),
    "FunctionNode": frozenset({_CHECK_ARRAY}),
}
# What skops does not trust by itself; everything else on our list it does.
TRUSTED = [_PREDICTOR, "functools.partial", _CHECK_ARRAY]


def dump(estimator: Any, where: str) -> tuple[str, bytes]:
    """Return the kind ("skops" or "forest") and the bytes of a fitted estimator.

    Raises:
        ArtifactError: Its type, or that of something in it, is not on the list.
    """
    from automl.families._forest import Forest

    if _type_name(type(estimator)) in FORESTS:
        estimator = Forest.of(estimator)
    if isinstance(estimator, Forest):
        return "forest", pack(estimator.to_arrays(), where)
    if _type_name(type(estimator)) not in OBJECTS:
        raise _not_allowed(_type_name(type(estimator)), where)
    import skops.io
    from skops.io.exceptions import UnsupportedTypeException

    try:
        data = skops.io.dumps(estimator, compression=zipfile.ZIP_STORED)
    except (UnsupportedTypeException, TypeError) as problem:
        raise ArtifactError(f"A stored estimator must consist of known types. Received {where!r}: {problem}.") from problem
    with zipfile.ZipFile(io.BytesIO(data)) as source:
        _check_types(json.loads(source.read("schema.json")), where)
    return "skops", bytes(data)


def load(data: bytes, kind: str, where: str) -> Any:
    """Rebuild an estimator from :func:`dump`, once its types are known to be on the list.

    Raises:
        ArtifactError: They are not, or the content is damaged.
    """
    if kind == "forest":
        from automl.families._forest import Forest

        return Forest.from_arrays(unpack(data, where))
    _inspect(data, where)
    import skops.io
    from skops.io.exceptions import UntrustedTypesFoundException

    try:
        estimator = skops.io.loads(data, trusted=TRUSTED)
    except UntrustedTypesFoundException as problem:
        raise _not_allowed(str(problem), where) from problem
    # Types are known by now, but a crafted file can still give a type attributes that its __setstate__ trips over in any way.
    except Exception as problem:
        raise _damaged(where) from problem
    _check_trees(estimator, where)
    return estimator


def _inspect(data: bytes, where: str) -> None:
    """Check the zip, every array and the description of the object; nothing is built here."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as source:
            check_stored(source, len(data), where)
            for entry in source.infolist():
                if entry.filename != "schema.json":
                    read_array(source.read(entry), where)
            schema = json.loads(source.read("schema.json"))
    except (*BROKEN, KeyError, RecursionError) as problem:
        if isinstance(problem, ArtifactError):
            raise
        raise _damaged(where) from problem
    _check_types(schema, where)


def _check_types(schema: Any, where: str) -> None:
    from skops.io._protocol import PROTOCOL

    if not isinstance(schema, dict) or schema.get("protocol") != PROTOCOL or type(schema.get("protocol")) is not int:
        raise ArtifactError(f"A stored estimator must have skops protocol {PROTOCOL}. Received another in {where!r}. Save the model again.")
    if _node_type(schema) not in OBJECTS:
        raise _not_allowed(_node_type(schema), where)
    todo: list[Any] = [schema]
    while todo:
        item = todo.pop()
        if isinstance(item, dict):
            if "__loader__" in item or "__class__" in item or "__module__" in item:
                loader = item.get("__loader__")
                if not isinstance(loader, str) or _node_type(item) not in ALLOWED.get(loader, frozenset()):
                    raise _not_allowed(f"{_node_type(item)} ({loader})", where)
            todo.extend(item.values())
        elif isinstance(item, list):
            todo.extend(item)


def _node_type(node: dict[str, Any]) -> str:
    return f"{node.get('__module__')}.{node.get('__class__')}"


def _check_trees(estimator: Any, where: str) -> None:
    """Refuse gradient boosting trees that point outside of themselves or of the data's columns."""
    if not _type_name(type(estimator)).startswith(_GRADIENT):
        return
    from sklearn.ensemble._hist_gradient_boosting.common import PREDICTOR_RECORD_DTYPE

    try:
        width, outputs = int(estimator.n_features_in_), int(estimator.n_trees_per_iteration_)
        encoder, categorical = estimator._preprocessor, np.asarray(estimator._bin_mapper.is_categorical_)
        # scikit-learn skips its own checks of the input while this is set.
        fine = not getattr(estimator, "_in_fit", False) and categorical.shape == (width,)
        if encoder is not None:
            fine = fine and encoder.n_features_in_ == width and encoder.transform(np.zeros((1, width))).shape == (1, width)
        fine = fine and all(len(iteration) == outputs for iteration in estimator._predictors)
        trees = (tree for iteration in estimator._predictors for tree in iteration)
        fine = fine and all(_is_sound(tree, categorical != 0, PREDICTOR_RECORD_DTYPE) for tree in trees)
    except (AttributeError, TypeError, ValueError, IndexError, KeyError) as problem:
        raise _damaged(where) from problem
    if not fine:
        raise _damaged(where)


def _is_sound(tree: Any, categorical: NDArray[np.bool_], dtype: np.dtype[Any]) -> bool:
    nodes, sets = tree.nodes, tree.raw_left_cat_bitsets
    if _type_name(type(tree)) != _PREDICTOR or nodes.dtype != dtype or nodes.ndim != 1 or not len(nodes):
        return False
    if sets.dtype != np.uint32 or sets.ndim != 2 or sets.shape[1] != 8:
        return False
    place = np.flatnonzero(nodes["is_leaf"] == 0)
    inner = nodes[place]
    # A child stands behind its parent, so that every walk from the root ends.
    steps = all(((inner[side] > place) & (inner[side] < len(nodes))).all() for side in ("left", "right"))
    if not steps or not ((inner["feature_idx"] >= 0) & (inner["feature_idx"] < len(categorical))).all():
        return False
    split = inner[inner["is_categorical"] != 0]
    return bool(categorical[split["feature_idx"]].all() and (split["bitset_idx"] < len(sets)).all())


def _type_name(kind: type) -> str:
    return f"{kind.__module__}.{kind.__qualname__}"


def _not_allowed(name: str, where: str) -> ArtifactError:
    return ArtifactError(f"A stored estimator must consist of types on automl's list. Received {name} in {where!r}; nothing was opened.")


def _damaged(where: str) -> ArtifactError:
    return ArtifactError(f"A stored estimator must be complete and sound. Received {where!r}, which is not.{ALTERED}")
