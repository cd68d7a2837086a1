"""Samples in .npz files: read in blocks, and refused in one line that names the file, the array and the number."""

import io
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from flashfit.errors import DataError
from flashfit.runtime.tensor import Tensor
from flashfit.tflite.interface import Interface
from flashfit.tflite.samples import blocks, fitting, open_samples

INTERFACE = Interface(Tensor((1, 3), "int8", 0.5, 0), Tensor((1, 3), "int8", 1.0, 0), True, True)
X, Y = np.zeros((600, 3), np.int8), np.arange(600) % 3


def read(path: Path) -> tuple[np.ndarray, np.ndarray]:
    samples = open_samples(path)
    fitting(samples, INTERFACE)
    read = list(blocks(samples, INTERFACE.input))
    return np.concatenate([x for x, _ in read]), np.concatenate([y for _, y in read])


def npy(array: np.ndarray) -> bytes:
    stream = io.BytesIO()
    np.lib.format.write_array(stream, array, allow_pickle=True)
    return stream.getvalue()


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("dtype", ["|i1", "<f4", ">f4", "<f8", "<f2"])
def test_samples_come_back_whole_in_order_and_quantized(
    save: Callable[..., None], order: str, dtype: str, tmp_path: Path
) -> None:
    x = np.asarray(np.random.default_rng(0).integers(-50, 50, (600, 3)).astype(dtype), order=order)
    save(tmp_path / "a.npz", x=x, y=Y.astype(">u2"))
    found, labels = read(tmp_path / "a.npz")
    expected = x.astype(np.int8) if dtype == "|i1" else (x.astype(np.float64) * 2).astype(np.int8)
    assert found.dtype == np.int8
    assert np.array_equal(found, expected)
    assert np.array_equal(labels, Y)


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_a_file_larger_than_what_is_held_of_it_is_read_in_blocks(save: Callable[..., None], tmp_path: Path) -> None:
    input_ = Tensor((1, 100_000), "int8", 0.5, 0)
    save(tmp_path / "a.npz", x=np.ones((600, 100_000), np.int8), y=Y)  # 60 MB in blocks of 8
    samples = open_samples(tmp_path / "a.npz")
    tracemalloc.start()
    assert sum(int(x.sum()) for x, _ in blocks(samples, input_)) == 60_000_000
    _, peak_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak_bytes < 40_000_000


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"y": Y}, r"a\.npz has no array x \(it has: y\)"),
        ({"x": X}, r"a\.npz has no array y \(it has: x\)"),
        ({"features": X}, r"no array x and no array y \(it has: features\)"),
        ({"x": X.astype(object), "y": Y}, "x holds pickled objects, which are never loaded"),
        ({"x": X, "y": Y.astype(object)}, "y holds pickled objects"),
        ({"x": X.astype("S3"), "y": Y}, r"x is \|S3; it must be floats"),
        ({"x": X.astype(complex), "y": Y}, "x is complex128; it must be floats"),
        ({"x": X, "y": Y.astype(float)}, "y is float64; it must be integers"),
        ({"x": X, "y": Y.astype(bool)}, "y is bool; it must be integers"),
        ({"x": X.ravel(), "y": Y}, r"x is of shape \(1800,\)"),
        ({"x": np.int8(1), "y": Y}, r"x is of shape \(\)"),
        ({"x": X, "y": Y[:, None]}, r"y is of shape \(600, 1\); it must be \(n,\)"),
        ({"x": X, "y": Y[:-1]}, "x has 600 samples and y 599"),
        ({"x": X[:0], "y": Y[:0]}, "holds no samples"),
        ({"x": X[:, :2], "y": Y}, "x has samples of 2, and the model takes 3"),
        ({"x": X.astype(np.uint8), "y": Y}, "x is uint8; this model takes floats or int8"),
        ({"x": X, "y": np.where(Y == 2, 3, Y)}, r"y\[2\] is 3, and the model's answers are 0 to 2"),
        ({"x": X, "y": np.where(np.arange(600) == 599, -1, Y)}, r"y\[599\] is -1"),
        ({"x": X, "y": np.full(600, 2**64 - 1, np.uint64)}, r"y\[0\] is 18446744073709551615"),
        ({"x": np.where(np.arange(600) == 300, np.nan, 0)[:, None] * X, "y": Y}, r"x\[300\] holds nan"),
    ],
)
def test_arrays_that_cannot_be_scored_are_named(arrays: dict[str, np.ndarray], message: str, tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", **arrays)
    with pytest.raises(DataError, match=message) as caught:
        read(tmp_path / "a.npz")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is no readable .npz file: File is not a zip file"),
        (b"PK\x03\x04 and nothing more", "is no readable .npz file"),
        (npy(X), "is no readable .npz file: File is not a zip file"),
    ],
)
def test_what_is_no_npz_file_is_refused(content: bytes, message: str, tmp_path: Path) -> None:
    (tmp_path / "a.npz").write_bytes(content)
    with pytest.raises(DataError, match=message):
        read(tmp_path / "a.npz")


def test_a_missing_file_and_a_folder_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"a\.npz does not exist"):
        open_samples(tmp_path / "a.npz")
    with pytest.raises(DataError, match="Is a directory"):
        open_samples(tmp_path)


@pytest.mark.parametrize(
    ("member", "message"),
    [
        (npy(X)[:-1], "x is 1,927 B, and its header promises 1,928 B"),
        (npy(X).replace(b"(600, 3)", b"(-60, 3)"), r"an array of shape \(-60, 3\)"),
        (npy(X).replace(b"'|i1'", b"'|q1'"), "descr is not a valid dtype descriptor"),
        (b"\x93NUMPY\x07\x00" + npy(X)[8:], "format 7.0"),
        (b"not an array", "magic string is not correct"),
    ],
)
def test_a_damaged_header_is_refused(member: bytes, message: str, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
        archive.writestr("x.npy", member)
        archive.writestr("y.npy", npy(Y))
    with pytest.raises(DataError, match=message):
        read(tmp_path / "a.npz")


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_a_flipped_byte_in_the_samples_is_found_by_their_checksum(save: Callable[..., None], tmp_path: Path) -> None:
    save(tmp_path / "a.npz", x=np.random.default_rng(0).integers(-9, 9, (600, 3), np.int8), y=Y)
    content = bytearray((tmp_path / "a.npz").read_bytes())
    content[700] ^= 1
    (tmp_path / "a.npz").write_bytes(content)
    with pytest.raises(DataError, match=r"a\.npz is no readable \.npz file"):
        read(tmp_path / "a.npz")
