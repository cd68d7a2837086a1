"""Native code that may crash runs as a child process, and its crash becomes an error with a name."""

import signal
import subprocess
import sys
from collections.abc import Sequence

from flashfit.errors import SurroundingsError


def run_child(module: str, arguments: Sequence[str], task: str, timeout_s: float) -> str:
    """Run `python -m module arguments` and return its stderr.

    task: what it does, for the message. Raises SurroundingsError when the child fails, is killed by a
    signal (a native abort or segmentation fault) or outlasts timeout_s.
    """
    command = [sys.executable, "-m", module, *arguments]
    try:
        done = subprocess.run(command, capture_output=True, text=True, errors="replace", timeout=timeout_s)
    except subprocess.TimeoutExpired:
        raise SurroundingsError(f"{task} did not end within {timeout_s:g} s") from None
    if done.returncode == 0:
        return done.stderr
    raise SurroundingsError(f"{task} failed: {_cause(done.returncode)}{_last_line(done.stderr)}")


def _cause(returncode: int) -> str:
    if returncode < 0:
        return f"killed by {signal.Signals(-returncode).name}"
    return f"exit code {returncode}"


def _last_line(stderr: str) -> str:
    lines = [line for line in stderr.splitlines() if line.strip()]
    return f" ({lines[-1].strip()})" if lines else ""
