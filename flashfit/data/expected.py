"""What must hold of a product's samples: expectations as values, in the words in which they are reported."""

import sys
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Literal

import pandas as pd

from flashfit.data.features import SPLITS
from flashfit.data.samples import Account, ClockRecord
from flashfit.data.table import COLUMNS, NUMBERS, class_table, shape_in_words
from flashfit.data.validation import Drift, Severity, Table
from flashfit.params import ANOMALY_LABELS, Check, Expectations, Product

Kind = Literal["columns", "rows", "between", "in_set", "contains", "unique", "named", "known", "missing"]

NAME_COLUMNS: Mapping[Table, str] = {
    "samples": "id",
    "classes": "label",
    "series": "series",
    "files": "path",
    "drift": "statistic",
}
"""The column that names a row when it offends."""

_NORMAL = ANOMALY_LABELS[0]


@dataclass(frozen=True)
class Expected:
    """One expectation: of a column of a table, or of a whole table.

    columns: the table has these. rows: at least so many. between: least ≤ value ≤ most; a missing value
    passes. in_set: one of values. contains: each of values occurs. unique: no value twice. named: no empty
    text. known: not missing. missing: missing in the share `mostly` of rows. only: the one row looked at.
    """

    table: Table
    words: str
    kind: Kind
    column: str | None = None
    least: float | None = None
    most: float | None = None
    values: tuple[str | int, ...] = ()
    mostly: float = 1.0
    only: str | None = None
    check: Check | None = None


def tables_of(table: pd.DataFrame, product: Product, account: Account, drift: list[Drift]) -> dict[Table, pd.DataFrame]:
    """What expectations look at. samples: without those left out."""
    return {
        "samples": table[table["left_out"] == ""],
        "classes": class_table(table, product.labels),
        "series": pd.DataFrame(
            [_series(record) for record in account.clocks],
            columns=[*ClockRecord.__dataclass_fields__, "clock_steps", "irregular_share"],
        ),
        "files": pd.DataFrame(list(account.skipped.items()), columns=["path", "reason"]),
        "drift": pd.DataFrame([asdict(one) for one in drift], columns=list(Drift.__dataclass_fields__)),
    }


def expectations_of(product: Product, tables: Mapping[Table, pd.DataFrame]) -> list[Expected]:
    """Everything that must hold, in the order in which it is reported."""
    return [
        *_schema(product),
        *_values(product.expectations),
        *_sounds(product.expectations),
        *_leaks(product, len(tables["samples"])),
        *_classes(product),
        *_clocks(product.expectations),
        *([Expected("files", "every file could be read", "missing", "reason")] if len(tables["files"]) else []),
        *(_drift(product.expectations) if len(tables["drift"]) else []),
    ]


def severity_of(one: Expected, expected: Expectations) -> Severity:
    """Whether a failure stops the line. That files may be skipped is the source's choice, made already."""
    warns = one.table == "files" or (one.check is not None and expected.policy.get(one.check) == "warn")
    return "warning" if warns else "stop"


def _series(record: ClockRecord) -> dict[str, object]:
    steps, irregular = record.standing + record.backward, record.irregular / max(1, record.rows - 1)
    return {**asdict(record), "clock_steps": steps, "irregular_share": irregular}


def _schema(product: Product) -> Iterator[Expected]:
    least, labels = product.expectations.least_samples, ", ".join(product.labels)
    yield Expected("samples", "the table has its columns", "columns", values=COLUMNS)
    yield Expected("samples", f"there are at least {least:,} samples", "rows", least=least)
    yield Expected("samples", "every sample has an id", "named", "id")
    yield Expected("samples", "no id occurs twice", "unique", "id")
    yield Expected("samples", "every split has samples", "contains", "split", values=SPLITS)
    if product.task == "regression":
        largest = sys.float_info.max
        yield Expected("samples", "every sample has a target", "known", "target")
        words = "target of every sample is a finite number"
        yield Expected("samples", words, "between", "target", least=-largest, most=largest)
    else:
        words = f"label of every sample is one of {labels}"
        yield Expected("samples", words, "in_set", "label", values=product.labels)


def _values(expected: Expectations) -> Iterator[Expected]:
    yield Expected("samples", "dtype of every sample is a number", "in_set", "dtype", values=NUMBERS)
    yield Expected("samples", "no sample is empty", "between", "length", least=1)
    if expected.shape is not None:
        shape = shape_in_words(expected.shape)
        words = f"shape of every sample is {shape}"
        yield Expected("samples", words, "in_set", "shape", values=(shape,), check="shape")
    if expected.length is not None:
        least, most = expected.length
        words = f"length of every sample is in {least:,} to {most:,}"
        yield Expected("samples", words, "between", "length", least=least, most=most, check="length")
    yield Expected("samples", "nan_count of every sample is 0", "between", "nan_count", least=0, most=0)
    low, high = expected.range
    for column in ("min", "max"):
        words = f"{column} of every sample is in {low:g} to {high:g}"
        yield Expected("samples", words, "between", column, least=low, most=high, check="range")


def _sounds(expected: Expectations) -> Iterator[Expected]:
    quietest, clipped = expected.quietest_dbfs, expected.most_clipped
    if quietest is not None or clipped is not None:
        yield Expected("samples", "every sample is a sound (int16 values at a rate)", "known", "loudness_dbfs")
    if quietest is not None:
        words = f"loudness of every sample is at least {quietest:g} dBFS"
        yield Expected("samples", words, "between", "loudness_dbfs", least=quietest, check="silence")
    if clipped is not None:
        words = f"clipped share of every sample is at most {clipped:g}"
        yield Expected("samples", words, "between", "clipped", most=clipped, check="clipping")


def _leaks(product: Product, samples: int) -> Iterator[Expected]:
    most = product.expectations.most_duplicates
    words = f"copies of other samples are at most {most:,}" if most else "no sample is a copy of another"
    mostly = max(0, samples - most) / max(1, samples)
    yield Expected("samples", words, "missing", "copy_of", mostly=mostly, check="duplicates")
    yield Expected("samples", "no content lies in two splits", "in_set", "splits_of_content", values=(1,))
    if product.split.by != "time":
        yield Expected("samples", "no group lies in two splits", "in_set", "splits_of_group", values=(1,))
    yield Expected("samples", "no window overlaps one of another split", "in_set", "overlaps_split", values=(0,))


def _classes(product: Product) -> Iterator[Expected]:
    """Of anomalies there are few by nature, and none are trained on; validation and test need both kinds."""
    least, most = product.expectations.least_class_share, product.expectations.most_class_share
    if product.task == "classification":
        words = f"share of every class is in {least:g} to {most:g}"
        yield Expected("classes", words, "between", "share", least=least, most=most, check="balance")
    for split in SPLITS if product.labels else ():
        if product.task == "anomaly" and split == "train":
            words = f"{_NORMAL} has samples in train"
            yield Expected("classes", words, "between", split, least=1, only=_NORMAL, check="balance")
        else:
            words = f"every class has samples in {split}"
            yield Expected("classes", words, "between", split, least=1, check="balance")


def _clocks(expected: Expectations) -> Iterator[Expected]:
    steps, irregular = expected.most_clock_steps, expected.most_irregular
    if steps is not None or irregular is not None:
        yield Expected("series", "there is a series with a clock", "rows", least=1)
    if steps is not None:
        words = f"clock of every series stands still or steps back at most {steps:,} times"
        yield Expected("series", words, "between", "clock_steps", most=steps, check="clock")
    if irregular is not None:
        words = f"irregular share of every series' time steps is at most {irregular:g}"
        yield Expected("series", words, "between", "irregular_share", most=irregular, check="sampling")


def _drift(expected: Expectations) -> Iterator[Expected]:
    largest = expected.largest_drift
    if largest is not None:
        words = f"drift (PSI) of every statistic since the accepted version is at most {largest:g}"
        yield Expected("drift", words, "between", "psi", most=largest, check="drift")
