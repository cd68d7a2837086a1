"""fetch: any source becomes one file, and a source that cannot be trusted stops the line."""

import hashlib
import subprocess
import sys

import numpy as np
import pytest

from flashfit.data.samples import iterate_samples
from flashfit.errors import DataError
from tasks.fetch import fetch


def sha256(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_digits_are_1797_pictures_of_0_to_16_with_stable_ids(make_checkout):
    paths = make_checkout(source={"kind": "sklearn", "path": "requirements.lock", "dataset": "digits"})

    assert fetch("tiny") == "fetched tiny: 1,797 samples"

    samples = list(iterate_samples(paths.of_product("tiny").samples))
    x = np.stack([sample.x for sample in samples])
    assert x.shape == (1797, 8, 8)
    assert x.dtype == np.float32
    assert (x.min(), x.max()) == (0, 16)
    assert [sample.id for sample in samples[:2]] == ["digits-0000", "digits-0001"]
    assert [sample.label for sample in samples[:3]] == ["0", "1", "2"]


def test_npz_source_arrives_as_it_was(make_checkout, tiny_arrays):
    paths = make_checkout({**tiny_arrays, "group": tiny_arrays["label"]})

    fetch("tiny")

    samples = list(iterate_samples(paths.of_product("tiny").samples))
    np.testing.assert_array_equal(np.stack([sample.x for sample in samples]), tiny_arrays["x"])
    assert [sample.group for sample in samples] == list(tiny_arrays["label"])
    assert {sample.split for sample in samples} == {None}


def test_fetching_twice_gives_the_same_bytes(make_checkout):
    file = make_checkout().of_product("tiny").samples
    fetch("tiny")
    first = file.read_bytes()
    fetch("tiny")
    assert file.read_bytes() == first


def test_missing_file_is_named_with_the_next_step(make_checkout):
    make_checkout(source={"path": "gone.npz"})
    with pytest.raises(DataError, match=r"^gone\.npz does not exist; next: restore the file, or set source"):
        fetch("tiny")


def test_file_with_another_sha256_is_refused_with_both_hashes(make_checkout):
    paths = make_checkout(source={"sha256": 64 * "0"})
    found = sha256(paths.root / "tiny.npz")[:12]
    with pytest.raises(DataError, match=rf"^tiny\.npz has sha256 {found}…, params\.yaml says 000000000000…; next: "):
        fetch("tiny")
    assert not paths.of_product("tiny").samples.exists()


@pytest.mark.parametrize("damage", ["cut short", "not a zip", "a bit flipped", "a single array", "empty"])
def test_damaged_file_is_named_even_where_its_sha256_is_the_declared_one(make_checkout, tiny_arrays, damage):
    paths = make_checkout()
    file = paths.root / "tiny.npz"
    np.savez_compressed(file, **tiny_arrays)
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 0xFF
    broken = {
        "cut short": file.read_bytes()[:1000],
        "not a zip": b"these are no samples",
        "a bit flipped": bytes(content),
        "a single array": None,
        "empty": b"",
    }[damage]
    if broken is None:
        with file.open("wb") as stream:
            np.save(stream, tiny_arrays["x"])
    else:
        file.write_bytes(broken)
    make_declared(paths, file)
    with pytest.raises(DataError, match=r"tiny\.npz is not a readable \.npz file: [^\n]*; next: restore the file"):
        fetch("tiny")


def make_declared(paths, file):
    """params.yaml, naming the file as it is now."""
    lines = paths.params.read_text().splitlines()
    lines = [f"      sha256: '{sha256(file)}'" if "sha256:" in line else line for line in lines]
    paths.params.write_text("\n".join(lines))


def test_file_without_labels_is_named_with_what_it_has(make_checkout, tiny_arrays):
    make_checkout({"x": tiny_arrays["x"]})
    with pytest.raises(DataError, match=r"tiny\.npz has no array label \(it has: x\)"):
        fetch("tiny")


@pytest.mark.parametrize(
    ("label", "message"),
    [
        (np.array("a"), "label is one value, not one a sample"),
        (np.full((150, 2), "a"), "label must have one axis"),
        (np.full(149, "a"), "arrays differ in length"),
    ],
)
def test_labels_that_are_not_one_a_sample_are_refused(make_checkout, tiny_arrays, label, message):
    make_checkout({**tiny_arrays, "label": label})
    with pytest.raises(DataError, match=rf"tiny\.npz: {message}"):
        fetch("tiny")


def test_missing_file_ends_the_process_with_exit_code_2_and_one_line(make_checkout):
    paths = make_checkout(source={"path": "gone.npz"})
    command = [sys.executable, "-m", "tasks.fetch", "tiny"]
    done = subprocess.run(command, cwd=paths.root, capture_output=True, text=True)
    assert done.returncode == 2
    assert done.stderr.startswith("gone.npz does not exist; next: ")
    assert done.stderr.count("\n") == 1
