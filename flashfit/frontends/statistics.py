"""What a front end learns from the training samples, in one pass."""

import numpy as np
from numpy.typing import NDArray

_DEAD = 1e-6
"""A deviation below this share of the mean is float32's rounding, not a signal's."""


class Running:
    """Mean and deviation of each column of a stream of rows.

    In float64, by the pairwise update of Chan, Golub and LeVeque, "Updating formulae and a pairwise
    algorithm for computing sample variances" (1979).
    """

    def __init__(self) -> None:
        self._count = 0
        self._mean: NDArray[np.float64] = np.zeros(1)
        self._squares: NDArray[np.float64] = np.zeros(1)

    def add(self, rows: NDArray[np.float32]) -> None:
        """(n, columns), n at least 1."""
        values = rows.astype(np.float64)
        count, mean = len(values), values.mean(axis=0)
        total, step = self._count + count, mean - self._mean
        squares = np.square(values - mean).sum(axis=0)
        self._squares = self._squares + squares + np.square(step) * (self._count * count / total)
        self._mean = self._mean + step * (count / total)
        self._count = total

    @property
    def mean(self) -> tuple[float, ...]:
        """Exact in float32, as the C twin holds it."""
        return _float32(self._mean)

    @property
    def deviation(self) -> tuple[float, ...]:
        """Of the population, exact in float32; 1 for a column that never changes, so that it can be divided by."""
        deviation = np.sqrt(self._squares / max(self._count, 1)).astype(np.float32)
        dead = (deviation <= _DEAD * np.abs(self._mean)) | (deviation == 0)
        return _float32(np.where(dead, 1, deviation))


def _float32(values: NDArray[np.generic]) -> tuple[float, ...]:
    return tuple(float(value) for value in values.astype(np.float32))
