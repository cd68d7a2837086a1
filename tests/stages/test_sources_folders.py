"""Class folders: which files are taken, where they belong, and what becomes of bad ones."""

import numpy as np
import pytest
from PIL import Image
from pydantic import TypeAdapter

from flashfit.data.samples import Account, iterate_samples, load_account, save_samples
from flashfit.data.sources import read_source
from flashfit.errors import ConfigError, DataError
from flashfit.params import Source


def read(root, account=None, **source):
    parsed = TypeAdapter(Source).validate_python({"kind": "image-folder", "path": "d", **source})
    return list(read_source(parsed, root, account or Account()))


def draw(root, *paths, size=(2, 3), mode="L"):
    for number, path in enumerate(paths):
        file = root / "d" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        Image.new(mode, size, number if mode == "L" else (number, 7, 9)).save(file)


def write(root, path, text):
    (root / "d" / path).parent.mkdir(parents=True, exist_ok=True)
    (root / "d" / path).write_text(text, encoding="utf-8")


def places(samples):
    return {sample.id: (sample.split, sample.group) for sample in samples}


def test_a_sample_is_named_by_its_path_and_labelled_by_its_first_folder(tmp_path):
    draw(tmp_path, "b/2.png", "b/deep/1.png", "a/10.png", "a/9.PNG")
    samples = read(tmp_path)
    assert [sample.id for sample in samples] == ["a/10.png", "a/9.PNG", "b/2.png", "b/deep/1.png"]
    assert [sample.label for sample in samples] == ["a", "a", "b", "b"]
    assert samples[0].path == "a/10.png"


def test_grey_pictures_have_two_axes_and_others_three(tmp_path):
    draw(tmp_path, "a/grey.png")
    draw(tmp_path, "b/colour.png", mode="RGB")
    draw(tmp_path, "c/clear.png", mode="RGBA")
    draw(tmp_path, "d/photo.jpg", mode="RGB")
    shapes = {sample.label: (sample.x.shape, sample.x.dtype.name) for sample in read(tmp_path)}
    assert shapes == {
        "a": ((3, 2), "uint8"),
        "b": ((3, 2, 3), "uint8"),
        "c": ((3, 2, 3), "uint8"),
        "d": ((3, 2, 3), "uint8"),
    }


def test_sixteen_bit_grey_keeps_its_upper_bits(tmp_path):
    draw(tmp_path, "b/1.png")
    (tmp_path / "d/a").mkdir()
    Image.fromarray(np.array([[0, 255, 256, 65535]], dtype=np.uint16)).save(tmp_path / "d/a/1.png")
    assert read(tmp_path)[0].x.tolist() == [[0, 0, 1, 255]]


def test_a_picture_is_turned_as_its_exif_orientation_says(tmp_path):
    draw(tmp_path, "a/1.png")
    exif = Image.Exif()
    exif[0x0112] = 6  # a quarter turn clockwise
    (tmp_path / "d/b").mkdir()
    Image.new("RGB", (5, 2)).save(tmp_path / "d/b/1.jpg", exif=exif)
    assert read(tmp_path)[1].x.shape == (5, 2, 3)


def test_groups_come_from_the_path_and_a_file_without_one_is_counted(tmp_path):
    draw(tmp_path, "a/1_ann_1.png", "a/2.png", "b/1_bob_1.png")
    account = Account()
    samples = read(tmp_path, account, group="_([a-z]+)_")
    assert [sample.group for sample in samples] == ["ann", None, "bob"]
    assert account.repairs == {"files whose path names no group: each stands for itself": 1}


def test_a_group_pattern_that_fits_no_path_is_refused(tmp_path):
    draw(tmp_path, "a/1.png", "b/1.png")
    with pytest.raises(DataError, match=r"^source\.group '_\(x\)_' is found in no path \(first: a/1\.png\)"):
        read(tmp_path, group="_(x)_")


def test_a_listing_says_split_and_group(tmp_path):
    draw(tmp_path, "a/1.png", "b/1.png", "b/2.png")
    write(tmp_path, "splits.csv", "path,who,split\n./a/1.png,ann,train\nb/1.png,bob,val\nb\\2.png,,test\n")
    samples = read(tmp_path, listing={"group": "who"})
    assert places(samples) == {
        "a/1.png": ("train", "ann"),
        "b/1.png": ("validation", "bob"),
        "b/2.png": ("test", None),
    }


UNLISTED = "path,split\na/1_ann.png,train\nb/1_bob.png,test\n"


def test_a_file_that_is_not_listed_stops_the_build_with_how_many_there_are(tmp_path):
    draw(tmp_path, "a/1_ann.png", "b/1_bob.png", "b/2_bob.png")
    write(tmp_path, "splits.csv", UNLISTED)
    with pytest.raises(DataError, match=r"^d: 1 of 3 files are not in splits\.csv \(first: b/2_bob\.png\); next: list"):
        read(tmp_path, listing={})


def test_a_file_that_is_not_listed_is_skipped_and_written_down(tmp_path):
    draw(tmp_path, "a/1_ann.png", "b/1_bob.png", "b/2_bob.png")
    write(tmp_path, "splits.csv", UNLISTED)
    account = Account()
    assert len(read(tmp_path, account, listing={"unlisted": "skip"})) == 2
    assert account.skipped == {"b/2_bob.png": "not in splits.csv"}


def test_a_file_that_is_not_listed_follows_its_group(tmp_path):
    draw(tmp_path, "a/1_ann.png", "b/1_bob.png", "b/2_bob.png")
    write(tmp_path, "splits.csv", UNLISTED)
    samples = read(tmp_path, group="_([a-z]+)", listing={"unlisted": "group"})
    assert places(samples)["b/2_bob.png"] == ("test", "bob")


@pytest.mark.parametrize(
    ("extra", "lines", "message"),
    [
        ("b/1_eve.png", "", r"b/1_eve\.png is not in splits\.csv, and its group eve is not there either"),
        ("b/3.png", "", r"b/3\.png is not in splits\.csv, and it names no group, which is not there either"),
        ("b/2_bob.png", "a/3_bob.png,train\n", r"b/2_bob\.png is not in .* its group bob lies in test, train"),
    ],
)
def test_a_file_whose_group_has_no_one_split_is_refused(tmp_path, extra, lines, message):
    draw(tmp_path, "a/1_ann.png", "a/3_bob.png", "b/1_bob.png", extra)
    write(tmp_path, "splits.csv", UNLISTED + lines)
    with pytest.raises(DataError, match=message):
        read(tmp_path, group="_([a-z]+)", listing={"unlisted": "group"})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("file,split\na/1.png,train\n", r"d/splits\.csv: no column path \(it has: file, split\)"),
        ("path,split\na/1.png,holdout\n", r"d/splits\.csv: line 2: split 'holdout' is none of"),
        ("path,split\na/1.png,train\na/1.png,test\n", r"line 3 says otherwise of a/1\.png than a line before it"),
        ("path,split\n../a/1.png,train\n", r"line 2: \.\./a/1\.png points outside the folder"),
        ("path,split\na/9.png,train\n", r"^d/a/9\.png: named in splits\.csv, and not there"),
    ],
)
def test_a_listing_that_cannot_be_followed_is_refused(tmp_path, text, message):
    draw(tmp_path, "a/1.png", "b/1.png")
    write(tmp_path, "splits.csv", text)
    with pytest.raises(DataError, match=message):
        read(tmp_path, listing={"unlisted": "train"})


def test_a_listing_of_segments_needs_segments(tmp_path):
    draw(tmp_path, "a/1.png", "b/1.png")
    with pytest.raises(ConfigError, match=r"give source\.segment_rows with it"):
        read(tmp_path, listing={"row": "number"})


@pytest.mark.parametrize(
    ("paths", "message"),
    [
        ([], r"^d does not exist"),
        (["a/1.png"], r"^d has one class, a \(1 files\); two are the least"),
        (["1.png", "2.png"], r"^d has no \.png or \.jpg or \.jpeg file in a class folder \(2 lie in none\)"),
        (["a/.1.png", ".b/1.png", "__MACOSX/1.png"], r"^d has no \.png"),
    ],
)
def test_a_folder_with_fewer_than_two_classes_is_named(tmp_path, paths, message):
    draw(tmp_path, *paths)
    with pytest.raises(DataError, match=message):
        read(tmp_path)


def spoil(root, damage):
    draw(root, "a/1.png", "b/1.png")
    bad = root / "d/b/2.png"
    if damage == "empty":
        bad.touch()
    elif damage == "text":
        bad.write_text("no picture")
    elif damage == "cut short":
        Image.fromarray(np.random.default_rng(0).integers(0, 256, (64, 64), dtype=np.uint8)).save(bad)
        bad.write_bytes(bad.read_bytes()[:1000])
    elif damage == "a link outwards":
        Image.new("L", (2, 2)).save(root / "elsewhere.png")
        bad.symlink_to(root / "elsewhere.png")
    elif damage == "a dead link":
        bad.symlink_to(root / "d/b/gone.png")


DAMAGES = {
    "empty": r"empty \(0 bytes\)",
    "text": "not a PNG or JPEG picture",
    "cut short": "damaged: ",
    "a link outwards": "points outside the folder",
    "a dead link": "not a file",
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_one_bad_picture_stops_the_build_with_its_path_and_the_reason(tmp_path, damage):
    spoil(tmp_path, damage)
    with pytest.raises(DataError, match=rf"^d/b/2\.png: {DAMAGES[damage]}.*; next: mend or remove the file, or set"):
        read(tmp_path)


@pytest.mark.parametrize("damage", DAMAGES)
def test_one_bad_picture_is_skipped_and_written_down_where_the_product_says_so(tmp_path, damage):
    spoil(tmp_path, damage)
    account = Account()
    assert [sample.id for sample in read(tmp_path, account, on_bad_file="skip")] == ["a/1.png", "b/1.png"]
    assert list(account.skipped) == ["b/2.png"]


def test_a_cut_jpg_is_named(tmp_path):
    draw(tmp_path, "a/1.png", "b/1.png")
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    file = tmp_path / "d/b/2.JPG"
    Image.fromarray(noise).save(file, format="JPEG")
    file.write_bytes(file.read_bytes()[:2000])
    with pytest.raises(DataError, match=r"^d/b/2\.JPG: damaged: .*truncated"):
        read(tmp_path)


def test_a_picture_in_a_format_that_is_not_read_is_not_passed_over_in_silence(tmp_path):
    draw(tmp_path, "a/1.png", "b/1.png", "b/2.bmp")
    with pytest.raises(DataError, match=r"^d/b/2\.bmp: \.bmp is not read; \.png, \.jpg, \.jpeg are"):
        read(tmp_path)


def test_samples_and_account_survive_the_way_to_disk(tmp_path):
    draw(tmp_path, "a/1.png", "b/1.png")
    spoil(tmp_path, "empty")
    account = Account()
    samples = read(tmp_path, account, on_bad_file="skip")
    save_samples(tmp_path / "s.parquet", samples, account)
    assert [sample.x.tolist() for sample in iterate_samples(tmp_path / "s.parquet")] == [s.x.tolist() for s in samples]
    assert load_account(tmp_path / "s.parquet") == account
