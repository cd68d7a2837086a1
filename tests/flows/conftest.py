"""One Prefect server for all tests of the flow, and a throwaway checkout for each."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from prefect.testing.utilities import prefect_test_harness

from tests.flows.play_line import PLAY, PlayLine, make_line


@pytest.fixture(scope="session")
def prefect_server() -> Iterator[None]:
    """Prefect over a database of its own, started once."""
    with prefect_test_harness(server_startup_timeout=120):
        yield


@pytest.fixture
def line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> PlayLine:
    """A line whose two builds fit, never run yet. Its registry is one SQLite file, and no MLflow."""
    made = make_line(tmp_path)
    shutil.copy(PLAY / "publish_stand_in.py", tmp_path / "tasks" / "publish.py")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    return made
