"""One row a sample: what validation looks at, and where every sample's split is written down."""

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from flashfit.data.features import SPLITS
from flashfit.data.samples import Samples
from flashfit.data.splits import assign_splits, splits_spanned
from flashfit.errors import DataError
from flashfit.params import Split

COLUMNS = (
    "id",
    "label",
    "group",
    "split",
    "shape",
    "dtype",
    "min",
    "max",
    "mean",
    "std",
    "nan_count",
    "content_sha256",
    "copy_of",
    "splits_of_content",
    "splits_of_group",
)
NUMBERS = (
    *("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"),
    *("float16", "float32", "float64"),
)
"""Element types that a front end can take."""

BLOCK_VALUES = 1 << 22
"""Values whose statistics are taken at a time: 32 MiB as float64, however many samples there are."""


def sample_table(samples: Samples, split: Split, seed: int) -> pd.DataFrame:
    """One row a sample, in the source's order, with COLUMNS.

    group is the id where the source has none; min, max, mean and std leave NaN out, and are NaN where
    nothing is left; copy_of is the id of the first sample with the same content, None for that one itself;
    splits_of_content and splits_of_group count the splits in which the sample's content and group occur.
    """
    contents = content_hashes(samples.x)
    table = pd.DataFrame(
        {
            "id": samples.ids,
            "label": samples.labels,
            "group": samples.ids if samples.groups is None else samples.groups,
            "split": assign_splits(samples, contents, split, seed),
            "shape": shape_in_words(samples.x.shape[1:]),
            "dtype": samples.x.dtype.name,
            **statistics(samples.x),
            "content_sha256": contents,
        }
    )
    table["copy_of"] = first_with_same_content(table)
    table["splits_of_content"] = splits_spanned(table["content_sha256"], table["split"])
    table["splits_of_group"] = splits_spanned(table["group"], table["split"])
    return table[list(COLUMNS)]


def class_table(table: pd.DataFrame, labels: Sequence[str]) -> pd.DataFrame:
    """One row a label of the product: label, count, share of all samples, and the count in each split."""
    counts = pd.crosstab(table["label"], table["split"])
    counts = counts.reindex(index=list(labels), columns=list(SPLITS), fill_value=0)
    classes = pd.DataFrame({"label": list(labels), "count": counts.sum(axis=1).to_numpy()})
    classes["share"] = classes["count"] / len(table)
    for split in SPLITS:
        classes[split] = counts[split].to_numpy()
    return classes


def shape_in_words(shape: Sequence[int]) -> str:
    """A sample's shape as the table has it: (8, 8) is 8x8."""
    return "x".join(str(length) for length in shape)


def content_hashes(x: NDArray[np.generic]) -> list[str]:
    """sha256 of every sample's dtype, shape and bytes. x: (n, …)."""
    header = f"{x.dtype.str} {x.shape[1:]}\n".encode()
    return [hashlib.sha256(header + sample.tobytes()).hexdigest() for sample in x]


def statistics(x: NDArray[np.generic]) -> pd.DataFrame:
    """min, max, mean, std and nan_count of every sample. x: (n, …); NaN throughout where x is not numbers.

    NaN values are left out; infinities are values, and show in min and max.
    """
    if x.dtype.name in NUMBERS and x.size:
        moments = np.concatenate([_moments(block) for block in _blocks(x)])
    else:
        moments = np.broadcast_to([np.nan, np.nan, np.nan, np.nan, 0.0], (len(x), 5))
    columns = pd.DataFrame(moments, columns=["min", "max", "mean", "std", "nan_count"])
    return columns.astype({"nan_count": np.int64})


def first_with_same_content(table: pd.DataFrame) -> pd.Series:
    """For every copy, the id of the first sample with the same content; None for the first."""
    contents = table["content_sha256"]
    first = table["id"].groupby(contents, sort=False).transform("first")
    return first.astype(object).where(contents.duplicated(), None)


def save_table(path: Path, table: pd.DataFrame) -> None:
    """Write a table as CSV; the same table gives the same bytes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    table.to_csv(path, index=False, lineterminator="\n")


def load_table(path: Path) -> pd.DataFrame:
    """Read what save_table wrote, every cell as text. Raises DataError for a file that is not one."""
    try:
        table = pd.read_csv(path, dtype=str, keep_default_na=False)
    except (OSError, ValueError) as error:
        raise DataError(f"{path} is not a readable table: {error}") from None
    if tuple(table.columns) != COLUMNS:
        raise DataError(f"{path} has columns {', '.join(table.columns)}, not {', '.join(COLUMNS)}")
    return table


def check_describes(table: pd.DataFrame, samples: Samples) -> None:
    """Raise DataError unless the table was made from exactly these samples."""
    names_differ = table["id"].tolist() != samples.ids.tolist()
    labels_differ = table["label"].tolist() != samples.labels.tolist()
    if names_differ or labels_differ or table["content_sha256"].tolist() != content_hashes(samples.x):
        raise DataError("the validated table describes other samples than fetch left", next_step="dvc repro")


def _blocks(x: NDArray[np.generic]) -> Iterator[NDArray[np.float64]]:
    rows = x.reshape(len(x), -1)
    step = max(1, BLOCK_VALUES // rows.shape[1])
    for start in range(0, len(rows), step):
        yield rows[start : start + step].astype(np.float64)


def _moments(block: NDArray[np.float64]) -> NDArray[np.float64]:
    """(n, values) to (n, 5): min, max, mean, std, NaN count."""
    known = ~np.isnan(block)
    count = known.sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = block.sum(axis=1, where=known) / count
        variance = np.square(block - mean[:, None]).sum(axis=1, where=known) / count
    least = np.where(count > 0, block.min(axis=1, where=known, initial=np.inf), np.nan)
    most = np.where(count > 0, block.max(axis=1, where=known, initial=-np.inf), np.nan)
    return np.stack([least, most, mean, np.sqrt(variance), block.shape[1] - count], axis=1)
