"""Where a bundle comes from, by content: no commit, run, time or host, so that equal inputs give equal bytes."""

import json
from collections.abc import Iterable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel

from tasks.paths import Paths

_CODE_ROOTS = ("flashfit", "tasks")


def code_of(paths: Paths, stages: Iterable[str]) -> list[str]:
    """The code that dvc.yaml says the stages depend on, sorted, as paths in the checkout."""
    graph = yaml.safe_load(paths.dvc_yaml.read_text(encoding="utf-8"))["stages"]
    return sorted(
        {
            dependency
            for stage in stages
            for dependency in graph[stage]["do"]["deps"]
            if dependency.split("/")[0] in _CODE_ROOTS
        }
    )


def code_sha256(paths: Paths, stages: Iterable[str]) -> str:
    """One hash over the names and contents of the stages' code."""
    digest = sha256()
    for file in _files(paths.root, code_of(paths, stages)):
        digest.update(f"{file.relative_to(paths.root).as_posix()}\0{file_sha256(file)}\n".encode())
    return digest.hexdigest()


def values_sha256(*values: BaseModel | str | int | float) -> str:
    """One hash over parameters: of their meaning, not of how the file is written."""
    trees: list[Any] = [v.model_dump(mode="json") if isinstance(v, BaseModel) else v for v in values]
    return sha256(json.dumps(trees, sort_keys=True).encode()).hexdigest()


def file_sha256(path: Path) -> str:
    """The sha256 of a file's bytes."""
    with path.open("rb") as file:
        digest = sha256()
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def folder_sha256(folder: Path) -> str:
    """One hash over the names and contents of a folder's files."""
    digest = sha256()
    for file in sorted(path for path in folder.rglob("*") if path.is_file()):
        digest.update(f"{file.relative_to(folder).as_posix()}\0{file_sha256(file)}\n".encode())
    return digest.hexdigest()


def _files(root: Path, names: Iterable[str]) -> Iterator[Path]:
    for name in names:
        place = root / name
        yield from sorted(place.rglob("*.py")) + sorted(place.rglob("*.j2")) if place.is_dir() else [place]
