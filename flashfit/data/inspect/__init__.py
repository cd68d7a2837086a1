"""Data that nobody has described: what they are, and what a product of them needs to know."""

from dataclasses import replace
from pathlib import Path

import pandas as pd

from flashfit.data.inspect.folders import read_folders, read_idx_files
from flashfit.data.inspect.measured import Measured, find_split, labels_of, measure, with_split
from flashfit.data.inspect.seen import Reading, Seen
from flashfit.data.inspect.survey import PICTURES, SOUNDS, TABLES, Survey, kinds_of, survey
from flashfit.data.inspect.tables import read_tables
from flashfit.data.inspect.traps import find_traps
from flashfit.errors import DataError
from flashfit.params import IdxSource, Source, Split

_KINDS = "class folders of png, jpg or wav files; IDX pairs; CSV recordings, series or texts"


def look(path: Path, root: Path, seed: int) -> Seen:
    """Read what lies at path as a product of the checkout root would, every sample once.

    seed: of the checkout's splits. Raises DataError, in one line, for data of no kind that is read, of one
    class, or of which nothing can be read.
    """
    found = survey(path)
    readings = _readings(found, _named(found.only or found.base, root))
    if not readings:
        raise DataError(f"{path} holds {kinds_of(found.members)}, nothing that is read (what is: {_KINDS})")
    for reading in (_lenient(reading) for reading in readings):
        measured = measure(reading, root, seed)
        if split := find_split(measured, reading, seed):
            return _seen(reading, measured, *split)
    split_ = Split(by="hash")
    table = with_split(measured, split_, seed)
    if table is None or len(set(table["label"])) < 2:
        raise DataError(f"{path} cannot be split into training, validation and test: {len(measured.table):,} samples")
    return _seen(reading, measured, split_, table)


def _readings(found: Survey, path: Path) -> list[Reading]:
    if idx := read_idx_files(found, path):
        return idx
    counts = {suffixes: len(found.of(suffixes)) for suffixes in (SOUNDS, PICTURES, TABLES)}
    most = max(counts, key=lambda suffixes: counts[suffixes])
    if not counts[most]:
        return []
    if most == TABLES:
        return read_tables(found, path)
    return read_folders(found, path, found.of(most), "wav-folder" if most == SOUNDS else "image-folder")


def _named(path: Path, root: Path) -> Path:
    """Relative to the checkout where it lies inside."""
    whole = path.resolve()
    return whole.relative_to(root.resolve()) if whole.is_relative_to(root.resolve()) else whole


def _lenient(reading: Reading) -> Reading:
    return replace(reading, source=_on_bad_file(reading.source, "skip"))


def _on_bad_file(source: Source, choice: str) -> Source:
    return source if isinstance(source, IdxSource) else source.model_copy(update={"on_bad_file": choice})


def _seen(reading: Reading, measured: Measured, split: Split, table: pd.DataFrame) -> Seen:
    source = reading.source if measured.account.skipped else _on_bad_file(reading.source, "stop")
    labels = labels_of(table, reading)
    if reading.task == "classification" and len(labels) < 2:
        raise DataError(f"{source.path} has one class, {', '.join(labels)}; two are the least")
    traps = find_traps(table, measured.account, labels, reading.task == "anomaly")
    return Seen(
        reading=replace(reading, source=source),
        table=table,
        account=measured.account,
        split=split,
        labels=labels,
        rates_hz=measured.rates_hz,
        grouped=measured.grouped,
        traps=traps,
    )
