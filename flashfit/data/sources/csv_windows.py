"""Labelled sensor recordings in CSV, cut into windows."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from flashfit.data.samples import Account, Sample
from flashfit.data.sources.folder import Folder, Member, load_each, matching_files, open_folder
from flashfit.data.sources.listing import Place, Places, check_rows
from flashfit.data.sources.mending import check_some, count_repairs, starts
from flashfit.data.sources.recordings import Recording, label_of, read_recordings
from flashfit.errors import ConfigError, DataError
from flashfit.params import CsvWindowsSource

_PURITY_SLACK = 1e-9


def read_csv_windows(source: CsvWindowsSource, root: Path, account: Account) -> Iterator[Sample]:
    """Windows (window, channels) float32, by file, by recording and by time.

    An id is its series and the window's first row, counted at rate_hz; start and end are rows, too. A
    window's label is that of purity of its rows at least, each grid point taking the label of the nearest
    row; its group is, of what the source gives: the group column's, the listing's or the pattern's, the
    segment, or the file. What is sorted, dropped or too short is counted in account.
    """
    _check_settings(source)
    folder = open_folder(source, root, account)
    members = matching_files(folder, source.files, source.listing)
    _check_classes(source, folder, members)
    places = Places(source, folder, members)
    count = 0
    for member, recordings in load_each(folder, members, partial(read_recordings, source)):
        for recording in recordings:
            place = places.of(member.path, recording.segment)
            if place is None:
                continue
            for sample in _windows(source, member, recording, place, account):
                count += 1
                yield sample
    check_some(count, folder, source.window, account)


def modal_label(labels: NDArray[np.object_], purity: float) -> str | None:
    """The label of at least that share of the rows, more than half; None where there is none."""
    names, counts = np.unique(labels.astype(str), return_counts=True)
    most = int(counts.argmax())
    return str(names[most]) if counts[most] >= purity * len(labels) - _PURITY_SLACK else None


def _windows(
    source: CsvWindowsSource, member: Member, recording: Recording, place: Place, account: Account
) -> Iterator[Sample]:
    if recording.clock is not None:
        account.clocks.append(recording.clock)
    count_repairs(recording.mended, source.window, account)
    for start in starts(recording.mended, source.window, source.hop):
        end = start + source.window
        label = modal_label(recording.labels[start:end], source.purity)
        if label is None:
            account.repaired(f"windows with less than {source.purity:.0%} of one label: left out", 1)
            continue
        yield Sample(
            id=f"{recording.series}@{start:06d}",
            x=recording.mended.values[start:end].astype(np.float32),
            label=label,
            group=recording.group or place.group or _own_group(member, recording),
            split=place.split,
            series=recording.series,
            start=start,
            end=end,
            path=member.path,
        )


def _own_group(member: Member, recording: Recording) -> str:
    return member.path if recording.segment is None else f"{member.stem}:{recording.segment:03d}"


def _check_settings(source: CsvWindowsSource) -> None:
    check_rows(source, source.segment_rows)
    if source.group_from == "path" and source.group is None:
        raise ConfigError("source.group_from is path: give the pattern in source.group")
    if source.segment_rows is not None and source.clock is None and source.segment_rows < source.window:
        raise ConfigError(f"source.window of {source.window} rows is longer than source.segment_rows")


def _check_classes(source: CsvWindowsSource, folder: Folder, members: list[Member]) -> None:
    if source.label not in ("file", "folder"):
        return
    labels = sorted({label_of(source, member) for member in members})
    if "" in labels:
        alone = next(member for member in members if not member.label)
        raise DataError(f"{folder.name_of(alone.path)} lies in no class folder, and source.label is folder")
    if len(labels) < 2:
        raise DataError(f"{folder.name} has one class, {labels[0]} ({len(members):,} files); two are the least")
