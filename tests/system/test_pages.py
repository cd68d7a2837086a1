"""The pages of `make serve` in a real browser, over a checkout that was built with no server running."""

import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from tasks.paths import Paths
from tests.system.test_serve import free_port, start, wait_until_ready

Run = Callable[..., subprocess.CompletedProcess[str]]

BROWSER = shutil.which("chromium")
pytestmark = pytest.mark.skipif(BROWSER is None, reason="no browser; apt-get install chromium")
OPTIONS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--window-size=1400,1000",
    "--virtual-time-budget=30000",
    "--timeout=60000",
]


@dataclass(frozen=True)
class Served:
    """Addresses of both servers, and the profile folder of the browser."""

    mlflow: str
    prefect: str
    profile: Path

    def page(self, address: str) -> str:
        """A page's document once its scripts have run."""
        command = [str(BROWSER), *OPTIONS, f"--user-data-dir={self.profile}", "--dump-dom", address]
        return subprocess.run(command, capture_output=True, text=True, timeout=120, check=True).stdout

    def ask(self, question: str, body: dict[str, Any]) -> Any:
        """MLflow's answer to a REST call."""
        return httpx.post(f"{self.mlflow}/api/2.0/mlflow/{question}", json=body).raise_for_status().json()

    def run_page(self, name: str) -> str:
        """The address of the newest run of that name."""
        (experiment,) = [
            one for one in self.ask("experiments/search", {"max_results": 10})["experiments"] if one["name"] == "tiny"
        ]
        question = {"experiment_ids": [experiment["experiment_id"]], "filter": f"attributes.run_name = '{name}'"}
        run = self.ask("runs/search", question)["runs"][0]["info"]
        return f"{self.mlflow}/#/experiments/{experiment['experiment_id']}/runs/{run['run_id']}"


@pytest.fixture(scope="module")
def served(line: Paths, run: Run, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("pages")
    checkout = Paths(folder / "checkout")
    shutil.copytree(line.root, checkout.root, ignore=shutil.ignore_patterns(".flashfit", "cache"))
    shutil.rmtree(checkout.of_build("tiny", "nano33ble").training)  # so that a run of train is tracked here
    built = run(checkout.root, "flashfit", "build", "tiny")
    assert built.returncode == 0, built.stdout + built.stderr
    ports = free_port(), free_port()
    process = start(checkout.root, *ports)
    try:
        wait_until_ready(checkout, process)
        yield Served(*(f"http://127.0.0.1:{port}" for port in ports), folder / "profile")
    finally:
        process.terminate()
        process.communicate(timeout=60)


def test_the_training_run_shows_its_parameters(served: Served) -> None:
    page = served.page(served.run_page("train tiny.nano33ble"))
    assert "Finished" in page
    assert "learning_rate" in page
    assert "val_accuracy" in page


@pytest.mark.parametrize("picture", ["confusion.png", "learning_curve.png"])
def test_the_training_run_shows_its_pictures(served: Served, picture: str) -> None:
    page = served.page(f"{served.run_page('train tiny.nano33ble')}/artifacts/{picture}")
    assert f'<img alt="{picture}" src="blob:' in page


def test_the_registered_version_shows_its_alias_and_digest(served: Served) -> None:
    page = served.page(f"{served.mlflow}/#/models/tiny.nano33ble")
    assert "Version 1" in page
    assert "candidate" in page
    assert "sha256" in page


def test_the_flow_run_shows_its_stages_and_its_verdict(served: Served) -> None:
    (flow_run,) = [
        one
        for one in httpx.post(f"{served.prefect}/api/flow_runs/filter", json={}).json()
        if one["state_type"] == "COMPLETED"
    ]
    page = served.page(f"{served.prefect}/runs/flow-run/{flow_run['id']}")
    assert "build tiny" in page
    assert "Completed" in page
    assert "trained tiny.nano33ble" in page
    artifacts = httpx.post(f"{served.prefect}/api/artifacts/filter", json={}).json()
    (verdict,) = [one["data"] for one in artifacts if one["key"] == "verdict-tiny"]
    assert "## tiny → nano33ble: FITS" in verdict
    assert "| flash |" in verdict
