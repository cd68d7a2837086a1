"""IDX and npz files: streamed, and refused where they are not what they say."""

import gzip
import hashlib
import struct

import numpy as np
import pytest
from pydantic import TypeAdapter

from flashfit.data.samples import Account
from flashfit.data.sources import read_source
from flashfit.errors import DataError
from flashfit.params import Source


def read(root, **source):
    return list(read_source(TypeAdapter(Source).validate_python(source), root, Account()))


def idx(values, code=0x08, shape=None):
    shape = values.shape if shape is None else shape
    return struct.pack(f">BBBB{len(shape)}I", 0, 0, code, len(shape), *shape) + values.tobytes()


PICTURES = np.arange(5 * 2 * 3, dtype=np.uint8).reshape(5, 2, 3)
LABELS = np.array([0, 1, 0, 1, 2], dtype=np.uint8)


def read_idx(root, images=None, labels=None, **part):
    for name, content in {"x": images or idx(PICTURES), "y": labels or idx(LABELS)}.items():
        (root / name).write_bytes(content)
    return read(root, kind="idx", path=".", parts=[{"images": "x", "labels": "y", **part}])


@pytest.mark.parametrize("packed", [bytes, gzip.compress], ids=["plain", "gzip"])
def test_idx_pictures_and_labels_go_in_pairs(tmp_path, packed):
    samples = read_idx(tmp_path, packed(idx(PICTURES)), packed(idx(LABELS)), split="test")
    np.testing.assert_array_equal([sample.x for sample in samples], PICTURES)
    assert [sample.label for sample in samples] == ["0", "1", "0", "1", "2"]
    assert {sample.split for sample in samples} == {"test"}
    assert samples[1].id == "x@000001"
    assert samples[0].x.dtype == np.uint8


def test_the_last_of_an_idx_part_are_held_out(tmp_path):
    samples = read_idx(tmp_path, split="train", hold_out_last=2)
    assert [sample.split for sample in samples] == ["train"] * 3 + ["validation"] * 2


def test_idx_numbers_are_big_endian(tmp_path):
    samples = read_idx(tmp_path, idx(PICTURES.astype(">i2"), code=0x0B))
    np.testing.assert_array_equal([sample.x for sample in samples], PICTURES)
    assert samples[0].x.dtype == np.int16


@pytest.mark.parametrize(
    ("images", "labels", "message"),
    [
        (idx(PICTURES, shape=(6, 2, 3)), None, r"^x: its header promises 6×2×3, 36 bytes; there are 30, 5 items"),
        (idx(PICTURES, shape=(4, 2, 3)), None, r"^x: its header promises 4×2×3, 24 bytes; there are 30, 5 items"),
        (idx(PICTURES, shape=(2**32 - 1, 2**32 - 1, 3)), None, r"^x: its header promises 4294967295×4294967295×3"),
        (None, idx(LABELS, shape=(9,)), r"^y: its header promises 9, 9 bytes; there are 5, 5 items"),
        (None, idx(LABELS[:4]), r"^x has 5 pictures, y 4 labels"),
        (idx(LABELS), None, r"^x has 1 axes and y 1 of uint8"),
        (idx(PICTURES, shape=(0, 2, 3)), None, r"^x holds nothing: its header says 0×2×3"),
        (b"P5 2 3 255", None, r"^x is not an IDX file \(it begins with 50352032\)"),
        (idx(PICTURES)[:9], None, r"^x ends within its header"),
        (gzip.compress(idx(PICTURES), mtime=0)[:-12], None, r"^x is damaged: "),
        (None, idx(np.zeros(5, dtype=np.uint8)), r"^\. has one class, 0; two are the least"),
    ],
)
def test_an_idx_file_that_lies_is_named_with_what_it_promises_and_holds(tmp_path, images, labels, message):
    with pytest.raises(DataError, match=message):
        read_idx(tmp_path, images, labels)


def test_an_idx_part_that_holds_all_out_is_refused(tmp_path):
    with pytest.raises(DataError, match=r"^x has 5 pictures; hold_out_last is 5"):
        read_idx(tmp_path, hold_out_last=5)


@pytest.mark.parametrize(("name", "message"), [("gone", r"^gone does not exist"), ("../x", r"^\.\./x points outside")])
def test_an_idx_file_that_is_not_in_the_folder_is_named(tmp_path, name, message):
    with pytest.raises(DataError, match=message):
        read(tmp_path, kind="idx", path=".", parts=[{"images": name, "labels": "y"}])


ARRAYS = {"x": np.arange(12, dtype=np.float32).reshape(3, 2, 2), "label": np.array(["a", "b", "a"])}


def read_npz(root, content=None, **arrays):
    file = root / "t.npz"
    if content is None:
        np.savez_compressed(file, **arrays)
    else:
        file.write_bytes(content)
    sha256 = hashlib.sha256(file.read_bytes()).hexdigest()
    return read(root, kind="npz", path="t.npz", sha256=sha256)


def test_npz_columns_arrive_as_they_were(tmp_path):
    more = {
        "id": np.array(["p", "q", "r"]),
        "group": np.array([1, 1, 2]),
        "split": np.array(["train", "test", "train"]),
    }
    samples = read_npz(tmp_path, **ARRAYS, **more)
    np.testing.assert_array_equal([sample.x for sample in samples], ARRAYS["x"])
    assert [(sample.id, sample.label, sample.group, sample.split) for sample in samples] == [
        ("p", "a", "1", "train"),
        ("q", "b", "1", "test"),
        ("r", "a", "2", "train"),
    ]


def test_npz_ids_are_numbered_where_there_are_none(tmp_path):
    samples = read_npz(tmp_path, **ARRAYS)
    assert [(sample.id, sample.group, sample.split) for sample in samples] == [(f"{n}", None, None) for n in range(3)]


def test_npz_arrays_stored_by_columns_are_read_too(tmp_path):
    samples = read_npz(tmp_path, **{**ARRAYS, "x": np.asfortranarray(ARRAYS["x"])})
    np.testing.assert_array_equal([sample.x for sample in samples], ARRAYS["x"])


def test_npz_larger_than_a_block_arrives_whole(tmp_path):
    x = np.random.default_rng(0).integers(0, 256, (5, 1 << 20), dtype=np.uint8)
    samples = read_npz(tmp_path, x=x, label=np.array(list("ababa")))
    np.testing.assert_array_equal([sample.x for sample in samples], x)


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"x": ARRAYS["x"]}, r"t\.npz has no array label \(it has: x\) \(sha256 .*…, as params\.yaml says\); next: "),
        ({**ARRAYS, "label": np.array("a")}, r"t\.npz: label is one value, not one a sample"),
        ({**ARRAYS, "label": np.full((3, 2), "a")}, r"t\.npz: label must have one axis"),
        ({**ARRAYS, "id": np.arange(2)}, r"t\.npz: arrays differ in length: \{'x': 3, 'label': 3, 'id': 2\}"),
        ({"x": np.zeros((0, 2)), "label": np.array([], dtype=str)}, r"t\.npz holds no samples"),
        (
            {**ARRAYS, "label": np.array([{}, 1, 2], dtype=object)},
            r"t\.npz is not a readable \.npz file: Object arrays",
        ),
    ],
)
def test_npz_that_holds_no_samples_is_refused(tmp_path, arrays, message):
    with pytest.raises(DataError, match=message):
        read_npz(tmp_path, **arrays)


def test_no_flipped_bit_in_an_npz_goes_unnoticed(tmp_path):
    whole = read_npz(tmp_path, **ARRAYS)
    content = (tmp_path / "t.npz").read_bytes()
    for place in range(0, len(content), 7):
        broken = bytearray(content)
        broken[place] ^= 0x10
        try:
            samples = read_npz(tmp_path, bytes(broken))
        except DataError:
            continue
        np.testing.assert_array_equal([sample.x for sample in samples], [sample.x for sample in whole])


def test_digits_are_1797_pictures_with_stable_ids(tmp_path):
    samples = read(tmp_path, kind="sklearn", path="requirements.lock", dataset="digits")
    assert len(samples) == 1797
    assert (samples[1796].id, samples[1].label) == ("digits-1796", "1")
    assert (samples[0].x.shape, samples[0].x.dtype.name) == ((8, 8), "float32")
