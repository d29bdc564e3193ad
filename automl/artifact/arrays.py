"""Named arrays as an npz that is read without pickle and without believing its headers."""

from __future__ import annotations

import io
import math
import zipfile
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from automl.artifact.container import BROKEN
from automl.artifact.manifest import ALTERED
from automl.errors import ArtifactError

MAXIMUM_HEADER = 10_000


def pack(arrays: Mapping[str, NDArray[Any]], where: str) -> bytes:
    """Return the arrays as npz bytes, uncompressed (the file around them is compressed).

    Raises:
        ArtifactError: An array holds Python objects.

    Example:
        >>> unpack(pack({"weights": np.arange(3)}, "part"), "part")["weights"].tolist()
        [0, 1, 2]
    """
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as target:
        for name, array in arrays.items():
            values = np.asarray(array)
            if values.dtype.hasobject:
                raise ArtifactError(f"A stored array must hold numbers or fixed-width text. Received objects in {name!r} of {where!r}.")
            with target.open(zipfile.ZipInfo(f"{name}.npy"), "w", force_zip64=True) as stream:
                npy.write_array(stream, values, allow_pickle=False)
    return buffer.getvalue()


def unpack(data: bytes, where: str) -> dict[str, NDArray[Any]]:
    """Read what :func:`pack` wrote.

    Raises:
        ArtifactError: It is something else, or holds objects.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as source:
            check_stored(source, len(data), where)
            return {entry.filename.removesuffix(".npy"): read_array(source.read(entry), where) for entry in source.infolist()}
    except BROKEN as problem:
        if isinstance(problem, ArtifactError):
            raise
        raise ArtifactError(f"A model's arrays must be a proper npz. Received something else in {where!r}.{ALTERED}") from problem


def check_stored(source: zipfile.ZipFile, size: int, where: str) -> None:
    """Refuse a zip inside the model that is compressed, repeats a name or claims more bytes than it has.

    Raises:
        ArtifactError: It is one of these.
    """
    entries = source.infolist()
    plain = all(entry.compress_type == zipfile.ZIP_STORED and entry.file_size == entry.compress_size for entry in entries)
    if not plain or len({entry.filename for entry in entries}) != len(entries) or sum(entry.file_size for entry in entries) > size:
        raise ArtifactError(f"Content of a model's member must be stored uncompressed and once. Received something else in {where!r}.")


def read_array(data: bytes, where: str) -> NDArray[Any]:
    """Read one npy; its header must describe exactly the bytes that follow, and no objects.

    Raises:
        ArtifactError: It does not.
    """
    stream = io.BytesIO(data)
    try:
        version = npy.read_magic(stream)
        read_header = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}[version]
        shape, fortran, dtype = read_header(stream, max_header_size=MAXIMUM_HEADER)
    except (ValueError, KeyError, SyntaxError, TypeError, RecursionError, EOFError) as problem:
        raise ArtifactError(f"A model's array must be in NumPy's format 1 or 2. Received something else in {where!r}.") from problem
    if dtype.hasobject:
        raise ArtifactError(f"A model's array must not hold Python objects. Received pickled objects in {where!r}; nothing was opened.")
    start = stream.tell()
    if min(shape, default=0) < 0 or math.prod(shape) * dtype.itemsize != len(data) - start:
        raise ArtifactError(f"A model's array must be as large as its header says. Received another size in {where!r}.{ALTERED}")
    # A copy, because an array over the file's bytes could not be written to.
    values = np.frombuffer(data, dtype, offset=start).copy() if len(data) > start else np.zeros(math.prod(shape), dtype)
    return values.reshape(shape, order="F" if fortran else "C")
