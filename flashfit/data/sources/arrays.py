"""Samples that are arrays already: scikit-learn's digits, and .npz files."""

import hashlib
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import IO

import numpy as np
from numpy.typing import NDArray

from flashfit.data.samples import Sample
from flashfit.errors import DataError
from flashfit.params import NpzSource

MEND_SOURCE = "restore the file, or set source.path and source.sha256 in params.yaml to a file you trust"

_COLUMNS = ("label", "id", "group", "split")
_BLOCK_BYTES = 1 << 22
_DAMAGE = (OSError, ValueError, EOFError, zipfile.BadZipFile, zlib.error, RuntimeError, OverflowError)
"""What zipfile raises for a damaged or encrypted archive; NotImplementedError is a RuntimeError."""


def read_digits() -> Iterator[Sample]:
    """1,797 handwritten digits: x (8, 8) float32 of whole numbers 0..16."""
    from sklearn.datasets import load_digits

    digits = load_digits()
    for number, (image, target) in enumerate(zip(digits.images, digits.target, strict=True)):
        yield Sample(f"digits-{number:04d}", image.astype(np.float32), str(target))


def read_npz(source: NpzSource, root: Path) -> Iterator[Sample]:
    """The samples of an .npz file, x a block at a time; ids are numbered from 0 where there are none.

    Raises DataError for a missing file, one with another sha256, and one that holds no samples.
    """
    file = root / source.path
    if not file.is_file():
        raise DataError(f"{source.path} does not exist", next_step=MEND_SOURCE)
    found = _sha256_of_file(file)
    if found != source.sha256:
        raise DataError(
            f"{source.path} has sha256 {found[:12]}…, params.yaml says {source.sha256[:12]}…",
            next_step=MEND_SOURCE,
        )
    try:
        yield from _samples(file)
    except DataError as error:
        raise DataError(f"{error.message} (sha256 {found[:12]}…, as params.yaml says)", next_step=MEND_SOURCE) from None


@dataclass(frozen=True)
class _Header:
    """An array's shape, order and type, as its .npy header has them."""

    shape: tuple[int, ...]
    by_columns: bool
    dtype: np.dtype[np.generic]


def _samples(file: Path) -> Iterator[Sample]:
    try:
        headers = _headers(file)
        _check(file, headers)
        columns = _columns(file, headers)
        for index, x in enumerate(_rows(file, headers["x"])):
            row = {name: str(column[index]) for name, column in columns.items()}
            yield Sample(row.get("id", str(index)), x, row["label"], group=row.get("group"), split=row.get("split"))
    except _DAMAGE as error:
        raise DataError(f"{file} is not a readable .npz file: {error}") from None


def _headers(file: Path) -> dict[str, _Header]:
    """Every array's header; pickled objects are refused."""
    headers = {}
    with zipfile.ZipFile(file) as archive:
        for name in archive.namelist():
            with archive.open(name) as stream:
                headers[name.removesuffix(".npy")] = _header(stream)
    return headers


def _header(stream: IO[bytes]) -> _Header:
    version = np.lib.format.read_magic(stream)
    read = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}.get(version)
    if read is None:
        raise ValueError(f"an array of format {version[0]}.{version[1]}")
    shape, by_columns, dtype = read(stream)
    if dtype.hasobject:
        raise ValueError("Object arrays cannot be loaded")
    return _Header(shape, by_columns, dtype)


def _check(file: Path, headers: dict[str, _Header]) -> None:
    if missing := [key for key in ("x", "label") if key not in headers]:
        raise DataError(f"{file} has no array {', '.join(missing)} (it has: {', '.join(headers)})")
    if scalars := [key for key, header in headers.items() if not header.shape]:
        raise DataError(f"{file}: {', '.join(scalars)} is one value, not one a sample")
    lengths = {key: header.shape[0] for key, header in headers.items()}
    if len(set(lengths.values())) > 1:
        raise DataError(f"{file}: arrays differ in length: {lengths}")
    if lengths["label"] == 0:
        raise DataError(f"{file} holds no samples")
    if tables := [key for key in _COLUMNS if key in headers and len(headers[key].shape) > 1]:
        raise DataError(f"{file}: {', '.join(tables)} must have one axis")


def _columns(file: Path, headers: dict[str, _Header]) -> dict[str, NDArray[np.str_]]:
    with np.load(file, allow_pickle=False) as arrays:
        return {key: arrays[key].astype(str) for key in _COLUMNS if key in headers}


def _rows(file: Path, header: _Header) -> Iterator[NDArray[np.generic]]:
    """x[0], x[1], …, without holding more than a block of them."""
    if header.by_columns:
        with np.load(file, allow_pickle=False) as arrays:
            yield from arrays["x"]
        return
    count, row_shape = header.shape[0], header.shape[1:]
    row_bytes = header.dtype.itemsize * prod(row_shape)
    step = max(1, _BLOCK_BYTES // max(1, row_bytes))
    with zipfile.ZipFile(file) as archive, archive.open("x.npy") as stream:
        _header(stream)
        for start in range(0, count, step):
            rows = min(step, count - start)
            content = stream.read(rows * row_bytes)
            if len(content) < rows * row_bytes:
                raise ValueError(f"x is cut short: {count:,} samples promised, {start:,} read")
            yield from np.frombuffer(content, header.dtype).reshape(rows, *row_shape)
        stream.read(1)  # to the end, where zipfile compares the checksum


def _sha256_of_file(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
