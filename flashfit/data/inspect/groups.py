"""Whom files belong to, where their paths say so: a folder a person, or a part of the name that keeps coming back."""

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence

COLUMN_NAMES = re.compile(
    r"^(subj(ect)?|person|people|user|speaker|signer|participant|patient|volunteer|writer|driver|rider|animal"
    r"|device|machine|sensor|unit|session|recording|group|client|sender)[ _-]?(id|name|no|nr|number|key|inferred)?$",
    re.I,
)
_SPEAKER_HASH = r"([0-9a-f]{8})_nohash"
"""Speech Commands' mark, by which no two clips of a speaker need be there."""

_TOKEN = r"[^/_\-.]+"
_PATTERNS = (r"^[^/]+/([^/]+)/", *(rf"(?:^|/){f'{_TOKEN}[_-]' * count}({_TOKEN})[_-]" for count in range(4)))
_NO_PEOPLE = re.compile(r"(?i)\d+|(img|dsc|rec|take|file|frame|sample|clip|audio|image|picture)\d*")
_LEAST_NAMED = 0.85
_LEAST_CROSSING = 0.7


def group_pattern(labels: Mapping[str, str], below_class: bool) -> str | None:
    """The pattern in files' paths whose values look like people; None where none does.

    labels: path to label, "" where a file has many. below_class: whether the first folder is the label. A value
    has to come back in several files and, where there are classes to cross, in several classes; bare numbers
    and words like IMG are taken for counters.
    """
    if sum(bool(re.search(_SPEAKER_HASH, path)) for path in labels) >= _LEAST_NAMED * len(labels):
        return _SPEAKER_HASH
    patterns = _PATTERNS if below_class else (r"^([^/]+)/", *_PATTERNS)
    return next((pattern for pattern in patterns if _are_people(pattern, labels)), None)


def _are_people(pattern: str, labels: Mapping[str, str]) -> bool:
    files = _files_by_value(pattern, labels)
    named = sum(len(paths) for paths in files.values())
    several = [value for value, paths in files.items() if len(paths) > 1]
    if named < _LEAST_NAMED * len(labels) or not 2 <= len(files) <= named / 1.5 or not several:
        return False
    if all(_NO_PEOPLE.fullmatch(value) for value in files):
        return False
    crossing = sum(len({labels[path] for path in files[value]}) > 1 for value in several)
    return len(set(labels.values())) == 1 or crossing >= _LEAST_CROSSING * len(several)


def _files_by_value(pattern: str, labels: Mapping[str, str]) -> dict[str, Sequence[str]]:
    files: dict[str, list[str]] = defaultdict(list)
    for path in labels:
        if found := re.search(pattern, path):
            files[found.group(1)].append(path)
    return dict(files)
