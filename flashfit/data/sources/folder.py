"""Folders of files: which files a source takes, and what becomes of one that cannot be read."""

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from flashfit.data.samples import Account
from flashfit.errors import ConfigError, DataError
from flashfit.params import CsvSeriesSource, CsvWindowsSource, ImageFolderSource, Listing, WavFolderSource

FolderSource = ImageFolderSource | WavFolderSource | CsvWindowsSource | CsvSeriesSource

MEND_FILE = "mend or remove the file, or set source.on_bad_file to skip in params.yaml"

_Loaded = TypeVar("_Loaded")


class BadFile(Exception):
    """One file cannot be read: the reason, without its path."""


@dataclass(frozen=True)
class Member:
    """One file of a folder. path: below the folder, with `/`; file: where it lies."""

    path: str
    file: Path

    @property
    def label(self) -> str:
        """The first folder of the path; "" for a file that lies in none."""
        return self.path.partition("/")[0] if "/" in self.path else ""

    @property
    def stem(self) -> str:
        """The path without its suffix."""
        return self.path.removesuffix(self.file.suffix)


@dataclass(frozen=True)
class Folder:
    """A source's folder. name: as params.yaml has it; base: where it lies; only: the one file that it means.

    stops: whether a file that cannot be read stops the build.
    """

    name: Path
    base: Path
    only: Path | None
    stops: bool
    account: Account

    def name_of(self, path: str) -> Path:
        """What a message calls the file."""
        return self.name if self.only else self.name / path

    def name_beside(self, name: str) -> Path:
        """What a message calls a file that lies beside the data."""
        return (self.name.parent if self.only else self.name) / name

    def reject(self, path: str, reason: str) -> None:
        """Raise DataError with the file's name and the reason, or write them down, as the source says."""
        if self.stops:
            raise DataError(f"{self.name_of(path)}: {reason}", next_step=MEND_FILE)
        self.account.skipped[path] = reason


def open_folder(source: FolderSource, root: Path, account: Account) -> Folder:
    """The folder of a source, or the folder around its one file. Raises DataError where there is neither."""
    place = root / source.path
    if not place.exists():
        raise DataError(f"{source.path} does not exist", next_step="set source.path in params.yaml, or `dvc pull`")
    only = place if place.is_file() else None
    return Folder(source.path, place.parent if only else place, only, source.on_bad_file == "stop", account)


def class_files(folder: Folder, suffixes: Sequence[str], alike: Sequence[str]) -> list[Member]:
    """Files in class folders, sorted by path; alike: suffixes of files that were surely meant to be read, too.

    Names that begin with a dot are not looked at. Raises DataError where fewer than two classes have files.
    """
    kind = " or ".join(suffixes)
    if folder.only:
        raise DataError(f"{folder.name} is a file, not a folder of class folders with {kind} files")
    members = [member for member in _walk(folder.base) if member.file.suffix.lower() in (*suffixes, *alike)]
    inside = [member for member in members if member.label]
    _check_classes(folder, kind, [member for member in inside if member.file.suffix.lower() in suffixes], len(members))
    return inside


def matching_files(folder: Folder, pattern: str, listing: Listing | None) -> list[Member]:
    """Files that a glob matches, sorted by path, without the listing. Raises DataError where there are none."""
    if folder.only:
        return [Member(folder.only.name, folder.only)]
    excluded = (listing or Listing()).file
    try:
        found = [file for file in folder.base.glob(pattern) if not file.is_dir()]
    except (ValueError, NotImplementedError) as error:
        raise ConfigError(f"source.files is not a pattern below the folder: {pattern!r} ({error})") from None
    members = [Member(file.relative_to(folder.base).as_posix(), file) for file in found]
    taken = [member for member in members if member.path != excluded and not _is_hidden(member.path)]
    if not taken:
        raise DataError(
            f"{folder.name} has no file that matches {pattern}", next_step="set source.files in params.yaml"
        )
    return sorted(taken, key=lambda member: member.path)


def load_each(
    folder: Folder, members: Sequence[Member], load: Callable[[Member], _Loaded]
) -> Iterator[tuple[Member, _Loaded]]:
    """Each file with what load makes of it; a BadFile that load raises is rejected as the source says."""
    base = folder.base.resolve()
    for member in members:
        try:
            loaded = _load(base, member, load)
        except BadFile as bad:
            folder.reject(member.path, str(bad))
        except OSError as error:
            folder.reject(member.path, error.strerror or str(error))
        else:
            yield member, loaded


def beside(folder: Folder, name: str) -> Path:
    """A file that the source names in its folder. Raises DataError where it is missing or lies elsewhere."""
    file = folder.base / name
    if not file.resolve().is_relative_to(folder.base.resolve()):
        raise DataError(f"{folder.name_beside(name)}: points outside the folder")
    if not file.is_file():
        raise DataError(f"{folder.name_beside(name)} does not exist")
    return file


def _load(base: Path, member: Member, load: Callable[[Member], _Loaded]) -> _Loaded:
    if not member.file.resolve().is_relative_to(base):
        raise BadFile("points outside the folder")
    if not member.file.is_file():
        raise BadFile("not a file")
    if member.file.stat().st_size == 0:
        raise BadFile("empty (0 bytes)")
    return load(member)


def _walk(base: Path) -> list[Member]:
    """Every file; links to folders are not followed."""
    paths = []
    for folder, folders, names in os.walk(base):
        folders[:] = [name for name in folders if not _is_hidden(name)]
        paths += [Path(folder) / name for name in names if not _is_hidden(name)]
    members = [Member(path.relative_to(base).as_posix(), path) for path in paths]
    return sorted(members, key=lambda member: member.path)


def _is_hidden(path: str) -> bool:
    """Dotted, or what macOS packs beside the files."""
    return any((part.startswith(".") and part != "..") or part == "__MACOSX" for part in path.split("/"))


def _check_classes(folder: Folder, kind: str, members: Sequence[Member], found: int) -> None:
    classes = sorted({member.label for member in members})
    if not classes:
        where = f" ({found:,} lie in none)" if found else ""
        raise DataError(
            f"{folder.name} has no {kind} file in a class folder{where}", next_step="sort them into a folder a class"
        )
    if len(classes) < 2:
        raise DataError(f"{folder.name} has one class, {classes[0]} ({len(members):,} files); two are the least")
