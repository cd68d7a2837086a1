"""Which windows share time with windows of another split."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray


def overlapping(rows: pd.DataFrame, splits: pd.Series) -> NDArray[np.bool_]:
    """Of every row, whether its [start, end) meets, within its series, that of a row in another split.

    rows: series, start, end; a row without start or end meets nothing, and rows without a series are one
    series. In one sweep each way, so n log n: a row meets one before it when the latest end so far lies
    behind its start, and one after it when the earliest start from there lies before its end.
    """
    series = rows["series"].fillna("").to_numpy(dtype=str)
    start, end = rows["start"].to_numpy(np.float64), rows["end"].to_numpy(np.float64)
    placed = np.flatnonzero(~np.isnan(start) & ~np.isnan(end))
    order = placed[np.lexsort((end[placed], start[placed], series[placed]))]
    names = splits.to_numpy(dtype=str)[order]
    meets = np.zeros(len(order), dtype=bool)
    for name in np.unique(names):
        latest, earliest = _reach(series[order], start[order], end[order], names == name)
        meets |= (names != name) & ((latest > start[order]) | (earliest < end[order]))
    found = np.zeros(len(rows), dtype=bool)
    found[order] = meets
    return found


def _reach(
    series: NDArray[np.str_], start: NDArray[np.float64], end: NDArray[np.float64], chosen: NDArray[np.bool_]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """At every row, in order: the latest end of chosen rows up to it, the earliest start of those from it."""
    ends = pd.Series(np.where(chosen, end, -np.inf))
    starts = pd.Series(np.where(chosen, start, np.inf))
    latest = ends.groupby(series).cummax()
    earliest = starts[::-1].groupby(series[::-1]).cummin()[::-1]
    return np.asarray(latest, np.float64), np.asarray(earliest, np.float64)
