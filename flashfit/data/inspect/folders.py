"""Class folders of pictures or sounds, and IDX files, as sources."""

from collections.abc import Sequence
from pathlib import Path

from flashfit.data.inspect.groups import group_pattern
from flashfit.data.inspect.listing import find_listing
from flashfit.data.inspect.seen import Reading
from flashfit.data.inspect.survey import TABLES, Survey
from flashfit.data.sources.folder import Member
from flashfit.errors import DataError
from flashfit.params import IdxSource, ImageFolderSource, WavFolderSource
from flashfit.params.sources import IdxPart

_IMAGES = ("-images", ".images", "_images")
_LABELS = ("-labels", ".labels", "_labels")


def read_folders(found: Survey, path: Path, members: Sequence[Member], kind: str) -> list[Reading]:
    """Ways to read class folders, the best first: with a listing or with groups, and without either.

    kind: `image-folder` or `wav-folder`. Raises DataError for a file in place of a folder.
    """
    if found.only:
        raise DataError(f"{found.only} is one file; give the folder whose folders are the classes")
    inside = [member for member in members if member.label]
    listing = find_listing(found.of(TABLES), {member.path for member in inside})
    pattern = group_pattern({member.path: member.label for member in inside}, below_class=True) if inside else None
    settings: list[dict[str, object]] = [{"listing": listing}] if listing else []
    settings += [{"group": pattern}] if pattern else []
    what = "class folders of pictures" if kind == "image-folder" else "class folders of wav clips"
    sources = [_source(kind, {"kind": kind, "path": path, **one}) for one in [*settings, {}]]
    return [Reading(f"{what}, {len(inside):,} files", source, "classification", found.notes) for source in sources]


def read_idx_files(found: Survey, path: Path) -> list[Reading]:
    """IDX pairs by their names, as MNIST's; none where there is no pair."""
    names = {member.path for member in found.members}
    parts = [
        IdxPart.model_validate({"images": name, "labels": labels, "split": _split(name)})
        for name in sorted(names, key=lambda name: (_split(name) != "train", name))
        if (labels := _labels_of(name, names))
    ]
    if not parts:
        return []
    if {part.split for part in parts} != {"train", "test"}:
        parts = [part.model_copy(update={"split": None}) for part in parts]
    source = IdxSource(kind="idx", path=path, parts=tuple(parts))
    return [Reading(f"IDX pictures with labels, {len(parts)} pairs", source, "classification")]


def _source(kind: str, settings: dict[str, object]) -> ImageFolderSource | WavFolderSource:
    model = ImageFolderSource if kind == "image-folder" else WavFolderSource
    return model.model_validate(settings)


def _labels_of(name: str, names: set[str]) -> str | None:
    """The file of labels that goes with one of pictures."""
    for image, label in zip(_IMAGES, _LABELS, strict=True):
        before, mark, after = name.partition(image)
        wanted = f"{before}{label}{after.replace('idx3', 'idx1')}"
        if mark and wanted in names:
            return wanted
    return None


def _split(name: str) -> str | None:
    low = name.rpartition("/")[2].lower()
    if low.startswith("train"):
        return "train"
    return "test" if low.startswith(("t10k", "test")) else None
