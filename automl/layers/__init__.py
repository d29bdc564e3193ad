"""Keras layers that families share; every weight has a leading ``members`` axis, so that many networks train as one."""

from automl.layers.adapters import HeadsDense, RankOneDense, SharedDense
from automl.layers.embeddings import PeriodicEmbedding, PiecewiseLinearEncoding, TreeEncoding
from automl.layers.model import PackedModel, pooled
from automl.layers.packed import PackedActivation, PackedCategories, PackedDense, PackedDropout, PackedLayer, PackedScale, dropout_masks

__all__ = [
    "HeadsDense",
    "PackedActivation",
    "PackedCategories",
    "PackedDense",
    "PackedDropout",
    "PackedLayer",
    "PackedModel",
    "PackedScale",
    "PeriodicEmbedding",
    "PiecewiseLinearEncoding",
    "RankOneDense",
    "SharedDense",
    "TreeEncoding",
    "dropout_masks",
    "pooled",
]
