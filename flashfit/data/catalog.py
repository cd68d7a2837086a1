"""The catalogue of public data sets, data/catalog.yaml, as frozen values."""

import re
from pathlib import Path
from typing import Annotated, Literal

import yaml
from pydantic import Field, ValidationError, model_validator

from flashfit.errors import ConfigError
from flashfit.params.section import Positive, Section, Sha256

Use = Literal["bundle", "load-only"]
SourceKind = Literal["image-folder", "wav-folder", "idx", "csv-windows", "csv-series", "csv-text"]
DatasetName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]*$")]
Address = Annotated[str, Field(pattern=r"^https?://[^\s]+$")]

_COPYLEFT = re.compile(r"GPL|\bSA\b|share.?alike|copyleft", re.IGNORECASE)


class Origin(Section):
    """Where the data come from: a page for people, the commit and folder there, and whom to cite."""

    page: Address
    commit: Annotated[str, Field(pattern=r"^[0-9a-f]{40}$")] | None = None
    folder: str | None = None
    cite: str | None = None

    def __str__(self) -> str:
        return f"{self.page} at commit {self.commit[:8]}" if self.commit else self.page


class Archive(Section):
    """A tar or zip file of a data set. url: where it lies, beside the mirrors; None: only there."""

    file: Annotated[str, Field(pattern=r"^[\w-][\w.-]*\.(tar|tar\.gz|tgz|tar\.bz2|tar\.xz|zip)$")]
    sha256: Sha256
    size_bytes: Positive
    url: Address | None = None


class Dataset(Section):
    """One public data set, all of whose archives together make one folder.

    license: an SPDX identifier, or words where there is none. use: `bundle` where samples may be handed on
    with a product; `load-only` for copyleft and share-alike data, which are loaded here and never bundled.
    """

    title: str
    kind: SourceKind
    license: str
    use: Use
    origin: Origin
    archives: tuple[Archive, ...]

    @property
    def size_bytes(self) -> int:
        """Of its archives, packed."""
        return sum(archive.size_bytes for archive in self.archives)

    @model_validator(mode="after")
    def _copyleft_is_only_loaded(self) -> "Dataset":
        if self.use == "bundle" and _COPYLEFT.search(self.license):
            raise ValueError(f"use: data under {self.license} may only be load-only")
        return self

    @model_validator(mode="after")
    def _has_archives_that_differ(self) -> "Dataset":
        files = [archive.file for archive in self.archives]
        if not files:
            raise ValueError("archives: there is none")
        if len(set(files)) != len(files):
            raise ValueError("archives: a file is named twice")
        return self


class Catalog(Section):
    """All of data/catalog.yaml. mirror: base address where every archive lies by its file's name."""

    mirror: Address | None = None
    datasets: dict[DatasetName, Dataset]

    def dataset(self, name: str) -> Dataset:
        """The data set of that name. Raises ConfigError naming those that exist."""
        if name not in self.datasets:
            raise ConfigError(f"no data set {name!r} in the catalogue (there are: {', '.join(self.datasets)})")
        return self.datasets[name]


def load_catalog(path: Path) -> Catalog:
    """Read and check a catalogue. Raises ConfigError with every error, each with its path in the file."""
    try:
        return Catalog.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        raise ConfigError(f"{path} does not exist") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} is not valid YAML: {' '.join(str(error).split())}") from None
    except ValidationError as error:
        faults = [f"{'.'.join(map(str, fault['loc'])) or 'the file'}: {fault['msg']}" for fault in error.errors()]
        count = f"{len(faults)} error{'s' if len(faults) > 1 else ''}"
        raise ConfigError("\n  ".join([f"{path}: {count}", *faults])) from None
