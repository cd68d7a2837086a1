"""Native code that may crash runs as a child process, and its crash becomes an error with a name."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

from flashfit.errors import SurroundingsError

_PACKAGES = str(Path(__file__).parents[1])


def run_child(
    module: str, arguments: Sequence[str], task: str, timeout_s: float, memory_bytes: int | None = None
) -> str:
    """Run `python -m module arguments` and return its stderr.

    task: what it does, for the message. memory_bytes: of address space at most, for children that read what
    strangers wrote. Raises SurroundingsError when the child fails, is killed by a signal (a native abort or
    segmentation fault) or outlasts timeout_s.
    """
    command = [sys.executable, "-P", "-m", module, *arguments]
    limit = partial(_limit_memory, memory_bytes) if memory_bytes else None
    try:
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=timeout_s,
            preexec_fn=limit,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(_module_places())},
        )
    except subprocess.TimeoutExpired:
        raise SurroundingsError(f"{task} did not end within {timeout_s:g} s") from None
    if done.returncode == 0:
        return done.stderr
    raise SurroundingsError(f"{task} failed: {_cause(done.returncode)}{_last_line(done.stderr)}")


def _module_places() -> Iterator[str]:
    """Where our packages lie, then the caller's own; -P leaves out the working directory, which may be a stranger's."""
    yield _PACKAGES
    if "PYTHONPATH" in os.environ:
        yield os.environ["PYTHONPATH"]


def _limit_memory(memory_bytes: int) -> None:
    import resource  # not on Windows

    resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))


def _cause(returncode: int) -> str:
    if returncode < 0:
        return f"killed by {signal.Signals(-returncode).name}"
    return f"exit code {returncode}"


def _last_line(stderr: str) -> str:
    lines = [line for line in stderr.splitlines() if line.strip()]
    return f" ({lines[-1].strip()})" if lines else ""
