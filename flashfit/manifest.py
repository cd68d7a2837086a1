"""What a bundle says of itself: the manifest, and the checks that hold a folder to it.

Needs the base install alone, because the light client reads it.
"""

import hashlib
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from flashfit.errors import SurroundingsError

MANIFEST_FILE = "manifest.json"

_PART = "[A-Za-z0-9_][A-Za-z0-9_.+-]*"
FileName = Annotated[str, Field(pattern=f"^{_PART}(/{_PART})*$", max_length=200)]
"""Relative, with forward slashes; no part is empty or begins with a dot, so none leaves the folder."""

Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class BundleError(SurroundingsError):
    """The bytes are not those that the manifest or the registry names."""


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class FileEntry(_Frozen):
    """One file's content."""

    sha256: Sha256
    bytes: int = Field(ge=0)

    def check(self, name: str, content: "FileEntry") -> None:
        """Raise BundleError, with both hashes, unless content is this."""
        if content != self:
            raise BundleError(
                f"bundle refused: {name} has sha256 {content.sha256} ({content.bytes:,} B), "
                f"and the manifest says {self.sha256} ({self.bytes:,} B)"
            )


class ManifestFootprint(_Frozen):
    """What the model uses of a board, and where the bytes' figures come from."""

    flash_bytes: int = Field(ge=0)
    arena_bytes: int = Field(ge=0)
    macs: int = Field(ge=0)
    source: Literal["predicted", "measured", "device"]


class ManifestQuality(_Frozen):
    """The metric on n test samples, as the shipped model and as the float model answer. `float` in JSON."""

    model_config = ConfigDict(validate_by_name=True, validate_by_alias=True, serialize_by_alias=True)

    metric: str
    int8: float
    float_: float = Field(alias="float")
    n: int = Field(gt=0)


class Manifest(_Frozen):
    """Every file of a bundle but manifest.json, and the lineage by content (sha256 by what it is of)."""

    schema_version: Literal[1] = 1
    product: str
    target: str
    name: str
    files: dict[FileName, FileEntry] = Field(min_length=1)
    footprint: ManifestFootprint
    quality: ManifestQuality
    lineage: dict[str, str]

    @model_validator(mode="after")
    def _is_consistent(self) -> "Manifest":
        if self.name != f"{self.product}.{self.target}":
            raise ValueError(f"name is {self.name!r}, and not {self.product}.{self.target}")
        if MANIFEST_FILE in self.files:
            raise ValueError(f"{MANIFEST_FILE} cannot list itself")
        if clash := _first_clash(self.files):
            raise ValueError(f"{clash!r} clashes with another file's name")
        return self

    @property
    def total_bytes(self) -> int:
        """Of all files but manifest.json."""
        return sum(entry.bytes for entry in self.files.values())

    def to_bytes(self) -> bytes:
        """manifest.json: the same manifest always gives the same bytes."""
        tree = self.model_dump(mode="json")
        return (json.dumps(tree, indent=2, sort_keys=True, ensure_ascii=False) + "\n").encode()


def bundle_sha256(manifest: bytes) -> str:
    """A bundle's digest: the sha256 of its manifest.json, which names every other file by content."""
    return hashlib.sha256(manifest).hexdigest()


def entry_of(content: bytes) -> FileEntry:
    """What a manifest says of a file with this content."""
    return FileEntry(sha256=hashlib.sha256(content).hexdigest(), bytes=len(content))


def entries_of(folder: Path) -> dict[str, FileEntry]:
    """What a manifest says of a folder's files, manifest.json left out. Raises BundleError on a link."""
    names = sorted(name for name in files_in(folder) if name != MANIFEST_FILE)
    return {name: entry_of((folder / name).read_bytes()) for name in names}


def files_in(folder: Path) -> Iterator[str]:
    """Relative names of all files in a folder. Raises BundleError on anything but files and folders."""
    for parent, folders, files in os.walk(folder):
        for path in (Path(parent, name) for name in folders):
            if path.is_symlink():
                raise BundleError(f"bundle refused: {path} is a link")
        for path in (Path(parent, name) for name in files):
            if path.is_symlink() or not path.is_file():
                raise BundleError(f"bundle refused: {path} is no ordinary file")
            yield path.relative_to(folder).as_posix()


def parse_manifest(content: bytes, origin: str) -> Manifest:
    """Check manifest.json's bytes. Raises BundleError naming origin and every error in them."""
    try:
        return Manifest.model_validate_json(content)
    except ValidationError as error:
        words = [
            f"{'.'.join(str(part) for part in entry['loc']) or 'the file'}: {entry['msg'].lower()}"
            for entry in error.errors()
        ]
        raise BundleError(f"bundle refused: {origin}: {'; '.join(words)}") from None


def read_manifest(folder: Path) -> Manifest:
    """The manifest of a bundle folder. Raises BundleError where there is none, or a wrong one."""
    return parse_manifest(read_manifest_bytes(folder), str(folder / MANIFEST_FILE))


def read_manifest_bytes(folder: Path) -> bytes:
    """manifest.json of a bundle folder. Raises BundleError where there is none."""
    file = folder / MANIFEST_FILE
    if file.is_symlink() or not file.is_file():
        raise BundleError(f"bundle refused: {folder} holds no {MANIFEST_FILE}")
    return file.read_bytes()


def verify_folder(folder: Path) -> Manifest:
    """The manifest of a folder that holds exactly its files, byte for byte.

    Raises BundleError naming the first file that is missing, too many or different, with both hashes.
    """
    manifest = read_manifest(folder)
    present = set(files_in(folder)) - {MANIFEST_FILE}
    for name in sorted(manifest.files.keys() - present):
        raise BundleError(f"bundle refused: {folder / name} is missing")
    for name in sorted(present - manifest.files.keys()):
        raise BundleError(f"bundle refused: {folder / name} is not in the manifest")
    for name, entry in manifest.files.items():
        entry.check(str(folder / name), entry_of((folder / name).read_bytes()))
    return manifest


def _first_clash(names: dict[str, FileEntry]) -> str | None:
    """A name that another one equals on a disk that ignores case, or that another one needs as a folder."""
    lower = [name.lower() for name in names]
    folders = {parent.as_posix() for name in lower for parent in Path(name).parents}
    return next((name for name in lower if lower.count(name) > 1 or name in folders), None)
