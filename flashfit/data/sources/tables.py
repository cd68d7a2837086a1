"""CSV files, read strictly: pandas fills short rows and cuts long ones in silence, so `csv` splits the lines."""

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TextIO

import numpy as np
from numpy.typing import NDArray

from flashfit.data.sources.folder import BadFile

SEPARATORS = {",": ",", ";": ";", "tab": "\t"}

_ROWS_A_BLOCK = 1 << 16
"""Rows that are text at a time; only what is kept of them grows with the file."""


@dataclass(frozen=True)
class Table:
    """numbers: (rows, columns) float64, finite, in the order asked for. texts: (rows,) str a column, stripped.

    lines: (rows,) the line of each row in the file, the first being 1.
    """

    numbers: NDArray[np.float64]
    texts: dict[str, NDArray[np.object_]]
    lines: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.lines)


def read_table(file: Path, separator: str, numbers: Sequence[str], texts: Sequence[str]) -> Table:
    """Some columns of a CSV file with a header.

    Raises BadFile for what read_rows refuses, for text or nothing in a column of numbers, and for no rows.
    """
    rows = read_rows(file, separator, [*numbers, *texts])
    blocks = []
    while block := list(islice(rows, _ROWS_A_BLOCK)):
        blocks.append(_block(block, numbers, texts))
    if not blocks:
        raise BadFile("a header and no rows")
    return Table(
        np.concatenate([block.numbers for block in blocks]),
        {name: np.concatenate([block.texts[name] for block in blocks]) for name in texts},
        np.concatenate([block.lines for block in blocks]),
    )


def read_rows(file: Path, separator: str, columns: Sequence[str]) -> Iterator[tuple[int, tuple[str, ...]]]:
    """The line and the cells of some columns of each row. separator: `,`, `;`, `tab`, or `auto`: what the header has.

    Raises BadFile for an empty file, one that is not UTF-8, missing columns, and rows of another width.
    """
    try:
        with file.open(encoding="utf-8-sig", newline="") as stream:
            mark = SEPARATORS.get(separator) or _separator(_first_line(file), columns)
            yield from _rows(stream, mark, columns)
    except UnicodeDecodeError as error:
        raise BadFile(f"not UTF-8 text (byte 0x{error.object[error.start]:02x})") from None


def _first_line(file: Path) -> str:
    with file.open(encoding="utf-8-sig", newline="") as stream:
        return next((line for line in stream if line.strip()), "")


def _separator(header: str, columns: Sequence[str]) -> str:
    """The separator under which the header has the columns; else the one that it has most of."""
    found = {mark: _names(header, mark) for mark in SEPARATORS.values()}
    for mark, names in found.items():
        if set(columns) <= set(names):
            return mark
    return max(found, key=lambda mark: len(found[mark]))


def _names(header: str, mark: str) -> list[str]:
    try:
        return [name.strip() for name in next(csv.reader([header], delimiter=mark, strict=True), [])]
    except csv.Error:
        return []


def _rows(stream: TextIO, mark: str, columns: Sequence[str]) -> Iterator[tuple[int, tuple[str, ...]]]:
    reader = csv.reader(stream, delimiter=mark, strict=True)
    width, places = 0, None
    try:
        for row in reader:
            if not row:
                continue
            if places is None:
                width, places = len(row), _places([name.strip() for name in row], columns)
            elif len(row) != width:
                raise BadFile(f"line {reader.line_num} has {_width(row, mark)}, the header {width}")
            else:
                yield reader.line_num, tuple([row[place] for place in places])
    except csv.Error as error:
        raise BadFile(f"line {reader.line_num}: {error}") from None
    if places is None:
        raise BadFile("empty")


def _width(row: Sequence[str], mark: str) -> str:
    other = next((name for name, it in SEPARATORS.items() if it != mark and len(row) == 1 and it in row[0]), None)
    fields = "1 field" if len(row) == 1 else f"{len(row)} fields"
    return f"{fields}, and another separator ({other})" if other else fields


def _places(header: Sequence[str], columns: Sequence[str]) -> list[int]:
    if missing := [name for name in dict.fromkeys(columns) if name not in header]:
        raise BadFile(f"no column {', '.join(missing)} (it has: {', '.join(header)})")
    if doubled := [name for name in columns if header.count(name) > 1]:
        raise BadFile(f"column {doubled[0]} is there {header.count(doubled[0])} times")
    return [header.index(name) for name in columns]


def _block(rows: Sequence[tuple[int, tuple[str, ...]]], numbers: Sequence[str], texts: Sequence[str]) -> Table:
    lines = np.array([line for line, _ in rows], dtype=np.int64)
    cells = np.array([row for _, row in rows], dtype=object).reshape(len(rows), -1)
    count = len(numbers)
    stripped = {name: _stripped(cells[:, count + index]) for index, name in enumerate(texts)}
    return Table(_numbers(cells[:, :count], lines, numbers), stripped, lines)


def _stripped(cells: NDArray[np.object_]) -> NDArray[np.object_]:
    return np.array([cell.strip() for cell in cells], dtype=object)


def _numbers(cells: NDArray[np.object_], lines: NDArray[np.int64], names: Sequence[str]) -> NDArray[np.float64]:
    try:
        values = cells.astype(np.float64)
        bad = np.argwhere(~np.isfinite(values))
    except ValueError:
        bad = np.array([place for place, cell in np.ndenumerate(cells) if not _is_number(cell)])
    if len(bad):
        row, column = bad[0]
        what = f"{cells[row, column]!r} is not a number" if cells[row, column].strip() else "no number"
        raise BadFile(f"column {names[column]}, line {lines[row]}: {what}")
    return values


def _is_number(cell: str) -> bool:
    try:
        return bool(np.isfinite(float(cell)))
    except ValueError:
        return False
