"""A batch of jobs, each in a fresh process that pays no import of TensorFlow."""

import multiprocessing
import os
import signal
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from multiprocessing.context import ForkServerContext
from multiprocessing.process import BaseProcess

from flashfit.errors import SurroundingsError
from flashfit.search.messages import Broken, Epoch, Interrupted, Job, Scored

_FROM_OUTSIDE = (signal.SIGKILL, signal.SIGTERM, signal.SIGHUP)
"""A crash raises others; these are sent, by a person or by a kernel that is short of memory."""

KeepGoing = Callable[[int, int, float], bool]
"""(job's number, epoch from 0, its value) → whether to train another epoch."""


@dataclass
class Finished:
    """How a job ended: Scored, Broken, or None where keep_going said no. curve: the value after each epoch."""

    message: Scored | Broken | None = None
    curve: list[float] = field(default_factory=list)


@dataclass(frozen=True)
class _Running:
    number: int
    process: BaseProcess
    finished: Finished


def trial_context() -> ForkServerContext:
    """Processes forked from a server that has loaded TensorFlow and run nothing with it."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["flashfit.search.worker"])
    return context


def run_batch(jobs: Mapping[int, Job], keep_going: KeepGoing) -> dict[int, Finished]:
    """Run all jobs at once and wait for the last. A process that crashes is Broken, with its signal or code.

    Raises SurroundingsError for one that was killed from outside: that says nothing of its candidate.
    """
    context = trial_context()
    running = dict(_start(context, number, job) for number, job in jobs.items())
    ends = {one.number: one.finished for one in running.values()}
    try:
        while running:
            for connection in wait(list(running)):
                assert isinstance(connection, Connection)
                if not _listen(connection, running[connection], keep_going):
                    _close(connection, running.pop(connection))
    finally:
        for connection, one in running.items():
            one.process.terminate()
            _close(connection, one)
    return ends


def _start(context: ForkServerContext, number: int, job: Job) -> tuple[Connection, _Running]:
    ours, theirs = context.Pipe()
    process = context.Process(target=_enter, args=(theirs, job), name=f"trial-{number}", daemon=True)
    process.start()
    theirs.close()
    return ours, _Running(number, process, Finished())


def _enter(study: Connection, job: Job) -> None:
    from flashfit.search.worker import work

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the study decides when a trial ends
    _silence_native_output()
    work(study, job)


def _silence_native_output() -> None:
    """The converter chatters on stderr; what matters comes back as a message or as a signal."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    os.close(nowhere)


def _listen(connection: Connection, one: _Running, keep_going: KeepGoing) -> bool:
    """Take one message; False when it was the last."""
    try:
        message = connection.recv()
        if isinstance(message, Epoch):
            one.finished.curve.append(message.value)
            go_on = keep_going(one.number, message.index, message.value)
            connection.send(go_on)
            return go_on
    except (EOFError, ConnectionError):
        message = _end_of(one)
    if isinstance(message, Interrupted):
        raise SurroundingsError(f"trial {one.number} was interrupted: {message.reason}")
    one.finished.message = message
    return False


def _end_of(one: _Running) -> Broken | Interrupted:
    one.process.join()
    reason = f"its process ended with {_exit_name(one.process.exitcode)}"
    return Interrupted(reason) if -(one.process.exitcode or 0) in _FROM_OUTSIDE else Broken(reason)


def _close(connection: Connection, one: _Running) -> None:
    connection.close()
    one.process.join()


def _exit_name(code: int | None) -> str:
    return signal.Signals(-code).name if code is not None and code < 0 else f"exit code {code}"
