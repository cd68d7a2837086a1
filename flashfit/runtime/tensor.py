"""A model's input or output, and what its stored numbers mean."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Tensor:
    """A model's input or output: real value = (stored - zero_point) * scale."""

    shape: tuple[int, ...]
    dtype: str
    scale: float
    zero_point: int


def quantized(values: NDArray[np.float32], tensor: Tensor) -> NDArray[Any]:
    """float32 values of any shape as the tensor stores them: rounded half to even, then saturated.

    A tensor of float32 takes them as they are. Every sample that is scored, and every golden vector, goes
    through here.
    """
    if tensor.dtype == "float32":
        return values.astype(np.float32)
    limits = np.iinfo(tensor.dtype)
    steps = np.round(values / np.float32(tensor.scale)) + tensor.zero_point
    stored: NDArray[Any] = np.clip(steps, limits.min, limits.max).astype(tensor.dtype)
    return stored


def real_values(stored: NDArray[Any], tensor: Tensor) -> NDArray[np.float32]:
    """Stored numbers of any shape as float32 real values."""
    return (stored.astype(np.float32) - np.float32(tensor.zero_point)) * np.float32(tensor.scale)
