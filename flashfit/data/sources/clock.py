"""Time columns: read as instants, and judged by their steps."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from flashfit.data.samples import ClockRecord
from flashfit.data.sources.folder import BadFile
from flashfit.params.sources import Clock

_NS_PER_UNIT = {"s": 1_000_000_000, "ms": 1_000_000, "us": 1_000, "ns": 1}
_LARGEST_NS = 2**62
"""Some 146 years from 1970: a difference of two is still an int64."""

Lines = Sequence[int] | NDArray[np.int64]
"""Where each row stands in its file, for messages."""


def instants_ns(texts: NDArray[np.object_], clock: Clock, lines: Lines) -> NDArray[np.int64]:
    """Times as whole nanoseconds; dates without a zone are taken as UTC. texts: (rows,) str.

    Raises BadFile with the line of the first that is no time.
    """
    if clock.unit == "iso":
        return _dates_ns(texts, clock, lines)
    return _numbers_ns(texts, clock, lines)


def clock_record(series: str, times_ns: NDArray[np.int64]) -> ClockRecord:
    """What a clock did, as recorded. times_ns: (rows,); with one row there are no steps, and all is 0."""
    steps = np.diff(times_ns)
    usual = float(np.median(steps)) if len(steps) else 0.0
    return ClockRecord(
        series=series,
        rows=len(times_ns),
        usual_s=usual / 1e9,
        standing=int((steps == 0).sum()),
        backward=int((steps < 0).sum()),
        irregular=int((np.abs(steps - usual) > abs(usual) / 2).sum()),
        largest_gap_s=float(steps.max(initial=0)) / 1e9,
    )


def _dates_ns(texts: NDArray[np.object_], clock: Clock, lines: Lines) -> NDArray[np.int64]:
    times = pd.to_datetime(pd.Series(texts), format="ISO8601", utc=True, errors="coerce")
    seconds = times.dt.as_unit("s").to_numpy("datetime64[s]").astype(np.float64)
    far = ~(np.abs(seconds) * 1e9 < _LARGEST_NS)
    _refuse(times.isna().to_numpy() | far, texts, clock, lines, "date between 1824 and 2116")
    return times.dt.as_unit("ns").to_numpy("datetime64[ns]").astype(np.int64)


def _numbers_ns(texts: NDArray[np.object_], clock: Clock, lines: Lines) -> NDArray[np.int64]:
    scale = _NS_PER_UNIT[clock.unit]
    whole = _whole_numbers(texts)
    if whole is not None and np.abs(whole).max(initial=0) <= _LARGEST_NS // scale:
        return whole * scale
    values = pd.to_numeric(pd.Series(texts), errors="coerce").to_numpy(np.float64)
    _refuse(~(np.abs(values) < _LARGEST_NS / scale), texts, clock, lines, f"time in {clock.unit}")
    return np.round(values * scale).astype(np.int64)


def _whole_numbers(texts: NDArray[np.object_]) -> NDArray[np.int64] | None:
    """Exact where float64 would round nanoseconds since 1970."""
    try:
        return texts.astype(np.int64)
    except (ValueError, OverflowError):
        return None


def _refuse(
    bad: NDArray[np.bool_],
    texts: NDArray[np.object_],
    clock: Clock,
    lines: Lines,
    what: str,
) -> None:
    if bad.any():
        row = int(bad.argmax())
        raise BadFile(f"column {clock.column}, line {lines[row]}: {texts[row]!r} is not a {what}")
