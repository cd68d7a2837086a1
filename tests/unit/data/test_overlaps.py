import numpy as np
import pandas as pd
import pytest

from flashfit.data.overlaps import overlapping


def windows(*rows):
    """(series, start, end, split) each, and the splits."""
    frame = pd.DataFrame(rows, columns=["series", "start", "end", "split"])
    return frame.astype({"series": "str", "start": "float64", "end": "float64"}), frame["split"]


def test_both_windows_of_a_pair_are_named_in_any_order():
    rows, splits = windows(("a", 5, 8, "test"), ("a", 20, 30, "test"), ("a", 0, 6, "train"))
    assert overlapping(rows, splits).tolist() == [True, False, True]


def test_windows_of_one_split_may_overlap():
    rows, splits = windows(("a", 0, 6, "train"), ("a", 1, 7, "train"))
    assert not overlapping(rows, splits).any()


@pytest.mark.parametrize(
    "other",
    [("b", 1, 7, "test"), ("a", 6, 9, "test"), ("a", np.nan, 7, "test"), ("a", 1, np.nan, "test")],
    ids=["another series", "half-open", "no start", "no end"],
)
def test_windows_that_share_no_time_of_a_series_do_not_overlap(other):
    rows, splits = windows(("a", 0, 6, "train"), other)
    assert not overlapping(rows, splits).any()


def test_a_long_window_is_remembered_over_short_ones_between():
    rows, splits = windows(("a", 0, 100, "train"), ("a", 1, 2, "train"), ("a", 3, 4, "train"), ("a", 50, 51, "test"))
    assert overlapping(rows, splits).tolist() == [True, False, False, True]


def test_equal_windows_overlap():
    rows, splits = windows(("a", 0, 5, "train"), ("a", 0, 5, "test"), ("a", 0, 5, "validation"))
    assert overlapping(rows, splits).all()


def test_windows_without_a_series_are_of_one():
    rows, splits = windows((None, 0, 5, "train"), (None, 4, 9, "test"))
    assert overlapping(rows, splits).all()


def test_the_sweep_agrees_with_every_pair():
    random = np.random.default_rng(0)
    start = random.integers(0, 300, 200)
    rows = pd.DataFrame(
        {"series": random.choice(["a", "b"], 200), "start": start, "end": start + random.integers(1, 9, 200)}
    ).astype({"start": "float64", "end": "float64"})
    splits = pd.Series(random.choice(["train", "validation", "test"], 200, p=[0.8, 0.1, 0.1]))
    found = overlapping(rows, splits)
    expected = [
        any(
            rows.series[a] == rows.series[b]
            and splits[a] != splits[b]
            and rows.start[a] < rows.end[b]
            and rows.start[b] < rows.end[a]
            for b in range(200)
        )
        for a in range(200)
    ]
    assert 0 < sum(expected) < 200
    assert found.tolist() == expected


def test_no_rows_have_no_overlaps():
    rows, splits = windows()
    assert overlapping(rows, splits).tolist() == []
