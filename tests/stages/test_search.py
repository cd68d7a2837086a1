"""The search as a process: it resumes to the same end, and says what comes nearest where nothing fits."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import optuna
import pytest
import yaml

from flashfit.search.outcome import SearchOutcome
from tasks.paths import Paths

Run = Callable[..., subprocess.CompletedProcess[str]]
SEARCH = ("python", "-m", "tasks.search", "tiny", "nano33ble")


@pytest.fixture(scope="module")
def prepared(line: Paths, tmp_path_factory: pytest.TempPathFactory) -> Paths:
    """The tiny checkout, prepared, with a search of four trials in batches of two."""
    copy = Paths(tmp_path_factory.mktemp("search") / "checkout")
    shutil.copytree(line.root, copy.root, ignore=shutil.ignore_patterns(".flashfit", "build", "cache"))
    tree = yaml.safe_load(copy.params.read_text(encoding="utf-8"))
    tree["products"]["tiny"]["search"] = {"families": ["dense", "conv"], "trials": 4, "batch": 2, "epochs": 2}
    copy.params.write_text(yaml.safe_dump(tree), encoding="utf-8")
    return copy


@pytest.fixture(scope="module")
def uninterrupted(prepared: Paths, run: Run) -> bytes:
    done = run(prepared.root, *SEARCH)
    assert done.returncode == 0, done.stdout + done.stderr
    return outcome_of(prepared)


def outcome_of(paths: Paths) -> bytes:
    return paths.of_build("tiny", "nano33ble").search_outcome.read_bytes()


def copy_of(paths: Paths, folder: Path) -> Paths:
    shutil.copytree(paths.root, folder, ignore=shutil.ignore_patterns(".flashfit", "build"))
    return Paths(folder)


def test_a_search_killed_in_the_middle_ends_as_if_it_had_not_been(
    prepared: Paths, uninterrupted: bytes, tmp_path: Path, run: Run
) -> None:
    copy = copy_of(prepared, tmp_path / "killed")
    environment = {**os.environ, "PYTHONPATH": str(copy.root), "PYTHONUNBUFFERED": "1"}
    process = subprocess.Popen(
        [sys.executable, *SEARCH[1:]],
        cwd=copy.root,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    )
    assert process.stdout is not None
    told = 0
    while told < 2:
        told += process.stdout.readline().startswith("trial ")
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    assert not copy.of_build("tiny", "nano33ble").search_outcome.exists()

    resumed = run(copy.root, *SEARCH)
    assert resumed.returncode == 0, resumed.stdout + resumed.stderr
    assert outcome_of(copy) == uninterrupted


def test_a_batch_that_was_told_in_part_is_forgotten_and_run_again(
    prepared: Paths, uninterrupted: bytes, run: Run
) -> None:
    (storage,) = prepared.studies.glob("*.db")
    study = optuna.load_study(study_name="search", storage=f"sqlite:///{storage}")
    study.set_user_attr("batches_done", 1)  # as if killed between the last tell and this note
    again = run(prepared.root, *SEARCH)
    assert again.returncode == 0, again.stdout + again.stderr
    assert outcome_of(prepared) == uninterrupted


def test_every_trained_trial_was_predicted_to_fit_before(uninterrupted: bytes) -> None:
    for trial in SearchOutcome.model_validate_json(uninterrupted).trials:
        assert trial.predicted.source == "predicted"
        assert (trial.state == "over budget") == (trial.predicted.flash_bytes > 64 * 1024)


def test_a_budget_that_nothing_fits_trains_nothing_and_names_the_nearest_miss(
    prepared: Paths, tmp_path: Path, run: Run
) -> None:
    copy = copy_of(prepared, tmp_path / "small")
    tree = yaml.safe_load(copy.params.read_text(encoding="utf-8"))
    tree["builds"]["tiny-nano33ble"]["budget"]["flash"] = "1 KiB"
    copy.params.write_text(yaml.safe_dump(tree), encoding="utf-8")
    for _ in range(2):  # a second run of the same study must not look further than the first
        done = run(copy.root, *SEARCH)
        assert done.returncode == 0, done.stderr
        assert "nothing fits" in done.stdout
        outcome = SearchOutcome.model_validate_json(outcome_of(copy))
        assert outcome.winner is None
        assert {trial.state for trial in outcome.trials} == {"over budget"}
        assert len(outcome.trials) == 100
    assert outcome.nearest is not None
    assert outcome.nearest.footprint.flash_bytes == min(t.footprint.flash_bytes for t in outcome.trials)

    refused = run(copy.root, "python", "-m", "tasks.train", "tiny", "nano33ble")
    assert refused.returncode == 1
    assert refused.stderr.startswith("DOES NOT FIT  tiny → nano33ble: flash ")
    assert "B of 1,024 B (over by" in refused.stderr
