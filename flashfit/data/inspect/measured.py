"""Every sample of a source read once, and a split of them that validation accepts."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from flashfit.data.features import SPLITS
from flashfit.data.inspect.seen import Reading
from flashfit.data.samples import Account, Sample
from flashfit.data.sources import read_source
from flashfit.data.splits import assign_splits, at_borders
from flashfit.data.table import AT_A_BORDER, class_table, compared, sample_table
from flashfit.errors import DataError
from flashfit.params import ANOMALY_LABELS, Split

_SHARES = ((0.15, 0.2), (0.2, 0.2), (0.2, 0.25), (0.25, 0.25), (0.3, 0.3), (0.25, 0.35), (0.35, 0.35), (0.4, 0.4))


@dataclass(frozen=True)
class Measured:
    """Samples in words of the table. origin: group and split as the source gave them; rates_hz: usual one first."""

    table: pd.DataFrame
    origin: pd.DataFrame
    account: Account
    rates_hz: tuple[float, ...]

    @property
    def grouped(self) -> bool:
        """Whether there are several groups, and most samples have one that others have, too."""
        groups = self.origin["group"]
        return bool(groups.notna().mean() > 0.5 and 1 < groups.nunique() < len(groups))


def measure(reading: Reading, root: Path, seed: int) -> Measured:
    """Read all samples; files that cannot be read are written down in the account.

    Raises DataError where the source does, and where nothing could be read.
    """
    account, origin, rates = Account(), [], Counter[float]()

    def noted() -> Iterator[Sample]:
        for sample in read_source(reading.source, root, account):
            origin.append((sample.group, sample.split))
            rates.update([sample.rate_hz] if sample.rate_hz else [])
            yield sample

    samples = noted()
    try:
        table = sample_table(samples, Split(by="hash"), seed)
    except DataError:
        if account.skipped and not origin:
            path, reason = next(iter(account.skipped.items()))
            raise DataError(f"{reading.source.path}: no file can be read (first: {path}: {reason})") from None
        raise
    frame = pd.DataFrame(origin, columns=["group", "split"], index=table.index)
    return Measured(table, frame, account, tuple(rate for rate, _ in rates.most_common()))


def find_split(measured: Measured, reading: Reading, seed: int) -> tuple[Split, pd.DataFrame] | None:
    """The first split, by how little it leaks, that gives every split every class; with its table."""
    for split in _candidates(measured, reading):
        table = with_split(measured, split, seed)
        if table is not None and _is_whole(table, reading):
            return split, table
    return None


def with_split(measured: Measured, split: Split, seed: int) -> pd.DataFrame | None:
    """The table by a split; None where the samples do not have what it is made by."""
    rows = measured.table.assign(**measured.origin)
    try:
        splits = pd.Series(assign_splits(rows, split, seed), index=rows.index, dtype="str")
    except DataError:
        return None
    left_out = np.where(at_borders(rows, splits, split), AT_A_BORDER, "")
    return compared(measured.table.assign(split=splits, left_out=left_out), split)


def _candidates(measured: Measured, reading: Reading) -> Iterator[Split]:
    """Where the source says splits, those alone: another reading is without them."""
    timed = bool(measured.table["start"].notna().all())
    if measured.origin["split"].notna().any():
        yield Split(by="given")
        return
    several = measured.origin["group"].nunique() > 1
    if several and reading.task != "regression":
        by = "group" if measured.origin["group"].notna().all() else "hash"
        yield from (Split.model_validate({"by": by, "validation": v, "test": t}) for v, t in _SHARES)
    if timed:
        yield Split(by="time")
        yield Split(by="time", validation=0.25, test=0.25)
    elif not several:
        yield from (Split(by="hash", validation=v, test=t) for v, t in _SHARES)


def _is_whole(table: pd.DataFrame, reading: Reading) -> bool:
    """Every split has every class, but training of anomalies, which needs the normal alone; and nothing leaks."""
    kept = table[table["left_out"] == ""]
    if set(kept["split"]) != set(SPLITS) or (kept["splits_of_group"] > 1).any() or kept["overlaps_split"].any():
        return False
    if reading.task == "regression":
        return True
    classes = class_table(table, labels_of(table, reading)).set_index("label")
    if reading.task == "anomaly":
        classes.loc[ANOMALY_LABELS[1], "train"] = 1
    return bool((classes[list(SPLITS)] > 0).all(axis=None))


def labels_of(table: pd.DataFrame, reading: Reading) -> tuple[str, ...]:
    """A product's labels: those that samples have, numbers in their order."""
    if reading.task == "regression":
        return ()
    if reading.task == "anomaly":
        return ANOMALY_LABELS
    labels = [str(label) for label in table["label"].unique()]
    return tuple(sorted(labels, key=lambda label: (not label.isdigit(), int(label) if label.isdigit() else 0, label)))
