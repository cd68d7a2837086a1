"""A recording as it should have been: in order of time, each time once, at a steady rate, broken at gaps."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from flashfit.data.samples import Account
from flashfit.data.sources.folder import BadFile, Folder
from flashfit.errors import DataError

_GRID_SLACK = 1e-6
"""Of a step: a last row that misses its place on the grid by rounding alone still counts."""

_MOST_ROWS = 1 << 24
"""Of a stretch: more is a clock in another unit, or one that jumped."""


@dataclass(frozen=True)
class Mended:
    """values: (rows, channels) float64. origin: (rows,) the recorded row that is nearest in time.

    stretches: half-open spans of rows without a gap, in order; together they are all rows.
    steps_back, dropped_rows: how often the clock did, and rows whose time an earlier row has.
    """

    values: NDArray[np.float64]
    origin: NDArray[np.int64]
    stretches: tuple[tuple[int, int], ...]
    steps_back: int = 0
    dropped_rows: int = 0


def as_recorded(values: NDArray[np.float64]) -> Mended:
    """A recording without a clock: one stretch."""
    return Mended(values, np.arange(len(values)), ((0, len(values)),))


def mend(
    values: NDArray[np.float64], times_ns: NDArray[np.int64], largest_gap_s: float | None, step_s: float | None
) -> Mended:
    """Rows sorted by time, of rows with one time the first; at every step_s by linear interpolation.

    values: (rows, channels); times_ns: (rows,). Where steps are longer than largest_gap_s a stretch ends,
    and nothing is interpolated across; each stretch's grid begins at its first row. step_s None: the rows
    stay where they are. Raises BadFile where a grid would have more than 2^24 rows.
    """
    order = _order(times_ns)
    cuts = _cuts(times_ns[order], largest_gap_s)
    seconds = (times_ns - times_ns.min()) / 1e9
    parts = [_on_grid(values[rows], seconds[rows], rows, step_s) for rows in np.split(order, cuts)]
    ends = np.cumsum([len(origin) for _, origin in parts]).tolist()
    return Mended(
        np.concatenate([on_grid for on_grid, _ in parts]),
        np.concatenate([origin for _, origin in parts]),
        tuple(zip([0, *ends[:-1]], ends, strict=True)),
        int((np.diff(times_ns) < 0).sum()),
        len(times_ns) - len(order),
    )


def starts(mended: Mended, rows: int, hop: int) -> Iterator[int]:
    """First rows of all spans of so many rows that lie within a stretch, hop rows apart."""
    for first, end in mended.stretches:
        yield from range(first, end - rows + 1, hop)


def count_repairs(mended: Mended, rows: int, account: Account) -> None:
    """Write down what was mended, and the stretches too short for a span of so many rows."""
    short = sum(end - first < rows for first, end in mended.stretches)
    account.repaired("times that step back: rows sorted", mended.steps_back)
    account.repaired("rows whose time an earlier row has: dropped", mended.dropped_rows)
    account.repaired(f"stretches shorter than {rows} rows: left out", short)


def check_some(count: int, folder: Folder, rows: int, account: Account) -> None:
    """Raise DataError where no sample came: with the usual time step, if there is a clock, to compare with."""
    if count:
        return
    step = f"; the clock's usual step is {account.clocks[0].usual_s:g} s" if account.clocks else ""
    raise DataError(
        f"{folder.name} has no whole window of {rows:,} rows ({len(account.skipped):,} files skipped){step}",
        next_step="check source.window, source.clock and source.largest_gap_s in params.yaml",
    )


def _order(times_ns: NDArray[np.int64]) -> NDArray[np.int64]:
    """Rows by time, without those whose time an earlier row has."""
    order = np.argsort(times_ns, kind="stable")
    is_new = np.concatenate([[True], np.diff(times_ns[order]) > 0])
    kept: NDArray[np.int64] = order[is_new]
    return kept


def _cuts(times_ns: NDArray[np.int64], largest_gap_s: float | None) -> NDArray[np.int64]:
    if largest_gap_s is None:
        return np.array([], dtype=np.int64)
    return np.flatnonzero(np.diff(times_ns) > round(largest_gap_s * 1e9)) + 1


def _on_grid(
    values: NDArray[np.float64], seconds: NDArray[np.float64], rows: NDArray[np.int64], step_s: float | None
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """One stretch's values at every step_s, and the recorded row nearest to each; rows: where it was recorded."""
    if step_s is None:
        return values, rows
    count = int((seconds[-1] - seconds[0]) / step_s + _GRID_SLACK) + 1
    if count > _MOST_ROWS:
        raise BadFile(f"{len(rows):,} rows without a gap would become {count:,}, one every {step_s:g} s")
    grid = seconds[0] + step_s * np.arange(count)
    columns = [np.interp(grid, seconds, channel) for channel in values.T]
    nearest = np.searchsorted((seconds[1:] + seconds[:-1]) / 2, grid)
    return np.stack(columns, axis=1), rows[nearest]
