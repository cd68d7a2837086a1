"""Mending a recording: order, doubles, gaps and the grid, by hand."""

import numpy as np
import pytest

from flashfit.data.samples import Account
from flashfit.data.sources.folder import BadFile
from flashfit.data.sources.mending import as_recorded, count_repairs, mend, starts

MS = 1_000_000


def mended(times_ms, values, **settings):
    column = np.array(values, dtype=np.float64)[:, None]
    settings = {"largest_gap_s": None, "step_s": None, **settings}
    return mend(column, np.array(times_ms, dtype=np.int64) * MS, **settings)


def test_rows_are_sorted_by_time_and_of_a_double_time_the_first_stays():
    found = mended([0, 20, 10, 20], [0, 2, 1, 9])
    assert found.values[:, 0].tolist() == [0, 1, 2]
    assert found.origin.tolist() == [0, 2, 1]
    assert (found.steps_back, found.dropped_rows) == (1, 1)


@pytest.mark.parametrize(
    ("times_ms", "values", "on_grid"),
    [
        ([0, 10, 20], [0, 1, 2], [0, 1, 2]),
        ([0, 5, 20], [0, 1, 4], [0, 2, 4]),  # at 10 ms: 1 + 3 × 5/15
        ([0, 14, 22], [0, 7, 11], [0, 5, 10]),
        ([7, 17, 36], [3, 4, 23], [3, 4, 14]),  # the grid begins at the first row, and ends before the last
    ],
)
def test_values_on_the_grid_lie_on_the_line_between_their_neighbours(times_ms, values, on_grid):
    np.testing.assert_allclose(mended(times_ms, values, step_s=0.01).values[:, 0], on_grid)


def test_a_grid_point_comes_from_the_nearest_row():
    assert mended([0, 4, 20, 29], [0, 0, 0, 0], step_s=0.01).origin.tolist() == [0, 1, 2]


def test_nothing_is_interpolated_across_a_gap_and_each_stretch_has_its_own_grid():
    found = mended([0, 10, 20, 105, 115], [0, 1, 2, 50, 51], largest_gap_s=0.05, step_s=0.01)
    assert found.values[:, 0].tolist() == [0, 1, 2, 50, 51]
    assert found.stretches == ((0, 3), (3, 5))


@pytest.mark.parametrize(("gap_s", "stretches"), [(0.2, ((0, 2),)), (0.199, ((0, 1), (1, 2)))])
def test_a_step_of_exactly_the_largest_gap_is_none(gap_s, stretches):
    assert mended([1_657_533_977_810, 1_657_533_978_010], [0, 1], largest_gap_s=gap_s).stretches == stretches


def test_windows_lie_within_a_stretch():
    found = mended([0, 10, 20, 30, 130, 140, 150], range(7), largest_gap_s=0.05)
    assert list(starts(found, rows=3, hop=1)) == [0, 1, 4]
    assert list(starts(found, rows=2, hop=2)) == [0, 2, 4]
    assert list(starts(found, rows=5, hop=1)) == []


def test_a_recording_without_a_clock_is_one_stretch():
    assert list(starts(as_recorded(np.zeros((5, 2))), rows=2, hop=2)) == [0, 2]


def test_what_was_mended_is_counted():
    account = Account()
    count_repairs(mended([0, 20, 10, 20, 200], range(5), largest_gap_s=0.1), 2, account)
    assert account.repairs == {
        "times that step back: rows sorted": 1,
        "rows whose time an earlier row has: dropped": 1,
        "stretches shorter than 2 rows: left out": 1,
    }


def test_a_clock_in_the_wrong_unit_does_not_fill_the_memory():
    with pytest.raises(BadFile, match=r"^2 rows without a gap would become 100,000,001, one every 0\.01 s$"):
        mended([0, 1_000_000_000], [0, 1], step_s=0.01)
