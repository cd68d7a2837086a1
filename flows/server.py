"""Servers as children of ours: started with a log, waited for, and never left behind."""

import os
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from flashfit.errors import SurroundingsError
from flows.child import in_background
from tasks.paths import Paths
from tasks.surroundings import PREFECT_URL, answers

LOOPBACK = "127.0.0.1"
_START_S = 180.0


@dataclass(frozen=True)
class Server:
    """A child that should not end by itself. log: where it writes."""

    name: str
    process: "subprocess.Popen[bytes]"
    log: Path

    def require_alive(self) -> None:
        """Raise SurroundingsError, with the log's last line, once the child has ended."""
        if self.process.poll() is not None:
            code = self.process.returncode
            raise SurroundingsError(f"{self.name} ended with exit code {code}: {_last_line(self.log)} (see {self.log})")

    def wait_until(self, holds: Callable[[], bool]) -> None:
        """Wait for something that the child brings about. Raises SurroundingsError if it ends or takes too long."""
        end_s = time.monotonic() + _START_S
        while not holds():
            self.require_alive()
            if time.monotonic() > end_s:
                raise SurroundingsError(f"{self.name} does not answer after {_START_S:g} s (see {self.log})")
            time.sleep(0.1)


@contextmanager
def running(name: str, command: Sequence[str], paths: Paths, environment: Mapping[str, str]) -> Iterator[Server]:
    """A Python module as a server for the block, its log among the checkout's."""
    log = paths.logs / f"{name}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    with in_background(["-m", *command], paths.root, environment, log) as process:
        yield Server(name, process, log)


@contextmanager
def own_prefect(paths: Paths) -> Iterator[Server]:
    """A Prefect API of one build's own, over the database in PREFECT_HOME; PREFECT_API_URL names it in the block.

    What Prefect itself does without a server, with two differences: this one starts while we import
    Prefect, and it dies with us even of SIGKILL.
    """
    address = f"http://{LOOPBACK}:{_any_port()}"
    lean = {"PREFECT_UI_ENABLED": "0", "PREFECT__SERVER_EPHEMERAL": "1", "PREFECT__SERVER_FINAL": "1"}
    app = ["uvicorn", "--factory", "prefect.server.api.server:create_app", "--log-level=error"]
    place = [f"--host={LOOPBACK}", f"--port={address.rpartition(':')[2]}"]
    with running("prefect-of-build", [*app, *place], paths, os.environ | lean) as server:
        os.environ[PREFECT_URL] = f"{address}/api"
        try:
            yield server
        finally:
            del os.environ[PREFECT_URL]


def answers_prefect(address: str) -> Callable[[], bool]:
    """Whether the Prefect API at an address (ending in /api) is ready, as something to wait for."""
    return lambda: answers(f"{address}/health")


def _any_port() -> int:
    with socket.socket() as place:
        place.bind((LOOPBACK, 0))
        return int(place.getsockname()[1])


def _last_line(log: Path) -> str:
    lines = [line.strip() for line in log.read_text(encoding="utf-8", errors="replace").splitlines()]
    return next((line for line in reversed(lines) if line), "no output")
