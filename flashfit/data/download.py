"""A data set of the catalogue, brought from a mirror into a folder whole or not at all."""

import shutil
from collections.abc import Callable, Sequence
from logging import WARNING
from pathlib import Path
from urllib.parse import quote, urlsplit

import pooch
from filelock import FileLock

from flashfit.data.catalog import Archive, Dataset
from flashfit.data.unpack import unpack
from flashfit.errors import DataError, SurroundingsError

Progress = Callable[[str, int, int], None]
"""Told of a file's name, bytes that are there, and all its bytes."""

RECEIPT = ".archives.sha256"
"""In a brought folder: the archives that it was made of, as sha256sum writes them."""

_CHUNK_BYTES = 1 << 18


def bring(dataset: Dataset, cache: Path, into: Path, mirrors: Sequence[str], progress: Progress) -> bool:
    """Make the folder `into` hold all archives of a data set; False where it does already.

    cache: archives are kept there, so that what arrived once is not downloaded again. mirrors: folders or
    http(s) base addresses, asked in this order, the archive's own url last. Whatever comes is checked
    against its sha256. A kill at any moment leaves `into` whole, old, or absent.
    Raises DataError where no mirror has an archive, where its bytes are not those promised, where it
    cannot be unpacked safely, and where `into` is a folder that was not brought by this; SurroundingsError
    where a server fails.
    """
    cache.mkdir(parents=True, exist_ok=True)
    with FileLock(cache / f"{into.name}.lock"):
        if _is_there(dataset, into):
            return False
        archives = [download(archive, dataset, cache, mirrors, progress) for archive in dataset.archives]
        _extract(archives, into, _receipt(dataset))
        return True


def download(archive: Archive, dataset: Dataset, cache: Path, mirrors: Sequence[str], progress: Progress) -> Path:
    """The archive's file in the cache, from there or from the first place that has it. Raises as bring."""
    kept = cache / archive.file
    if kept.is_file() and pooch.file_hash(str(kept)) == archive.sha256:
        return kept
    pooch.get_logger().setLevel(WARNING)  # only the command line prints
    refusals: list[str] = []
    failed = False
    for place in _places(archive, mirrors):
        try:
            pooch.retrieve(
                place, f"sha256:{archive.sha256}", archive.file, cache, downloader=_Checked(archive, progress)
            )
            return kept
        except OSError as error:  # requests' errors are such, too
            refusals.append(f"{_without_password(place)} ({_reason(error)})")
            failed |= not _is_absence(error)
    kind = SurroundingsError if failed else DataError
    tried = f"not at {', '.join(refusals)}" if refusals else "no mirror is named"
    raise kind(
        f"{archive.file}: {tried}; it is made from {dataset.origin}",
        next_step="set FLASHFIT_MIRROR to a folder or an http(s) address that has it, then the same command again",
    )


class _Checked:
    """Pooch's downloader for a folder or an address, which says what it found in place of the bytes promised."""

    def __init__(self, archive: Archive, progress: Progress) -> None:
        self._archive = archive
        self._bar = _Bar(archive, progress)

    def __call__(self, url: str, output_file: str, _: object) -> None:
        if _is_address(url):
            plain = {"Accept-Encoding": "identity"}  # a server must not unpack .gz on the way
            pooch.HTTPDownloader(self._bar, _CHUNK_BYTES, headers=plain)(url, output_file, None)
        else:
            self._copy(Path(url), Path(output_file))
        found = pooch.file_hash(output_file)
        if found != self._archive.sha256:
            raise DataError(
                f"{self._archive.file} from {_without_password(url)}: sha256 {self._archive.sha256} expected, "
                f"{found} found; nothing was kept",
                next_step="get the archive anew, or correct its sha256 in the catalogue",
            )

    def _copy(self, source: Path, target: Path) -> None:
        with source.open("rb") as read, target.open("wb") as write:
            while chunk := read.read(_CHUNK_BYTES):
                write.write(chunk)
                self._bar.update(len(chunk))


class _Bar:
    """What pooch takes for a progress bar."""

    def __init__(self, archive: Archive, progress: Progress) -> None:
        self.total = archive.size_bytes
        self._file = archive.file
        self._done = 0
        self._progress = progress

    def update(self, more_bytes: int) -> None:
        self._done = min(self._done + more_bytes, self.total)
        self._progress(self._file, self._done, self.total)

    def reset(self) -> None:
        self._done = 0

    def close(self) -> None:
        pass


def _places(archive: Archive, mirrors: Sequence[str]) -> list[str]:
    places = [
        f"{mirror.rstrip('/')}/{quote(archive.file)}" if _is_address(mirror) else str(Path(mirror) / archive.file)
        for mirror in mirrors
    ]
    return places + ([archive.url] if archive.url else [])


def _is_address(place: str) -> bool:
    return place.startswith(("http://", "https://"))


def _without_password(place: str) -> str:
    user = urlsplit(place).username if _is_address(place) else None
    return f"{place.partition('://')[0]}://{place.partition('@')[2]}" if user else place


def _status(error: OSError) -> int | None:
    """The HTTP status that an error of requests carries."""
    status: int | None = getattr(getattr(error, "response", None), "status_code", None)
    return status


def _is_absence(error: OSError) -> bool:
    return isinstance(error, FileNotFoundError | NotADirectoryError) or _status(error) in (404, 410)


def _reason(error: OSError) -> str:
    status = _status(error)
    return f"HTTP {status}" if status else error.strerror or type(error).__name__


def _receipt(dataset: Dataset) -> str:
    return "".join(f"{archive.sha256}  {archive.file}\n" for archive in dataset.archives)


def _is_there(dataset: Dataset, into: Path) -> bool:
    """Whether `into` was made of these very archives. Raises DataError for a folder that is somebody's own."""
    if not into.exists():
        return False
    try:
        return (into / RECEIPT).read_text(encoding="utf-8") == _receipt(dataset)
    except OSError:
        raise DataError(
            f"{into} exists and does not come from the catalogue", next_step="move it away, then the same command again"
        ) from None


def _extract(archives: Sequence[Path], into: Path, receipt: str) -> None:
    """Unpack into a sibling, then put that in place of what the catalogue brought before."""
    fresh, old = into.with_name(f".{into.name}.new"), into.with_name(f".{into.name}.old")
    for left_by_a_kill in (fresh, old):
        shutil.rmtree(left_by_a_kill, ignore_errors=True)
    fresh.mkdir(parents=True)
    try:
        for archive in archives:
            unpack(archive, fresh)
        (fresh / RECEIPT).write_text(receipt, encoding="utf-8")
        if into.exists():
            into.rename(old)
        fresh.rename(into)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
        shutil.rmtree(old, ignore_errors=True)
