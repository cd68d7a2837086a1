"""IDX files, as MNIST's: http://yann.lecun.com/exdb/mnist/, "the IDX file format"."""

import gzip
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from flashfit.data.samples import Sample
from flashfit.errors import DataError
from flashfit.params import IdxSource
from flashfit.params.sources import IdxPart

_DTYPES = {0x08: ">u1", 0x09: ">i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
_MOST_AXES = 4
_BLOCK_BYTES = 1 << 20
_MEND = "fetch the file again, or name another in source.parts in params.yaml"


@dataclass(frozen=True)
class _Idx:
    """A file and its header. name: for messages."""

    file: Path
    name: Path
    dtype: np.dtype[np.generic]
    shape: tuple[int, ...]

    @property
    def item_bytes(self) -> int:
        """Of one picture, or one label."""
        return self.dtype.itemsize * prod(self.shape[1:])


def read_idx(source: IdxSource, root: Path) -> Iterator[Sample]:
    """The parts in their order: x (h, w) or (h, w, c) of the file's type; labels as whole numbers.

    Every header is compared with what its file holds before the first sample comes. Raises DataError where
    they differ, with both counts, and for files that are missing, damaged or of fewer than two classes.
    """
    base = root / source.path
    if not base.is_dir():
        raise DataError(f"{source.path} is not a folder", next_step="set source.path in params.yaml")
    parts = [(part, _open(source, base, part.images), _open(source, base, part.labels)) for part in source.parts]
    for part, images, labels in parts:
        _check_pair(part, images, labels)
    labels_of = [_all(labels) for _, _, labels in parts]
    classes = np.unique(np.concatenate(labels_of))
    if len(classes) < 2:
        raise DataError(f"{source.path} has one class, {classes[0]}; two are the least")
    for (part, images, _), found in zip(parts, labels_of, strict=True):
        yield from _samples(part, images, found)


def _samples(part: IdxPart, images: _Idx, labels: NDArray[np.generic]) -> Iterator[Sample]:
    held_out = len(labels) - part.hold_out_last
    for number, (x, label) in enumerate(zip(_items(images), labels, strict=True)):
        split = part.split if number < held_out else "validation"
        yield Sample(f"{part.images}@{number:06d}", x, str(int(label)), split=split, path=part.images)


def _check_pair(part: IdxPart, images: _Idx, labels: _Idx) -> None:
    if len(images.shape) < 2 or len(labels.shape) != 1 or labels.dtype.kind not in "iu":
        raise DataError(
            f"{images.name} has {len(images.shape)} axes and {labels.name} {len(labels.shape)} of {labels.dtype.name}: "
            "pictures have 3 or 4, labels one, of whole numbers"
        )
    if images.shape[0] != labels.shape[0]:
        raise DataError(
            f"{images.name} has {images.shape[0]:,} pictures, {labels.name} {labels.shape[0]:,} labels",
            next_step=_MEND,
        )
    if part.hold_out_last >= images.shape[0]:
        raise DataError(f"{images.name} has {images.shape[0]:,} pictures; hold_out_last is {part.hold_out_last:,}")


def _open(source: IdxSource, base: Path, name: str) -> _Idx:
    file = base / name
    if not file.resolve().is_relative_to(base.resolve()):
        raise DataError(f"{source.path / name} points outside the folder")
    if not file.is_file():
        raise DataError(f"{source.path / name} does not exist", next_step=_MEND)
    try:
        return _checked(file, source.path / name)
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"{source.path / name} is damaged: {error}", next_step=_MEND) from None


def _checked(file: Path, name: Path) -> _Idx:
    with _stream(file) as stream:
        idx = _header(stream, file, name)
        there_bytes = 0
        while block := stream.read(_BLOCK_BYTES):
            there_bytes += len(block)
    promised_bytes = idx.shape[0] * idx.item_bytes
    if there_bytes != promised_bytes:
        raise DataError(
            f"{name}: its header promises {'×'.join(map(str, idx.shape))}, {promised_bytes:,} bytes; "
            f"there are {there_bytes:,}, {there_bytes / max(1, idx.item_bytes):,.10g} items",
            next_step=_MEND,
        )
    return idx


def _header(stream: gzip.GzipFile | BinaryIO, file: Path, name: Path) -> _Idx:
    magic = stream.read(4)
    if len(magic) < 4 or magic[:2] != b"\0\0" or magic[2] not in _DTYPES or not 1 <= magic[3] <= _MOST_AXES:
        raise DataError(f"{name} is not an IDX file (it begins with {magic.hex() or 'nothing'})", next_step=_MEND)
    sizes = stream.read(4 * magic[3])
    if len(sizes) < 4 * magic[3]:
        raise DataError(f"{name} ends within its header", next_step=_MEND)
    shape = tuple(int(size) for size in np.frombuffer(sizes, ">u4"))
    if 0 in shape:
        raise DataError(f"{name} holds nothing: its header says {'×'.join(map(str, shape))}", next_step=_MEND)
    return _Idx(file, name, np.dtype(_DTYPES[magic[2]]), shape)


def _items(idx: _Idx) -> Iterator[NDArray[np.generic]]:
    with _stream(idx.file) as stream:
        _header(stream, idx.file, idx.name)
        for _ in range(idx.shape[0]):
            item = np.frombuffer(stream.read(idx.item_bytes), idx.dtype)
            yield item.astype(idx.dtype.newbyteorder("=")).reshape(idx.shape[1:])


def _all(idx: _Idx) -> NDArray[np.generic]:
    return np.array([item[()] for item in _items(idx)])


def _stream(file: Path) -> gzip.GzipFile | BinaryIO:
    with file.open("rb") as stream:
        is_gzip = stream.read(2) == b"\x1f\x8b"
    return gzip.open(file, "rb") if is_gzip else file.open("rb")
