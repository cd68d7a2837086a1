"""Splits that do not leak: what is alike stays together, and stays where it is."""

import hashlib
from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from flashfit.data.features import SPLITS
from flashfit.data.samples import Samples
from flashfit.errors import DataError
from flashfit.params import Split


def assign_splits(samples: Samples, contents: Sequence[str], split: Split, seed: int) -> NDArray[np.str_]:
    """The split of every sample: (n,) of train, validation or test.

    contents: each sample's content hash, the key of a `hash` split where the source has no groups.
    Raises DataError when `given` splits are missing or not among the three.
    """
    if split.by == "given":
        return _given(samples)
    keys = contents if samples.groups is None else samples.groups.tolist()
    return np.array([hash_split(key, split, seed) for key in keys], dtype=np.str_)


def hash_split(key: str, split: Split, seed: int) -> str:
    """The split that a key falls into, whatever other samples there are.

    The key's place in [0, 1) is a hash of it and the seed; test lies lowest, so that another
    validation share moves nothing into or out of test.
    """
    digest = hashlib.sha256(f"{seed}:{key}".encode()).digest()
    place = int.from_bytes(digest[:8], "big") / 2**64
    if place < split.test:
        return "test"
    return "validation" if place < split.test + split.validation else "train"


def splits_spanned(keys: pd.Series, splits: pd.Series) -> pd.Series:
    """For every sample, how many splits hold its key: 1 where nothing leaks."""
    return splits.groupby(keys, sort=False).transform("nunique")


def check_no_leak(table: pd.DataFrame) -> None:
    """Raise DataError when an id, a group or a content hash of the table lies in two splits."""
    for column in ("id", "group", "content_sha256"):
        leaking = table.loc[splits_spanned(table[column], table["split"]) > 1, "id"].unique()
        if len(leaking):
            raise DataError(f"the same {column} lies in two splits: {len(leaking)} samples ({', '.join(leaking[:5])})")


def split_sizes(table: pd.DataFrame) -> str:
    """How many samples each split has, in words."""
    counts = table["split"].value_counts()
    return ", ".join(f"{split} {counts.get(split, 0):,}" for split in SPLITS)


def _given(samples: Samples) -> NDArray[np.str_]:
    if samples.splits is None:
        raise DataError(
            "split.by is given, and the source has no splits", next_step="set split.by to hash in params.yaml"
        )
    wrong = ~np.isin(samples.splits, SPLITS)
    if wrong.any():
        names = ", ".join(repr(str(name)) for name in np.unique(samples.splits[wrong])[:5])
        raise DataError(
            f"splits are {', '.join(SPLITS)}; the source also has {names}: "
            f"{wrong.sum()} samples (first: {samples.ids[wrong][0]})"
        )
    return samples.splits
