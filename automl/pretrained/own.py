"""Networks that the user brings, and those of ``keras.applications`` whose weights lie in the local Keras cache; nothing is downloaded.

A file must be one that ``model.save("mine.keras")`` wrote: a network with one input (rows, height, width, 1 or 3 channels), which reads
values from 0 to 255 (a ``keras.layers.Rescaling`` inside it does the rest). What it puts out are the features: vectors as they are, maps by
their mean over all places. A dense layer with softmax or sigmoid at its end is a head of another task and is left out. It is opened with
``safe_mode=True``, so that no code in it runs.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from automl.errors import DataError, did_you_mean

SMALLEST, LARGEST = 32, 224  # sides that a network without a size of its own is shown
_END = "_weights_tf_dim_ordering_tf_kernels_notop.h5"
# name → how it scales pixels, and the file of its weights without a head (keras.applications)
APPLICATIONS = {
    "DenseNet121": ("normal", f"densenet121{_END}"),
    "EfficientNetV2B0": ("inside", "efficientnetv2-b0_notop.h5"),
    "InceptionV3": ("even", f"inception_v3{_END}"),
    "MobileNetV2": ("even", "mobilenet_v2_weights_tf_dim_ordering_tf_kernels_1.0_224_no_top.h5"),
    "MobileNetV3Large": ("inside", "weights_mobilenet_v3_large_224_1.0_float_no_top_v2.h5"),
    "MobileNetV3Small": ("inside", "weights_mobilenet_v3_small_224_1.0_float_no_top_v2.h5"),
    "ResNet50": ("bgr", f"resnet50{_END}"),
    "ResNet50V2": ("even", f"resnet50v2{_END}"),
    "VGG16": ("bgr", f"vgg16{_END}"),
    "Xception": ("even", f"xception{_END}"),
}
_PROBLEMS = (ValueError, TypeError, KeyError, AttributeError, ImportError, NotImplementedError, RuntimeError, OSError, zipfile.BadZipFile)


@dataclass(frozen=True)
class Found:
    """A network to look at pictures with.

    Attributes:
        called: Name of its file, or of the architecture.
        raw: The bytes of its ``.keras`` file: all that is needed to use it again.
    """

    called: str
    raw: bytes

    @property
    def sha256(self) -> str:
        """Hash of the file."""
        return hashlib.sha256(self.raw).hexdigest()


def cached() -> dict[str, Path]:
    """Return the networks of ``keras.applications`` whose weights lie in the local cache, with their files; nothing is downloaded."""
    home = Path(os.environ.get("KERAS_HOME") or Path.home() / ".keras") / "models"
    return {name: home / file for name, (_, file) in APPLICATIONS.items() if (home / file).is_file()}


def find(wanted: str | os.PathLike[str]) -> Found:
    """Return the network that a path or a name means, tried out.

    Args:
        wanted: Path of a ``.keras`` file, or a name of ``keras.applications``.

    Raises:
        DataError: If there is none, or pictures cannot be shown to it.
    """
    name = os.fspath(wanted)
    if name in APPLICATIONS and not Path(name).exists():
        return _application(name)
    try:
        raw = Path(name).read_bytes()
    except OSError as problem:
        here = sorted(cached())
        told = f"the Keras cache holds {', '.join(here)}" if here else "the Keras cache holds none"
        law = "`pretrained` must be a .keras file, or a network of keras.applications in the local cache"
        raise DataError(f"{law}. Received {name!r} ({problem.strerror}); {told}.{did_you_mean(name, APPLICATIONS)}") from problem
    found = Found(Path(name).name, raw)
    network(found)
    return found


def network(found: Found) -> Any:
    """Return the Keras model from pictures (rows, height, width, channels) to features (rows, units).

    Raises:
        DataError: If the file is no Keras model, or its inputs are no pictures.
    """
    import keras

    law = "`pretrained` must be a Keras model of one picture, (height, width, 1 or 3), saved as a .keras file"
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.keras"
        path.write_bytes(found.raw)
        try:
            model = keras.saving.load_model(path, compile=False, safe_mode=True)
            shape = tuple(model.input_shape) if not isinstance(model.input_shape, (list, dict)) else ()
        except _PROBLEMS as problem:
            why = " ".join(str(problem).split())[:200]
            hint = "save it with model.save('mine.keras'), from layers of Keras alone"
            raise DataError(f"{law}. Received {found.called!r}, which Keras cannot open ({why}); {hint}.") from problem
    if len(shape) != 4 or shape[3] not in (1, 3):
        raise DataError(f"{law}. Received {found.called!r} with inputs of the shape {model.input_shape}; leave out what is no picture.")
    values = model.outputs[0] if len(model.outputs) == 1 else None
    last = model.layers[-1]
    if isinstance(last, keras.layers.Dense) and getattr(last.activation, "__name__", "") in ("softmax", "sigmoid"):
        values = last.input
    if values is None or len(values.shape) not in (2, 4) or values.shape[-1] is None:
        told = [tuple(output.shape) for output in model.outputs]
        raise DataError(f"{law}, with one output of vectors or maps. Received {found.called!r} with outputs {told}; cut off the rest.")
    if len(values.shape) == 4:
        values = keras.layers.GlobalAveragePooling2D()(values)
    return keras.Model(model.inputs[0], values)


def size_of(model: Any, side: int) -> tuple[int, int]:
    """Return the height and width that a network is shown: its own, or near those of the pictures where it has none.

    Args:
        model: As :func:`network` gives it.
        side: Of the decoded pictures.
    """
    own = tuple(model.input_shape[1:3])
    free = int(np.clip(side, SMALLEST, LARGEST))
    return tuple(free if one is None else int(one) for one in own)  # type: ignore[return-value]


def looking(found: Found, side: int) -> tuple[Callable[[Any], Any], int]:
    """Return what maps pictures (rows, height, width, 1 or 3), values from 0 to 255, to features, and how many features there are."""
    from keras import ops

    model = network(found)
    size, channels = size_of(model, side), int(model.input_shape[3])

    def look(pictures: Any) -> Any:
        values = ops.cast(pictures, "float32")
        if values.shape[-1] != channels:
            values = ops.repeat(values, 3, axis=-1) if channels == 3 else ops.mean(values, axis=-1, keepdims=True)
        if tuple(values.shape[1:3]) != size:
            values = ops.image.resize(values, size, interpolation="bilinear", antialias=False, data_format="channels_last")
        return ops.cast(model(values, training=False), "float32")

    return look, int(model.outputs[0].shape[-1])


def _application(name: str) -> Found:
    """Return a network of ``keras.applications`` with the weights of the cache, with its scaling of pixels inside."""
    import keras

    path = cached().get(name)
    if path is None:
        file, home = APPLICATIONS[name][1], os.environ.get("KERAS_HOME") or "~/.keras"
        law = "A network of keras.applications must lie in the local Keras cache"
        hint = f"nothing is downloaded; keras.applications.{name}(include_top=False) does it"
        raise DataError(f"{law}. Received {name!r} without {home}/models/{file}: {hint}.")
    try:
        tower = getattr(keras.applications, name)(include_top=False, weights=str(path), input_shape=(LARGEST, LARGEST, 3), pooling="avg")
    except _PROBLEMS as problem:
        why = " ".join(str(problem).split())[:200]
        raise DataError(f"The weights in the Keras cache must fit {name}. Received {path.name!r} ({why}); delete the file.") from problem
    picture = keras.Input((LARGEST, LARGEST, 3), dtype="float32")
    model = keras.Model(picture, tower(_scaled(picture, APPLICATIONS[name][0])))
    with tempfile.TemporaryDirectory() as folder:
        model.save(Path(folder) / "model.keras")
        return Found(name, (Path(folder) / "model.keras").read_bytes())


def _scaled(picture: Any, how: str) -> Any:
    """Scale pixels from 0 to 255 as ``preprocess_input`` of an architecture does."""
    import keras

    if how == "inside":
        return picture
    if how == "even":
        return keras.layers.Rescaling(1 / 127.5, offset=-1.0)(picture)
    kernel: NDArray[Any] = np.eye(3)
    if how == "normal":
        mean, deviation = np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225])
        kernel, bias = kernel / (255.0 * deviation), -mean / deviation
    else:
        kernel, bias = kernel[::-1], -np.array([103.939, 116.779, 123.68])
    layer = keras.layers.Conv2D(3, 1, trainable=False, name="scaled")
    scaled = layer(picture)
    layer.set_weights([kernel[None, None].astype("float32"), bias.astype("float32")])
    return scaled
