"""DVC alone and the flow: two doors to one line, and the same bundle behind both."""

import json
import shutil
import subprocess
from collections.abc import Callable

import pytest

from tasks.lineage import file_sha256
from tasks.paths import Paths

Run = Callable[..., subprocess.CompletedProcess[str]]


def digest(paths: Paths) -> str:
    return file_sha256(paths.of_build("tiny", "nano33ble").manifest)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory, checkout_writer: Callable[..., Paths], run: Run) -> Paths:
    """A tiny checkout that `flashfit build` took from data to registry."""
    paths = checkout_writer(tmp_path_factory.mktemp("flow"))
    done = run(paths.root, "flashfit", "build", "tiny")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "FITS\nregistered tiny.nano33ble version 1 @candidate" in done.stdout
    return paths


def test_dvc_alone_and_the_flow_make_the_same_bundle(line: Paths, built: Paths) -> None:
    assert digest(line) == digest(built)


def test_a_second_build_runs_no_stage_and_registers_nothing_new(built: Paths, run: Run) -> None:
    done = run(built.root, "flashfit", "build", "tiny", "--json")
    told = [line for line in done.stderr.splitlines() if line.startswith("✓")]
    assert len(told) == 9
    assert all(line.endswith("up to date") for line in told)
    again = json.loads(done.stdout)
    assert (again["version"], again["bundle_sha256"]) == (1, digest(built))
    status = json.loads(run(built.root, "dvc", "status", "--json").stdout)
    assert status == {}


def test_the_flow_restores_deleted_outputs_from_the_cache_without_training(built: Paths, run: Run) -> None:
    before = digest(built)
    shutil.rmtree(built.root / "build" / "tiny" / "nano33ble" / "train")
    shutil.rmtree(built.of_build("tiny", "nano33ble").bundle)
    done = run(built.root, "flashfit", "build", "tiny")
    assert done.returncode == 0, done.stdout + done.stderr
    (train,) = [line for line in done.stderr.splitlines() if line.startswith("✓ train")]
    assert "up to date" in train or "from the cache" in train
    assert digest(built) == before
