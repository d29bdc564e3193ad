"""The zip around a model: written in one go or not at all, and verified to the last byte before anything in it is opened."""

from __future__ import annotations

import errno
import hashlib
import os
import secrets
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

from automl.artifact.manifest import ALTERED, Manifest, Member
from automl.errors import ArtifactError, DataError, did_you_mean

MANIFEST = "manifest.json"
MAXIMUM_MEMBERS = 10_000
MAXIMUM_MANIFEST = 16 * 2**20
MAXIMUM_BYTES = 4 * 2**30  # of all members together, uncompressed
ALWAYS_FINE = 256 * 2**20  # below, no compression ratio is suspicious
MAXIMUM_RATIO = 200  # arrays of networks and trees reach 2 to 20
CHUNK = 2**20

# What zipfile raises on bytes that are not a proper zip.
BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, ValueError, NotImplementedError, RuntimeError, OverflowError, OSError)

Members = Iterator[tuple[str, bytes]]


def write_members(path: Path, members: Iterable[tuple[str, bytes]], manifest: Manifest) -> Path:
    """Write the members and a manifest of them to a temporary file beside `path`, then rename it.

    Raises:
        DataError: The folder or the file cannot be written.
    """
    if path.is_dir():
        raise DataError(f"A model must be saved to a file. Received the folder path={str(path)!r}. Add a name such as 'model.automl'.")
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        stream = open(temporary, "xb")  # noqa: SIM115, closed below; an error here must not remove anything
    except OSError as problem:
        raise _cannot("saved", path, problem) from problem
    try:
        with stream:
            _write(stream, members, manifest)
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(temporary, path)
    except BaseException as problem:
        temporary.unlink(missing_ok=True)
        if isinstance(problem, OSError):
            raise _cannot("saved", path, problem) from problem
        raise
    return path


def _write(stream: BinaryIO, members: Iterable[tuple[str, bytes]], manifest: Manifest) -> None:
    table: dict[str, Member] = {}
    total = 0
    with zipfile.ZipFile(stream, "w") as target:
        for name, data in members:
            total += len(data)
            if total > MAXIMUM_BYTES:
                limit = f"{MAXIMUM_BYTES / 2**30:.0f} GiB"
                raise ArtifactError(f"A model must be smaller than {limit}. Received more. Choose fewer or smaller models.")
            table[name] = Member(size=len(data), sha256=hashlib.sha256(data).hexdigest())
            _add(target, name, data)
        _add(target, MANIFEST, manifest.seal(table).model_dump_json(indent=1).encode())


def _add(target: zipfile.ZipFile, name: str, data: bytes) -> None:
    entry = zipfile.ZipInfo(name)  # no time stamp: the same content gives the same bytes
    # Large and almost empty arrays would look like a zip bomb to the reader, so they are stored as they are.
    sample = b"".join(data[start : start + CHUNK // 16] for start in range(0, len(data), max(len(data) // 16, 1)))
    dense = len(data) <= CHUNK or len(zlib.compress(sample, 1)) * MAXIMUM_RATIO > 4 * len(sample)
    entry.compress_type = zipfile.ZIP_DEFLATED if dense else zipfile.ZIP_STORED
    target.writestr(entry, data, compresslevel=1)


def read_members(path: Path, known: Callable[[str], bool]) -> tuple[Manifest, Members]:
    """Verify the whole file, then return its manifest and an iterator over its members.

    Args:
        path: The file.
        known: Whether a member's name is one that a model may have.

    Raises:
        DataError: The file is absent or unreadable.
        ArtifactError: The file is not a model, damaged, altered or too new.
    """
    try:
        stream = open(path, "rb")  # noqa: SIM115, closed by the iterator, which must read the very file that was verified
    except OSError as problem:
        raise _cannot("loaded", path, problem) from problem
    try:
        manifest = _verify(stream, path, known)
    except BaseException:
        stream.close()
        raise
    return manifest, _contents(stream, manifest)


def _verify(stream: BinaryIO, path: Path, known: Callable[[str], bool]) -> Manifest:
    size = os.fstat(stream.fileno()).st_size
    if not size:
        raise ArtifactError(f"A model file must not be empty. Received path={str(path)!r} with 0 bytes. Save the model again.")
    try:
        with zipfile.ZipFile(stream) as source:
            entries = _directory(source, size)
            manifest = Manifest.parse(_content(source, entries[MANIFEST], MAXIMUM_MANIFEST, keep=True)[1])
            _compare(entries, manifest, known)
            for name, member in manifest.members.items():
                _content(source, entries[name], member.size, keep=False, sha256=member.sha256)
    except BROKEN as problem:
        if isinstance(problem, DataError):
            raise
        hint = "It is cut off or damaged; copy or save it again." if _starts_like_zip(stream) else "It is another kind of file."
        raise ArtifactError(f"A model must be a file that automl saved. Received path={str(path)!r}. {hint}") from problem
    return manifest


def _directory(source: zipfile.ZipFile, size: int) -> dict[str, zipfile.ZipInfo]:
    """Return the entries by name, once their declared sizes are known to be sane; nothing is inflated before."""
    listed = source.infolist()
    entries = {entry.filename: entry for entry in listed}
    if len(listed) > MAXIMUM_MEMBERS or len(entries) != len(listed):
        received = f"Received {len(listed)}, {len(entries)} of them different."
        raise ArtifactError(f"A model must have at most {MAXIMUM_MEMBERS} members, each once. {received}")
    if MANIFEST not in entries:
        raise ArtifactError("A model file must hold manifest.json. Received a zip without one, so it is not a model.")
    packed, total = sum(entry.compress_size for entry in listed), sum(entry.file_size for entry in listed)
    if total > MAXIMUM_BYTES or total > max(ALWAYS_FINE, MAXIMUM_RATIO * size) or packed > size:
        raise ArtifactError(f"A model must not be a zip bomb. Received {size:,} bytes that claim to hold {total:,}.")
    for entry in listed:
        if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) or entry.flag_bits & 0x1:
            raise ArtifactError(f"A model's members must be stored or deflated. Received {entry.filename[:80]!r} in another way.")
    return entries


def _compare(entries: dict[str, zipfile.ZipInfo], manifest: Manifest, known: Callable[[str], bool]) -> None:
    present, promised = set(entries) - {MANIFEST}, set(manifest.members)
    strange = sorted(name for name in promised | present if not known(name))
    if strange:
        raise ArtifactError(f"A model must hold nothing but its parts. Received a member named {strange[0][:80]!r}.{ALTERED}")
    for names, what in ((present - promised, "an unlisted"), (promised - present, "no")):
        if names:
            raise ArtifactError(f"A model must hold what its manifest lists. Received {what} member {sorted(names)[0][:80]!r}.{ALTERED}")
    for name, member in manifest.members.items():
        if entries[name].file_size != member.size:
            raise ArtifactError(f"A model's member must have the size that the manifest lists. Received {name!r} with another.{ALTERED}")


def _content(source: zipfile.ZipFile, entry: zipfile.ZipInfo, limit: int, *, keep: bool, sha256: str | None = None) -> tuple[str, bytes]:
    """Inflate one member piece by piece, never beyond `limit`; return its digest and, with `keep`, its bytes."""
    digest, kept, seen = hashlib.sha256(), bytearray(), 0
    with source.open(entry) as stream:
        while piece := stream.read(min(CHUNK, limit - seen + 1)):
            seen += len(piece)
            if seen > limit:
                raise ArtifactError(f"A model's member must not be larger than declared. Received more of {entry.filename[:80]!r}.")
            digest.update(piece)
            if keep:
                kept += piece
    if sha256 is not None and digest.hexdigest() != sha256:
        raise ArtifactError(f"A model's member must match its digest. Received another content of {entry.filename!r}.{ALTERED}")
    return digest.hexdigest(), bytes(kept)


def _contents(stream: BinaryIO, manifest: Manifest) -> Members:
    """Yield each member; checked again while it is read, in case the file was changed in place meanwhile."""
    with stream, zipfile.ZipFile(stream) as source:
        for name, member in manifest.members.items():
            try:
                yield name, _content(source, source.getinfo(name), member.size, keep=True, sha256=member.sha256)[1]
            except (zipfile.BadZipFile, zlib.error, EOFError, KeyError) as problem:
                raise ArtifactError(f"A model must not change while it is read. Received another {name!r}. Load it again.") from problem


def _starts_like_zip(stream: BinaryIO) -> bool:
    stream.seek(0)
    return stream.read(4) == b"PK\x03\x04"


def _cannot(verb: str, path: Path, problem: OSError) -> DataError:
    """Return a sentence for what the operating system refused."""
    received = f"Received path={str(path)!r}"
    if problem.errno in (errno.ENOSPC, errno.EDQUOT):
        return DataError(f"A model needs room on the disk. {received}, but the disk is full. Free some space or choose another folder.")
    if problem.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return DataError(f"A model must be {verb} where you have permission. {received}: {problem.strerror}. Choose another folder.")
    if verb == "saved" and problem.errno in (errno.ENOENT, errno.ENOTDIR, errno.EEXIST):
        law = "A model must be saved in a folder that can be made and written to"
        return DataError(f"{law}. {received}: {problem.strerror}. Choose another folder.")
    if problem.errno == errno.ENOENT:
        siblings = [item.name for item in path.parent.glob("*")] if path.parent.is_dir() else []
        return DataError(f"A model must be an existing file. {received}.{did_you_mean(path.name, siblings)}")
    return DataError(f"A model must be a file that can be {verb}. {received}: {problem.strerror or problem}.")
