"""Samples as fetch leaves them: one .npz, whatever the source was."""

import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flashfit.errors import DataError


@dataclass(frozen=True)
class Samples:
    """What a source holds, in its order.

    x: (n, …), of the source's dtype. labels, ids: (n,) str. groups, splits: (n,) str, where it has them.
    """

    x: NDArray[np.generic]
    labels: NDArray[np.str_]
    ids: NDArray[np.str_]
    groups: NDArray[np.str_] | None = None
    splits: NDArray[np.str_] | None = None

    def __len__(self) -> int:
        return len(self.labels)


def save_samples(path: Path, samples: Samples) -> None:
    """Write samples; the same samples give the same bytes."""
    arrays: dict[str, Any] = {"x": samples.x, "label": samples.labels, "id": samples.ids}
    if samples.groups is not None:
        arrays["group"] = samples.groups
    if samples.splits is not None:
        arrays["split"] = samples.splits
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savez(path, **arrays)


def load_arrays(path: Path, required: tuple[str, ...]) -> dict[str, NDArray[np.generic]]:
    """Every array of an .npz; pickled objects are refused. Raises DataError for anything that is not one."""
    if not path.is_file():
        raise DataError(f"{path} does not exist")
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = {key: file[key] for key in file.files}
    except (OSError, ValueError, TypeError, EOFError, KeyError, zipfile.BadZipFile, zlib.error) as error:
        raise DataError(f"{path} is not a readable .npz file: {error}") from None
    if missing := [key for key in required if key not in arrays]:
        raise DataError(f"{path} has no array {', '.join(missing)} (it has: {', '.join(arrays)})")
    if scalars := [key for key in arrays if arrays[key].ndim == 0]:
        raise DataError(f"{path}: {', '.join(scalars)} is one value, not one a sample")
    lengths = {key: len(arrays[key]) for key in arrays}
    if len(set(lengths.values())) > 1:
        raise DataError(f"{path}: arrays differ in length: {lengths}")
    return arrays


def load_samples(path: Path) -> Samples:
    """Read what save_samples, or a user, wrote. Ids are numbered from 0 where there are none.

    Raises DataError when the file is missing or damaged, or holds nothing that can be samples.
    """
    arrays = load_arrays(path, required=("x", "label"))
    count = len(arrays["label"])
    if count == 0:
        raise DataError(f"{path} holds no samples")
    if tables := [key for key in ("label", "id", "group", "split") if key in arrays and arrays[key].ndim > 1]:
        raise DataError(f"{path}: {', '.join(tables)} must have one axis")
    ids = arrays.get("id", np.arange(count))
    return Samples(
        x=arrays["x"],
        labels=arrays["label"].astype(str),
        ids=ids.astype(str),
        groups=arrays["group"].astype(str) if "group" in arrays else None,
        splits=arrays["split"].astype(str) if "split" in arrays else None,
    )
