import numpy as np
import pytest

from flashfit.data import table as module
from flashfit.data.samples import Samples
from flashfit.data.table import (
    COLUMNS,
    check_describes,
    class_table,
    content_hashes,
    sample_table,
    shape_in_words,
    statistics,
)
from flashfit.errors import DataError
from flashfit.params import Split

GIVEN = Split(by="given")


def samples_of(x, labels, splits, groups=None):
    ids = np.array([f"s{number}" for number in range(len(x))])
    return Samples(
        x=np.asarray(x),
        labels=np.array(labels),
        ids=ids,
        groups=None if groups is None else np.array(groups),
        splits=np.array(splits),
    )


def test_row_says_what_a_sample_is():
    samples = samples_of([[[0, 1], [2, 5]]], ["a"], ["train"])
    (row,) = sample_table(samples, GIVEN, seed=7).to_dict("records")
    assert tuple(row) == COLUMNS
    assert row | {"content_sha256": ""} == {
        "id": "s0",
        "label": "a",
        "group": "s0",
        "split": "train",
        "shape": "2x2",
        "dtype": "int64",
        "min": 0.0,
        "max": 5.0,
        "mean": 2.0,
        "std": pytest.approx(3.5**0.5),
        "nan_count": 0,
        "content_sha256": "",
        "copy_of": None,
        "splits_of_content": 1,
        "splits_of_group": 1,
    }


def test_copies_name_the_first_and_count_the_splits_they_span():
    samples = samples_of([[1], [2], [1], [1]], list("aaaa"), ["train", "train", "test", "train"])
    table = sample_table(samples, GIVEN, seed=7)
    assert table["copy_of"].tolist() == [None, None, "s0", "s0"]
    assert table["splits_of_content"].tolist() == [2, 1, 2, 2]
    assert table["splits_of_group"].tolist() == [1, 1, 1, 1]


def test_groups_of_the_source_are_counted_over_splits():
    samples = samples_of([[1], [2], [3]], list("aaa"), ["train", "test", "test"], groups=["g", "g", "h"])
    assert sample_table(samples, GIVEN, seed=7)["splits_of_group"].tolist() == [2, 2, 1]


def test_statistics_leave_nan_out_and_count_it():
    nan, inf = np.nan, np.inf
    rows = statistics(np.array([[1, nan, 3], [nan, nan, nan], [0, inf, 1]], dtype=np.float32))
    assert rows["nan_count"].tolist() == [1, 3, 0]
    np.testing.assert_array_equal(rows["min"], [1, nan, 0])
    np.testing.assert_array_equal(rows["max"], [3, nan, inf])
    np.testing.assert_array_equal(rows["mean"], [2, nan, inf])
    np.testing.assert_array_equal(rows["std"], [1, nan, nan])


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("x", [np.array([["a"], ["b"]]), np.zeros((2, 0)), np.ones((2, 3), dtype=bool)])
def test_what_is_not_numbers_has_no_statistics(x):
    rows = statistics(x)
    assert rows["nan_count"].tolist() == [0, 0]
    assert rows[["min", "max", "mean", "std"]].isna().all(axis=None)


def test_statistics_do_not_depend_on_the_size_of_a_block(monkeypatch):
    x = np.random.default_rng(0).normal(size=(100, 4, 4))
    whole = statistics(x)
    monkeypatch.setattr(module, "BLOCK_VALUES", 48)
    assert statistics(x).equals(whole)


def test_small_integers_do_not_overflow_in_their_statistics():
    assert statistics(np.full((1, 1000), 255, dtype=np.uint8))["mean"].tolist() == [255]


def test_content_hash_tells_values_shape_and_dtype_apart():
    zeros = np.zeros((1, 2, 3), dtype=np.float32)
    arrays = [zeros, zeros + 1, zeros.reshape(1, 3, 2), zeros.astype(np.int32)]
    assert len({content_hashes(x)[0] for x in arrays}) == 4


def test_content_hash_does_not_depend_on_the_memory_order():
    x = np.arange(12.0).reshape(2, 2, 3)
    assert content_hashes(np.asfortranarray(x)) == content_hashes(x)


def test_class_table_has_a_row_for_every_label_and_none_for_others():
    samples = samples_of([[1], [2], [3], [4]], ["a", "b", "a", "z"], ["train", "train", "test", "test"])
    classes = class_table(sample_table(samples, GIVEN, seed=7), ["a", "b", "c"])
    assert classes.to_dict("list") == {
        "label": ["a", "b", "c"],
        "count": [2, 1, 0],
        "share": [0.5, 0.25, 0.0],
        "train": [1, 1, 0],
        "validation": [0, 0, 0],
        "test": [1, 0, 0],
    }


def test_table_of_other_samples_is_refused():
    samples = samples_of([[1], [2]], ["a", "a"], ["train", "test"])
    table = sample_table(samples, GIVEN, seed=7)
    check_describes(table, samples)
    for x, labels in ([[1], [3]], ["a", "a"]), ([[1], [2]], ["a", "b"]), ([[1]], ["a"]):
        with pytest.raises(DataError, match="describes other samples than fetch left; next: dvc repro"):
            check_describes(table, samples_of(x, labels, ["train", "test"][: len(x)]))


@pytest.mark.parametrize(("shape", "words"), [((8, 8), "8x8"), ((16000,), "16000"), ((), "")])
def test_shape_in_words(shape, words):
    assert shape_in_words(shape) == words
