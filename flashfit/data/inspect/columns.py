"""What each column of CSV files is for."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from flashfit.data.inspect.clocks import clock_of
from flashfit.data.inspect.groups import COLUMN_NAMES
from flashfit.data.inspect.listing import is_split_column
from flashfit.data.sources.folder import BadFile, Member
from flashfit.data.sources.tables import read_rows
from flashfit.params.sources import Clock

Cells = Mapping[str, NDArray[np.object_]]
"""(rows,) str of each column of one file."""

_LABELS = re.compile(
    r"^(label|class|target|category|state|activity|gesture|event|species|type|tag|y)(_?(id|name))?$", re.I
)
_FLAGS = re.compile(r"(anomal|outlier|fault|fail|attack|defect|label|change_?point|^is_|^y$|^class$)", re.I)
_COUNTERS = re.compile(r"^(unnamed.*|index|idx|id|no|nr|row|number|sample|#|)$", re.I)
_MOST_ROWS = 20_000
_MOST_LABELS = 60
_LONG_TEXT = 20


@dataclass(frozen=True)
class Columns:
    """Names of columns by their use. label: of few values; anomaly: of 0 and 1; channels: numbers, the rest."""

    channels: tuple[str, ...] = ()
    clock: Clock | None = None
    label: str | None = None
    anomaly: str | None = None
    group: str | None = None
    text: str | None = None
    id: str | None = None
    split: str | None = None


def read_cells(member: Member, names: Sequence[str]) -> Cells | None:
    """The first rows of a file; None for one that cannot be read."""
    try:
        rows = [cells for _, cells in islice(read_rows(member.file, "auto", names), _MOST_ROWS)]
    except (BadFile, OSError):
        return None
    columns = np.array(rows, dtype=object).reshape(len(rows), len(names))
    return {name: np.array([cell.strip() for cell in columns[:, index]], object) for index, name in enumerate(names)}


def columns_of(files: Sequence[Cells]) -> Columns:
    """The use of each column, from files with one header."""
    together = {name: np.concatenate([cells[name] for cells in files]) for name in files[0]}
    numbers = {name: values for name, cells in together.items() if (values := _numbers(cells)) is not None}
    clock = next((clock for name in together if (clock := _clock(name, files))), None)
    rest = [name for name in together if clock is None or name != clock.column]
    split = next((name for name in rest if is_split_column(name, list(together[name]))), None)
    group = next((name for name in rest if COLUMN_NAMES.match(name) and len(set(together[name])) > 1), None)
    rest = [name for name in rest if name not in (split, group)]
    flags = [name for name in rest if name in numbers and _FLAGS.search(name) and set(numbers[name]) <= {0.0, 1.0}]
    anomaly = next((name for name in flags if len(set(numbers[name])) == 2), None)
    words = [name for name in rest if name not in numbers]
    text = next((name for name in words if _is_text(together[name])), None)
    counters = [name for name in rest if _COUNTERS.match(name) and len(set(together[name])) == len(together[name])]
    used = {*flags, *counters, *words}
    named = [name for name in rest if _LABELS.match(name) and name != text and _are_few(together[name])]
    label = next(iter([*named, *(name for name in words if name != text and _are_few(together[name]))]), None)
    channels = tuple(name for name in rest if name in numbers and name not in used and name != label)
    id_ = next((name for name in counters if name.lower() == "id"), None)
    return Columns(channels, clock, label, anomaly, group, text, id_, split)


def _clock(name: str, files: Sequence[Cells]) -> Clock | None:
    """The clock that the column is in every file."""
    clocks = [clock_of(name, cells[name]) for cells in files]
    return clocks[0] if all(clocks) else None


def _numbers(cells: NDArray[np.object_]) -> NDArray[np.float64] | None:
    values = pd.to_numeric(pd.Series(cells), errors="coerce").to_numpy(np.float64)
    missing = float(np.mean(~np.isfinite(values)))
    return values[np.isfinite(values)] if missing < 0.01 else None


def _are_few(cells: NDArray[np.object_]) -> bool:
    """Few values for so many rows, and none that is empty."""
    values = set(cells)
    return 2 <= len(values) <= min(_MOST_LABELS, len(cells) / 5) and "" not in values


def _is_text(cells: NDArray[np.object_]) -> bool:
    lengths = [len(cell) for cell in cells]
    return float(np.mean(lengths)) >= _LONG_TEXT and len(set(cells)) > len(cells) / 2
