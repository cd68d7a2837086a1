"""The split and the group of each file: from a listing in the folder, and from a pattern in the path."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from flashfit.data.sources.folder import BadFile, Folder, FolderSource, Member, beside
from flashfit.data.sources.tables import read_rows
from flashfit.errors import ConfigError, DataError
from flashfit.params import Listing

SPLIT_NAMES = {
    **dict.fromkeys(("train", "training"), "train"),
    **dict.fromkeys(("validation", "val", "valid", "dev"), "validation"),
    **dict.fromkeys(("test", "testing"), "test"),
}


@dataclass(frozen=True)
class Place:
    """Where a file, or one of its segments, belongs."""

    split: str | None
    group: str | None


_Key = tuple[str, int | None]


class Places:
    """What a source says about its files' splits and groups.

    Raises DataError for a listing that cannot be read or says two things about one file, for files that it
    leaves out where they stop the build, and for a pattern that is found in no path.
    """

    def __init__(self, source: FolderSource, folder: Folder, members: Sequence[Member]) -> None:
        self._folder = folder
        self._listing = source.listing
        self._pattern = re.compile(source.group) if source.group else None
        self._check_pattern(members)
        self._listed = {} if self._listing is None else _read_listing(self._listing, folder)
        self._listed = {key: self._with_group(key[0], place) for key, place in self._listed.items()}
        self._splits_of_groups = self._find_splits_of_groups()
        self._check_presence(members)

    def of(self, path: str, row: int | None = None) -> Place | None:
        """The place of a file, or of its segment `row`; None for one that is skipped, which is written down."""
        if self._listing is None:
            return Place(None, self._group(path))
        key = (path, row if self._listing.row else None)
        if key in self._listed:
            return self._listed[key]
        return self._unlisted(self._listing, path, key[1])

    def of_each(self, members: Sequence[Member]) -> dict[Member, Place]:
        """The places of whole files, without those that are skipped."""
        return {member: place for member in members if (place := self.of(member.path))}

    def _unlisted(self, listing: Listing, path: str, row: int | None) -> Place | None:
        name = path if row is None else f"{path}, segment {row}"
        group = self._group(path)
        match listing.unlisted:
            case "skip":
                self._folder.account.skipped[name] = f"not in {listing.file}"
                return None
            case "train":
                return Place("train" if listing.split else None, group)
            case "group":
                return Place(self._split_of_group(listing, name, group), group)
        raise DataError(
            f"{self._folder.name}: {name} is not in {listing.file}",
            next_step="list it, or set source.listing.unlisted in params.yaml",
        )

    def _split_of_group(self, listing: Listing, name: str, group: str | None) -> str | None:
        if listing.split is None:
            return None
        splits = self._splits_of_groups.get(group or "", set())
        if len(splits) == 1:
            return next(iter(splits))
        of_it = f"its group {group}" if group else "it names no group, which"
        where = f"lies in {', '.join(sorted(splits))}" if splits else "is not there either"
        raise DataError(f"{self._folder.name}: {name} is not in {listing.file}, and {of_it} {where}")

    def _group(self, path: str) -> str | None:
        found = self._pattern.search(path) if self._pattern else None
        return (found.group(1) or None) if found else None

    def _with_group(self, path: str, place: Place) -> Place:
        return place if place.group else replace(place, group=self._group(path))

    def _find_splits_of_groups(self) -> dict[str, set[str]]:
        splits: dict[str, set[str]] = {}
        for place in self._listed.values():
            if place.group and place.split:
                splits.setdefault(place.group, set()).add(place.split)
        return splits

    def _check_pattern(self, members: Sequence[Member]) -> None:
        if self._pattern is None:
            return
        without = [member.path for member in members if self._group(member.path) is None]
        if len(without) == len(members):
            raise DataError(f"source.group {self._pattern.pattern!r} is found in no path (first: {without[0]})")
        self._folder.account.repaired("files whose path names no group: each stands for itself", len(without))

    def _check_presence(self, members: Sequence[Member]) -> None:
        """Every listed file is there; every file is listed, where that is asked for."""
        listing = self._listing
        if listing is None:
            return
        there = {member.path for member in members}
        listed = {path for path, _ in self._listed}
        for path in sorted(listed - there):
            if not (self._folder.base / path).exists():
                self._folder.reject(path, f"named in {listing.file}, and not there")
        unlisted = sorted(there - listed)
        if unlisted and listing.unlisted == "stop":
            raise DataError(
                f"{self._folder.name}: {len(unlisted):,} of {len(there):,} files are not in {listing.file} "
                f"(first: {unlisted[0]})",
                next_step="list them, or set source.listing.unlisted in params.yaml",
            )


def split_named(name: str) -> str:
    """train, validation or test for one of the names in use. Raises BadFile for any other."""
    if name.lower() not in SPLIT_NAMES:
        raise BadFile(f"split {name!r} is none of {', '.join(SPLIT_NAMES)}")
    return SPLIT_NAMES[name.lower()]


def check_rows(source: FolderSource, segment_rows: int | None) -> None:
    """Raise ConfigError where the listing numbers segments, and the source has none."""
    if source.listing and source.listing.row and segment_rows is None:
        raise ConfigError("source.listing.row numbers segments of a file: give source.segment_rows with it")


def _read_listing(listing: Listing, folder: Folder) -> dict[_Key, Place]:
    columns = [column for column in (listing.path, listing.split, listing.group, listing.row) if column]
    file = beside(folder, listing.file)
    places: dict[_Key, Place] = {}
    try:
        for line, cells in read_rows(file, "auto", columns):
            _add(places, line, _entry(listing, line, dict(zip(columns, cells, strict=True))))
    except BadFile as bad:
        raise DataError(f"{folder.name_beside(listing.file)}: {bad}") from None
    return places


def _entry(listing: Listing, line: int, cells: dict[str, str]) -> tuple[_Key, Place]:
    path = PurePosixPath(cells[listing.path].strip().replace("\\", "/"))
    if path.is_absolute() or ".." in path.parts:
        raise BadFile(f"line {line}: {path} points outside the folder")
    try:
        split = split_named(cells[listing.split].strip()) if listing.split else None
        row = int(cells[listing.row]) if listing.row else None
    except BadFile as bad:
        raise BadFile(f"line {line}: {bad}") from None
    except ValueError:
        raise BadFile(f"column {listing.row}, line {line}: {cells[listing.row or '']!r} is not a number") from None
    group = cells[listing.group].strip() if listing.group else ""
    return (path.as_posix(), row), Place(split, group or None)


def _add(places: dict[_Key, Place], line: int, entry: tuple[_Key, Place]) -> None:
    key, place = entry
    if places.setdefault(key, place) != place:
        raise BadFile(f"line {line} says otherwise of {key[0]} than a line before it")
