"""`make serve`: the servers of a checkout, from start to stop."""

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
import psutil
import pytest

from tasks.paths import Paths
from tasks.surroundings import running_servers
from tests.flows.play_line import make_line


@dataclass(frozen=True)
class Serving:
    """A running `python -m flows.serve`. mlflow, prefect: addresses."""

    paths: Paths
    process: "subprocess.Popen[str]"
    mlflow: str
    prefect: str


def free_port() -> int:
    with socket.socket() as place:
        place.bind(("127.0.0.1", 0))
        return int(place.getsockname()[1])


def start(folder: Path, mlflow_port: int, prefect_port: int) -> "subprocess.Popen[str]":
    ours = {name: value for name, value in os.environ.items() if not name.startswith(("PREFECT_", "MLFLOW_"))}
    ports = {"FLASHFIT_MLFLOW_PORT": str(mlflow_port), "FLASHFIT_PREFECT_PORT": str(prefect_port)}
    return subprocess.Popen(
        [sys.executable, "-m", "flows.serve"],
        cwd=folder,
        env=ours | ports | {"COLUMNS": "200"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.fixture
def serving(tmp_path: Path) -> Iterator[Serving]:
    """The servers of a throwaway checkout, ready."""
    paths, ports = make_line(tmp_path).paths, (free_port(), free_port())
    process = start(tmp_path, *ports)
    try:
        wait_until_ready(paths, process)
        yield Serving(paths, process, *(f"http://127.0.0.1:{port}" for port in ports))
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)


def wait_until_ready(paths: Paths, process: "subprocess.Popen[str]") -> None:
    end_s = time.monotonic() + 180
    while not paths.servers.is_file():
        assert time.monotonic() < end_s, "not ready in time"
        assert process.poll() is None, process.communicate()
        time.sleep(0.2)


def test_pages_answer_while_it_runs_and_nothing_is_left_when_it_is_stopped(serving: Serving) -> None:
    assert "MLflow" in httpx.get(serving.mlflow).text
    assert "Prefect" in httpx.get(serving.prefect, follow_redirects=True).text
    noted = running_servers(serving.paths)
    assert noted is not None
    assert (noted.mlflow, noted.prefect) == (serving.mlflow, serving.prefect)
    (deployment,) = httpx.post(f"{serving.prefect}/api/deployments/filter", json={}).json()
    (schedule,) = deployment["schedules"]
    assert (deployment["name"], schedule["schedule"]["timezone"]) == ("nightly", "Europe/Berlin")
    assert deployment["global_concurrency_limit"]["limit"] == 1
    assert deployment["concurrency_options"]["collision_strategy"] == "CANCEL_NEW"
    children = psutil.Process(serving.process.pid).children(recursive=True)
    serving.process.send_signal(signal.SIGTERM)
    out, _ = serving.process.communicate(timeout=60)
    assert serving.process.returncode == 0
    assert all(words in out for words in (serving.mlflow, serving.prefect, "stop with Ctrl-C", "next, in another"))
    assert psutil.wait_procs(children, timeout=20)[1] == []
    assert not serving.paths.servers.exists()


def test_server_that_dies_ends_all_and_is_named(serving: Serving) -> None:
    children = psutil.Process(serving.process.pid).children(recursive=True)
    (mlflow, *_) = [child for child in children if "mlflow" in child.cmdline()]
    mlflow.kill()
    _, err = serving.process.communicate(timeout=60)
    assert serving.process.returncode == 3
    assert "mlflow ended with exit code -9" in err
    assert psutil.wait_procs(children, timeout=20)[1] == []


def test_servers_die_with_it_even_of_sigkill(serving: Serving) -> None:
    children = psutil.Process(serving.process.pid).children(recursive=True)
    serving.process.kill()
    serving.process.communicate(timeout=60)
    assert psutil.wait_procs(children, timeout=20)[1] == []
    assert running_servers(serving.paths) is None


def test_taken_port_is_refused_naming_it_and_the_variable(tmp_path: Path) -> None:
    make_line(tmp_path)
    with socket.socket() as place:
        place.bind(("127.0.0.1", 0))
        place.listen()
        port = place.getsockname()[1]
        process = start(tmp_path, port, free_port())
        _, err = process.communicate(timeout=60)
    assert process.returncode == 3
    assert err.startswith(f"port {port} is taken")
    assert f"next: FLASHFIT_MLFLOW_PORT={port + 1} make serve" in err


def test_port_that_is_no_number_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from flashfit.errors import ConfigError
    from flows.serve import serve

    monkeypatch.setenv("FLASHFIT_PREFECT_PORT", "https")
    with pytest.raises(ConfigError, match="FLASHFIT_PREFECT_PORT is 'https', and not a port"):
        serve(Paths(tmp_path), print)
