"""The arrays of an .npz file, read a block of rows at a time; pickled objects never."""

import lzma
import shutil
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from math import prod
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from flashfit.errors import DataError

_COPY_BYTES = 1 << 20
_DAMAGE = (
    ValueError,
    EOFError,
    MemoryError,
    OverflowError,
    RuntimeError,
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
)
"""What zipfile raises for a damaged or encrypted archive, and NumPy for a damaged header."""


@dataclass(frozen=True)
class Header:
    """An array as its .npy header has it. by_columns: its rows do not lie one after the other."""

    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    by_columns: bool

    @property
    def row_bytes(self) -> int:
        """Of one row, which is everything behind the first axis."""
        return self.dtype.itemsize * prod(self.shape[1:])


def read_headers(path: Path, keys: tuple[str, ...]) -> tuple[Header, ...]:
    """Of the named arrays. Raises DataError for a file that is missing or damaged, lacks one, or has objects."""
    with _named(path), zipfile.ZipFile(path) as archive:
        members = [name.removesuffix(".npy") for name in archive.namelist() if name.endswith(".npy")]
        if missing := [key for key in keys if key not in members]:
            has = ", ".join(sorted(members)) or "nothing"
            raise DataError(f"{path} has no array {' and no array '.join(missing)} (it has: {has})")
        return tuple(_header(archive, path, key) for key in keys)


def read_rows(path: Path, key: str, header: Header, step: int) -> Iterator[NDArray[Any]]:
    """An array's rows, `step` at a time, in native byte order, stored or compressed.

    Never all of them in memory. Raises DataError where the file is damaged.
    """
    with _named(path), zipfile.ZipFile(path) as archive, archive.open(f"{key}.npy") as stream:
        source = _across(stream, step) if header.by_columns else _along(stream, step, header, key)
        for rows in source:
            yield rows.astype(header.dtype.newbyteorder("="), copy=False)


@contextmanager
def _named(path: Path) -> Iterator[None]:
    """Whatever is wrong with a file says which."""
    try:
        yield
    except FileNotFoundError:
        raise DataError(f"{path} does not exist") from None
    except _DAMAGE as error:
        cause = (str(error).splitlines() or ["damaged"])[0]
        raise DataError(f"{path} is no readable .npz file: {cause}") from None
    except OSError as error:
        raise DataError(f"{path}: {error.strerror or error}") from None


def _header(archive: zipfile.ZipFile, path: Path, key: str) -> Header:
    member = f"{key}.npy"
    with archive.open(member) as stream:
        header = _read_header(stream)
        promised = stream.tell() + header.dtype.itemsize * prod(header.shape)
    if header.dtype.hasobject:
        raise DataError(f"{path}: {key} holds pickled objects, which are never loaded; save numbers")
    found = archive.getinfo(member).file_size
    if found != promised:
        raise DataError(f"{path}: {key} is {found:,} B, and its header promises {promised:,} B")
    return header


def _read_header(stream: IO[bytes]) -> Header:
    version = np.lib.format.read_magic(stream)
    read = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}.get(version)
    if read is None:
        raise ValueError(f"an array of format {version[0]}.{version[1]}")
    shape, by_columns, dtype = read(stream)
    if any(size < 0 for size in shape):
        raise ValueError(f"an array of shape {shape}")
    return Header(shape, dtype, by_columns and len(shape) > 1)


def _along(stream: IO[bytes], step: int, header: Header, key: str) -> Iterator[NDArray[Any]]:
    _read_header(stream)
    for start in range(0, header.shape[0], step):
        rows = min(step, header.shape[0] - start)
        content = stream.read(rows * header.row_bytes)
        if len(content) < rows * header.row_bytes:
            raise ValueError(f"{key} ends within samples {start:,} to {start + rows - 1:,} of {header.shape[0]:,}")
        yield np.frombuffer(content, header.dtype).reshape(rows, *header.shape[1:])
    stream.read(1)  # to the end, where zipfile compares the checksum


def _across(stream: IO[bytes], step: int) -> Iterator[NDArray[Any]]:
    """Of an array stored column by column, as a transposed one is: no row ends before the file does."""
    with TemporaryDirectory() as scratch:
        copy = Path(scratch) / "array.npy"
        with copy.open("wb") as target:
            shutil.copyfileobj(stream, target, _COPY_BYTES)
        array: NDArray[Any] = np.load(copy, mmap_mode="r", allow_pickle=False)
        for start in range(0, len(array), step):
            yield np.ascontiguousarray(array[start : start + step])
