"""A place of its own for what a benchmark builds."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory


@contextmanager
def fresh_clone() -> Iterator[Path]:
    """What is committed here, in a folder that goes when the block ends."""
    with TemporaryDirectory() as scratch:
        clone = Path(scratch) / "clone"
        subprocess.run(["git", "clone", "--quiet", ".", str(clone)], check=True)
        yield clone
