"""What becomes of samples that a product would rather lose than stop for: they are left out, and counted."""

from collections.abc import Iterator

import pandas as pd

from flashfit.data.samples import Account
from flashfit.data.table import AT_A_BORDER, compared, shape_in_words
from flashfit.params import REPAIRABLE, Check, Expectations, Split

BORDERS = "windows that overlap a border are left out"
SKIPPED = "files are skipped"

_OF_ONE_SAMPLE: tuple[Check, ...] = ("shape", "length", "range", "silence", "clipping")
"""Repairable checks that look at each sample alone."""


def repaired(table: pd.DataFrame, expected: Expectations, split: Split) -> tuple[pd.DataFrame, dict[str, int]]:
    """The table with samples left out where a check's policy is repair, and how many each repair left out.

    Copies come last, so that a copy is not kept for the sake of a first that is itself left out.
    """
    counts: dict[str, int] = {}
    for check in _OF_ONE_SAMPLE:
        if expected.policy.get(check) == "repair":
            table, counts[REPAIRABLE[check]] = _leave_out(table, _faults(check, table, expected))
    table = compared(table, split)
    if expected.policy.get("duplicates") == "repair":
        copies = table["copy_of"].dropna()
        table, counts[REPAIRABLE["duplicates"]] = _leave_out(table, "copy of " + copies)
        table = compared(table, split)
    counts[BORDERS] = int((table["left_out"] == AT_A_BORDER).sum())
    return table, {repair: count for repair, count in counts.items() if count}


def with_account(counts: dict[str, int], account: Account) -> dict[str, int]:
    """Every repair of a product's data: the source's own, its skipped files, and validation's."""
    skipped = {SKIPPED: len(account.skipped)} if account.skipped else {}
    return {**account.repairs, **skipped, **counts}


def _leave_out(table: pd.DataFrame, faults: pd.Series) -> tuple[pd.DataFrame, int]:
    """faults: why, by row; rows that are left out already keep their reason."""
    fresh = faults[table.loc[faults.index, "left_out"] == ""]
    table = table.copy()
    table.loc[fresh.index, "left_out"] = fresh
    return table, len(fresh)


def _faults(check: Check, table: pd.DataFrame, expected: Expectations) -> pd.Series:
    """Why samples fail a check, by row; empty where it is not asked for."""
    nothing = pd.Series(dtype="str", index=table.index[:0])
    faults: pd.Series = pd.concat([nothing, *_reasons(check, table, expected)])
    return faults


def _reasons(check: Check, table: pd.DataFrame, expected: Expectations) -> Iterator[pd.Series]:
    if check == "shape" and expected.shape is not None:
        yield "shape " + table["shape"][table["shape"] != shape_in_words(expected.shape)]
    if check == "length" and expected.length is not None:
        yield "length " + table["length"][~table["length"].between(*expected.length)].astype("str")
    if check == "range":
        low, high = expected.range
        yield _said("out of range", (table["min"] < low) | (table["max"] > high))
    if check == "silence" and expected.quietest_dbfs is not None:
        yield _said("silent", table["loudness_dbfs"] < expected.quietest_dbfs)
    if check == "clipping" and expected.most_clipped is not None:
        yield _said("clipped", table["clipped"] > expected.most_clipped)


def _said(why: str, rows: pd.Series) -> pd.Series:
    return pd.Series(why, index=rows.index[rows], dtype="str")
