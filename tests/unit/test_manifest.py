"""The manifest: what it refuses, and what its digest covers."""

import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from flashfit.manifest import (
    BundleError,
    FileEntry,
    Manifest,
    bundle_sha256,
    entries_of,
    entry_of,
    parse_manifest,
    verify_folder,
)

EMPTY_SHA256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


def tree(**changes: Any) -> dict[str, Any]:
    manifest = {
        "schema_version": 1,
        "product": "digits",
        "target": "nano33ble",
        "name": "digits.nano33ble",
        "files": {"model.tflite": {"sha256": EMPTY_SHA256, "bytes": 0}},
        "footprint": {"flash_bytes": 12_000, "arena_bytes": 5_000, "macs": 40_000, "source": "measured"},
        "quality": {"metric": "accuracy", "int8": 0.98, "float": 0.99, "n": 360},
        "lineage": {"data": EMPTY_SHA256},
    }
    return manifest | changes


def content(**changes: Any) -> bytes:
    return json.dumps(tree(**changes)).encode()


def bundle(folder: Path, files: dict[str, bytes]) -> Path:
    for name, data in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    manifest = Manifest.model_validate(tree(files=entries_of(folder)))
    (folder / "manifest.json").write_bytes(manifest.to_bytes())
    return folder


def test_the_same_manifest_gives_the_same_bytes_whatever_order_its_keys_were_written_in() -> None:
    one = parse_manifest(content(), "one")
    other = parse_manifest(json.dumps(dict(reversed(tree().items()))).encode(), "other")
    assert one.to_bytes() == other.to_bytes()


def test_a_manifest_reads_back_what_it_wrote() -> None:
    manifest = parse_manifest(content(), "manifest.json")
    assert parse_manifest(manifest.to_bytes(), "manifest.json") == manifest
    assert json.loads(manifest.to_bytes())["quality"]["float"] == 0.99


def test_the_digest_is_the_sha256_of_the_manifests_bytes() -> None:
    assert bundle_sha256(b"") == EMPTY_SHA256


def test_one_changed_byte_in_any_file_changes_the_digest() -> None:
    digests = {
        bundle_sha256(Manifest.model_validate(tree(files={"a.h": entry_of(data)})).to_bytes())
        for data in (b"x", b"y", b"xy")
    }
    assert len(digests) == 3


@pytest.mark.parametrize(
    "name",
    [
        "../model.tflite",
        "/etc/passwd",
        "a/../../b",
        "a//b",
        "a/",
        "./a",
        ".hidden",
        "a/.git/config",
        "a\\b",
        "C:a",
        "",
        "a\n",
        "naïve",
    ],
)
def test_a_file_name_that_could_leave_the_folder_is_refused(name: str) -> None:
    with pytest.raises(BundleError, match=r"bundle refused: m: files"):
        parse_manifest(content(files={name: {"sha256": EMPTY_SHA256, "bytes": 0}}), "m")


@pytest.mark.parametrize(("one", "other"), [("a.h", "A.h"), ("a", "a/b"), ("A", "a/b")])
def test_two_names_that_one_disk_cannot_hold_are_refused(one: str, other: str) -> None:
    entry = {"sha256": EMPTY_SHA256, "bytes": 0}
    with pytest.raises(BundleError, match="clashes with another file's name"):
        parse_manifest(content(files={one: entry, other: entry}), "m")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"schema_version": 2}, "schema_version: input should be 1"),
        ({"name": "letters.nano33ble"}, "and not digits.nano33ble"),
        ({"files": {}}, "files: dictionary should have at least 1 item"),
        ({"files": {"manifest.json": {"sha256": EMPTY_SHA256, "bytes": 0}}}, "cannot list itself"),
        ({"files": {"a": {"sha256": "E3", "bytes": 0}}}, "files.a.sha256: string should match"),
        ({"surprise": 1}, "surprise: extra inputs are not permitted"),
    ],
)
def test_a_wrong_manifest_is_refused_with_the_path_of_the_error(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(BundleError, match="bundle refused: m: ") as refusal:
        parse_manifest(content(**changes), "m")
    assert words.lower() in str(refusal.value).lower()


def test_every_error_of_a_wrong_manifest_is_told_at_once() -> None:
    with pytest.raises(BundleError, match=r"product: .*; target: "):
        parse_manifest(content(product=1, target=2), "m")


def test_a_manifest_is_frozen() -> None:
    manifest = parse_manifest(content(), "m")
    with pytest.raises(ValidationError, match="frozen"):
        manifest.name = "x"


def test_a_folder_that_holds_its_manifests_files_is_verified(tmp_path: Path) -> None:
    folder = bundle(tmp_path, {"model.tflite": b"model", "src/model.cc": b"int x;"})
    assert verify_folder(folder).files["src/model.cc"] == entry_of(b"int x;")


def test_a_changed_file_is_refused_with_both_hashes(tmp_path: Path) -> None:
    folder = bundle(tmp_path, {"model.tflite": b"model"})
    (folder / "model.tflite").write_bytes(b"other")
    told, found = entry_of(b"model").sha256, entry_of(b"other").sha256
    with pytest.raises(BundleError, match=rf"model.tflite has sha256 {found} .* the manifest says {told}"):
        verify_folder(folder)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    folder = bundle(tmp_path, {"model.tflite": b"model", "labels.txt": b"0"})
    (folder / "labels.txt").unlink()
    with pytest.raises(BundleError, match=r"labels.txt is missing"):
        verify_folder(folder)


def test_a_file_too_many_is_refused(tmp_path: Path) -> None:
    folder = bundle(tmp_path, {"model.tflite": b"model"})
    (folder / "notes.txt").touch()
    with pytest.raises(BundleError, match=r"notes.txt is not in the manifest"):
        verify_folder(folder)


def test_a_linked_file_is_refused_even_with_the_right_bytes(tmp_path: Path) -> None:
    folder = bundle(tmp_path / "bundle", {"model.tflite": b"model"})
    (folder / "model.tflite").rename(tmp_path / "elsewhere")
    (folder / "model.tflite").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(BundleError, match=r"model.tflite is no ordinary file"):
        verify_folder(folder)


def test_a_linked_folder_is_refused(tmp_path: Path) -> None:
    folder = bundle(tmp_path / "bundle", {"src/a.c": b"x"})
    (folder / "src").rename(tmp_path / "src")
    (folder / "src").symlink_to(tmp_path / "src")
    with pytest.raises(BundleError, match=r"src is a link"):
        verify_folder(folder)


def test_a_folder_without_a_manifest_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match=r"holds no manifest.json"):
        verify_folder(tmp_path)


def test_content_of_another_length_is_told_by_its_length() -> None:
    with pytest.raises(BundleError, match=r"a has sha256 .* \(2 B\), .* \(3 B\)"):
        FileEntry(sha256=EMPTY_SHA256, bytes=3).check("a", FileEntry(sha256=EMPTY_SHA256, bytes=2))
