"""Which files lie at a path, and where the class folders among them begin."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from flashfit.data.samples import Account
from flashfit.data.sources.folder import Folder, Member, matching_files
from flashfit.data.sources.listing import SPLIT_NAMES
from flashfit.errors import DataError
from flashfit.params import Listing

PICTURES = (".png", ".jpg", ".jpeg")
SOUNDS = (".wav",)
TABLES = (".csv", ".tsv")


@dataclass(frozen=True)
class Survey:
    """Files at a path, sorted. base: their folder, which may lie deeper than the path that was given.

    only: the file that was given in place of a folder. notes: what was passed over, in words.
    """

    base: Path
    members: Sequence[Member]
    only: Path | None = None
    notes: tuple[str, ...] = ()

    def of(self, suffixes: Sequence[str]) -> list[Member]:
        """Those with one of the suffixes, in any case."""
        return [member for member in self.members if member.file.suffix.lower() in suffixes]


def survey(path: Path) -> Survey:
    """What lies at a path. Raises DataError where there is nothing.

    A folder whose pictures or sounds all lie in one folder of folders is passed through. Where the folders are
    splits (train, test), training's is taken: the sources take labels from the first folder.
    """
    if path.is_file():
        return Survey(path.parent, [Member(path.name, path)], only=path)
    if not path.is_dir():
        raise DataError(f"{path} does not exist")
    found = Survey(path, _files_below(path))
    if not found.members:
        raise DataError(f"{path} holds no files")
    sorted_ones = [member for member in found.of((*PICTURES, *SOUNDS)) if member.path.count("/") > 1]
    tops = {member.label for member in sorted_ones}
    if not sorted_ones or len(sorted_ones) < len(found.of((*PICTURES, *SOUNDS))):
        return found
    if len(tops) == 1:
        return survey(path / tops.pop())
    return _training_alone(path, tops) or found


def kinds_of(members: Sequence[Member]) -> str:
    """What there is, by suffix: `12 .txt, 3 .mp3`."""
    counts = Counter(member.file.suffix.lower() or "without a suffix" for member in members)
    return ", ".join(f"{count:,} {suffix}" for suffix, count in counts.most_common(4))


def _files_below(path: Path) -> list[Member]:
    """Every file that is not hidden, listings too."""
    try:
        return matching_files(Folder(path, path, None, True, Account()), "**/*", Listing(file="."))
    except DataError:
        return []


def _training_alone(path: Path, tops: set[str]) -> Survey | None:
    """Training's folder where all folders are splits; None where they are not."""
    training = [top for top in sorted(tops) if SPLIT_NAMES.get(top.lower()) == "train"]
    if not training or not all(top.lower() in SPLIT_NAMES for top in tops):
        return None
    others = ", ".join(sorted(tops - {training[0]}))
    inner = survey(path / training[0])
    note = f"{others}: not read, as labels are the first folder's name; merge the folders class by class to use all"
    return Survey(inner.base, inner.members, notes=(note, *inner.notes))
