"""CSV files as sources: recordings, time series, messages."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from flashfit.data.inspect.clocks import rate_of
from flashfit.data.inspect.columns import Cells, Columns, columns_of, read_cells
from flashfit.data.inspect.groups import group_pattern
from flashfit.data.inspect.listing import find_listing, header_of, segment_counts
from flashfit.data.inspect.seen import Reading
from flashfit.data.inspect.survey import TABLES, Survey
from flashfit.data.sources.clock import clock_record, instants_ns
from flashfit.data.sources.folder import Member
from flashfit.data.sources.tables import read_rows
from flashfit.params import CsvSeriesSource, CsvTextSource, CsvWindowsSource, Listing

_SEGMENT_ROWS = (119, 128, 100, 64, 125, 150, 200, 256, 50)
"""A second or so at the rates that boards and phones record motion at."""

_MOST_LOOKED_AT = 12
_WINDOW_S = 1.3
_WINDOW_ROWS = (16, 256)
_UNTIMED_ROWS = 64
_UNTIMED_HZ = 100.0
_LAGS = 24
_AHEAD_ROWS = 6
_MOST_WINDOWS = 50_000
_COMMISSION_ROWS = (100, 400)


def read_tables(found: Survey, path: Path) -> list[Reading]:
    """Ways to read CSV files, the best first; none where their columns say nothing."""
    members = _with_one_header(found.of(TABLES), found)
    names = header_of(members[0].file) if members else []
    looked_at = members[:: max(1, len(members) // _MOST_LOOKED_AT)]
    files = [cells for member in looked_at if (cells := read_cells(member, names)) and len(cells[names[0]]) > 1]
    if not files or len(set(names)) < len(names):
        return []
    columns = columns_of(files)
    look = _Look(found, path, members, files, columns)
    if columns.text and columns.label and len(members) == 1:
        return [look.messages(columns.text, columns.label)]
    if not columns.channels:
        return []
    label = look.label()
    if columns.anomaly and (columns.clock or label is None):
        return look.anomalies(columns.anomaly)
    return look.recordings(label) if label else [look.forecast()]


class _Look:
    """The CSV files of one header, and what their columns are for."""

    def __init__(
        self, found: Survey, path: Path, members: Sequence[Member], files: Sequence[Cells], columns: Columns
    ) -> None:
        self._base, self._members, self._files, self._columns = found.base, members, files, columns
        self._one = len(members) == 1
        self._path = path / members[0].path if self._one and not found.only else path
        tables = [member for member in found.of(TABLES) if member not in members]
        paths = {member.path for member in members}
        self._listing = None if self._one else find_listing(tables, paths)
        taken = {self._listing.file if self._listing else Listing().file}
        self._glob = None if self._one else _glob(self._base, paths, taken)
        self._lengths = [len(cells[columns.channels[0]]) for cells in files] if columns.channels else []

    def label(self) -> str | None:
        """What says a row's class: a column, else folders, else a file a class; None for time series."""
        if self._columns.label:
            return f"column:{self._columns.label}"
        files = Counter(member.label for member in self._members)
        if "" not in files and len(files) > 1 and (self._columns.clock is None or min(files.values()) > 1):
            return "folder"
        return "file" if self._columns.clock is None and 2 <= len(self._members) <= 50 else None

    def messages(self, text: str, label: str) -> Reading:
        """Texts, one a row."""
        roles = {"id": self._columns.id, "group": self._columns.group, "split": self._columns.split}
        settings = {"kind": "csv-text", "path": self._path, "text": text, "label": label}
        given = {role: name for role, name in roles.items() if name}
        return Reading("texts in a CSV file", CsvTextSource.model_validate(settings | given), "classification")

    def recordings(self, label: str) -> list[Reading]:
        """Windows of labelled recordings."""
        segment = self._segment_rows() if label == "file" and self._columns.clock is None else None
        listing = self._listing if self._listing and bool(self._listing.row) == bool(segment) else None
        usual_s = self._usual_s()
        rate, window = (rate_of(usual_s) if usual_s else _UNTIMED_HZ), segment or self._window(label, usual_s)
        settings: dict[str, Any] = {**self._common("csv-windows"), "label": label, "rate_hz": rate}
        settings |= {"window": window, "hop": segment or max(1, window // 2), "purity": 1.0 if segment else 0.75}
        why = {"window": f"{window / rate:.3g} s"}
        if segment:
            settings["segment_rows"] = segment
            why["segment_rows"] = "every file's length is a multiple: recordings stand one behind the other"
            if segment == 119:
                settings["rate_hz"] = 119.0
        if usual_s is None:
            why["rate_hz"] = "the files have no clock: put in the sensor's rate"
        else:
            settings["largest_gap_s"] = round(max(0.2, 5 * usual_s), 3)
        variants: list[dict[str, Any]] = [{"listing": listing}] if listing else []
        variants += [group] if not segment and (group := self._group(label)) else []
        return [self._windows(settings | variant, why) for variant in [*variants, {}]]

    def anomalies(self, anomaly: str) -> list[Reading]:
        """Windows of series with labelled anomalies; by a listing's splits, training on each file's commissioning.

        Its groups are not taken then: commissioning puts every file into training and its own split.
        """
        settings = {**self._series(0), "anomaly": f"column:{anomaly}"}
        what = f"{self._count()} with labelled anomalies"
        quiet = self._quiet_rows(anomaly)
        listing = self._listing
        variants: list[dict[str, Any]] = [{"listing": listing}] if listing else []
        if listing and listing.split and quiet:
            variants = [{"listing": listing.model_copy(update={"group": None}), "commission_rows": quiet}, *variants]
        why = {"commission_rows": "each file's first rows, without anomalies, scale it and are trained on"}
        readings = [CsvSeriesSource.model_validate(settings | one) for one in [*variants, {}]]
        return [Reading(what, source, "anomaly", self._notes(), why) for source in readings]

    def forecast(self) -> Reading:
        """Windows of series, and a column's value some rows ahead."""
        channels = self._columns.channels
        target = next((name for name in channels if name.lower() in ("value", "target", "y")), channels[-1])
        settings = {**self._series(_AHEAD_ROWS), "target": {"column": target, "rows": _AHEAD_ROWS}}
        why = {"target": f"the value {_AHEAD_ROWS} rows ahead: choose what to foretell, and how far"}
        source = CsvSeriesSource.model_validate(settings)
        return Reading(f"{self._count()} without labels: a forecast", source, "regression", self._notes(), why)

    def _common(self, kind: str) -> dict[str, Any]:
        columns = self._columns
        settings: dict[str, Any] = {"kind": kind, "path": self._path}
        settings |= {"files": self._glob} if self._glob else {}
        settings |= {"columns": columns.channels}
        return settings | ({"clock": columns.clock} if columns.clock else {})

    def _series(self, ahead_rows: int) -> dict[str, Any]:
        usual_s, rows = self._usual_s(), sum(self._lengths) * len(self._members) / len(self._lengths)
        window = max(4, min(_LAGS, (min(self._lengths) - ahead_rows) // 4))
        settings = {**self._common("csv-series"), "window": window, "hop": int(1 + rows // _MOST_WINDOWS)}
        if usual_s:
            settings |= {"period_s": round(usual_s, 9), "largest_gap_s": round(3 * usual_s, 9)}
        return settings

    def _windows(self, settings: dict[str, Any], why: dict[str, str]) -> Reading:
        source = CsvWindowsSource.model_validate(settings)
        return Reading(f"{self._count()} of labelled sensor rows", source, "classification", self._notes(), why)

    def _group(self, label: str) -> dict[str, str] | None:
        if self._columns.group:
            return {"group_from": f"column:{self._columns.group}"}
        labels = {member.path: member.label if label == "folder" else "" for member in self._members}
        pattern = group_pattern(labels, below_class=label == "folder") if label != "file" else None
        return {"group_from": "path", "group": pattern} if pattern else None

    def _count(self) -> str:
        return "a CSV file" if self._one else f"{len(self._members):,} CSV files"

    def _notes(self) -> tuple[str, ...]:
        columns = self._columns
        used = {*columns.channels, columns.label, columns.anomaly, columns.group, columns.split}
        used |= {columns.clock.column if columns.clock else None}
        unused = [name for name in self._files[0] if name not in used]
        return (f"columns not used: {', '.join(unused)}",) if unused else ()

    def _usual_s(self) -> float | None:
        """The clock's usual step; None where there is no clock or it stands."""
        clock = self._columns.clock
        if clock is None:
            return None
        times = [instants_ns(cells[clock.column], clock, range(len(cells[clock.column]))) for cells in self._files]
        usual_s = float(np.median([clock_record("", one).usual_s for one in times]))
        return usual_s if usual_s > 0 else None

    def _window(self, label: str, usual_s: float | None) -> int:
        """1.3 s, in whole eights of rows; no longer than the shortest recordings."""
        least, most = _WINDOW_ROWS
        rows = round(_WINDOW_S / usual_s / 8) * 8 if usual_s else _UNTIMED_ROWS
        lengths = self._lengths if label in ("file", "folder") else self._runs(label.removeprefix("column:"))
        return max(2, min(max(least, min(rows, most)), int(np.percentile(lengths, 25))))

    def _runs(self, column: str) -> list[int]:
        """Rows that have one label in a row."""
        runs = []
        for cells in self._files:
            changes = np.flatnonzero(cells[column][1:] != cells[column][:-1]) + 1
            runs += [int(end - start) for start, end in pairwise([0, *changes, len(cells[column])])]
        return runs

    def _segment_rows(self) -> int | None:
        lengths = {member.path: sum(1 for _ in read_rows(member.file, "auto", [])) for member in self._members}
        if self._listing and self._listing.row:
            counts = segment_counts(self._listing, self._base)
            rows = {length / max(1, counts[path]) for path, length in lengths.items()}
            return int(rows.pop()) if len(rows) == 1 else None
        fits = (rows for rows in _SEGMENT_ROWS if all(length % rows == 0 for length in lengths.values()))
        return next(fits, None) if min(lengths.values()) > 0 else None

    def _quiet_rows(self, anomaly: str) -> int:
        """First rows of nearly every file that has no anomaly there, in fifties; 0 where they are too few."""
        firsts = [np.flatnonzero(cells[anomaly].astype(np.float64)) for cells in self._files]
        rows = [int(first[0]) if len(first) else length for first, length in zip(firsts, self._lengths, strict=True)]
        least, most = _COMMISSION_ROWS
        quiet = min(most, int(min(np.percentile(rows, 20), min(self._lengths) * 0.6)) // 50 * 50)
        return quiet if quiet >= least else 0


def _with_one_header(tables: Sequence[Member], found: Survey) -> list[Member]:
    """Those with the header that most have, a header that holds more where two are as frequent; no listing."""
    by_header: dict[tuple[str, ...], list[Member]] = defaultdict(list)
    for member in tables:
        if found.only or not _is_listing(member, tables):
            by_header[tuple(header_of(member.file))].append(member)
    named = {header: members for header, members in by_header.items() if header}
    return max(
        named.values(), key=lambda members: (len(members), sum(m.file.stat().st_size for m in members)), default=[]
    )


def _is_listing(member: Member, tables: Sequence[Member]) -> bool:
    return len(tables) > 1 and find_listing([member], {table.path for table in tables}) is not None


def _glob(base: Path, paths: set[str], others: set[str]) -> str:
    """The simplest pattern that finds these files and no more; else one that finds them all."""
    suffix = Path(min(paths)).suffix
    tops, names = {path.split("/")[0] for path in paths}, {path.rpartition("/")[2] for path in paths}
    folders = {path.rpartition("/")[0] for path in paths}
    lasts = {folder.rpartition("/")[2][:1] for folder in folders}
    above = {folder.rpartition("/")[0] for folder in folders}
    top, parent = min(tops), f"{min(above)}/" if min(above) else ""
    patterns = (
        *(f"{start}{suffix}" for start in ("**/*", "*", "*/*", f"{top}/*", f"{top}/*/*", f"{top}/**/*")),
        f"{parent}[{''.join(sorted(lasts))}]*/*{suffix}",
        f"[{''.join(sorted({name[:1] for name in names}))}]*{suffix}",
    )
    return next((one for one in patterns if _found(base, one) - others == paths), patterns[0])


def _found(base: Path, pattern: str) -> set[str]:
    return {file.relative_to(base).as_posix() for file in base.glob(pattern) if file.is_file()}
