"""Which column is the time, and which unit it counts in."""

import re

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from flashfit.params.sources import Clock

_NAMES = re.compile(
    r"^(times?|timestamps?|time_?stamp.*|date|date_?time|clock|epoch.*|unix.*|t|ts|ms|.*_time|time_.*|time ?[\[(].*)$",
    re.I,
)
_UNITS = (("ns", "ns"), ("us", "us"), ("µs", "us"), ("ms", "ms"), ("milli", "ms"), ("micro", "us"), ("sec", "s"))
_EPOCHS = (("s", 1e8, 1e10), ("ms", 1e11, 1e13), ("us", 1e14, 1e16), ("ns", 1e17, 1e19))
"""What a clock since 1970 reads between 1973 and 2286, by its unit."""

_LIKELY_HZ = (0.9, 2000.0)
_MOST_BACKWARD = 0.05


def clock_of(name: str, cells: NDArray[np.object_]) -> Clock | None:
    """The clock that a column of one file is; None where it is none. cells: (rows,) str.

    Dates are one; numbers are where they hardly run backwards, and their name says so or they count since 1970.
    """
    values = pd.to_numeric(pd.Series(cells), errors="coerce").to_numpy(np.float64)
    if len(values) < 2:
        return None
    if np.isnan(values).any():
        return Clock(column=name, unit="iso") if _are_dates(cells) else None
    forward = float((np.diff(values) >= 0).mean()) >= 1 - _MOST_BACKWARD and values[-1] > values[0]
    if not forward or not (_NAMES.match(name) or _epoch_unit(values)):
        return None
    return Clock.model_validate({"column": name, "unit": _unit(name, values)})


def rate_of(usual_s: float) -> float:
    """The rate that a usual step makes, without the noise of its last digits."""
    rate, whole = 1 / usual_s, round(1 / usual_s)
    return float(whole) if rate >= 5 and abs(rate - whole) < 0.05 * rate else float(f"{rate:.4g}")


def _are_dates(cells: NDArray[np.object_]) -> bool:
    times = pd.to_datetime(pd.Series(cells), format="ISO8601", utc=True, errors="coerce")
    return bool(times.notna().all())


def _unit(name: str, values: NDArray[np.float64]) -> str:
    """By size since 1970; else by the name; else the coarsest that gives a rate sensors have."""
    named = (unit for word, unit in _UNITS if re.search(rf"(^|[^a-z]){word}", name.lower()))
    step = float(np.median(np.diff(values)))
    low, high = _LIKELY_HZ
    likely = (
        unit
        for unit, per_s in (("s", 1.0), ("ms", 1e3), ("us", 1e6), ("ns", 1e9))
        if step > 0 and low <= per_s / step <= high
    )
    return _epoch_unit(values) or next(named, None) or next(likely, "s")


def _epoch_unit(values: NDArray[np.float64]) -> str | None:
    middle = float(np.median(values))
    return next((unit for unit, low, high in _EPOCHS if low <= middle < high), None)
