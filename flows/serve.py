"""The servers of one checkout on loopback: MLflow, Prefect and a worker, over the data that builds use.

    python -m flows.serve

Runs until Ctrl-C. Ports: FLASHFIT_MLFLOW_PORT (5000) and FLASHFIT_PREFECT_PORT (4200).
"""

import os
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx
from rich.console import Console

from flashfit.errors import ConfigError, FlashfitError, SurroundingsError
from flows.run import OPT_OUTS, terminable
from flows.server import LOOPBACK, Server, answers_prefect, running
from flows.single import alone
from tasks.paths import Paths
from tasks.surroundings import MLFLOW_URI, PREFECT_URL, Servers, answers, note_servers, running_servers

MLFLOW_PORT, PREFECT_PORT = "FLASHFIT_MLFLOW_PORT", "FLASHFIT_PREFECT_PORT"
CHECKOUT = "FLASHFIT_CHECKOUT"
"""Where deploy/prefect.yaml tells the worker to work."""

POOL = "flashfit"
_CONSOLE = Console(highlight=False, soft_wrap=True)


def serve(paths: Paths, say: Callable[[str], None]) -> None:
    """Serve until interrupted. Raises SurroundingsError for a busy port, or once a server ends by itself."""
    _refuse_twice(paths)
    wanted = Servers(
        mlflow=f"http://{LOOPBACK}:{_free_port(MLFLOW_PORT, 5000)}",
        prefect=f"http://{LOOPBACK}:{_free_port(PREFECT_PORT, 4200)}",
    )
    with ExitStack() as stack:
        with alone(paths, say):
            _refuse_twice(paths)
            say("starting MLflow, Prefect and a worker")
            servers = _start(paths, wanted, stack)
            stack.enter_context(_noted(paths, wanted))
        say(_pages(paths, wanted))
        while True:
            time.sleep(0.5)
            for server in servers:
                server.require_alive()


def _start(paths: Paths, wanted: Servers, stack: ExitStack) -> list[Server]:
    """Start all of them, each when what it needs answers. Builds wait meanwhile: they use the same databases."""
    environment = _environment(paths, wanted)

    def start(name: str, *command: str) -> Server:
        return stack.enter_context(running(name, command, paths, environment))

    mlflow = start("mlflow", "mlflow", "server", *_mlflow_options(paths, wanted))
    prefect = start("prefect", "prefect", "server", "start", f"--host={LOOPBACK}", f"--port={_port(wanted.prefect)}")
    prefect.wait_until(answers_prefect(f"{wanted.prefect}/api"))
    worker = start("worker", "prefect", "worker", "start", f"--pool={POOL}", "--type=process", "--name=make-serve")
    worker.wait_until(lambda: _worker_is_ready(wanted))
    deploy = start("deploy", "prefect", "--no-prompt", "deploy", "--all", f"--prefect-file={paths.prefect_file}")
    if deploy.process.wait() != 0:
        deploy.require_alive()
    mlflow.wait_until(lambda: answers(f"{wanted.mlflow}/health"))
    return [mlflow, prefect, worker]


def _environment(paths: Paths, wanted: Servers) -> Mapping[str, str]:
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])
    kept = {name: value for name, value in os.environ.items() if name != MLFLOW_URI}
    return {
        **kept,
        **OPT_OUTS,
        "PATH": path,
        CHECKOUT: str(paths.root.resolve()),
        PREFECT_URL: f"{wanted.prefect}/api",
        "PREFECT_HOME": str(paths.prefect_home.resolve()),
        # A lease in memory would be lost with the server, and its place under the limit taken for ever.
        "PREFECT_SERVER_CONCURRENCY_LEASE_STORAGE": "prefect.server.concurrency.lease_storage.filesystem",
        "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
    }


def _mlflow_options(paths: Paths, wanted: Servers) -> list[str]:
    return [
        f"--backend-store-uri=sqlite:///{paths.mlflow_database.resolve()}",
        f"--artifacts-destination={paths.mlflow_artifacts.resolve().as_uri()}",
        "--serve-artifacts",
        f"--host={LOOPBACK}",
        f"--port={_port(wanted.mlflow)}",
        "--workers=1",
    ]


def _free_port(variable: str, default: int) -> int:
    """The port that a variable names. Raises ConfigError unless it is one, SurroundingsError when it is taken."""
    text = os.environ.get(variable, str(default))
    if not text.isdecimal() or not 0 < int(text) < 65536:
        raise ConfigError(f"{variable} is {text!r}, and not a port (1 to 65535)")
    with socket.socket() as place:
        place.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            place.bind((LOOPBACK, int(text)))
        except OSError as error:
            raise SurroundingsError(
                f"port {text} is taken ({error.strerror})", next_step=f"{variable}={int(text) + 1} make serve"
            ) from None
    return int(text)


def _refuse_twice(paths: Paths) -> None:
    if servers := running_servers(paths):
        raise SurroundingsError(f"this checkout is served already: {servers.mlflow} and {servers.prefect}")


def _worker_is_ready(wanted: Servers) -> bool:
    try:
        found = httpx.post(f"{wanted.prefect}/api/work_pools/{POOL}/workers/filter", json={}, timeout=2.0)
    except httpx.HTTPError:
        return False
    return found.is_success and any(worker["status"] == "ONLINE" for worker in found.json())


@contextmanager
def _noted(paths: Paths, servers: Servers) -> Iterator[None]:
    """Builds find the servers for as long as they run."""
    note_servers(paths, servers)
    try:
        yield
    finally:
        paths.servers.unlink(missing_ok=True)


def _pages(paths: Paths, servers: Servers) -> str:
    logs = paths.logs.relative_to(paths.root)
    return "\n".join(
        [
            f"MLflow    {servers.mlflow}    runs, pictures, registered versions",
            f"Prefect   {servers.prefect}    flow runs, logs, the nightly build",
            f"logs in {logs}   stop with Ctrl-C   next, in another terminal: flashfit build digits",
        ]
    )


def _port(address: str) -> int | None:
    return httpx.URL(address).port


def main() -> None:
    """The command: serve, and leave with 0 when told to stop, or with the error's exit code."""
    try:
        with terminable():
            serve(Paths.here(), lambda text: _CONSOLE.print(text, markup=False))
    except KeyboardInterrupt:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        _CONSOLE.print("stopped")
    except FlashfitError as error:
        Console(stderr=True, highlight=False, soft_wrap=True).print(str(error), style="red", markup=False)
        sys.exit(error.exit_code)


if __name__ == "__main__":
    main()
