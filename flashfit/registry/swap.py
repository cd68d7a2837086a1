"""Put a finished folder where another one stands, so that a kill never leaves a mix of the two."""

import ctypes
import os
import shutil
import sys
from pathlib import Path

_AT_FDCWD = -100
_RENAME_EXCHANGE = 2  # linux/fs.h


def put_in_place(fresh: Path, destination: Path) -> None:
    """Make destination the folder fresh; what stood there is removed. Both lie in one parent folder.

    A kill at any moment leaves destination whole, old or new. Only where the system cannot exchange two
    folders (elsewhere than Linux) can a kill between two renames leave nothing there; then the old one
    stands beside it, and restore_interrupted brings it back.
    """
    try:
        fresh.rename(destination)
        return
    except OSError:
        if not destination.is_dir():
            raise
    if _exchange(fresh, destination):
        shutil.rmtree(fresh)
    else:
        _replace_in_two_steps(fresh, destination)


def restore_interrupted(destination: Path) -> None:
    """Bring back the old folder where put_in_place was killed between its two renames."""
    spare = _spare(destination)
    if not spare.exists():
        return
    if destination.exists():
        shutil.rmtree(spare)
    else:
        spare.rename(destination)


def _replace_in_two_steps(fresh: Path, destination: Path) -> None:
    spare = _spare(destination)
    destination.rename(spare)
    fresh.rename(destination)
    shutil.rmtree(spare)


def _spare(destination: Path) -> Path:
    return destination.with_name(f".{destination.name}.replaced")


def _exchange(one: Path, other: Path) -> bool:
    """Exchange two folders in one step; False where the system or the file system cannot."""
    if not sys.platform.startswith("linux"):
        return False
    try:
        renameat2 = ctypes.CDLL(None, use_errno=True).renameat2
    except (OSError, AttributeError):
        return False
    failed: int = renameat2(_AT_FDCWD, os.fsencode(one), _AT_FDCWD, os.fsencode(other), _RENAME_EXCHANGE)
    return failed == 0
