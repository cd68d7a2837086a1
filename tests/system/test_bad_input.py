"""What a person does wrong and what the surroundings do to them: one message, one exit code, nothing lost."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from tasks.lineage import file_sha256
from tasks.paths import Paths

Run = Callable[..., subprocess.CompletedProcess[str]]
BUILD = ("flashfit", "build", "tiny")


@pytest.fixture
def checkout(line: Paths, tmp_path: Path) -> Paths:
    """A copy of the built line that has published nothing yet."""
    copy = Paths(tmp_path / "checkout")
    shutil.copytree(line.root, copy.root, ignore=shutil.ignore_patterns(".flashfit"))
    return copy


def change(paths: Paths, edit: Callable[[Any], None]) -> None:
    tree = yaml.safe_load(paths.params.read_text(encoding="utf-8"))
    edit(tree)
    paths.params.write_text(yaml.safe_dump(tree, sort_keys=False), encoding="utf-8")


def digest(paths: Paths) -> str:
    return file_sha256(paths.of_build("tiny", "nano33ble").manifest)


def stage_line(done: subprocess.CompletedProcess[str], stage: str) -> str:
    """How a build says that a stage ended."""
    (told,) = [line for line in done.stderr.splitlines() if line.startswith(f"✓ {stage}@tiny")]
    return told.strip()


def no_traceback(done: subprocess.CompletedProcess[str]) -> bool:
    return "Traceback" not in done.stdout + done.stderr


def test_every_fault_of_params_yaml_is_told_at_once(checkout: Paths, run: Run) -> None:
    def spoil(tree: Any) -> None:
        tree["sed"] = 1
        tree["products"]["tiny"]["train"]["epochs"] = "many"
        tree["builds"]["tiny-nano33ble"]["budget"]["flash"] = 0

    change(checkout, spoil)
    done = run(checkout.root, *BUILD)
    assert done.returncode == 2
    assert no_traceback(done)
    for path in ("params.yaml: 3 errors", "sed:", "products.tiny.train.epochs:", "builds.tiny-nano33ble.budget.flash:"):
        assert path in done.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("build", "tony"), "no product 'tony' in params.yaml (there are: tiny)"),
        (("build", "tiny", "--target", "uno"), "no build of 'tiny' for target 'uno'"),
        (("verdict", "tony"), "no product 'tony'"),
    ],
)
def test_an_unknown_name_is_refused_with_those_that_exist(
    checkout: Paths, run: Run, arguments: tuple[str, ...], message: str
) -> None:
    done = run(checkout.root, "flashfit", *arguments)
    assert (done.returncode, no_traceback(done)) == (2, True)
    assert message in done.stderr


def test_outside_a_checkout_the_command_says_so(tmp_path: Path, run: Run) -> None:
    done = run(tmp_path, *BUILD)
    assert done.returncode == 2
    assert "is not inside a flashfit checkout" in done.stderr


def test_a_damaged_file_stops_the_build_before_anything_is_made_of_it(checkout: Paths, run: Run) -> None:
    before = digest(checkout)
    archive = checkout.root / "tiny.npz"
    archive.write_bytes(archive.read_bytes()[:1000])
    shutil.rmtree(checkout.of_product("tiny").raw)
    shutil.rmtree(checkout.root / ".dvc" / "cache")
    done = run(checkout.root, *BUILD)
    assert (done.returncode, no_traceback(done)) == (2, True)
    assert "tiny.npz" in done.stderr
    assert "sha256" in done.stderr
    assert "FITS" not in done.stdout  # the verdict of an earlier build is not this one's
    assert digest(checkout) == before


def test_a_nan_in_the_data_names_the_sample_and_nothing_runs_after(
    tmp_path: Path, checkout_writer: Callable[..., Paths], run: Run
) -> None:
    from_file = checkout_writer(tmp_path)
    with np.load(tmp_path / "tiny.npz") as arrays:
        spoilt = dict(arrays)
    spoilt["x"][42, 3, 3] = np.nan
    np.savez(tmp_path / "tiny.npz", **spoilt)
    sha256 = file_sha256(tmp_path / "tiny.npz")
    change(from_file, lambda tree: tree["products"]["tiny"]["source"].update(sha256=sha256))
    done = run(from_file.root, *BUILD)
    assert (done.returncode, no_traceback(done)) == (2, True)
    assert "nan_count" in done.stderr
    assert "tiny-042" in done.stderr
    assert not from_file.of_product("tiny").prepared.exists()


def test_a_missed_gate_is_a_verdict_and_publishes_nothing(checkout: Paths, run: Run) -> None:
    change(checkout, lambda tree: tree["products"]["tiny"]["gates"].update(largest_drop=0.0, least_accuracy=1.0))
    change(checkout, lambda tree: tree["builds"]["tiny-nano33ble"]["budget"].update(macs=1))
    done = run(checkout.root, *BUILD)
    assert (done.returncode, no_traceback(done)) == (1, True)
    assert "DOES NOT FIT  tiny → nano33ble: " in done.stdout
    assert "MACs of 1 MACs (over by" in done.stdout
    assert not checkout.of_build("tiny", "nano33ble").published.exists()
    asked = run(checkout.root, "flashfit", "verdict", "tiny", "--json")
    assert asked.returncode == 1
    assert '"verdict": "DOES NOT FIT"' in asked.stdout


def test_a_stage_that_is_killed_is_named_and_the_next_build_ends_with_the_same_bundle(
    checkout: Paths, run: Run
) -> None:
    before = digest(checkout)
    shutil.rmtree(checkout.of_build("tiny", "nano33ble").training)
    shutil.rmtree(checkout.root / ".dvc" / "cache")
    environment = {**os.environ, "PYTHONPATH": str(checkout.root)}
    build = subprocess.Popen(
        [str(Path(sys.executable).with_name("flashfit")), *BUILD[1:]],
        cwd=checkout.root,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    os.kill(process_running("tasks.train", build, checkout.root), signal.SIGKILL)
    _, errors = build.communicate(timeout=300)
    assert build.returncode == 3
    assert "stage train@tiny-nano33ble was killed (SIGKILL); next: flashfit build tiny" in errors

    done = run(checkout.root, *BUILD)
    assert done.returncode == 0, done.stdout + done.stderr
    assert stage_line(done, "search").endswith("up to date")
    assert "up to date" not in stage_line(done, "train")
    assert digest(checkout) == before


def process_running(module: str, build: "subprocess.Popen[str]", root: Path) -> int:
    """The process of `python -m module` in root, once it has been at work for a moment."""
    for _ in range(2000):
        assert build.poll() is None, build.stderr.read() if build.stderr else ""
        for folder in Path("/proc").iterdir():
            if folder.name.isdigit() and is_stage(folder, module, root):
                time.sleep(1.0)
                return int(folder.name)
        time.sleep(0.1)
    raise AssertionError(f"{module} did not start")


def is_stage(folder: Path, module: str, root: Path) -> bool:
    try:
        arguments = (folder / "cmdline").read_bytes().split(b"\0")
        return arguments[1:3] == [b"-m", module.encode()] and (folder / "cwd").resolve() == root.resolve()
    except OSError:
        return False


def test_an_mlflow_that_is_away_stops_the_publishing_and_a_later_build_only_publishes(
    checkout: Paths, run: Run
) -> None:
    away = run(checkout.root, *BUILD, MLFLOW_TRACKING_URI="http://127.0.0.1:9")
    assert (away.returncode, no_traceback(away)) == (3, True)
    assert "MLflow at http://127.0.0.1:9 does not answer; next: " in away.stderr
    assert not checkout.of_build("tiny", "nano33ble").published.exists()

    later = run(checkout.root, *BUILD)
    assert later.returncode == 0, later.stdout + later.stderr
    assert "registered tiny.nano33ble version 1 @candidate" in later.stdout
    assert stage_line(later, "train").endswith("up to date")


def test_two_builds_started_at_once_make_one_version(checkout: Paths, run: Run) -> None:
    shutil.rmtree(checkout.of_build("tiny", "nano33ble").evaluation)
    command = [str(Path(sys.executable).with_name("flashfit")), *BUILD[1:]]
    environment = {**os.environ, "PYTHONPATH": str(checkout.root)}
    both = [
        subprocess.Popen(
            command, cwd=checkout.root, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        for _ in range(2)
    ]
    for build in both:
        printed, errors = build.communicate(timeout=300)
        assert build.returncode == 0, printed + errors
        assert "tiny.nano33ble version 1 @candidate" in printed
