"""The unit of a time column is told from its numbers, its name or its steps."""

import numpy as np
import pytest

from flashfit.data.inspect.clocks import clock_of, rate_of


@pytest.mark.parametrize(
    ("name", "cells", "unit"),
    [
        ("timestamp", ["1657544371648", "1657544371658"], "ms"),
        ("anything", ["1657544371", "1657544372"], "s"),
        ("time_us", ["0", "10000", "20000"], "us"),
        ("t", ["0.00", "0.02", "0.04"], "s"),
        ("t", ["0", "20", "40"], "ms"),
        ("when", ["2020-03-01 15:44:06", "2020-03-01 15:44:07"], "iso"),
    ],
)
def test_a_clock_is_known_by_its_numbers(name: str, cells: list[str], unit: str) -> None:
    clock = clock_of(name, np.array(cells, dtype=object))
    assert clock is not None
    assert (clock.column, clock.unit) == (name, unit)


@pytest.mark.parametrize(
    ("name", "cells"),
    [("value", ["1", "2", "3"]), ("time", ["3", "2", "1"]), ("word", ["a", "b"]), ("time", ["1"])],
)
def test_what_is_no_time_is_no_clock(name: str, cells: list[str]) -> None:
    assert clock_of(name, np.array(cells, dtype=object)) is None


@pytest.mark.parametrize(("step_s", "rate_hz"), [(0.01, 100.0), (0.0084, 119.0), (3600.0, 0.0002778)])
def test_a_rate_is_told_without_the_noise_of_its_digits(step_s: float, rate_hz: float) -> None:
    assert rate_of(step_s) == rate_hz
