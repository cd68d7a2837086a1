import numpy as np

from flashfit.data.repairs import repaired, with_account
from flashfit.data.samples import Account, Sample
from flashfit.data.table import sample_table
from flashfit.params import Expectations, Split

GIVEN = Split(by="given")


def sounds(*values):
    """A sound a row of values, s0, s1, …, all in train."""
    x = [np.array(row, dtype=np.int16) for row in values]
    return [Sample(f"s{n}", row, split="train", rate_hz=8000.0) for n, row in enumerate(x)]


def left_out(samples, split=GIVEN, **expectations):
    """Why samples are left out, and the counts."""
    table = sample_table(samples, split, seed=7)
    mended, counts = repaired(table, Expectations(**{"range": (-40000, 40000), **expectations}), split)
    return mended["left_out"].tolist(), counts


def test_each_check_leaves_out_what_fails_it_and_counts_it():
    samples = sounds([1, 2, 3], [1, 2], [1, 2, 30000], [5, 5, 5], [32767, -32767, 1], [9, 8, 7])
    why, counts = left_out(
        samples,
        range=(-32768, 32767),
        length=(3, 3),
        quietest_dbfs=-100,
        most_clipped=0.5,
        policy={"length": "repair", "silence": "repair", "clipping": "repair", "range": "repair"},
    )
    assert why == ["", "length 2", "", "silent", "clipped", ""]
    assert counts == {
        "samples of another length are left out": 1,
        "silent clips are left out": 1,
        "clipped clips are left out": 1,
    }


def test_samples_of_another_shape_and_out_of_range_say_so():
    why, _ = left_out(
        sounds([1], [1, 2], [9, 1], [-9, 2]), shape=(2,), range=(-5, 5), policy={"shape": "repair", "range": "repair"}
    )
    assert why == ["shape 1", "", "out of range", "out of range"]


def test_the_first_reason_stands_and_is_counted_once():
    why, counts = left_out(sounds([9]), shape=(2,), range=(0, 5), policy={"range": "repair", "shape": "repair"})
    assert why == ["shape 1"]
    assert counts == {"samples of another shape are left out": 1}


def test_of_copies_the_first_stays():
    why, counts = left_out(sounds([1], [2], [1], [1]), policy={"duplicates": "repair"})
    assert why == ["", "", "copy of s0", "copy of s0"]
    assert counts == {"copies are left out": 2}


def test_copies_in_two_splits_leak_no_more_once_they_are_left_out():
    first, second = sounds([1], [1])
    samples = [first, Sample("s1", second.x, split="validation"), Sample("s2", np.array([2], np.int16), split="test")]
    table = sample_table(samples, GIVEN, seed=7)
    assert table["splits_of_content"].tolist() == [2, 2, 1]
    mended, _ = repaired(table, Expectations(range=(0, 9), policy={"duplicates": "repair"}), GIVEN)
    assert mended["splits_of_content"].tolist() == [1, 1, 1]


def test_a_copy_is_kept_where_the_first_is_left_out_for_its_place():
    # s5 reaches over the border of train, and s9 has its content
    place = [Sample(f"s{n}", np.array([n]), series="a", start=n, end=n + 1 + (n == 5)) for n in range(10)]
    samples = [*place[:5], place[5], *place[6:9], Sample("s9", place[5].x, series="a", start=9, end=10)]
    split = Split(by="time", validation=0.2, test=0.2)
    why, counts = left_out(samples, split, policy={"duplicates": "repair"})
    assert why == ["", "", "", "", "", "overlaps a border", "", "", "", ""]
    assert counts == {"windows that overlap a border are left out": 1}


def test_nothing_is_left_out_where_the_policy_is_to_stop_or_to_warn():
    why, counts = left_out(sounds([1], [1, 2], [1]), shape=(1,), policy={"shape": "warn", "duplicates": "stop"})
    assert why == ["", "", ""]
    assert counts == {}


def test_a_check_that_is_not_asked_for_leaves_nothing_out():
    policy = dict.fromkeys(("shape", "length", "silence", "clipping"), "repair")
    why, counts = left_out(sounds([0, 0], [32767]), policy=policy)
    assert why == ["", ""]
    assert counts == {}


def test_repairs_of_the_source_and_skipped_files_are_counted_with_them():
    account = Account({"a.wav": "truncated", "b.wav": "empty"}, {"rows sorted by time": 12})
    assert with_account({"copies are left out": 3}, account) == {
        "rows sorted by time": 12,
        "files are skipped": 2,
        "copies are left out": 3,
    }
    assert with_account({}, Account()) == {}
