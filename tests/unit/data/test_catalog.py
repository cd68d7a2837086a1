"""The catalogue: read whole, or refused with every error."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from flashfit.data.catalog import Catalog, load_catalog
from flashfit.errors import ConfigError
from tasks.paths import Paths

REPOSITORY = Paths(Path(__file__).parents[3])
ARCHIVE = {"file": "toy.tar.gz", "sha256": "0" * 64, "size_bytes": 10}
TOY = {
    "title": "A toy",
    "kind": "wav-folder",
    "license": "MIT",
    "use": "bundle",
    "origin": {"page": "https://example.org/toy", "commit": "a" * 40},
    "archives": [ARCHIVE],
}

Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """A factory: write(license="…", …) writes a catalogue of one data set, `toy`, so changed."""

    def make(**changes: Any) -> Path:
        file = tmp_path / "catalog.yaml"
        file.write_text(yaml.safe_dump({"datasets": {"toy": {**TOY, **changes}}}), encoding="utf-8")
        return file

    return make


def test_the_shipped_catalogue_names_origin_commit_license_and_citation_of_every_data_set() -> None:
    datasets = load_catalog(REPOSITORY.catalog).datasets
    assert len(datasets) == 10
    for name, dataset in datasets.items():
        assert dataset.origin.commit and dataset.origin.cite and dataset.license and dataset.title, name


@pytest.mark.parametrize("name", ["fsdd", "skab", "mnist_30k"])
def test_copyleft_and_share_alike_data_of_the_shipped_catalogue_are_load_only(name: str) -> None:
    assert load_catalog(REPOSITORY.catalog).dataset(name).use == "load-only"


@pytest.mark.parametrize("license_", ["GPL-3.0-only", "AGPL-3.0", "CC-BY-SA-4.0", "CC BY-NC-SA 3.0", "share-alike"])
def test_a_copyleft_license_cannot_be_marked_as_bundled(write: Write, license_: str) -> None:
    with pytest.raises(ConfigError, match=f"toy.*data under {license_} may only be load-only"):
        load_catalog(write(license=license_))
    assert load_catalog(write(license=license_, use="load-only")).dataset("toy").use == "load-only"


@pytest.mark.parametrize("license_", ["MIT", "Apache-2.0", "CC-BY-4.0", "BSD-3-Clause", "SAUCE-1.0"])
def test_a_permissive_license_may_be_bundled(write: Write, license_: str) -> None:
    assert load_catalog(write(license=license_)).dataset("toy").use == "bundle"


def test_every_error_is_reported_at_once_with_its_path(write: Write) -> None:
    wrong = {**ARCHIVE, "sha256": "abc", "url": "toy.tar.gz"}
    with pytest.raises(ConfigError, match="4 errors") as caught:
        load_catalog(write(kind="tape", archives=[wrong], colour="red"))
    for path in ("toy.kind:", "toy.archives.0.sha256:", "toy.archives.0.url:", "toy.colour:"):
        assert f"datasets.{path}" in str(caught.value)


@pytest.mark.parametrize("file", ["../toy.tar.gz", "sub/toy.tar.gz", "/toy.tar.gz", ".toy.tar.gz", "toy.exe"])
def test_an_archive_is_named_by_a_file_name_alone(write: Write, file: str) -> None:
    with pytest.raises(ConfigError, match=r"archives\.0\.file"):
        load_catalog(write(archives=[{**ARCHIVE, "file": file}]))


def test_a_data_set_without_archives_is_refused(write: Write) -> None:
    with pytest.raises(ConfigError, match="archives: there is none"):
        load_catalog(write(archives=[]))


def test_two_archives_of_one_name_are_refused(write: Write) -> None:
    with pytest.raises(ConfigError, match="a file is named twice"):
        load_catalog(write(archives=[ARCHIVE, ARCHIVE]))


def test_an_unknown_data_set_is_refused_with_those_that_exist() -> None:
    catalog = Catalog.model_validate({"datasets": {"toy": TOY, "toy_2": TOY}})
    with pytest.raises(ConfigError, match=r"no data set 'tony' in the catalogue \(there are: toy, toy_2\)"):
        catalog.dataset("tony")


def test_a_data_set_is_as_large_as_all_its_archives() -> None:
    two = [ARCHIVE, {**ARCHIVE, "file": "more.zip", "size_bytes": 32}]
    catalog = Catalog.model_validate({"datasets": {"toy": {**TOY, "archives": two}}})
    assert catalog.dataset("toy").size_bytes == 42


def test_a_missing_and_a_broken_catalogue_are_told_apart(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="does not exist"):
        load_catalog(tmp_path / "catalog.yaml")
    (tmp_path / "catalog.yaml").write_text("datasets: [", encoding="utf-8")
    with pytest.raises(ConfigError, match="is not valid YAML"):
        load_catalog(tmp_path / "catalog.yaml")
