"""A command as a child process that is watched line by line and never outlives us."""

import fcntl
import os
import select
import signal
import struct
import subprocess
import sys
import termios
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from flows.transcript import Draft, Line, Transcript

_GRACE_S = 5.0
_TAKE_TERMINAL = (
    "import fcntl, os, signal, sys, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0); "
    "signal.signal(signal.SIGHUP, signal.SIG_DFL); os.execv(sys.argv[1], sys.argv[1:])"
)
"""Hang-ups must count even below nohup, which would hand down that they are ignored."""


def run_watched(
    command: Sequence[str],
    folder: Path,
    environment: Mapping[str, str],
    show: Callable[[Line | Draft], None],
    columns: int | None = None,
) -> int:
    """Run a Python command (without the interpreter) to its end; show gets what it writes.

    columns: the width of the terminal that its stdout is; None lets it see no terminal. Its stderr never is
    one: DVC draws its own bars there.
    Returns the exit code, negative for a signal. Whatever ends this call, or this process, even SIGKILL,
    ends the child and all that it started: it leads a session of its own on a terminal that we hold, and
    closing a terminal hangs up its session.
    """
    with _terminal(columns or 80) as (ours, theirs), _pipe() as (read, write):
        output = theirs if columns else write
        process = _start(command, folder, environment, (theirs, output, write))
        try:
            _follow(process, (ours, read), show)
            return process.wait()
        finally:
            end_group(process)


@contextmanager
def in_background(
    command: Sequence[str], folder: Path, environment: Mapping[str, str], log: Path
) -> Iterator["subprocess.Popen[bytes]"]:
    """Run a Python command, its outputs in a file, for the block; it outlives us no more than run_watched's."""
    with _terminal(80) as (_, theirs), log.open("wb") as output:
        process = _start(command, folder, environment, (theirs, output.fileno(), output.fileno()))
        try:
            yield process
        finally:
            end_group(process)


def end_group(process: "subprocess.Popen[bytes]", grace_s: float = _GRACE_S) -> None:
    """Ask the child's whole process group to end, then make it."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            process.wait(grace_s)
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _start(
    command: Sequence[str], folder: Path, environment: Mapping[str, str], streams: tuple[int, int, int]
) -> "subprocess.Popen[bytes]":
    """Start a command whose controlling terminal is its stdin. streams: stdin, stdout, stderr."""
    stdin, stdout, stderr = streams
    return subprocess.Popen(
        [sys.executable, "-ISc", _TAKE_TERMINAL, sys.executable, *command],
        stdin=stdin,
        stdout=stdout,
        stderr=stderr,
        cwd=folder,
        env=dict(environment),
        start_new_session=True,
    )


@contextmanager
def _terminal(columns: int) -> Iterator[tuple[int, int]]:
    ours, theirs = os.openpty()
    try:
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        yield ours, theirs
    finally:
        _close(theirs)
        _close(ours)


@contextmanager
def _pipe() -> Iterator[tuple[int, int]]:
    read, write = os.pipe()
    try:
        yield read, write
    finally:
        _close(write)
        _close(read)


def _follow(process: "subprocess.Popen[bytes]", sources: Sequence[int], show: Callable[[Line | Draft], None]) -> None:
    """Show all output until the child has ended and nothing is left: a grandchild may hold the line open."""
    transcripts = {source: Transcript() for source in sources}
    running = True
    while running:
        running = process.poll() is None
        while ready := select.select(sources, [], [], 0.1 if running else 0)[0]:
            for source in ready:
                for event in transcripts[source].feed(os.read(source, 65536)):
                    show(event)
    for transcript in transcripts.values():
        for event in transcript.close():
            show(event)


def _close(descriptor: int) -> None:
    with suppress(OSError):
        os.close(descriptor)
