"""What to do about a file that a command cannot use."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from flashfit.errors import DataError


@contextmanager
def what_next(command: str) -> Iterator[None]:
    """Name command as the next step of any DataError within that names none."""
    try:
        yield
    except DataError as error:
        if error.next_step is not None:
            raise
        raise DataError(error.message, next_step=command) from error


def look_at(file: Path) -> str:
    """The command that shows whether file is what its maker sent: its checksum, or what lies where it should."""
    if file.is_file():
        return f"sha256sum {file}, and compare it with its maker's"
    return f"ls -l {file.parent}"
