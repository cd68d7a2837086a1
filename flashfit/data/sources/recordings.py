"""What a CSV file of sensor rows holds: one recording, one a segment, or one a group."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

import numpy as np
from numpy.typing import NDArray

from flashfit.data.samples import ClockRecord
from flashfit.data.sources.clock import clock_record, instants_ns
from flashfit.data.sources.folder import BadFile, Member
from flashfit.data.sources.mending import Mended, as_recorded, mend
from flashfit.data.sources.tables import Table, read_table
from flashfit.params import CsvWindowsSource

_COLUMN = "column:"


@dataclass(frozen=True)
class Recording:
    """One series: a file, a segment of it, or what it has of one group. labels: (rows,) str, of mended's rows."""

    series: str
    segment: int | None
    group: str | None
    mended: Mended
    labels: NDArray[np.object_]
    clock: ClockRecord | None


@dataclass(frozen=True)
class _Columns:
    """values: (rows, channels) float64; labels, groups: (rows,) str; times_ns: (rows,) int64."""

    values: NDArray[np.float64]
    labels: NDArray[np.object_]
    groups: NDArray[np.object_] | None
    times_ns: NDArray[np.int64] | None

    def at(self, rows: NDArray[np.int64]) -> "_Columns":
        return _Columns(
            self.values[rows],
            self.labels[rows],
            None if self.groups is None else self.groups[rows],
            None if self.times_ns is None else self.times_ns[rows],
        )


def read_recordings(source: CsvWindowsSource, member: Member) -> list[Recording]:
    """The recordings of a file, mended, in its order.

    Raises BadFile for a file that cannot be read, rows that are no whole segments, and empty labels or groups.
    """
    label, group = _column(source.label), _column(source.group_from)
    clock = source.clock.column if source.clock else None
    texts = [name for name in dict.fromkeys((label, group, clock)) if name]
    table = read_table(member.file, source.separator, source.columns, texts)
    labels = table.texts[label] if label else np.full(len(table), label_of(source, member), dtype=object)
    for column in (label, group):
        _refuse_nothing(table, column)
    times = instants_ns(table.texts[clock], source.clock, table.lines) if source.clock and clock else None
    groups = table.texts[group] if group else None
    return [
        _recording(source, f"{member.path}{suffix}", segment, _Columns(table.numbers, labels, groups, times).at(rows))
        for suffix, segment, rows in _parts(source.segment_rows, len(table), groups)
    ]


def label_of(source: CsvWindowsSource, member: Member) -> str:
    """What a file's name says of all its rows: its stem, or its first folder."""
    return PurePosixPath(member.path).stem if source.label == "file" else member.label


def _recording(source: CsvWindowsSource, series: str, segment: int | None, columns: _Columns) -> Recording:
    if columns.times_ns is None:
        mended, clock = as_recorded(columns.values), None
    else:
        mended = mend(columns.values, columns.times_ns, source.largest_gap_s, 1 / source.rate_hz)
        clock = clock_record(series, columns.times_ns)
    group = None if columns.groups is None else str(columns.groups[0])
    return Recording(series, segment, group, mended, columns.labels[mended.origin], clock)


def _parts(
    segment_rows: int | None, count: int, groups: NDArray[np.object_] | None
) -> Iterator[tuple[str, int | None, NDArray[np.int64]]]:
    """What a series adds to its file's name, its segment's number, and its rows."""
    if segment_rows is not None:
        yield from _segments(segment_rows, count, groups)
    elif groups is None:
        yield "", None, np.arange(count)
    else:
        for group in dict.fromkeys(groups):
            yield f"#{group}", None, np.flatnonzero(groups == group)


def _segments(
    segment_rows: int, count: int, groups: NDArray[np.object_] | None
) -> Iterator[tuple[str, int | None, NDArray[np.int64]]]:
    if count % segment_rows:
        raise BadFile(f"{count:,} rows are not whole segments of {segment_rows:,}: {count % segment_rows:,} are left")
    for number in range(count // segment_rows):
        rows = np.arange(number * segment_rows, (number + 1) * segment_rows)
        if groups is not None and (groups[rows] != groups[rows[0]]).any():
            raise BadFile(f"segment {number} is of several groups")
        yield f":{number:03d}", number, rows


def _refuse_nothing(table: Table, column: str | None) -> None:
    empty = [line for line, cell in zip(table.lines, table.texts[column], strict=True) if not cell] if column else []
    if empty:
        raise BadFile(f"column {column}, line {empty[0]}: empty")


def _column(choice: str) -> str | None:
    return choice.removeprefix(_COLUMN) if choice.startswith(_COLUMN) else None
