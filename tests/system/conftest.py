"""Real servers for the system tests."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from tasks.paths import Paths


@dataclass(frozen=True)
class MlflowServer:
    """A running MLflow server and the checkout whose database and artifacts it serves."""

    url: str
    served: Paths


@pytest.fixture(scope="session")
def mlflow_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MlflowServer]:
    """`mlflow server` on a free loopback port, over the embedded database of an empty checkout."""
    served = Paths(tmp_path_factory.mktemp("served"))
    served.state.mkdir()
    url = f"http://127.0.0.1:{_free_port()}"
    log = served.state / "server.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "mlflow", "server", *_arguments(served, url)],
            env=os.environ | {"MLFLOW_DISABLE_TELEMETRY": "true", "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"},
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        _wait_until_it_answers(f"{url}/health", process, log)
        yield MlflowServer(url, served)
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(timeout=30)


def _arguments(served: Paths, url: str) -> list[str]:
    return [
        f"--backend-store-uri=sqlite:///{served.mlflow_database}",
        f"--artifacts-destination={served.mlflow_artifacts.as_uri()}",
        "--host=127.0.0.1",
        f"--port={httpx.URL(url).port}",
        "--workers=1",
    ]


def _free_port() -> int:
    with socket.socket() as place:
        place.bind(("127.0.0.1", 0))
        port: int = place.getsockname()[1]
        return port


def _wait_until_it_answers(url: str, process: "subprocess.Popen[bytes]", log: Path) -> None:
    for _ in range(600):
        try:
            if httpx.get(url, timeout=1.0).is_success:
                return
        except httpx.HTTPError:
            pass
        if process.poll() is not None:
            break
        time.sleep(0.2)
    pytest.fail(f"the MLflow server did not start:\n{log.read_text()[-4000:]}")
