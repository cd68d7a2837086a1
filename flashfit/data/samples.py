"""Samples as fetch leaves them: one Parquet file, whatever the source was, written and read as a stream."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from flashfit.errors import DataError

_VALUES_A_ROW_GROUP = 1 << 22
"""So much is held in memory at a time, however many samples there are: 16 MiB of float32."""

_ROWS_A_ROW_GROUP = 4096


@dataclass(frozen=True)
class Sample:
    """One thing to be answered: a picture, a clip, a window, a message.

    x: raw values of the source's dtype and of any shape. label: the class; for a regression, "".
    target: what a regression answers. group: what must not be torn apart by a split (a person, a machine).
    split: where the source names one. series, start, end: the recording that it was cut from, and its
    half-open place there, in seconds or rows: samples of one series overlap where these do. rate_hz: of a
    sound. path: the file that it comes from, below the source's.
    """

    id: str
    x: NDArray[np.generic]
    label: str = ""
    target: float | None = None
    group: str | None = None
    split: str | None = None
    series: str | None = None
    start: float | None = None
    end: float | None = None
    rate_hz: float | None = None
    path: str | None = None


@dataclass
class Account:
    """What a source met on the way, beside its samples; counted in the report.

    skipped: path and reason of files left out. repairs: what was mended, in words, with its count.
    clocks: for each series its rows, and the time steps that stand still, step back or are irregular.
    """

    skipped: dict[str, str] = field(default_factory=dict)
    repairs: dict[str, int] = field(default_factory=dict)
    clocks: list["ClockRecord"] = field(default_factory=list)

    def repaired(self, what: str, count: int) -> None:
        """Add to a repair's count; none is not worth a word."""
        if count:
            self.repairs[what] = self.repairs.get(what, 0) + count


@dataclass(frozen=True)
class ClockRecord:
    """The time steps of one series as recorded, before anything was mended. usual_s: their median.

    standing, backward: steps of 0 and below. irregular: steps that differ from the usual by more than
    half of it. largest_gap_s: the longest step.
    """

    series: str
    rows: int
    usual_s: float
    standing: int
    backward: int
    irregular: int
    largest_gap_s: float


_TEXTS = ("id", "label", "group", "split", "series", "path")
_NUMBERS = ("target", "start", "end", "rate_hz")
_ACCOUNT = b"flashfit.account"


def save_samples(path: Path, samples: Iterable[Sample], account: Account | None = None) -> int:
    """Write samples as they come, and the account once they have; returns how many there were.

    All are of one dtype. The same samples give the same bytes; nothing is left behind where an error is
    raised. Raises DataError for a dtype that is not a number's, or that changes, and where there are none.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    try:
        count = _write(part, samples, account or Account())
        if count == 0:
            raise DataError("the source holds no samples")
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    return count


def iterate_samples(path: Path) -> Iterator[Sample]:
    """Read what save_samples wrote, in its order, a row group at a time. Raises DataError for any other file."""
    file = _open(path)
    for index in range(file.num_row_groups):
        yield from _samples(file.read_row_group(index))


def count_samples(path: Path) -> int:
    """How many samples a file holds, without reading them."""
    return int(_open(path).metadata.num_rows)


def load_account(path: Path) -> Account:
    """What the source met on the way."""
    metadata = _open(path).metadata.metadata or {}
    tree = json.loads(metadata.get(_ACCOUNT, b"{}"))
    clocks = [ClockRecord(**record) for record in tree.get("clocks", [])]
    return Account(tree.get("skipped", {}), tree.get("repairs", {}), clocks)


def _write(path: Path, samples: Iterable[Sample], account: Account) -> int:
    writer: pq.ParquetWriter | None = None
    count = 0
    try:
        for batch in _batches(samples):
            table = _table(batch)
            if writer is None:
                writer = pq.ParquetWriter(path, table.schema, compression="zstd", use_dictionary=False)
            elif table.schema != writer.schema:
                raise DataError(
                    f"samples differ in type: {batch[0].id} is {batch[0].x.dtype.name}, those before it are not"
                )
            writer.write_table(table)
            count += len(batch)
        if writer is not None:
            writer.add_key_value_metadata({_ACCOUNT.decode(): json.dumps(_plain(account), sort_keys=True)})
    finally:
        if writer is not None:
            writer.close()
    return count


def _batches(samples: Iterable[Sample]) -> Iterator[list[Sample]]:
    batch: list[Sample] = []
    values = 0
    for sample in samples:
        if batch and (values + sample.x.size > _VALUES_A_ROW_GROUP or len(batch) == _ROWS_A_ROW_GROUP):
            yield batch
            batch, values = [], 0
        batch.append(sample)
        values += sample.x.size
    if batch:
        yield batch


def _table(batch: list[Sample]) -> pa.Table:
    dtypes = {sample.x.dtype for sample in batch}
    if len(dtypes) > 1:
        raise DataError(f"samples differ in type: {', '.join(sorted(dtype.name for dtype in dtypes))}")
    dtype = dtypes.pop()
    if dtype.kind not in "iuf":
        raise DataError(f"samples are {dtype.name}, and not numbers (first: {batch[0].id})")
    offsets = np.concatenate([[0], np.cumsum([sample.x.size for sample in batch])]).astype(np.int64)
    values = np.concatenate([sample.x.ravel() for sample in batch])
    columns: dict[str, pa.Array] = {
        **{name: pa.array([getattr(sample, name) for sample in batch], pa.string()) for name in _TEXTS},
        **{name: pa.array([getattr(sample, name) for sample in batch], pa.float64()) for name in _NUMBERS},
        "shape": pa.array([list(sample.x.shape) for sample in batch], pa.list_(pa.int32())),
        "x": pa.LargeListArray.from_arrays(offsets, pa.array(values)),
    }
    return pa.table(columns)


def _samples(table: pa.Table) -> Iterator[Sample]:
    column = table["x"].combine_chunks()
    lists = column.chunk(0) if isinstance(column, pa.ChunkedArray) else column
    values = lists.values.to_numpy(zero_copy_only=False)
    offsets = lists.offsets.to_numpy()
    shapes = table["shape"].to_pylist()
    rows = table.select([*_TEXTS, *_NUMBERS]).to_pylist()
    for index, row in enumerate(rows):
        x = values[offsets[index] : offsets[index + 1]].reshape(shapes[index])
        yield Sample(x=x, **row)


def _open(path: Path) -> pq.ParquetFile:
    if not path.is_file():
        raise DataError(f"{path} does not exist")
    try:
        file = pq.ParquetFile(path)
    except (OSError, pa.ArrowException) as error:
        raise DataError(f"{path} is not a readable Parquet file: {error}") from None
    missing = {"id", "label", "shape", "x"} - set(file.schema_arrow.names)
    if missing:
        raise DataError(f"{path} has no column {', '.join(sorted(missing))}")
    return file


def _plain(account: Account) -> dict[str, object]:
    return {
        "skipped": account.skipped,
        "repairs": account.repairs,
        "clocks": [vars(record) for record in account.clocks],
    }
