"""Samples with their labels in an .npz file, checked against a model and read a block at a time."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flashfit.errors import DataError
from flashfit.runtime.tensor import Tensor, quantized
from flashfit.tflite.interface import Interface
from flashfit.tflite.npz import Header, read_headers, read_rows

_BLOCK_SAMPLES = 256
_BLOCK_BYTES = 8 * 2**20
_LABELS_AT_ONCE = 1 << 16


@dataclass(frozen=True)
class Samples:
    """x (n, …) and y (n,), as they lie in a file. Nothing but their headers is read."""

    path: Path
    x: Header
    y: Header

    @property
    def n(self) -> int:
        """How many samples."""
        return self.x.shape[0]


def open_samples(path: Path) -> Samples:
    """The headers of x and y, which are all that is read.

    Raises DataError for a file that is missing or damaged, or whose arrays are not one sample and one whole
    number after the other.
    """
    x, y = read_headers(path, ("x", "y"))
    _check(path, x, y)
    return Samples(path, x, y)


def fitting(samples: Samples, interface: Interface) -> None:
    """Raise DataError unless the model takes x and can answer every y. Reads all of y, in blocks."""
    check_x(f"{samples.path}: x", samples.x.shape, samples.x.dtype, interface)
    start = 0
    for block in _rows(samples, "y", _LABELS_AT_ONCE):
        wrong = np.flatnonzero((block < 0) | (block >= interface.classes))
        if len(wrong):
            raise DataError(
                f"{samples.path}: y[{start + wrong[0]}] is {block[wrong[0]]}, and the model's answers are 0 to "
                f"{interface.classes - 1}"
            )
        start += len(block)


def check_x(name: str, shape: tuple[int, ...], dtype: np.dtype[Any], interface: Interface) -> None:
    """Raise DataError unless samples of this shape, (n, …), and type are what the model takes.

    Axes of length 1 make no difference. Floats are quantized; other numbers must be of the input's own type.
    """
    input_ = interface.input
    if _sides(shape[1:]) != _sides(input_.shape[1:]):
        raise DataError(f"{name} has samples of {_shown(shape[1:])}, and the model takes {_shown(input_.shape[1:])}")
    if dtype.kind == "f" and not interface.takes_floats:
        raise DataError(f"{name} is {dtype.name}, and the model's {input_.dtype} input has no scale to quantize it by")
    if dtype.kind != "f" and dtype.name != input_.dtype:
        raise DataError(f"{name} is {dtype.name}; this model takes floats or {input_.dtype}")


def stored(name: str, x: NDArray[Any], start: int, input_: Tensor) -> NDArray[Any]:
    """A block of samples, (rows, …), as the model's input stores them. start: the block's first index in x.

    Raises DataError for NaN and infinity, also for what becomes that in float32.
    """
    x = x.reshape(len(x), *input_.shape[1:])
    if x.dtype.kind != "f":
        return x.astype(input_.dtype)
    with np.errstate(over="ignore"):
        values = x.astype(np.float32)
    unfit = np.flatnonzero(~np.isfinite(values).reshape(len(x), -1).all(axis=1))
    if len(unfit):
        value = x[unfit[0]][~np.isfinite(values[unfit[0]])][0]
        raise DataError(f"{name}[{start + unfit[0]}] holds {value}; every value must be a finite float32")
    with np.errstate(over="ignore"):  # a damaged model's scale may be next to nothing
        return quantized(values, input_)


def blocks(samples: Samples, input_: Tensor) -> Iterator[tuple[NDArray[Any], NDArray[np.int64]]]:
    """x as the model's input stores it and y, (rows, …) and (rows,), 256 samples or 8 MiB at a time."""
    rows = block_rows(samples.x.row_bytes)
    start = 0
    for x, y in zip(_rows(samples, "x", rows), _rows(samples, "y", rows), strict=True):
        yield stored(f"{samples.path}: x", x, start, input_), y.astype(np.int64)
        start += len(x)


def block_rows(row_bytes: int) -> int:
    """How many samples of a size go into a block."""
    return max(1, min(_BLOCK_SAMPLES, _BLOCK_BYTES // max(1, row_bytes)))


def _check(path: Path, x: Header, y: Header) -> None:
    if x.dtype.kind not in "fiu":
        raise DataError(f"{path}: x is {x.dtype}; it must be floats, or integers of the model's own type")
    if y.dtype.kind not in "iu":
        raise DataError(f"{path}: y is {y.dtype}; it must be integers, the number of each sample's class")
    if len(x.shape) < 2:
        raise DataError(f"{path}: x is of shape {x.shape}; it must be (n, …), one sample after the other")
    if len(y.shape) != 1:
        raise DataError(f"{path}: y is of shape {y.shape}; it must be (n,)")
    if x.shape[0] != y.shape[0]:
        raise DataError(f"{path}: x has {x.shape[0]:,} samples and y {y.shape[0]:,}")
    if x.shape[0] == 0:
        raise DataError(f"{path} holds no samples")


def _rows(samples: Samples, key: str, step: int) -> Iterator[NDArray[Any]]:
    return read_rows(samples.path, key, samples.x if key == "x" else samples.y, step)


def _sides(shape: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(size for size in shape if size != 1)


def _shown(shape: tuple[int, ...]) -> str:
    return " × ".join(map(str, shape)) or "a single value"
