from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from flashfit.data.samples import Sample
from flashfit.data.table import (
    COLUMNS,
    check_describes,
    class_table,
    compared,
    content_sha256,
    load_table,
    sample_table,
    save_table,
    shape_in_words,
)
from flashfit.errors import DataError
from flashfit.params import Split

GIVEN = Split(by="given")
SPLITS = ("train", "validation", "test")


def samples_of(*values, **columns):
    """A sample a value, s0, s1, …, of class a and in the splits in turn; columns say otherwise."""
    columns = {"label": ["a"] * len(values), "split": np.resize(SPLITS, len(values)).tolist(), **columns}
    rows = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    return [Sample(f"s{n}", np.asarray(x), **row) for n, (x, row) in enumerate(zip(values, rows, strict=True))]


def test_row_says_what_a_sample_is():
    (sample,) = samples_of([[0, 1], [2, 5]], split=["train"])
    (row,) = sample_table([sample], GIVEN, seed=7).to_dict("records")
    assert tuple(row) == COLUMNS
    missing = ("target", "series", "start", "end", "duration_s", "loudness_dbfs", "clipped", "copy_of")
    assert all(pd.isna(row.pop(name)) for name in missing)
    assert len(row.pop("content_sha256")) == 64
    assert row == {
        "id": "s0",
        "label": "a",
        "group": "s0",
        "split": "train",
        "shape": "2x2",
        "length": 2,
        "dtype": "int64",
        "min": 0.0,
        "max": 5.0,
        "mean": 2.0,
        "std": pytest.approx(3.5**0.5),
        "nan_count": 0,
        "splits_of_content": 1,
        "splits_of_group": 1,
        "overlaps_split": 0,
        "left_out": "",
    }


def test_samples_of_many_shapes_are_one_table():
    table = sample_table(samples_of([[1, 2, 3]], [[1]], 4), GIVEN, seed=7)
    assert table["shape"].tolist() == ["1x3", "1x1", ""]
    assert table["length"].tolist() == [1, 1, 1]


def test_the_samples_are_walked_through_once():
    stream = iter(samples_of([1], [2]))
    assert len(sample_table(stream, GIVEN, seed=7)) == 2
    assert next(stream, None) is None


def test_no_samples_are_refused():
    with pytest.raises(DataError, match="there are no samples"):
        sample_table([], GIVEN, seed=7)


def test_copies_name_the_first_and_count_the_splits_they_span():
    samples = samples_of([1], [2], [1], [1], split=["train", "train", "test", "train"])
    table = sample_table(samples, GIVEN, seed=7)
    assert table["copy_of"].fillna("").tolist() == ["", "", "s0", "s0"]
    assert table["splits_of_content"].tolist() == [2, 1, 2, 2]
    assert table["splits_of_group"].tolist() == [1, 1, 1, 1]


def test_groups_of_the_source_are_counted_over_splits():
    samples = samples_of([1], [2], [3], split=["train", "test", "test"], group=["g", "g", "h"])
    assert sample_table(samples, GIVEN, seed=7)["splits_of_group"].tolist() == [2, 2, 1]


def test_windows_over_a_border_in_time_are_left_out_and_no_others_overlap():
    place = {"series": ["a"] * 10, "start": list(range(10)), "end": list(range(2, 12))}
    split = Split(by="time", validation=0.2, test=0.2)
    table = sample_table(samples_of(*([n] for n in range(10)), **place), split, seed=7)
    out = table["left_out"] != ""
    assert table["id"][out].tolist() == ["s5", "s7"]
    assert set(table["left_out"][out]) == {"overlaps a border"}
    assert table["overlaps_split"].sum() == 0


def test_windows_that_overlap_without_being_left_out_are_marked():
    place = {"series": ["a"] * 3, "start": [9, 0, 1], "end": [11, 2, 3]}
    table = sample_table(samples_of([1], [2], [3], **place), GIVEN, seed=7)
    assert table["split"].tolist() == ["train", "validation", "test"]
    assert table["overlaps_split"].tolist() == [0, 1, 1]


def test_what_is_left_out_is_compared_with_nothing():
    table = sample_table(samples_of([1], [1], [1]), GIVEN, seed=7)
    again = compared(table.assign(left_out=["silent", "", ""]), GIVEN)
    assert again["copy_of"].fillna("").tolist() == ["", "", "s1"]
    assert again["splits_of_content"].tolist() == [1, 2, 2]


def test_a_table_is_read_back_equal_in_every_cell_and_type(tmp_path):
    nan = np.nan
    samples = samples_of(
        np.array([0.1, nan], np.float32),
        np.array([np.inf, 1 / 3], np.float32),
        np.array([nan, nan], np.float32),
        label=["001", "NA", ""],
        target=[1 / 3, None, -1e-300],
        group=["null", "7", None],
        series=["a", None, "nan"],
        start=[0.1, None, 2.0],
    )
    table = sample_table(samples, GIVEN, seed=7)
    save_table(tmp_path / "samples.csv", table)
    pd.testing.assert_frame_equal(load_table(tmp_path / "samples.csv"), table, check_exact=True)


def test_digital_silence_is_read_back(tmp_path):
    table = sample_table(samples_of(np.zeros(9, np.int16), rate_hz=[8000.0]), GIVEN, seed=7)
    save_table(tmp_path / "samples.csv", table)
    assert load_table(tmp_path / "samples.csv")["loudness_dbfs"].tolist() == [-np.inf]


@pytest.mark.parametrize("content", ["a,b\n1,2\n", "", ",".join(COLUMNS) + "\n" + ",".join("x" * len(COLUMNS))])
def test_a_file_that_is_no_table_is_named(tmp_path, content):
    path = tmp_path / "samples.csv"
    path.write_text(content)
    with pytest.raises(DataError, match=r"samples\.csv (has columns a, b, not id|is not a readable table)"):
        load_table(path)


def test_content_hash_tells_values_shape_and_dtype_apart():
    zeros = np.zeros((2, 3), dtype=np.float32)
    arrays = [zeros, zeros + 1, zeros.reshape(3, 2), zeros.astype(np.int32), zeros[:0], zeros[:, :0]]
    assert len({content_sha256(x) for x in arrays}) == 6


def test_content_hash_does_not_depend_on_the_memory_order():
    x = np.arange(12.0).reshape(2, 2, 3)
    assert content_sha256(np.asfortranarray(x)) == content_sha256(x)


def test_class_table_has_a_row_for_every_label_and_counts_what_is_not_left_out():
    samples = samples_of(
        [1], [2], [3], [4], [5], label=["a", "b", "a", "z", "b"], split=["train", "train", "test", "test", "validation"]
    )
    table = sample_table(samples, GIVEN, seed=7).assign(left_out=["", "", "", "", "silent"])
    assert class_table(table, ["a", "b", "c"]).to_dict("list") == {
        "label": ["a", "b", "c"],
        "count": [2, 1, 0],
        "share": [0.5, 0.25, 0.0],
        "train": [1, 1, 0],
        "validation": [0, 0, 0],
        "test": [1, 0, 0],
    }


def test_shares_of_nothing_are_0():
    table = sample_table(samples_of([1]), GIVEN, seed=7).assign(left_out=["silent"])
    assert class_table(table, ["a"])["share"].tolist() == [0]


def test_described_samples_are_passed_on():
    samples = samples_of([1], [2], target=[0.1, None])
    table = sample_table(samples, GIVEN, seed=7)
    assert list(check_describes(table, iter(samples))) == samples


def other(samples, **changes):
    return [samples[0], replace(samples[1], **changes)]


@pytest.mark.parametrize(
    "change",
    [
        lambda samples: other(samples, x=np.array([3])),
        lambda samples: other(samples, label="b"),
        lambda samples: other(samples, id="t1"),
        lambda samples: other(samples, target=0.5),
        lambda samples: other(samples, target=None),
        lambda samples: samples[:1],
        lambda samples: [*samples, samples[0]],
    ],
    ids=["content", "label", "id", "target", "no target", "one less", "one more"],
)
def test_table_of_other_samples_is_refused(change):
    samples = samples_of([1], [2], target=[None, 0.1])
    table = sample_table(samples, GIVEN, seed=7)
    with pytest.raises(DataError, match="describes other samples than fetch left; next: dvc repro"):
        list(check_describes(table, change(samples)))


@pytest.mark.parametrize(("shape", "words"), [((8, 8), "8x8"), ((16000,), "16000"), ((), "")])
def test_shape_in_words(shape, words):
    assert shape_in_words(shape) == words
