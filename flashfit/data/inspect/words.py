"""What was seen, in lines for a person."""

from collections.abc import Iterator

from flashfit.data.inspect.seen import Seen
from flashfit.data.splits import split_sizes
from flashfit.params import (
    CsvSeriesSource,
    CsvTextSource,
    CsvWindowsSource,
    IdxSource,
    NpzSource,
    SklearnSource,
    Source,
)

_MOST_CLASSES = 12


def lines_of(seen: Seen) -> Iterator[tuple[str, str]]:
    """A word for what a line is about, and the line; traps come last, each about `trap`."""
    yield "data", f"{seen.reading.what}: {len(seen.table):,} samples"
    if seen.labels:
        yield "classes", _classes(seen)
    yield from _values(seen)
    if seen.grouped or seen.split.by != "time":
        yield "groups", _groups(seen)
    yield "split", f"by {seen.split.by}: {split_sizes(seen.table)}"
    yield from (("note", note) for note in seen.reading.notes)
    yield from (("trap", trap.words) for trap in seen.traps)


def groups_of(source: Source) -> str:
    """What groups are made by, in words."""
    if isinstance(source, SklearnSource | NpzSource | IdxSource):
        return ""
    if isinstance(source, CsvTextSource):
        return f"column {source.group}" if source.group else ""
    if source.listing and source.listing.group:
        return f"{source.listing.group} in {source.listing.file}"
    if source.group:
        return f"pattern {source.group} in the path"
    if isinstance(source, CsvWindowsSource):
        if source.segment_rows:
            return f"each {source.segment_rows} rows"
        return source.group_from.replace("column:", "column ")
    return "file" if isinstance(source, CsvSeriesSource) else ""


def _classes(seen: Seen) -> str:
    counts = seen.counts
    if len(set(counts.values())) == 1:
        shown = ", ".join(list(counts)[:_MOST_CLASSES])
        each = f" ({next(iter(counts.values())):,} each)"
    else:
        shown, each = ", ".join(f"{label} {count:,}" for label, count in list(counts.items())[:_MOST_CLASSES]), ""
    return f"{len(counts)}: {shown}{', …' if len(counts) > _MOST_CLASSES else ''}{each}"


def _groups(seen: Seen) -> str:
    if not seen.grouped:
        return "none found: the same people may lie in training and test"
    return f"{seen.table['group'].nunique():,}, by {groups_of(seen.reading.source)}"


def _values(seen: Seen) -> Iterator[tuple[str, str]]:
    source, table = seen.reading.source, seen.table
    match source:
        case CsvWindowsSource() | CsvSeriesSource():
            yield "columns", ", ".join(source.columns)
            if source.clock:
                usual_s = sorted(record.usual_s for record in seen.account.clocks)[len(seen.account.clocks) // 2]
                yield "clock", f"{source.clock.column} ({source.clock.unit}), a row every {usual_s:g} s"
            yield "windows", f"{source.window:,} rows, every {source.hop:,}"
        case CsvTextSource():
            yield "texts", f"column {source.text}, up to {table['length'].max():,} bytes"
    if seen.rates_hz:
        lengths = table["duration_s"]
        rates = ", ".join(f"{rate:,.0f}" for rate in seen.rates_hz[:3])
        spread = f"{lengths.min():.2f} to {lengths.max():.2f} s, 95 % within {lengths.quantile(0.95):.2f} s"
        yield "clips", f"{rates} Hz, {spread}"
    elif not isinstance(source, CsvWindowsSource | CsvSeriesSource | CsvTextSource):
        yield "pictures", f"mostly {table['shape'].mode()[0].replace('x', ' × ')}"
