import numpy as np
import pandas as pd
import pytest

from flashfit.data.samples import Samples
from flashfit.data.splits import assign_splits, check_no_leak, hash_split, split_sizes, splits_spanned
from flashfit.errors import DataError
from flashfit.params import Split

BY_HASH = Split(by="hash", validation=0.15, test=0.2)
GIVEN = Split(by="given")


def samples_of(count, groups=None, splits=None):
    return Samples(
        x=np.zeros((count, 2)),
        labels=np.full(count, "a"),
        ids=np.array([f"s{number}" for number in range(count)]),
        groups=None if groups is None else np.array(groups),
        splits=None if splits is None else np.array(splits),
    )


def test_shares_come_out_within_four_standard_deviations():
    count = 20_000
    splits = assign_splits(samples_of(count), [f"content {n}" for n in range(count)], BY_HASH, seed=7)
    for name, share in {"train": 0.65, "validation": 0.15, "test": 0.2}.items():
        tolerance = 4 * (share * (1 - share) / count) ** 0.5
        assert abs(np.mean(splits == name) - share) < tolerance


def test_equal_content_is_never_in_two_splits():
    contents = [f"content {number % 100}" for number in range(1000)]
    splits = pd.Series(assign_splits(samples_of(1000), contents, BY_HASH, seed=7))
    assert splits_spanned(pd.Series(contents), splits).max() == 1


def test_a_group_stays_together_whatever_its_contents():
    groups = [f"writer {number % 100}" for number in range(1000)]
    contents = [f"content {number}" for number in range(1000)]
    splits = pd.Series(assign_splits(samples_of(1000, groups=groups), contents, BY_HASH, seed=7))
    assert splits_spanned(pd.Series(groups), splits).max() == 1
    assert splits.nunique() == 3


def test_adding_samples_moves_no_other():
    contents = [f"content {number}" for number in range(300)]
    few = assign_splits(samples_of(200), contents[:200], BY_HASH, seed=7)
    many = assign_splits(samples_of(300), contents, BY_HASH, seed=7)
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


def test_given_splits_are_taken_as_they_are():
    given = samples_of(3, splits=["test", "train", "validation"])
    assert list(assign_splits(given, ["", "", ""], GIVEN, seed=7)) == ["test", "train", "validation"]


def test_given_splits_that_are_missing_name_the_way_out():
    with pytest.raises(DataError, match=r"the source has no splits; next: set split\.by to hash"):
        assign_splits(samples_of(3), ["", "", ""], GIVEN, seed=7)


def test_given_splits_of_other_names_are_listed_with_the_first_sample():
    given = samples_of(4, splits=["train", "dev", "holdout", "dev"])
    with pytest.raises(DataError, match=r"also has 'dev', 'holdout': 3 samples \(first: s1\)"):
        assign_splits(given, [""] * 4, GIVEN, seed=7)


def table_of(**columns):
    rows = {
        "id": ["s0", "s1", "s2"],
        "group": ["g0", "g1", "g2"],
        "content_sha256": ["c0", "c1", "c2"],
        "split": ["train", "validation", "test"],
    }
    return pd.DataFrame({**rows, **columns})


def test_a_table_that_keeps_everything_apart_does_not_leak():
    check_no_leak(table_of())


def test_what_repeats_within_one_split_does_not_leak():
    check_no_leak(table_of(group=["g0", "g0", "g2"], split=["train", "train", "test"]))


@pytest.mark.parametrize("column", ["id", "group", "content_sha256"])
def test_anything_in_two_splits_leaks(column):
    with pytest.raises(DataError, match=f"the same {column} lies in two splits"):
        check_no_leak(table_of(**{column: ["same", "other", "same"]}))


def test_split_sizes_name_an_empty_split():
    assert split_sizes(table_of(split=["train", "train", "test"])) == "train 2, validation 0, test 1"
