"""What may spoil a product, found in the table of its samples."""

from collections.abc import Iterator, Sequence

import pandas as pd

from flashfit.data.features import SPLITS
from flashfit.data.inspect.seen import Trap
from flashfit.data.samples import Account
from flashfit.data.table import class_table

QUIETEST_DBFS = -85.0
MOST_CLIPPED = 0.05
MOST_IRREGULAR = 0.01
CLASS_SHARES = (0.02, 0.9)
UNEVEN = 3
"""Times as many samples in the largest class as in the smallest, from where on they are weighed."""

USUAL_SHAPE = 0.9
"""The least share of pictures with one size for it to be expected of all."""

_FEW = 20


def find_traps(table: pd.DataFrame, account: Account, labels: Sequence[str], anomaly: bool) -> tuple[Trap, ...]:
    """Traps in the order in which they hurt; each says what validation is to do about it."""
    kept = table[table["left_out"] == ""]
    return (
        *_files(account),
        *_copies(kept),
        *(_classes(table, labels) if labels and not anomaly else ()),
        *_shapes(kept),
        *_sounds(kept),
        *_clocks(account),
    )


def _files(account: Account) -> Iterator[Trap]:
    if account.skipped:
        path, reason = next(iter(account.skipped.items()))
        yield Trap(f"{_count(len(account.skipped), 'file')} left out (first: {path}: {reason})")
    for what, count in account.repairs.items():
        yield Trap(f"{what} ({count:,})")


def _copies(kept: pd.DataFrame) -> Iterator[Trap]:
    copies = kept["copy_of"].notna()
    if not copies.any():
        return
    first = kept[copies].iloc[0]
    words = f"{_count(int(copies.sum()), 'exact copy', 'exact copies')} (first: {first['id']} of {first['copy_of']})"
    across = bool((kept["splits_of_content"] > 1).any())
    yield Trap(f"{words}, some across splits" if across else words, "duplicates", "repair" if across else "warn")


def _classes(table: pd.DataFrame, labels: Sequence[str]) -> Iterator[Trap]:
    classes = class_table(table, labels)
    counts = dict(zip(labels, classes["count"].astype(int).tolist(), strict=True))
    total, least, most = sum(counts.values()), min(counts, key=counts.__getitem__), max(counts, key=counts.__getitem__)
    low, high = CLASS_SHARES
    low_share, high_share = counts[least] / total, counts[most] / total
    beyond = low_share < low or high_share > high or not (classes[list(SPLITS)] > 0).all(axis=None)
    if beyond or counts[most] > UNEVEN * counts[least]:
        words = f"imbalance: {most} {high_share:.0%}, {least} {low_share:.1%}"
        yield Trap(words, "balance" if beyond else None, "warn" if beyond else None)
    if few := [f"{label} {count}" for label, count in counts.items() if count < _FEW]:
        yield Trap(f"fewer than {_FEW} samples: {_some(few)}")


def _shapes(kept: pd.DataFrame) -> Iterator[Trap]:
    if kept["dtype"].iloc[0] != "uint8" or not kept["shape"].str.contains("x").any():
        return
    counts = kept["shape"].value_counts()
    if len(counts) > 1:
        others = _some([shape.replace("x", " × ") for shape in counts.index[1:]])
        usual = counts.iloc[0] >= USUAL_SHAPE * len(kept)
        words = f"{len(kept) - counts.iloc[0]:,} pictures of another size or colour: {others}"
        yield Trap(words, "shape" if usual else None, "warn" if usual else None)


def _sounds(kept: pd.DataFrame) -> Iterator[Trap]:
    lengths = kept["duration_s"].dropna()
    if lengths.empty:
        return
    silent, clipped = kept[kept["loudness_dbfs"] < QUIETEST_DBFS], kept[kept["clipped"] > MOST_CLIPPED]
    if len(silent):
        of_one = silent["label"].nunique() == 1
        meant = of_one and len(silent) > 0.5 * int((kept["label"] == silent["label"].iloc[0]).sum())
        words = f"{_count(len(silent), 'silent clip')} (first: {silent['id'].iloc[0]})"
        yield Trap(words, "silence", "warn" if meant else "repair")
    if len(clipped):
        yield Trap(f"{_count(len(clipped), 'clipped clip')} (first: {clipped['id'].iloc[0]})", "clipping", "warn")
    usual = float(lengths.median())
    odd = int(((lengths < 0.5 * usual) | (lengths > 2 * usual)).sum())
    if odd:
        yield Trap(f"{_count(odd, 'clip')} shorter than half or longer than twice the usual {usual:.2f} s")


def _clocks(account: Account) -> Iterator[Trap]:
    steps = sum(record.standing + record.backward for record in account.clocks)
    rows = sum(record.rows - 1 for record in account.clocks)
    if steps:
        yield Trap(f"clocks stand still or step back {steps:,} times: sorted, doubles dropped", "clock", "warn")
    shares = [record.irregular / max(1, record.rows - 1) for record in account.clocks]
    if shares and max(shares) > MOST_IRREGULAR:
        irregular = sum(record.irregular for record in account.clocks)
        gap_s = max(record.largest_gap_s for record in account.clocks)
        words = f"{irregular / max(1, rows):.1%} of the time steps are irregular, the longest {gap_s:g} s"
        yield Trap(words, "sampling", "warn")


def _count(count: int, one: str, many: str | None = None) -> str:
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def _some(words: Sequence[str]) -> str:
    return ", ".join(words[:3]) + (", …" if len(words) > 3 else "")
