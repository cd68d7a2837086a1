"""Model inputs as prepare leaves them: one .npz a split."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from flashfit.data.samples import load_arrays

SPLITS = ("train", "validation", "test")


@dataclass(frozen=True)
class Features:
    """x: (n, …) float32 model inputs. y: (n,) int64 indices into the product's labels. ids: (n,) str."""

    x: NDArray[np.float32]
    y: NDArray[np.int64]
    ids: NDArray[np.str_]

    def __len__(self) -> int:
        return len(self.y)


def save_features(path: Path, features: Features) -> None:
    """Write one split; the same features give the same bytes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savez(path, x=features.x, y=features.y, id=features.ids)


def load_features(path: Path) -> Features:
    """Read one split. Raises DataError when the file is missing or damaged."""
    arrays = load_arrays(path, required=("x", "y", "id"))
    return Features(
        x=arrays["x"].astype(np.float32),
        y=arrays["y"].astype(np.int64),
        ids=arrays["id"].astype(str),
    )
