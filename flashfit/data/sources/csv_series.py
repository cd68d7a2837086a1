"""Time series in CSV: forecasts, regression and anomalies."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from flashfit.data.samples import Account, ClockRecord, Sample
from flashfit.data.sources.anomalies import Stretches, flagged, read_stretches
from flashfit.data.sources.clock import clock_record, instants_ns
from flashfit.data.sources.folder import BadFile, Member, load_each, matching_files, open_folder
from flashfit.data.sources.listing import Place, Places, check_rows
from flashfit.data.sources.mending import Mended, as_recorded, check_some, count_repairs, mend, starts
from flashfit.data.sources.tables import Table, read_table
from flashfit.errors import ConfigError
from flashfit.params import ANOMALY_LABELS, CsvSeriesSource
from flashfit.params.sources import AnomalyWindows

_COLUMN = "column:"


@dataclass(frozen=True)
class _Series:
    """One file. mended: its channels; answers: (rows,) the targets, or whether a row is anomalous."""

    mended: Mended
    answers: NDArray[np.float64]
    clock: ClockRecord | None


def read_csv_series(source: CsvSeriesSource, root: Path, account: Account) -> Iterator[Sample]:
    """Windows (window, channels) float32, by file and by time; the file is the series.

    An id is the file's path and the window's first row, counted after mending; start and end are rows, too,
    and end is behind the forecast row. With commissioning, windows within the first rows are normal and for
    training, and those across their end are left out. What is sorted, dropped or left out is counted in account.
    """
    _check_settings(source)
    folder = open_folder(source, root, account)
    members = matching_files(folder, source.files, source.listing)
    places = Places(source, folder, members).of_each(members)
    stretches = None
    if isinstance(source.anomaly, AnomalyWindows) and source.clock is not None:
        stretches = read_stretches(source.anomaly, source.clock, folder, members)
    count = 0
    for member, series in load_each(folder, list(places), partial(_load, source, stretches)):
        if series.clock is not None:
            account.clocks.append(series.clock)
        count_repairs(series.mended, _span(source), account)
        for sample in _windows(source, member, series, places[member], account):
            count += 1
            yield sample
    check_some(count, folder, _span(source), account)


def commissioned(values: NDArray[np.float64], rows: int) -> NDArray[np.float64]:
    """Scaled by the mean and deviation of the first rows, as a device does after installation.

    values: (rows, channels). A channel that stands still in them is only shifted.
    """
    deviation = values[:rows].std(axis=0)
    scaled: NDArray[np.float64] = (values - values[:rows].mean(axis=0)) / np.where(deviation > 0, deviation, 1.0)
    return scaled


def _windows(
    source: CsvSeriesSource, member: Member, series: _Series, place: Place, account: Account
) -> Iterator[Sample]:
    known, values = source.commission_rows, series.mended.values
    if known:
        values = commissioned(values, known)
        _count_contradictions(source, series, account)
    for start in starts(series.mended, _span(source), source.hop):
        end = start + _span(source)
        if start < known < end:
            account.repaired("windows across the end of commissioning: left out", 1)
            continue
        answer = series.answers[end - 1]
        yield Sample(
            id=f"{member.path}@{start:06d}",
            x=values[start : start + source.window].astype(np.float32),
            label=ANOMALY_LABELS[int(answer and end > known)] if source.anomaly else "",
            target=float(answer) if source.target else None,
            group=place.group or member.path,
            split="train" if end <= known else place.split,
            series=member.path,
            start=start,
            end=end,
            path=member.path,
        )


def _load(source: CsvSeriesSource, stretches: Stretches | None, member: Member) -> _Series:
    names = list(dict.fromkeys((*source.columns, *_answer_columns(source))))
    clock = [source.clock.column] if source.clock else []
    table = read_table(member.file, source.separator, names, clock)
    times = instants_ns(table.texts[clock[0]], source.clock, table.lines) if source.clock else None
    answers = _answers(source, table, names, times, stretches)
    channels = table.numbers[:, [names.index(name) for name in source.columns]]
    mended, record = _mended(source, member, np.column_stack([channels, answers]), times)
    if len(mended.values) < source.commission_rows:
        raise BadFile(f"{len(mended.values):,} rows are less than the {source.commission_rows:,} of commissioning")
    of_rows = answers[mended.origin] if source.anomaly else mended.values[:, -1]
    return _Series(replace(mended, values=mended.values[:, :-1]), of_rows, record)


def _mended(
    source: CsvSeriesSource, member: Member, values: NDArray[np.float64], times: NDArray[np.int64] | None
) -> tuple[Mended, ClockRecord | None]:
    if times is None:
        return as_recorded(values), None
    return mend(values, times, source.largest_gap_s, source.period_s), clock_record(member.path, times)


def _answers(
    source: CsvSeriesSource,
    table: Table,
    names: list[str],
    times: NDArray[np.int64] | None,
    stretches: Stretches | None,
) -> NDArray[np.float64]:
    """(rows,) what the last row of a window answers: a target, or 0 and 1."""
    if stretches is not None and times is not None:
        return flagged(stretches, times).astype(np.float64)
    column = _answer_columns(source)[0]
    answers = table.numbers[:, names.index(column)]
    if source.anomaly is not None and not np.isin(answers, (0, 1)).all():
        row = int((~np.isin(answers, (0, 1))).argmax())
        raise BadFile(f"column {column}, line {table.lines[row]}: {answers[row]:g} is neither 0 nor 1")
    return answers


def _answer_columns(source: CsvSeriesSource) -> tuple[str, ...]:
    if source.target is not None:
        return (source.target.column,)
    return (source.anomaly.removeprefix(_COLUMN),) if isinstance(source.anomaly, str) else ()


def _span(source: CsvSeriesSource) -> int:
    """Rows from a window's first to the one that is answered."""
    return source.window + (source.target.rows if source.target else 0)


def _count_contradictions(source: CsvSeriesSource, series: _Series, account: Account) -> None:
    if source.anomaly is not None:
        against = int(series.answers[: source.commission_rows].sum())
        account.repaired("rows of commissioning labelled anomalous: taken as normal", against)


def _check_settings(source: CsvSeriesSource) -> None:
    check_rows(source, None)
    timed = {
        "period_s": source.period_s is not None,
        "largest_gap_s": source.largest_gap_s is not None,
        "anomaly in a file": isinstance(source.anomaly, AnomalyWindows),
    }
    if source.clock is None and any(timed.values()):
        raise ConfigError(f"source.clock is missing: {', '.join(name for name in timed if timed[name])} needs it")
