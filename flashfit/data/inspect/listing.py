"""A CSV beside the data that says which file is in which split, and whose it is."""

import csv
import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from flashfit.data.inspect.groups import COLUMN_NAMES
from flashfit.data.sources.folder import BadFile, Member
from flashfit.data.sources.listing import SPLIT_NAMES
from flashfit.data.sources.tables import SEPARATORS, read_rows
from flashfit.params import Listing

SPLITS = re.compile(r"^(split|set|subset|partition|fold|part)$", re.I)
_PATHS = re.compile(r"^(path|file|file_?name|file_?path|name|clip|image|wav)$", re.I)
_LEAST_KNOWN = 0.5


def header_of(file: Path) -> list[str]:
    """The column names of a CSV file, under the separator that gives most; none where it is no text."""
    try:
        with file.open(encoding="utf-8-sig", newline="") as stream:
            line = next((line for line in stream if line.strip()), "")
    except (OSError, UnicodeDecodeError):
        return []
    return max((_cells(line, mark) for mark in SEPARATORS.values()), key=len)


def find_listing(tables: Sequence[Member], paths: set[str]) -> Listing | None:
    """The first CSV right in the folder that lists at least half of the files, with splits or groups."""
    listings = (_listing(table, paths - {table.path}) for table in tables if "/" not in table.path)
    return next((listing for listing in listings if listing), None)


def segment_counts(listing: Listing, base: Path) -> Counter[str]:
    """How many segments a listing with a row column gives each file."""
    return Counter(_normal(cells[0]) for _, cells in read_rows(base / listing.file, "auto", [listing.path]))


def is_split_column(name: str, values: Sequence[str]) -> bool:
    """Whether a column says train, validation and test under the names in use."""
    return bool(SPLITS.match(name)) and all(value.strip().lower() in SPLIT_NAMES for value in values)


def _listing(table: Member, known: set[str]) -> Listing | None:
    names = header_of(table.file)
    path = next((name for name in names if _PATHS.match(name)), None)
    if path is None or len(set(names)) < len(names):
        return None
    try:
        rows = [cells for _, cells in read_rows(table.file, "auto", names)]
    except BadFile:
        return None
    cells = {name: [row[index].strip() for row in rows] for index, name in enumerate(names)}
    paths = [_normal(value) for value in cells[path]]
    split = next((name for name in names if is_split_column(name, cells[name])), None)
    group = next((name for name in names if COLUMN_NAMES.match(name)), None)
    row = _row_column(paths, {name: cells[name] for name in names if name not in (path, split, group)})
    listed = len(known & set(paths)) >= _LEAST_KNOWN * len(known) and bool(known & set(paths))
    if not listed or not (split or group) or (row is None and len(set(paths)) < len(paths)):
        return None
    unlisted = "skip" if known - set(paths) else "stop"
    settings = {"file": table.path, "path": path, "split": split, "group": group, "row": row, "unlisted": unlisted}
    return Listing.model_validate(settings)


def _row_column(paths: Sequence[str], columns: dict[str, list[str]]) -> str | None:
    """The column that numbers a file's segments from 0; None where files are listed once."""
    counts = Counter(paths)
    if not counts or max(counts.values()) == 1:
        return None
    wanted = {(path, str(number)) for path, count in counts.items() for number in range(count)}
    return next((name for name, values in columns.items() if set(zip(paths, values, strict=True)) == wanted), None)


def _normal(path: str) -> str:
    return path.strip().replace("\\", "/")


def _cells(line: str, mark: str) -> list[str]:
    try:
        return [cell.strip() for cell in next(csv.reader([line], delimiter=mark, strict=True), [])]
    except csv.Error:
        return []
