"""A .tflite file's bytes, once they may be one."""

from pathlib import Path

from flashfit.errors import DataError
from flashfit.tflite.limits import MOST_FILE_BYTES

_MAGIC = b"TFL3"
_LEAST_BYTES = 8  # where the root lies, then the magic


def read_tflite(path: Path) -> bytes:
    """The bytes of a file that begins as a .tflite does, which says nothing about the rest of it.

    Raises DataError for one that is missing, empty, huge, no regular file (a pipe may never end), or begins in another
    way.
    """
    try:
        size = path.stat().st_size
        if not path.is_file():
            raise DataError(f"{path} is no regular file")
        if size > MOST_FILE_BYTES:
            raise DataError(f"{path}: {size:,} B is more than {MOST_FILE_BYTES:,} B, the most that is read")
        content = path.read_bytes()
    except FileNotFoundError:
        raise DataError(f"{path} does not exist") from None
    except OSError as error:
        raise DataError(f"{path}: {error.strerror or error}") from None
    if len(content) < _LEAST_BYTES:
        raise DataError(f"{path}: {len(content)} B is too short for a .tflite file")
    if content[4:8] != _MAGIC:
        raise DataError(f"{path} is no .tflite file: bytes 4 to 7 are {content[4:8]!r}, not {_MAGIC!r}")
    root = int.from_bytes(content[:4], "little")
    if root + 4 > len(content):
        raise DataError(f"{path} is cut short or damaged: its root lies at {root:,} of {len(content):,} B")
    return content
