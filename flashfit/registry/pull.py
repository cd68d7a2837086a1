"""From the registry to a folder: every byte checked before any of it is put in place."""

import secrets
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from flashfit.errors import ConfigError, SurroundingsError
from flashfit.manifest import (
    MANIFEST_FILE,
    BundleError,
    Manifest,
    bundle_sha256,
    entry_of,
    files_in,
    parse_manifest,
    read_manifest,
    read_manifest_bytes,
    verify_folder,
)
from flashfit.registry.client import SHA256_TAG, Reference, Registry, Version
from flashfit.registry.swap import put_in_place, restore_interrupted

Progress = Callable[[int, int], None]
"""Called with the bytes done and the bytes in all."""

_LARGEST_MANIFEST_BYTES = 1024 * 1024
_LEFTOVER_AGE_S = 3600


@dataclass(frozen=True)
class Pulled:
    """A bundle in place. changed: whether this pull put it there. previous: the digest it replaced."""

    version: Version
    manifest: Manifest
    sha256: str
    folder: Path
    changed: bool
    previous: str | None = None


def _silent(done: int, total: int) -> None:
    pass


def pull(registry: Registry, reference: Reference, into: Path, progress: Progress = _silent) -> Pulled:
    """Bring the bundle that reference stands for into a folder, whole or not at all.

    A folder that holds this bundle already is left alone; an older or damaged bundle is replaced.
    Raises BundleError (exit code 3) when a byte differs from what the manifest or the version's tag
    says, ConfigError (2) when into holds anything that is not a bundle's, SurroundingsError (3) when
    the server or the disk fails; after each of them into is as it was.
    """
    destination = into.resolve()
    with _disk_errors(destination):
        restore_interrupted(destination)
        previous = _bundle_at(destination)
        version = registry.resolve(reference)
        sha256 = _tagged(version)
        if previous == sha256 and _is_intact(destination):
            manifest = read_manifest(destination)
            return Pulled(version, manifest, sha256, into, changed=False, previous=previous)
        with _staging(destination) as folder:
            manifest = download(registry, version, folder, progress)
            put_in_place(folder, destination)
    return Pulled(version, manifest, sha256, into, changed=True, previous=previous)


def download(registry: Registry, version: Version, folder: Path, progress: Progress = _silent) -> Manifest:
    """Write a version's files into a folder, each checked first. Raises BundleError."""
    content = registry.read(version, MANIFEST_FILE, _LARGEST_MANIFEST_BYTES)
    if bundle_sha256(content) != _tagged(version):
        raise BundleError(
            f"bundle refused: {MANIFEST_FILE} of {version.name} version {version.number} "
            f"has sha256 {bundle_sha256(content)}, and the registry says {_tagged(version)}"
        )
    manifest = parse_manifest(content, f"{MANIFEST_FILE} of {version.name} version {version.number}")
    if manifest.name != version.name:
        raise BundleError(f"bundle refused: it is {manifest.name}'s, registered as {version.name}")
    (folder / MANIFEST_FILE).write_bytes(content)
    _download_files(registry, version, manifest, folder, progress)
    return manifest


def _download_files(registry: Registry, version: Version, manifest: Manifest, folder: Path, progress: Progress) -> None:
    done = 0
    progress(done, manifest.total_bytes)
    for name, entry in manifest.files.items():
        content = registry.read(version, name, entry.bytes)
        entry.check(name, entry_of(content))
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
        done += entry.bytes
        progress(done, manifest.total_bytes)


def _tagged(version: Version) -> str:
    if version.sha256 is None:
        raise BundleError(
            f"bundle refused: {version.name} version {version.number} has no tag {SHA256_TAG}, "
            "so flashfit did not publish it"
        )
    return version.sha256


def _bundle_at(destination: Path) -> str | None:
    """The digest of the bundle that stands there, or None. Raises ConfigError where others' files do."""
    if not destination.exists() or (destination.is_dir() and not any(destination.iterdir())):
        return None
    try:
        known = {*read_manifest(destination).files, MANIFEST_FILE}
        others = sorted(set(files_in(destination)) - known)
    except BundleError:
        known, others = set(), [""]
    if others:
        raise ConfigError(
            f"{destination} holds files that are not a flashfit bundle's" + (f" ({others[0]})" if others[0] else ""),
            next_step="name a new or empty folder with --into",
        )
    return bundle_sha256(read_manifest_bytes(destination))


def _is_intact(folder: Path) -> bool:
    try:
        verify_folder(folder)
    except BundleError:
        return False
    return True


@contextmanager
def _staging(destination: Path) -> Iterator[Path]:
    """A new folder beside destination, removed at the end unless it was moved away.

    Leftovers of killed pulls go once they are an hour old; a younger one may be another pull's.
    """
    destination.parent.mkdir(parents=True, exist_ok=True)
    prefix = f".{destination.name}.pull-"
    for leftover in destination.parent.glob(f"{prefix}*"):
        if time.time() - leftover.stat().st_mtime > _LEFTOVER_AGE_S:
            shutil.rmtree(leftover, ignore_errors=True)
    folder = destination.with_name(prefix + secrets.token_hex(4))
    folder.mkdir()
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _disk_errors(destination: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise SurroundingsError(f"cannot write {destination}: {error}") from None
