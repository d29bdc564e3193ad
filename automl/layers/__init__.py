"""Keras layers that families share; every weight has a leading ``members`` axis, so that many networks train as one."""

from automl.layers.packed import (
    PackedCategories,
    PackedDense,
    PackedDropout,
    PackedLayer,
    PackedModel,
    PackedScale,
    dropout_masks,
)

__all__ = ["PackedCategories", "PackedDense", "PackedDropout", "PackedLayer", "PackedModel", "PackedScale", "dropout_masks"]
