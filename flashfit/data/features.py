"""Model inputs as prepare leaves them: a folder a split, its arrays read where they lie."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flashfit.errors import DataError

SPLITS = ("train", "validation", "test")
AUGMENTED = "augmented"
"""Beside the splits: variations of training samples."""


@dataclass(frozen=True)
class Features:
    """x: (n, …) float32 model inputs. ids, groups: (n,) str.

    y: (n,) what is to be answered: int64 indices into the product's labels, or float32 targets.
    """

    x: NDArray[np.float32]
    y: NDArray[Any]
    ids: NDArray[np.str_]
    groups: NDArray[np.str_]

    def __len__(self) -> int:
        return len(self.y)

    def at(self, chosen: NDArray[Any]) -> "Features":
        """Those that a mask or indices choose."""
        return Features(self.x[chosen], self.y[chosen], self.ids[chosen], self.groups[chosen])


def copy_id(id_: str, number: int) -> str:
    """The id of a varied copy of a sample, counted from 1."""
    return f"{id_}+{number}"


def original_id(copy: str) -> str:
    """The id of the sample that a copy is of."""
    return copy.rsplit("+", 1)[0]


def joined(one: Features, other: Features) -> Features:
    """All samples of both, in memory."""
    pairs = ((one.x, other.x), (one.y, other.y), (one.ids, other.ids), (one.groups, other.groups))
    return Features(*(np.concatenate(pair) for pair in pairs))


class FeatureWriter:
    """Writes n samples of one shape into a folder, one at a time; the same samples give the same bytes."""

    def __init__(self, folder: Path, count: int, shape: tuple[int, ...]) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._x = np.lib.format.open_memmap(folder / "x.npy", "w+", np.float32, (count, *shape))
        self._y: list[int | float] = []
        self._ids: list[str] = []
        self._groups: list[str] = []

    def add(self, x: NDArray[np.float32], y: int | float, id_: str, group: str) -> None:
        """The next sample."""
        self._x[len(self._y)] = x
        self._y.append(y)
        self._ids.append(id_)
        self._groups.append(group)

    def close(self) -> None:
        """Write what is left. Raises ValueError where fewer were added than announced."""
        if len(self._y) != len(self._x):
            raise ValueError(f"{len(self._y)} samples of {len(self._x)} were added")
        self._x.flush()
        whole = all(isinstance(value, int) for value in self._y)
        np.save(self._folder / "y.npy", np.array(self._y, dtype=np.int64 if whole else np.float32))
        np.save(self._folder / "id.npy", np.array(self._ids, dtype=np.str_))
        np.save(self._folder / "group.npy", np.array(self._groups, dtype=np.str_))


def load_features(folder: Path) -> Features:
    """Read one split; x stays on disk until it is used. Raises DataError when a file is missing or damaged."""
    x, y, ids, groups = (_array(folder / f"{name}.npy") for name in ("x", "y", "id", "group"))
    if len({len(array) for array in (x, y, ids, groups)}) > 1:
        raise DataError(f"{folder}: its arrays differ in length")
    return Features(x, y, ids.astype(str), groups.astype(str))


def _array(path: Path) -> NDArray[Any]:
    try:
        array: NDArray[Any] = np.load(path, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise DataError(f"{path} is not a readable array: {error}") from None
    return array
