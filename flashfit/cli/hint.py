"""What to do about an error, where the part of the program that found it does not know."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from flashfit.errors import DataError, FlashfitError, UserError

AGAIN = "; next: mend that, then the same command again"


@contextmanager
def what_next(command: str) -> Iterator[None]:
    """Name command as the next step of any DataError within that names none."""
    try:
        yield
    except DataError as error:
        if error.next_step is not None:
            raise
        raise DataError(error.message, next_step=command) from error


def last_words(error: FlashfitError) -> str:
    """The error's line, and what follows from it: a user's error is mended and tried again, if it says nothing else."""
    is_open = isinstance(error, UserError) and error.next_step is None
    return f"{error}{AGAIN if is_open else ''}"


def look_at(file: Path) -> str:
    """The command that shows whether file is what its maker sent: its checksum, or what lies where it should."""
    if file.is_file():
        return f"sha256sum {file}, and compare it with its maker's"
    return f"ls -l {file.parent}"
