"""Sensor recordings in CSV: what is read, what is refused, and the windows that come of it."""

import numpy as np
import pytest
from pydantic import TypeAdapter

from flashfit.data.samples import Account
from flashfit.data.sources import read_source
from flashfit.errors import ConfigError, DataError
from flashfit.params import Source

PLAIN = {"columns": ["u", "v"], "label": "column:l", "rate_hz": 100, "window": 4, "hop": 2}
CLOCK = {"column": "t", "unit": "ms"}


def read(root, account=None, **source):
    parsed = TypeAdapter(Source).validate_python({"kind": "csv-windows", "path": "d", **PLAIN, **source})
    return list(read_source(parsed, root, account or Account()))


def write(root, path, text, encoding="utf-8"):
    file = root / "d" / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding=encoding)


def recording(labels, step_ms=10, separator=","):
    """u counts the rows, v is ten times that, t is the time, l the label."""
    rows = [f"{n},{10 * n},{n * step_ms},{label}" for n, label in enumerate(labels)]
    return "\n".join(["u,v,t,l", *rows]).replace(",", separator) + "\n"


def test_windows_name_their_file_and_first_row_and_their_place_in_the_series(tmp_path):
    write(tmp_path, "s01/a.csv", recording("aaaaaaaa"))
    samples = read(tmp_path)
    assert [sample.id for sample in samples] == [f"s01/a.csv@00000{row}" for row in (0, 2, 4)]
    assert [(sample.start, sample.end) for sample in samples] == [(0, 4), (2, 6), (4, 8)]
    assert {(sample.series, sample.group, sample.path) for sample in samples} == {("s01/a.csv",) * 3}
    assert samples[1].x.dtype == np.float32
    assert samples[1].x.tolist() == [[2, 20], [3, 30], [4, 40], [5, 50]]


def test_a_window_needs_enough_rows_of_one_label_and_the_others_are_counted(tmp_path):
    write(tmp_path, "a.csv", recording("aaaabbbb"))
    account = Account()
    samples = read(tmp_path, account, hop=1)
    assert [(sample.start, sample.label) for sample in samples] == [(0, "a"), (1, "a"), (3, "b"), (4, "b")]
    assert account.repairs == {"windows with less than 75% of one label: left out": 1}


def test_rows_are_resampled_to_the_rate_and_the_clock_is_written_down(tmp_path):
    write(tmp_path, "a.csv", recording("aaaaaa", step_ms=20))
    account = Account()
    samples = read(tmp_path, account, clock=CLOCK, hop=4)
    assert samples[0].x[:, 0].tolist() == [0, 0.5, 1, 1.5]
    assert [sample.id for sample in samples] == ["a.csv@000000", "a.csv@000004"]
    record = account.clocks[0]
    assert (record.series, record.rows, record.usual_s, record.irregular) == ("a.csv", 6, 0.02, 0)


def test_no_window_reaches_across_a_gap(tmp_path):
    rows = [f"{n},0,{n * 10 + (1000 if n > 4 else 0)},a" for n in range(10)]
    write(tmp_path, "a.csv", "\n".join(["u,v,t,l", *rows]))
    samples = read(tmp_path, clock=CLOCK, hop=1)
    assert [sample.x[:, 0].tolist() for sample in samples] == [[0, 1, 2, 3], [1, 2, 3, 4], [5, 6, 7, 8], [6, 7, 8, 9]]


def test_steps_back_and_double_times_are_mended_and_counted(tmp_path):
    times = [0, 10, 20, 20, 15, 30]
    write(tmp_path, "a.csv", "\n".join(["u,v,t,l", *(f"{t},0,{t},a" for t in times)]))
    account = Account()
    assert read(tmp_path, account, clock=CLOCK)[0].x[:, 0].tolist() == [0, 10, 20, 30]
    assert (account.clocks[0].standing, account.clocks[0].backward) == (1, 1)
    assert account.repairs == {
        "times that step back: rows sorted": 1,
        "rows whose time an earlier row has: dropped": 1,
    }


@pytest.mark.parametrize(("label", "labels"), [("file", ["one", "two"]), ("folder", ["x", "y"])])
def test_the_label_is_the_file_or_the_folder(tmp_path, label, labels):
    write(tmp_path, "x/one.csv", recording("...."))
    write(tmp_path, "y/two.csv", recording("...."))
    assert [sample.label for sample in read(tmp_path, label=label)] == labels


@pytest.mark.parametrize(
    ("paths", "label", "message"),
    [
        (["x/one.csv"], "file", r"^d has one class, one \(1 files\); two are the least"),
        (["x/one.csv", "x/two.csv"], "folder", r"^d has one class, x \(2 files\)"),
        (["x/one.csv", "two.csv"], "folder", r"^d/two\.csv lies in no class folder, and source\.label is folder"),
    ],
)
def test_a_folder_with_fewer_than_two_classes_is_named(tmp_path, paths, label, message):
    for path in paths:
        write(tmp_path, path, recording("...."))
    with pytest.raises(DataError, match=message):
        read(tmp_path, label=label)


def test_segments_are_recordings_and_groups_of_their_own(tmp_path):
    for name in ("x", "y"):
        write(tmp_path, f"{name}.csv", recording("........"))
    write(tmp_path, "splits.csv", "file,number,split\nx.csv,0,train\nx.csv,1,test\ny.csv,0,val\ny.csv,1,train\n")
    samples = read(tmp_path, label="file", segment_rows=4, listing={"path": "file", "row": "number"}, files="*.csv")
    assert [(sample.id, sample.group, sample.split) for sample in samples] == [
        ("x.csv:000@000000", "x:000", "train"),
        ("x.csv:001@000000", "x:001", "test"),
        ("y.csv:000@000000", "y:000", "validation"),
        ("y.csv:001@000000", "y:001", "train"),
    ]
    assert samples[1].x[:, 0].tolist() == [4, 5, 6, 7]


def test_a_segment_that_is_not_listed_is_named(tmp_path):
    for name in ("x", "y"):
        write(tmp_path, f"{name}.csv", recording("........"))
    write(tmp_path, "splits.csv", "path,number,split\nx.csv,0,train\ny.csv,0,train\n")
    with pytest.raises(DataError, match=r"^d: x\.csv, segment 1 is not in splits\.csv; next: list it"):
        read(tmp_path, label="file", segment_rows=4, listing={"row": "number"})


def test_rows_that_are_no_whole_segments_are_refused(tmp_path):
    write(tmp_path, "x.csv", recording("aaaaaaaaa"))
    with pytest.raises(DataError, match=r"^d/x\.csv: 9 rows are not whole segments of 4: 1 are left"):
        read(tmp_path, segment_rows=4)


def test_a_group_column_makes_a_series_of_each_group_however_their_rows_lie(tmp_path):
    rows = [f"{n},0,{n // 2 * 10},{'ab'[n % 2]}" for n in range(8)]
    write(tmp_path, "all.csv", "\n".join(["u,v,t,l", *rows]))
    samples = read(tmp_path, group_from="column:l", clock=CLOCK)
    assert [(sample.id, sample.group) for sample in samples] == [
        ("all.csv#a@000000", "a"),
        ("all.csv#b@000000", "b"),
    ]
    assert samples[1].x[:, 0].tolist() == [1, 3, 5, 7]


def test_the_group_is_found_in_the_path(tmp_path):
    write(tmp_path, "s01/a.csv", recording("aaaa"))
    write(tmp_path, "s02/a.csv", recording("bbbb"))
    assert [sample.group for sample in read(tmp_path, group_from="path", group="(s[0-9]+)/")] == ["s01", "s02"]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"group_from": "path"}, "give the pattern in source.group"),
        ({"segment_rows": 3}, "source.window of 4 rows is longer than source.segment_rows"),
        ({"listing": {"row": "n"}}, "give source.segment_rows"),
        ({"files": "/etc/*.csv"}, "source.files is not a pattern below the folder"),
    ],
)
def test_settings_that_contradict_each_other_are_refused(tmp_path, settings, message):
    write(tmp_path, "a.csv", recording("aaaa"))
    with pytest.raises(ConfigError, match=message):
        read(tmp_path, **settings)


@pytest.mark.parametrize("listing", [None, {}, {"file": "my.csv"}])
def test_the_listing_is_never_read_as_a_recording(tmp_path, listing):
    write(tmp_path, "a.csv", recording("aaaa"))
    write(tmp_path, listing.get("file", "splits.csv") if listing else "splits.csv", "path,split\na.csv,test\n")
    samples = read(tmp_path, listing=listing)
    assert [(sample.id, sample.split) for sample in samples] == [("a.csv@000000", None if listing is None else "test")]


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_the_separator_is_found_in_the_header(tmp_path, separator):
    write(tmp_path, "a.csv", recording("aaaa", separator=separator).replace("u", "u x"), encoding="utf-8-sig")
    assert len(read(tmp_path, columns=["u x", "v"])) == 1


def test_the_source_may_be_one_file(tmp_path):
    write(tmp_path, "a.csv", recording("aaaabbbb"))
    write(tmp_path, "b.csv", "no,recording\n")
    assert {sample.path for sample in read(tmp_path, path="d/a.csv")} == {"a.csv"}


HEAD = "u,v,l\n1,2,a\n"
BROKEN = {
    "nothing": ("", r"empty \(0 bytes\)"),
    "no rows": ("u,v,l\n", "a header and no rows"),
    "blank lines": ("\n\n", "empty"),
    "a missing column": ("u,w,l\n1,2,a\n", r"no column v \(it has: u, w, l\)"),
    "no header": ("1,2,a\n3,4,b\n", r"no column u, v, l \(it has: 1, 2, a\)"),
    "a column twice": ("u,v,v,l\n1,2,3,a\n", "column v is there 2 times"),
    "a text among numbers": (HEAD + "3,off,a\n", "column v, line 3: 'off' is not a number"),
    "nothing among numbers": (HEAD + "\n,4,a\n", "column u, line 4: no number"),
    "no finite number": (HEAD + "inf,4,a\n", "column u, line 3: 'inf' is not a number"),
    "a decimal comma": ('u;v;l\n"1,5";2;a\n', "column u, line 2: '1,5' is not a number"),
    "another separator": (HEAD + "3;4;a\n", r"line 3 has 1 field, and another separator \(;\), the header 3"),
    "a short row": (HEAD + "3,4\n", "line 3 has 2 fields, the header 3"),
    "a long row": (HEAD + "3,4,a,\n", "line 3 has 4 fields, the header 3"),
    "an open quote": (HEAD + '3,4,"a\n', "line 3: unexpected end of data"),
    "no label": (HEAD + "3,4, \n", "column l, line 3: empty"),
}


@pytest.mark.parametrize("damage", BROKEN)
def test_a_broken_recording_is_named_with_its_path_and_the_place(tmp_path, damage):
    text, reason = BROKEN[damage]
    write(tmp_path, "s01/a.csv", text)
    with pytest.raises(DataError, match=rf"^d/s01/a\.csv: {reason}.*; next: mend or remove"):
        read(tmp_path, window=1, hop=1)


@pytest.mark.parametrize("damage", BROKEN)
def test_a_broken_recording_gives_no_sample_at_all_where_it_is_skipped(tmp_path, damage):
    write(tmp_path, "s01/a.csv", BROKEN[damage][0])
    write(tmp_path, "s01/b.csv", HEAD)
    account = Account()
    assert [sample.path for sample in read(tmp_path, account, window=1, on_bad_file="skip")] == ["s01/b.csv"]
    assert list(account.skipped) == ["s01/a.csv"]


def test_another_encoding_is_named(tmp_path):
    write(tmp_path, "a.csv", "u,v,l\n1,2,Tür\n", encoding="latin-1")
    with pytest.raises(DataError, match=r"^d/a\.csv: not UTF-8 text \(byte 0xfc\)"):
        read(tmp_path)


def test_a_folder_without_matching_files_is_named_with_the_pattern(tmp_path):
    write(tmp_path, "a.txt", "")
    with pytest.raises(DataError, match=r"^d has no file that matches \*\*/\*\.csv"):
        read(tmp_path)


@pytest.mark.parametrize("pattern", ["../*.csv", "*.csv"])
def test_no_file_outside_the_folder_is_read(tmp_path, pattern):
    (tmp_path / "secret.csv").write_text(recording("aaaa"))
    write(tmp_path, "a.csv", recording("aaaa"))
    (tmp_path / "d/b.csv").symlink_to(tmp_path / "secret.csv")
    with pytest.raises(DataError, match=r": points outside the folder"):
        read(tmp_path, files=pattern)


def test_a_clock_in_the_wrong_unit_is_found_by_its_step(tmp_path):
    write(tmp_path, "a.csv", recording("aaaaaaaa"))
    with pytest.raises(DataError, match=r"^d has no whole window of 4 rows .* the clock's usual step is 10 s; next: "):
        read(tmp_path, clock={"column": "t", "unit": "s"})


def test_more_rows_than_a_block_are_one_recording(tmp_path):
    write(tmp_path, "a.csv", recording("a" * 70_000))
    samples = read(tmp_path, window=35_000, hop=35_000)
    assert [sample.x[-1, 0] for sample in samples] == [34_999, 69_999]
