"""Pulling: nothing is put in place before every byte is checked, and nobody's files are lost."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from flashfit.errors import ConfigError, SurroundingsError
from flashfit.manifest import BundleError, verify_folder
from flashfit.registry import swap
from flashfit.registry.client import Reference
from flashfit.registry.pull import Pulled, pull

if TYPE_CHECKING:
    from conftest import FakeMlflow

CANDIDATE = Reference("digits.nano33ble", alias="candidate")
FILES = {"model.tflite": b"model", "src/model.cc": b"int x;"}


def fetch(mlflow: "FakeMlflow", into: Path) -> Pulled:
    with mlflow.registry() as registry:
        return pull(registry, CANDIDATE, into)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.fixture(params=["exchange", "two steps"])
def swapping(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Both ways to put a folder in another's place."""
    if request.param == "two steps":
        monkeypatch.setattr(swap, "_exchange", lambda one, other: False)
    yield


def test_a_pulled_folder_is_the_bundle(mlflow: "FakeMlflow", tmp_path: Path) -> None:
    digest = mlflow.add(FILES)
    pulled = fetch(mlflow, tmp_path / "lib" / "digits")
    assert (pulled.changed, pulled.sha256, pulled.previous) == (True, digest, None)
    assert verify_folder(tmp_path / "lib" / "digits").name == "digits.nano33ble"
    assert names(tmp_path / "lib") == ["digits"]


def test_a_second_pull_downloads_nothing(mlflow: "FakeMlflow", tmp_path: Path) -> None:
    mlflow.add(FILES)
    fetch(mlflow, tmp_path / "digits")
    mlflow.requests.clear()
    assert not fetch(mlflow, tmp_path / "digits").changed
    assert mlflow.requests == ["/api/2.0/mlflow/registered-models/alias"]


@pytest.mark.usefixtures("swapping")
def test_an_older_bundle_is_replaced_whole(mlflow: "FakeMlflow", tmp_path: Path) -> None:
    old = mlflow.add({**FILES, "only_in_the_old.h": b""})
    fetch(mlflow, tmp_path / "digits")
    new = mlflow.add(FILES)
    pulled = fetch(mlflow, tmp_path / "digits")
    assert (pulled.sha256, pulled.previous) == (new, old)
    assert names(tmp_path / "digits") == ["manifest.json", "model.tflite", "src"]
    assert names(tmp_path) == ["digits"]


def test_a_damaged_bundle_is_mended(mlflow: "FakeMlflow", tmp_path: Path) -> None:
    mlflow.add(FILES)
    fetch(mlflow, tmp_path / "digits")
    (tmp_path / "digits" / "model.tflite").write_bytes(b"MODEL")
    assert fetch(mlflow, tmp_path / "digits").changed
    verify_folder(tmp_path / "digits")


def test_an_empty_folder_becomes_the_bundle(mlflow: "FakeMlflow", tmp_path: Path) -> None:
    mlflow.add(FILES)
    (tmp_path / "digits").mkdir()
    fetch(mlflow, tmp_path / "digits")
    verify_folder(tmp_path / "digits")


@pytest.mark.parametrize("file", ["model.tflite", "manifest.json"])
def test_bytes_changed_on_the_server_are_refused_and_nothing_is_left(
    mlflow: "FakeMlflow", tmp_path: Path, file: str
) -> None:
    mlflow.add(FILES)
    stored = mlflow.versions[1]
    stored[file] = stored[file].replace(b"e", b"E", 1)
    with pytest.raises(BundleError, match=rf"bundle refused: {file} .*has sha256"):
        fetch(mlflow, tmp_path / "digits")
    assert names(tmp_path) == []


def test_after_a_refusal_the_older_bundle_still_stands(mlflow: "FakeMlflow", tmp_path: Path) -> None:
    old = mlflow.add(FILES)
    fetch(mlflow, tmp_path / "digits")
    mlflow.add({"model.tflite": b"better"})
    mlflow.versions[2]["model.tflite"] = b"bitter"
    with pytest.raises(BundleError, match=r"bundle refused: model.tflite"):
        fetch(mlflow, tmp_path / "digits")
    assert verify_folder(tmp_path / "digits").total_bytes == 11
    assert names(tmp_path) == ["digits"]
    assert old == mlflow.tags[1]["sha256"]


def test_a_version_without_a_digest_is_refused(mlflow: "FakeMlflow", tmp_path: Path) -> None:
    mlflow.add(FILES)
    mlflow.tags[1].clear()
    with pytest.raises(BundleError, match="version 1 has no tag sha256, so flashfit did not publish it"):
        fetch(mlflow, tmp_path / "digits")


def test_a_bundle_of_another_model_is_refused(mlflow: "FakeMlflow", tmp_path: Path) -> None:
    mlflow.add(FILES, product="speech")
    with pytest.raises(BundleError, match=r"it is speech.nano33ble's, registered as digits.nano33ble"):
        fetch(mlflow, tmp_path / "digits")


def test_a_folder_with_somebody_elses_files_is_left_alone(mlflow: "FakeMlflow", tmp_path: Path) -> None:
    mlflow.add(FILES)
    (tmp_path / "thesis.tex").write_text("all of it")
    with pytest.raises(ConfigError, match="holds files that are not a flashfit bundle's"):
        fetch(mlflow, tmp_path)
    assert (tmp_path / "thesis.tex").read_text() == "all of it"


def test_a_bundle_that_somebody_added_a_file_to_is_left_alone(mlflow: "FakeMlflow", tmp_path: Path) -> None:
    mlflow.add(FILES)
    fetch(mlflow, tmp_path / "digits")
    (tmp_path / "digits" / "src" / "mine.c").write_text("int mine;")
    mlflow.add({"model.tflite": b"better"})
    with pytest.raises(ConfigError, match=r"not a flashfit bundle's \(src/mine.c\)"):
        fetch(mlflow, tmp_path / "digits")
    assert (tmp_path / "digits" / "src" / "mine.c").exists()


def test_a_file_in_the_folders_place_is_left_alone(mlflow: "FakeMlflow", tmp_path: Path) -> None:
    mlflow.add(FILES)
    (tmp_path / "digits").write_text("a file")
    with pytest.raises(ConfigError, match="not a flashfit bundle's"):
        fetch(mlflow, tmp_path / "digits")


def test_a_place_that_cannot_be_written_is_named(mlflow: "FakeMlflow", tmp_path: Path) -> None:
    mlflow.add(FILES)
    (tmp_path / "file").touch()
    with pytest.raises(SurroundingsError, match=r"cannot write .*file/digits"):
        fetch(mlflow, tmp_path / "file" / "digits")


def test_a_folder_taken_away_between_two_renames_is_brought_back(mlflow: "FakeMlflow", tmp_path: Path) -> None:
    mlflow.add(FILES)
    fetch(mlflow, tmp_path / "digits")
    (tmp_path / "digits").rename(tmp_path / ".digits.replaced")
    assert not fetch(mlflow, tmp_path / "digits").changed
    assert names(tmp_path) == ["digits"]
