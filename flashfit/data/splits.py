"""Splits that do not leak: what is alike stays together, and stays where it is."""

import hashlib

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from flashfit.data.features import SPLITS
from flashfit.data.overlaps import overlapping
from flashfit.errors import DataError
from flashfit.params import Split

_MOST_OF_TRAINING = 0.5
"""Validation takes no more of a given training split than this, however large the given test split is."""


def assign_splits(rows: pd.DataFrame, split: Split, seed: int) -> NDArray[np.str_]:
    """The split of every sample: (n,) of train, validation or test.

    rows: id, group, split, series, start, end as the source gave them (None or NaN where it did not), and
    content_sha256. Raises DataError where the source lacks what the split is made by.
    """
    if split.by == "given":
        return _given(rows, split, seed)
    if split.by == "time":
        return _by_time(rows, split)
    missing = int(rows["group"].isna().sum())
    if split.by == "group" and missing:
        raise DataError(
            f"split.by is group, and {missing:,} of {len(rows):,} samples have no group",
            next_step="name the source's groups, or set split.by to hash in params.yaml",
        )
    return np.array([hash_split(key, split, seed) for key in _keys(rows)], dtype=np.str_)


def at_borders(rows: pd.DataFrame, splits: pd.Series, split: Split) -> NDArray[np.bool_]:
    """The windows that a split by time leaves out, as they begin before a border and end behind it: (n,).

    No other split leaves any out: where windows of two splits overlap, check_no_leak says so.
    """
    if split.by != "time":
        return np.zeros(len(rows), dtype=bool)
    train, test = (splits == "train").to_numpy(bool), (splits == "test").to_numpy(bool)
    out_of_train = overlapping(rows, splits.where(train, "later")) & train
    into_test = overlapping(rows, splits.where(test, "earlier")) & ~test
    both: NDArray[np.bool_] = out_of_train | into_test
    return both


def hash_split(key: str, split: Split, seed: int) -> str:
    """The split that a key falls into, whatever other samples there are.

    test lies lowest, so that another validation share moves nothing into or out of test.
    """
    place = _place(key, seed)
    if place < split.test:
        return "test"
    return "validation" if place < split.test + split.validation else "train"


def splits_spanned(keys: pd.Series, splits: pd.Series) -> pd.Series:
    """For every sample, how many splits hold its key: 1 where nothing leaks."""
    return splits.groupby(keys, sort=False).transform("nunique")


def splits_of_groups(rows: pd.DataFrame, split: Split) -> pd.Series:
    """For every sample, how many splits hold its group: 1 where nothing leaks.

    Where time separates the splits, a group may lie in several, and it is overlap that leaks. So 1 stands
    for every group of a split by time, and for a group that is one series (a machine that is trained on
    its first hours and tested on the rest), whose windows `overlapping` compares.
    """
    if split.by == "time":
        return pd.Series(1, index=rows.index)
    series = rows["series"].where(rows["start"].notna() & rows["end"].notna())
    unknown = series.isna().groupby(rows["group"], sort=False).transform("any")
    one_series = (series.groupby(rows["group"], sort=False).transform("nunique") == 1) & ~unknown
    return splits_spanned(rows["group"], rows["split"]).mask(one_series, 1)


def check_no_leak(table: pd.DataFrame, split: Split) -> None:
    """Raise DataError when an id, a group or a content hash lies in two splits, or windows of two overlap.

    What is left out leaks nothing. Of groups, see splits_of_groups.
    """
    kept = table[table["left_out"] == ""]
    spanned = {
        "id": splits_spanned(kept["id"], kept["split"]),
        "group": splits_of_groups(kept, split),
        "content_sha256": splits_spanned(kept["content_sha256"], kept["split"]),
    }
    for column, counts in spanned.items():
        _refuse(kept["id"][counts > 1], f"the same {column} lies in two splits")
    _refuse(kept["id"][overlapping(kept, kept["split"])], "windows of two splits overlap")


def split_sizes(table: pd.DataFrame) -> str:
    """How many samples each split has, in words; without those left out."""
    counts = table.loc[table["left_out"] == "", "split"].value_counts()
    return ", ".join(f"{split} {counts.get(split, 0):,}" for split in SPLITS)


def _refuse(leaking: pd.Series, what: str) -> None:
    if len(leaking):
        ids = leaking.unique()
        raise DataError(f"{what}: {len(ids):,} samples ({', '.join(ids[:5])})")


def _place(key: str, seed: int) -> float:
    """A key's place in [0, 1): a hash of it and the seed."""
    return int.from_bytes(hashlib.sha256(f"{seed}:{key}".encode()).digest()[:8], "big") / 2**64


def _keys(rows: pd.DataFrame) -> list[str]:
    """What is hashed: the group, or the content where there is none."""
    return rows["group"].fillna(rows["content_sha256"]).tolist()


def _given(rows: pd.DataFrame, split: Split, seed: int) -> NDArray[np.str_]:
    given = rows["split"]
    if given.isna().all():
        raise DataError(
            "split.by is given, and the source has no splits", next_step="set split.by to hash in params.yaml"
        )
    wrong = ~given.isin(SPLITS)
    if wrong.any():
        names = ", ".join(repr(str(name)) for name in sorted(given[wrong].fillna("").unique())[:5])
        raise DataError(
            f"splits are {', '.join(SPLITS)}; the source also has {names}: "
            f"{wrong.sum()} samples (first: {rows['id'][wrong].iloc[0]})"
        )
    if set(given) == {"train", "test"}:
        return _with_validation(rows, split, seed)
    return given.to_numpy(dtype=np.str_)


def _with_validation(rows: pd.DataFrame, split: Split, seed: int) -> NDArray[np.str_]:
    """Take validation from train, by whole groups, so that it is split.validation of all samples."""
    share = split.validation / float((rows["split"] == "train").mean())
    taken = np.array([_place(key, seed) < min(share, _MOST_OF_TRAINING) for key in _keys(rows)])
    return np.where(taken & (rows["split"] == "train"), "validation", rows["split"]).astype(np.str_)


def _by_time(rows: pd.DataFrame, split: Split) -> NDArray[np.str_]:
    """Within each series the first train, the last test; a group of a series that has several is not torn."""
    missing = int(rows["start"].isna().sum())
    if missing:
        raise DataError(
            f"split.by is time, and {missing:,} of {len(rows):,} samples have no time",
            next_step="set split.by to hash or group in params.yaml",
        )
    splits = np.full(len(rows), "train", dtype="<U10")
    for indices in rows.groupby(rows["series"].fillna(""), sort=False).indices.values():
        one = rows.iloc[indices]
        place, count = _places_in_time(one), len(one)
        splits[indices[place >= round(count * (1 - split.validation - split.test))]] = "validation"
        splits[indices[place >= round(count * (1 - split.test))]] = "test"
    return splits


def _places_in_time(series: pd.DataFrame) -> NDArray[np.float64]:
    """For every sample of a series, how many begin before it, or before its group where there are several."""
    begin = series["start"]
    if series["group"].nunique() > 1:
        begin = begin.groupby(series["group"].fillna(series["id"])).transform("min")
    return np.asarray(begin.rank(method="min"), np.float64) - 1
