"""One row a sample: what validation looks at, and where every sample's split is written down."""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from itertools import zip_longest
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from flashfit.data.features import SPLITS
from flashfit.data.overlaps import overlapping
from flashfit.data.samples import Sample
from flashfit.data.splits import assign_splits, at_borders, splits_of_groups, splits_spanned
from flashfit.data.statistics import sound, statistics
from flashfit.errors import DataError
from flashfit.params import Split

TYPES = {
    **dict.fromkeys(("id", "label"), "str"),
    "target": "float64",
    **dict.fromkeys(("group", "split", "series"), "str"),
    **dict.fromkeys(("start", "end"), "float64"),
    "shape": "str",
    "length": "int64",
    "dtype": "str",
    **dict.fromkeys(("min", "max", "mean", "std"), "float64"),
    "nan_count": "int64",
    **dict.fromkeys(("duration_s", "loudness_dbfs", "clipped"), "float64"),
    **dict.fromkeys(("content_sha256", "copy_of"), "str"),
    **dict.fromkeys(("splits_of_content", "splits_of_group", "overlaps_split"), "int64"),
    "left_out": "str",
}
"""Columns and their types. `series` and `copy_of` may be missing, and so may a number that is a float64."""

COLUMNS = tuple(TYPES)
_MAY_BE_MISSING = ("series", "copy_of")

NUMBERS = (
    *("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"),
    *("float16", "float32", "float64"),
)
"""Element types that a front end can take."""

AT_A_BORDER = "overlaps a border"


def sample_table(samples: Iterable[Sample], split: Split, seed: int) -> pd.DataFrame:
    """One row a sample, in the source's order, with COLUMNS; each sample is looked at once and let go.

    group is the id where the source has none; min, max, mean and std leave NaN out, and are NaN where
    nothing is left; length is the shape's first number; duration_s, loudness_dbfs and clipped are of sounds.
    left_out says why a sample is not for prepare, and is "" for all others; see compared for the rest.
    """
    rows = pd.DataFrame([_row(sample) for sample in samples])
    if rows.empty:
        raise DataError("there are no samples")
    rows = rows.astype({name: kind for name, kind in TYPES.items() if name in rows})
    splits = pd.Series(assign_splits(rows, split, seed), index=rows.index, dtype="str")
    at_a_border = at_borders(rows, splits, split)
    table = rows.assign(split=splits, group=rows["group"].fillna(rows["id"]))
    return compared(table.assign(left_out=np.where(at_a_border, AT_A_BORDER, "")), split)


def compared(table: pd.DataFrame, split: Split) -> pd.DataFrame:
    """The table with what is only seen by comparing samples, among those not left out.

    copy_of is the id of the first sample with the same content, and missing for that one itself;
    splits_of_content and splits_of_group count the splits in which the sample's content and group occur
    (of a group, see splits_of_groups); overlaps_split is 1 where its window overlaps one of another split.
    What is left out is compared with nothing: no copy, one split, no overlap.
    """
    kept = table[table["left_out"] == ""]
    first = kept["id"].groupby(kept["content_sha256"], sort=False).transform("first")
    found = pd.DataFrame(
        {
            "copy_of": first.where(kept["content_sha256"].duplicated()),
            "splits_of_content": splits_spanned(kept["content_sha256"], kept["split"]),
            "splits_of_group": splits_of_groups(kept, split),
            "overlaps_split": overlapping(kept, kept["split"]),
        },
        index=kept.index,
    ).reindex(table.index)
    found = found.fillna({"splits_of_content": 1, "splits_of_group": 1, "overlaps_split": 0})
    others = table.drop(columns=found.columns, errors="ignore")
    return pd.concat([others, found], axis=1)[list(COLUMNS)].astype(TYPES)


def class_table(table: pd.DataFrame, labels: Sequence[str]) -> pd.DataFrame:
    """One row a label of the product: label, count, share of all samples, and the count in each split.

    Without the samples left out.
    """
    kept = table[table["left_out"] == ""]
    counts = pd.crosstab(kept["label"], kept["split"])
    counts = counts.reindex(index=list(labels), columns=list(SPLITS), fill_value=0)
    classes = pd.DataFrame({"label": list(labels), "count": counts.sum(axis=1).to_numpy()})
    classes["share"] = classes["count"] / max(1, len(kept))
    for split in SPLITS:
        classes[split] = counts[split].to_numpy()
    return classes


def shape_in_words(shape: Sequence[int]) -> str:
    """A sample's shape as the table has it: (8, 8) is 8x8."""
    return "x".join(str(length) for length in shape)


def content_sha256(x: NDArray[np.generic]) -> str:
    """sha256 of one sample's dtype, shape and bytes."""
    digest = hashlib.sha256(f"{x.dtype.str} {x.shape}\n".encode())
    digest.update(np.ascontiguousarray(x).data if x.size else b"")
    return digest.hexdigest()


def save_table(path: Path, table: pd.DataFrame) -> None:
    """Write a table as CSV; the same table gives the same bytes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    table.to_csv(path, index=False, lineterminator="\n")


def load_table(path: Path) -> pd.DataFrame:
    """Read what save_table wrote, equal in every cell and type. Raises DataError for a file that is not one."""
    try:
        found = tuple(pd.read_csv(path, nrows=0).columns)
        if found != COLUMNS:
            raise DataError(f"{path} has columns {', '.join(found)}, not {', '.join(COLUMNS)}")
        empty = {name: [""] for name in COLUMNS if TYPES[name] == "float64" or name in _MAY_BE_MISSING}
        return pd.read_csv(path, dtype=TYPES, keep_default_na=False, na_values=empty)
    except (OSError, ValueError) as error:
        raise DataError(f"{path} is not a readable table: {' '.join(str(error).split())}") from None


def check_describes(table: pd.DataFrame, samples: Iterable[Sample]) -> Iterator[Sample]:
    """Pass samples on, each compared with its row before.

    Raises DataError at the first that is another than the table was made from, and at a missing or a
    further one.
    """
    rows = table[["id", "label", "target", "content_sha256"]].itertuples(index=False, name=None)
    for sample, row in zip_longest(samples, rows):
        if sample is None or row is None or not _is_described(sample, *row):
            raise DataError("the validated table describes other samples than fetch left", next_step="dvc repro")
        yield sample


def _is_described(sample: Sample, id_: str, label: str, target: float, content: str) -> bool:
    same_target = np.isnan(target) if sample.target is None else np.array_equal(target, sample.target, equal_nan=True)
    return bool(same_target) and (sample.id, sample.label, content_sha256(sample.x)) == (id_, label, content)


def _row(sample: Sample) -> dict[str, object]:
    values = statistics(sample.x)
    return {
        **{name: getattr(sample, name) for name in ("id", "label", "target", "group", "split", "series")},
        **{name: getattr(sample, name) for name in ("start", "end")},
        "shape": shape_in_words(sample.x.shape),
        "length": sample.x.shape[0] if sample.x.shape else 1,
        "dtype": sample.x.dtype.name,
        **asdict(values),
        **asdict(sound(sample, values.std)),
        "content_sha256": content_sha256(sample.x),
    }
