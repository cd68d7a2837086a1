import numpy as np
import pandas as pd
import pytest

from flashfit.data.splits import (
    assign_splits,
    at_borders,
    check_no_leak,
    hash_split,
    split_sizes,
    splits_of_groups,
    splits_spanned,
)
from flashfit.errors import DataError
from flashfit.params import Split

BY_HASH = Split(by="hash", validation=0.15, test=0.2)
BY_GROUP = Split(by="group")
BY_TIME = Split(by="time", validation=0.2, test=0.2)
GIVEN = Split(by="given", validation=0.2)


def rows_of(count, **columns):
    """What a source gives: nothing but ids and contents, and what columns say."""
    rows = {name: [None] * count for name in ("group", "split", "series", "start", "end")}
    rows["id"] = [f"s{number}" for number in range(count)]
    rows["content_sha256"] = [f"content {number}" for number in range(count)]
    types = dict.fromkeys(rows, "str") | {"start": "float64", "end": "float64"}
    return pd.DataFrame({**rows, **columns}).astype(types)


def table_of(**columns):
    """Three samples, one in each split, that leak nothing until columns say otherwise."""
    rows = {
        "group": ["g0", "g1", "g2"],
        "split": ["train", "validation", "test"],
        "left_out": ["", "", ""],
    }
    return rows_of(3, **{**rows, **columns})


def test_shares_come_out_within_four_standard_deviations():
    count = 20_000
    splits = assign_splits(rows_of(count), BY_HASH, seed=7)
    for name, share in {"train": 0.65, "validation": 0.15, "test": 0.2}.items():
        tolerance = 4 * (share * (1 - share) / count) ** 0.5
        assert abs(np.mean(splits == name) - share) < tolerance


def test_equal_content_is_never_in_two_splits():
    contents = [f"content {number % 100}" for number in range(1000)]
    splits = pd.Series(assign_splits(rows_of(1000, content_sha256=contents), BY_HASH, seed=7))
    assert splits_spanned(pd.Series(contents), splits).max() == 1


@pytest.mark.parametrize("split", [BY_HASH, BY_GROUP])
def test_a_group_stays_together_whatever_its_contents(split):
    groups = [f"writer {number % 100}" for number in range(1000)]
    splits = pd.Series(assign_splits(rows_of(1000, group=groups), split, seed=7))
    assert splits_spanned(pd.Series(groups), splits).max() == 1
    assert splits.nunique() == 3


def test_adding_samples_moves_no_other():
    few = assign_splits(rows_of(200), BY_HASH, seed=7)
    many = assign_splits(rows_of(300), BY_HASH, seed=7)
    np.testing.assert_array_equal(few, many[:200])


def test_another_validation_share_moves_nothing_into_or_out_of_test():
    wider = Split(by="hash", validation=0.4, test=0.2)
    for number in range(500):
        before, after = hash_split(str(number), BY_HASH, 7), hash_split(str(number), wider, 7)
        assert (before == "test") == (after == "test")


def test_the_split_of_a_key_is_the_same_on_every_machine():
    assert [hash_split(f"content {number}", BY_HASH, 7) for number in range(8)] == [
        "validation",
        "train",
        "test",
        "validation",
        "test",
        "train",
        "train",
        "train",
    ]


def test_another_seed_splits_otherwise():
    keys = [str(number) for number in range(100)]
    assert [hash_split(key, BY_HASH, 7) for key in keys] != [hash_split(key, BY_HASH, 8) for key in keys]


def test_a_split_by_group_refuses_samples_without_one():
    rows = rows_of(3, group=["g", None, None])
    with pytest.raises(DataError, match=r"2 of 3 samples have no group; next: name the source's groups"):
        assign_splits(rows, BY_GROUP, seed=7)


def test_by_time_the_first_windows_of_each_series_train_and_the_last_test():
    rows = rows_of(20, series=["a", "b"] * 10, start=np.repeat(np.arange(10), 2)[::-1])
    splits = assign_splits(rows, BY_TIME, seed=7)
    for series in ("a", "b"):
        in_order = splits[(rows["series"] == series).to_numpy()][::-1]
        assert in_order.tolist() == ["train"] * 6 + ["validation"] * 2 + ["test"] * 2


def test_by_time_samples_without_a_series_are_one():
    splits = assign_splits(rows_of(5, start=[4, 3, 2, 1, 0]), BY_TIME, seed=7)
    assert splits.tolist() == ["test", "validation", "train", "train", "train"]


def test_by_time_a_gesture_is_not_torn_into_two_splits():
    # five gestures of three windows each; the borders, 9 and 12 windows on, fall between gestures
    gestures = np.repeat([f"g{number}" for number in range(5)], 3)
    start = np.repeat(np.arange(5) * 119, 3) + np.tile([0, 30, 60], 5)
    rows = rows_of(15, series=["file"] * 15, group=gestures, start=start, end=start + 59)
    splits = assign_splits(rows, BY_TIME, seed=7)
    assert splits.tolist() == ["train"] * 9 + ["validation"] * 3 + ["test"] * 3
    uneven = assign_splits(rows.iloc[1:], BY_TIME, seed=7)
    assert splits_spanned(rows["group"].iloc[1:], pd.Series(uneven, index=range(1, 15))).max() == 1


def test_windows_that_begin_at_one_time_are_in_one_split():
    splits = assign_splits(rows_of(6, start=[0, 1, 2, 2, 2, 2]), BY_TIME, seed=7)
    assert splits.tolist() == ["train"] * 6


def test_a_split_by_time_needs_times():
    rows = rows_of(3, start=[0, None, 1])
    with pytest.raises(DataError, match=r"1 of 3 samples have no time; next: set split\.by to hash"):
        assign_splits(rows, BY_TIME, seed=7)


def test_by_time_windows_that_reach_over_a_border_are_left_out():
    # ten windows of 3 rows, one every row: 0..5 train, 6..7 validation, 8..9 test
    rows = rows_of(10, series=["a"] * 10, start=range(10), end=range(3, 13))
    splits = pd.Series(assign_splits(rows, BY_TIME, seed=7))
    out = at_borders(rows, splits, BY_TIME)
    # windows 4 and 5 reach into 6; 6 and 7 reach into 8
    assert np.flatnonzero(out).tolist() == [4, 5, 6, 7]


def test_windows_that_only_touch_do_not_overlap():
    rows = rows_of(5, series=["a"] * 5, start=range(0, 15, 3), end=range(3, 18, 3))
    splits = pd.Series(assign_splits(rows, BY_TIME, seed=7))
    assert splits.nunique() == 3
    assert not at_borders(rows, splits, BY_TIME).any()


def test_given_splits_are_taken_as_they_are():
    rows = rows_of(3, split=["test", "train", "validation"])
    assert list(assign_splits(rows, GIVEN, seed=7)) == ["test", "train", "validation"]


def test_validation_comes_from_train_where_only_train_and_test_are_given():
    groups = [f"g{number % 500}" for number in range(4000)]
    rows = rows_of(4000, group=groups, split=["train", "test"] * 2000)
    splits = pd.Series(assign_splits(rows, GIVEN, seed=7))
    assert (splits[1::2] == "test").all()
    assert splits_spanned(rows["group"][::2], splits[::2]).max() == 1
    share = (splits == "validation").mean()  # 0.2 of all: 0.4 of train's 250 groups
    assert abs(share - 0.2) < 4 * 0.5 * (0.4 * 0.6 / 250) ** 0.5


def test_validation_takes_at_most_half_of_a_given_training_split():
    rows = rows_of(4000, split=np.resize(["train"] + ["test"] * 9, 4000))
    splits = assign_splits(rows, Split(by="given", validation=0.4), seed=7)
    assert abs((splits[::10] == "validation").mean() - 0.5) < 4 * (0.25 / 400) ** 0.5


def test_given_splits_that_are_missing_name_the_way_out():
    with pytest.raises(DataError, match=r"the source has no splits; next: set split\.by to hash"):
        assign_splits(rows_of(3), GIVEN, seed=7)


def test_given_splits_of_other_names_are_listed_with_the_first_sample():
    rows = rows_of(5, split=["train", "dev", "holdout", "dev", None])
    with pytest.raises(DataError, match=r"also has '', 'dev', 'holdout': 4 samples \(first: s1\)"):
        assign_splits(rows, GIVEN, seed=7)


@pytest.mark.parametrize("split", [BY_HASH, BY_GROUP, GIVEN])
def test_only_a_split_by_time_leaves_windows_out_for_their_place(split):
    rows = rows_of(2, series=["a"] * 2, start=[0, 1], end=[2, 3])
    assert not at_borders(rows, pd.Series(["train", "test"]), split).any()


def test_a_table_that_keeps_everything_apart_does_not_leak():
    check_no_leak(table_of(), GIVEN)


def test_what_repeats_within_one_split_does_not_leak():
    check_no_leak(table_of(group=["g0", "g0", "g2"], split=["train", "train", "test"]), GIVEN)


@pytest.mark.parametrize("column", ["id", "group", "content_sha256"])
def test_anything_in_two_splits_leaks(column):
    with pytest.raises(DataError, match=f"the same {column} lies in two splits"):
        check_no_leak(table_of(**{column: ["same", "other", "same"]}), GIVEN)


@pytest.mark.parametrize("column", ["id", "group", "content_sha256"])
def test_what_is_left_out_does_not_leak(column):
    check_no_leak(table_of(**{column: ["same", "other", "same"]}, left_out=["", "", "copy of s0"]), GIVEN)


@pytest.mark.parametrize("split", [BY_HASH, BY_GROUP, BY_TIME, GIVEN])
def test_overlapping_windows_of_two_splits_leak_however_they_were_split(split):
    table = table_of(series=["a"] * 3, start=[0, 9, 20], end=[10, 19, 30])
    with pytest.raises(DataError, match=r"windows of two splits overlap: 2 samples \(s0, s1\)"):
        check_no_leak(table, split)
    check_no_leak(table.assign(left_out=["overlaps a border", "", ""]), split)


def test_a_group_of_one_series_may_be_parted_in_time_but_not_over_series():
    places = {"start": [0, 10, 20], "end": [10, 20, 30]}
    machine = table_of(group=["g"] * 3, series=["a"] * 3, **places)
    check_no_leak(machine, GIVEN)
    person = table_of(group=["g"] * 3, series=["a", "a", "b"], **places)
    assert splits_of_groups(person, GIVEN).tolist() == [3, 3, 3]
    with pytest.raises(DataError, match="the same group lies in two splits"):
        check_no_leak(person, GIVEN)


def test_a_group_whose_windows_have_no_place_may_not_be_parted():
    with pytest.raises(DataError, match="the same group lies in two splits"):
        check_no_leak(table_of(group=["g"] * 3, series=["a"] * 3), GIVEN)


def test_by_time_a_person_may_be_in_all_splits():
    table = table_of(group=["g"] * 3, series=["a", "a", "b"], start=[0, 10, 20], end=[10, 20, 30])
    check_no_leak(table, BY_TIME)


def test_split_sizes_name_an_empty_split_and_leave_out_what_is_left_out():
    table = table_of(split=["train", "train", "test"], left_out=["", "silent", ""])
    assert split_sizes(table) == "train 1, validation 0, test 1"
