"""Archives that come from elsewhere, extracted into one folder and nowhere else."""

import shutil
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Literal

from flashfit.errors import DataError


def unpack(archive: Path, into: Path) -> None:
    """Extract a tar (packed in any way) or zip file into the folder `into`, beside what is there.

    A folder that holds all of the archive is left out of the paths. Raises DataError, naming archive and
    member and before anything is written, for a member that lies outside, a link, or a device; and for a
    file that is no archive or a damaged one.
    """
    try:
        if zipfile.is_zipfile(archive):
            _unpack_zip(archive, into)
        else:
            _unpack_tar(archive, into)
    except tarfile.FilterError as error:  # what _placed lets through and Python's `data` filter does not
        raise DataError(f"{archive.name}: {error}") from None
    except (tarfile.TarError, zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError) as error:
        raise DataError(f"{archive.name} is no tar or zip archive, or a damaged one: {error}") from None


@dataclass(frozen=True)
class _Member:
    name: str
    kind: Literal["file", "folder", "link", "device"]


def _unpack_tar(archive: Path, into: Path) -> None:
    with tarfile.open(archive) as tar:
        paths = _placed(archive, [_tar_member(member) for member in tar.getmembers()])

        def place(member: tarfile.TarInfo, folder: str) -> tarfile.TarInfo | None:
            path = paths[member.name]
            return tarfile.data_filter(member.replace(name=str(path)), folder) if path.parts else None

        tar.extractall(into, filter=place)


def _unpack_zip(archive: Path, into: Path) -> None:
    with zipfile.ZipFile(archive) as packed:
        entries = packed.infolist()
        paths = _placed(archive, [_zip_member(entry) for entry in entries])
        if any(entry.flag_bits & 1 for entry in entries):
            raise DataError(f"{archive.name} is encrypted")
        for entry in entries:
            target = into / paths[entry.filename]
            if entry.is_dir():
                target.mkdir(parents=True, exist_ok=True)
            else:
                target.parent.mkdir(parents=True, exist_ok=True)
                with packed.open(entry) as read, target.open("wb") as write:
                    shutil.copyfileobj(read, write)


def _tar_member(member: tarfile.TarInfo) -> _Member:
    if member.issym() or member.islnk():
        return _Member(member.name, "link")
    if member.isdir():
        return _Member(member.name, "folder")
    return _Member(member.name, "file" if member.isreg() else "device")


def _zip_member(entry: zipfile.ZipInfo) -> _Member:
    if stat.S_ISLNK(entry.external_attr >> 16):  # Unix keeps a file's mode there
        return _Member(entry.filename, "link")
    return _Member(entry.filename, "folder" if entry.is_dir() else "file")


def _placed(archive: Path, members: Iterable[_Member]) -> dict[str, PurePosixPath]:
    """Member names to their paths in the folder, the one top folder left out. Raises DataError."""
    members = list(members)
    paths = {member.name: _inside(archive, member) for member in members}
    tops = {path.parts[0] for path in paths.values() if path.parts}
    loose = any(member.kind == "file" and len(paths[member.name].parts) == 1 for member in members)
    if len(tops) == 1 and not loose:
        return {name: PurePosixPath(*path.parts[1:]) for name, path in paths.items()}
    return paths


def _inside(archive: Path, member: _Member) -> PurePosixPath:
    path = PurePosixPath(member.name)
    if path.is_absolute() or ".." in path.parts:
        raise DataError(f"{archive.name}: member {member.name!r} points outside the folder; nothing was extracted")
    if member.kind in ("link", "device"):
        raise DataError(f"{archive.name}: member {member.name!r} is a {member.kind}; nothing was extracted")
    return path
