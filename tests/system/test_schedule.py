"""The nightly build, at a shorter interval: a real Prefect server, worker and deployment."""

import time
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import yaml

from tests.flows.play_line import make_line
from tests.system.test_serve import free_port, start, wait_until_ready

EVERY_S = 25


def test_worker_runs_the_deployment_twice_on_schedule_and_the_second_run_finds_nothing_to_do(tmp_path: Path) -> None:
    line = make_line(tmp_path)
    shorten(line.paths.prefect_file)
    ports = free_port(), free_port()
    process = start(tmp_path, *ports)
    try:
        wait_until_ready(line.paths, process)
        first, *_ = completed_runs(f"http://127.0.0.1:{ports[1]}", 1)
        assert len(line.ran()) == 10
        second = completed_runs(f"http://127.0.0.1:{ports[1]}", 2)[1]
        assert line.ran() == []
    finally:
        process.terminate()
        process.communicate(timeout=60)
    assert first["auto_scheduled"] and second["auto_scheduled"]
    apart = datetime.fromisoformat(second["expected_start_time"]) - datetime.fromisoformat(first["expected_start_time"])
    assert apart.total_seconds() % EVERY_S == 0
    assert "0 stages had something to do" in second["state"]["message"]


def shorten(file: Path) -> None:
    """Let the declared deployment run every few seconds; all else stays as declared."""
    tree = yaml.safe_load(file.read_text(encoding="utf-8"))
    (deployment,) = tree["deployments"]
    (schedule,) = deployment["schedules"]
    del schedule["cron"]
    schedule["interval"] = EVERY_S
    file.write_text(yaml.safe_dump(tree), encoding="utf-8")


def completed_runs(prefect: str, count: int) -> list[dict[str, Any]]:
    """The first runs that completed, oldest first, once there are as many."""
    wanted = {"flow_runs": {"state": {"type": {"any_": ["COMPLETED", "FAILED", "CRASHED"]}}}, "sort": "START_TIME_ASC"}
    for _ in range(600):
        runs = httpx.post(f"{prefect}/api/flow_runs/filter", json=wanted).json()
        assert all(run["state"]["type"] == "COMPLETED" for run in runs), runs
        if len(runs) >= count:
            return list(runs)
        time.sleep(0.3)
    raise AssertionError(f"only {len(runs)} of {count} runs in time")
