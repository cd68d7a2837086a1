"""Clocks: what is a time, and what their steps say."""

import numpy as np
import pytest

from flashfit.data.samples import ClockRecord
from flashfit.data.sources.clock import clock_record, instants_ns
from flashfit.data.sources.folder import BadFile
from flashfit.params.sources import Clock


def instants(unit, *texts):
    cells = np.array(texts, dtype=object)
    return instants_ns(cells, Clock(column="t", unit=unit), range(2, len(texts) + 2)).tolist()


@pytest.mark.parametrize(
    ("unit", "text", "ns"),
    [
        ("s", "2", 2_000_000_000),
        ("s", "0.25", 250_000_000),
        ("ms", "1657533977810", 1_657_533_977_810_000_000),
        ("us", "-3", -3_000),
        ("ns", "1657533977810123457", 1_657_533_977_810_123_457),
        ("iso", "1970-01-02", 86_400_000_000_000),
        ("iso", "1970-01-01 00:00:01.5", 1_500_000_000),
        ("iso", "1970-01-01T01:00:00+01:00", 0),
    ],
)
def test_a_time_becomes_whole_nanoseconds(unit, text, ns):
    assert instants(unit, text) == [ns]


@pytest.mark.parametrize(
    ("unit", "text", "reason"),
    [
        ("ms", "noon", "column t, line 3: 'noon' is not a time in ms"),
        ("ms", "nan", "'nan' is not a time in ms"),
        ("s", "1e300", "'1e300' is not a time in s"),
        ("s", "", "line 3: '' is not a time in s"),
        ("iso", "31.12.2024", "column t, line 3: '31.12.2024' is not a date"),
        ("iso", "0001-01-01", "'0001-01-01' is not a date between 1824 and 2116"),
    ],
)
def test_what_is_no_time_is_named_with_its_line(unit, text, reason):
    good = "1970-01-01" if unit == "iso" else "0"
    with pytest.raises(BadFile, match=reason):
        instants(unit, good, text)


def test_steps_of_a_clock_are_counted_as_recorded():
    times_ms = np.array([0, 10, 20, 20, 15, 25, 35, 51])  # steps 10 10 0 -5 10 10 16
    assert clock_record("a.csv", times_ms * 1_000_000) == ClockRecord(
        series="a.csv", rows=8, usual_s=0.01, standing=1, backward=1, irregular=3, largest_gap_s=0.016
    )


def test_a_single_row_has_no_steps():
    assert clock_record("a.csv", np.array([5])) == ClockRecord("a.csv", 1, 0.0, 0, 0, 0, 0.0)
