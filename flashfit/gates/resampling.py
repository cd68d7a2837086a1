"""What the bootstrap draws: samples, or what holds samples together that are not independent."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

DRAWS = 1000

_COUNTS_AT_ONCE = 1 << 20


@dataclass(frozen=True)
class Units:
    """index: (n,) the unit of each sample, 0 to count - 1. kind: `samples`, `groups` or `runs`."""

    index: NDArray[np.int64]
    count: int
    kind: str

    @property
    def alone(self) -> bool:
        """Whether each sample is a unit of its own."""
        return self.count == len(self.index)

    def at(self, chosen: NDArray[np.bool_]) -> "Units":
        """The units of the samples that a mask chooses, numbered anew."""
        names, index = np.unique(self.index[chosen], return_inverse=True)
        return Units(index.astype(np.int64), len(names), self.kind)

    def __str__(self) -> str:
        return f"{self.count:,} {self.kind}"


def units_of(groups: NDArray[np.str_], in_order: bool = False) -> Units:
    """Whole groups, where there are fewer of them than samples; else samples.

    One group alone says nothing of how groups differ: it is cut into runs, as are samples that are in_order
    of time and belong to no group. A run is n^(1/3) consecutive samples, long enough for neighbours that err
    alike (the rate of Hall, Horowitz and Jing, 1995).
    """
    names, index = np.unique(groups, return_inverse=True)
    n = len(groups)
    if 1 < len(names) < n:
        return Units(index.astype(np.int64), len(names), "groups")
    if n > 1 and (in_order or len(names) == 1):
        runs = np.arange(n) // int(np.ceil(n ** (1 / 3)))
        return Units(runs, int(runs[-1]) + 1, "runs")
    return samples(n)


def samples(n: int, kind: str = "samples") -> Units:
    """n samples, each a unit of its own."""
    return Units(np.arange(n), n, kind)


def draws(count: int, seed: int, width: int = 0) -> Iterator[NDArray[np.float64]]:
    """How often each of `count` units is drawn, in blocks (draws, count); DRAWS rows in all, each summing to count.

    width: how many numbers a row will be spread to, where that is more than count; it makes blocks shorter.
    """
    rng = np.random.default_rng(seed)
    block = max(1, min(DRAWS, _COUNTS_AT_ONCE // max(count, width)))
    for start in range(0, DRAWS, block):
        rows = min(block, DRAWS - start)
        drawn = rng.integers(0, count, (rows, count)) + count * np.arange(rows)[:, None]
        yield np.bincount(drawn.ravel(), minlength=rows * count).reshape(rows, count).astype(np.float64)
