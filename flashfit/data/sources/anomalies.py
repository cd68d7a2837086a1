"""Anomalous stretches of time, listed in a JSON file beside the data."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

import numpy as np
from numpy.typing import NDArray
from pydantic import TypeAdapter, ValidationError

from flashfit.data.sources.clock import instants_ns
from flashfit.data.sources.folder import BadFile, Folder, Member, beside
from flashfit.errors import DataError
from flashfit.params.sources import AnomalyWindows, Clock

_PAIRS = TypeAdapter(list[tuple[str | int | float, str | int | float]])


@dataclass(frozen=True)
class Stretches:
    """bounds_ns: (n, 2) int64, first and last instant, both of them anomalous."""

    bounds_ns: NDArray[np.int64]


def flagged(stretches: Stretches, times_ns: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Whether an instant lies in a stretch. times_ns: (rows,)."""
    flags = np.zeros(len(times_ns), dtype=np.bool_)
    for first, last in stretches.bounds_ns:
        flags |= (times_ns >= first) & (times_ns <= last)
    return flags


def read_stretches(anomaly: AnomalyWindows, clock: Clock, folder: Folder, members: Sequence[Member]) -> Stretches:
    """What the file says under its key, for all members.

    Raises DataError where it has no such key, where a stretch is not two times in order, and where the key
    is the name of one member among others: its stretches would be taken for theirs.
    """
    file, name = beside(folder, anomaly.file), folder.name_beside(anomaly.file)
    named = PurePosixPath(anomaly.key).name
    if len(members) > 1 and any(PurePosixPath(member.path).name == named for member in members):
        raise DataError(
            f"{name}: {anomaly.key} is about {named}, and source.files matches {len(members):,} files",
            next_step=f"set source.files to {named}",
        )
    pairs = _pairs(file.read_bytes(), anomaly, name.as_posix())
    texts = np.array([str(bound) for pair in pairs for bound in pair], dtype=object)
    try:
        bounds = instants_ns(texts, clock, range(len(texts))).reshape(-1, 2)
    except BadFile:
        raise DataError(f"{name}: {anomaly.key} holds what is no time in {clock.unit}") from None
    if (bounds[:, 0] > bounds[:, 1]).any():
        raise DataError(f"{name}: {anomaly.key} holds a stretch that ends before it begins")
    return Stretches(bounds)


def _pairs(content: bytes, anomaly: AnomalyWindows, name: str) -> list[tuple[str | int | float, str | int | float]]:
    try:
        tree = json.loads(content)
    except ValueError as error:
        raise DataError(f"{name} is not JSON: {error}") from None
    if not isinstance(tree, dict) or anomaly.key not in tree:
        raise DataError(f"{name} has no key {anomaly.key}")
    try:
        return _PAIRS.validate_python(tree[anomaly.key])
    except ValidationError:
        raise DataError(f"{name}: {anomaly.key} is not a list of [start, end]") from None
