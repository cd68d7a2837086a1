"""What stages leave in MLflow, in a real SQLite store, and that a stage does not need it."""

import logging
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tasks.paths import Paths
from tasks.tracking import (
    DATA_MD5_TAG,
    DVC_LOCK_TAG,
    GIT_COMMIT_TAG,
    GIT_DIRTY_TAG,
    connect,
    lineage_tags,
    prepared_md5,
    tracked_run,
)

NAME = "train plates.nano33ble"
EMPTY_SHA256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
DVC_LOCK = """
stages:
  prepare@plates:
    outs:
      - path: data/plates/prepared
        md5: 0123456789abcdef0123456789abcdef.dir
"""


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One store for all tests, because making its tables takes seconds."""
    return tmp_path_factory.mktemp("checkout")


@pytest.fixture
def paths(root: Path, monkeypatch: pytest.MonkeyPatch) -> Paths:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    return Paths(root)


@pytest.fixture
def recorded(paths: Paths) -> Callable[[str | None], Any]:
    """Reads a run back."""

    def read(run_id: str | None) -> Any:
        assert run_id is not None
        return connect(paths)[0].get_run(run_id)

    return read


def test_a_run_keeps_its_params_tags_curves_files_and_dataset(
    paths: Paths, recorded: Callable[[str | None], Any], tmp_path: Path
) -> None:
    (tmp_path / "curve.png").write_bytes(b"picture")
    with tracked_run(paths, "plates", NAME, params={"seed": 7}, tags={"kind": "train"}) as run:
        for epoch in range(3):
            run.log_metrics({"loss": 1.0 / (epoch + 1)}, step=epoch)
        run.log_params({"epochs": 3})
        run.set_tags({"verdict": "FITS"})
        run.log_artifact(tmp_path / "curve.png", "pictures")
        run.dataset("plates", "0123456789abcdef0123456789abcdef.dir", tmp_path)

    found, (client, _) = recorded(run.id), connect(paths)
    assert found.info.run_name == NAME
    assert found.info.status == "FINISHED"
    assert found.data.params == {"seed": "7", "epochs": "3"}
    assert (found.data.tags["kind"], found.data.tags["verdict"]) == ("train", "FITS")
    curve = client.get_metric_history(run.id, "loss")
    assert [(point.step, point.value) for point in curve] == [(0, 1.0), (1, 0.5), (2, 1.0 / 3)]
    assert found.inputs.dataset_inputs[0].dataset.digest == "0123456789abcdef0123456789abcdef.dir"
    assert found.info.artifact_uri.startswith(paths.mlflow_artifacts.as_uri())
    assert [file.path for file in client.list_artifacts(run.id, "pictures")] == ["pictures/curve.png"]


def test_more_metrics_and_params_than_a_batch_holds_all_arrive(
    paths: Paths, recorded: Callable[[str | None], Any]
) -> None:
    with tracked_run(paths, "plates", NAME, params={f"p{n}": n for n in range(150)}) as run:
        for step in range(11):
            run.log_metrics({f"m{n}": n for n in range(100)}, step=step)
    found = recorded(run.id)
    assert len(found.data.params) == 150
    assert len(connect(paths)[0].get_metric_history(run.id, "m99")) == 11


def test_a_trial_is_nested_under_its_search(paths: Paths, recorded: Callable[[str | None], Any]) -> None:
    with (
        tracked_run(paths, "plates", "search") as search,
        search.child("trial 0", params={"width": 8}) as trial,
    ):
        trial.log_metrics({"int8": 0.9})
    found = recorded(trial.id)
    assert found.data.tags["mlflow.parentRunId"] == search.id
    assert found.data.params == {"width": "8"}
    assert found.data.metrics == {"int8": 0.9}


@pytest.mark.parametrize(("stop", "status"), [(ValueError, "FAILED"), (KeyboardInterrupt, "KILLED")])
def test_a_run_says_how_its_stage_ended(
    paths: Paths, recorded: Callable[[str | None], Any], stop: type[BaseException], status: str
) -> None:
    with pytest.raises(stop, match="over"), tracked_run(paths, "plates", NAME) as run:
        raise stop("it is over")
    assert recorded(run.id).info.status == status


def test_a_run_that_a_killed_stage_left_open_is_ended_by_the_next_one(
    paths: Paths, recorded: Callable[[str | None], Any]
) -> None:
    script = f"""
import os
from pathlib import Path
from tasks.paths import Paths
from tasks.tracking import tracked_run
with tracked_run(Paths(Path({str(paths.root)!r})), "plates", {NAME!r}) as run, run.child("trial 0") as trial:
    print(run.id, trial.id, flush=True)
    os.kill(os.getpid(), 9)
"""
    killed = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert killed.returncode == -9
    left = killed.stdout.split()
    assert [recorded(run_id).info.status for run_id in left] == ["RUNNING", "RUNNING"]
    with tracked_run(paths, "plates", NAME) as run:
        assert recorded(run.id).info.status == "RUNNING"
    assert [recorded(run_id).info.status for run_id in left] == ["KILLED", "KILLED"]


def test_where_mlflow_is_away_a_stage_warns_once_and_goes_on(
    paths: Paths, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    with tracked_run(paths, "plates", NAME, params={"a": 1}) as run, run.child("trial 0") as trial:
        trial.log_metrics({"loss": 1.0})
        run.dataset("plates", "0" * 36, tmp_path)
        run.log_artifact(tmp_path)
    assert (run.id, trial.id) == (None, None)
    (warning,) = [record.getMessage() for record in caplog.records if record.name == "tasks.tracking"]
    assert warning == (
        "this run goes untracked: MLflow at http://127.0.0.1:9 does not answer; "
        "next: start it, or unset MLFLOW_TRACKING_URI"
    )


def test_where_mlflow_fails_half_way_a_stage_warns_once_and_goes_on(
    paths: Paths, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    from mlflow import MlflowClient

    def fail(*_: object, **__: object) -> None:
        raise OSError("disk full")

    caplog.set_level(logging.WARNING, "tasks.tracking")
    with tracked_run(paths, "plates", NAME) as run:
        monkeypatch.setattr(MlflowClient, "log_batch", fail)
        run.log_params({"a": 1})
        run.log_metrics({"loss": 1.0})
    assert caplog.messages == ["MLflow failed, so the rest goes untracked: disk full"]


def test_a_deleted_experiment_is_restored(paths: Paths, recorded: Callable[[str | None], Any]) -> None:
    with tracked_run(paths, "plates", NAME) as run:
        pass
    client, _ = connect(paths)
    client.delete_experiment(recorded(run.id).info.experiment_id)
    with tracked_run(paths, "plates", NAME) as later:
        pass
    assert recorded(later.id).info.experiment_id == recorded(run.id).info.experiment_id


def test_lineage_tells_the_commit_the_lock_and_the_data(tmp_path: Path) -> None:
    paths = Paths(tmp_path)
    paths.dvc_lock.write_text(DVC_LOCK)
    who = {
        "GIT_AUTHOR_NAME": "a",
        "GIT_AUTHOR_EMAIL": "a@b",
        "GIT_COMMITTER_NAME": "a",
        "GIT_COMMITTER_EMAIL": "a@b",
    }
    for words in (["init", "-q"], ["add", "."], ["commit", "-qm", "x"]):
        subprocess.run(["git", *words], cwd=tmp_path, env=os.environ | who, check=True)
    tags = lineage_tags(paths, "plates")
    assert len(tags[GIT_COMMIT_TAG]) == 40
    assert tags[GIT_DIRTY_TAG] == "false"
    assert tags[DATA_MD5_TAG] == "0123456789abcdef0123456789abcdef.dir"
    paths.dvc_lock.write_text("")
    changed = lineage_tags(paths, "plates")
    assert changed[GIT_DIRTY_TAG] == "true"
    assert changed[DVC_LOCK_TAG] == EMPTY_SHA256


@pytest.mark.parametrize(
    "lock", ["", "stages: {}", "stages: {prepare@plates: {}}", "[", "stages: {prepare@plates: {outs: []}}"]
)
def test_data_that_dvc_does_not_know_yet_has_no_hash(tmp_path: Path, lock: str) -> None:
    Paths(tmp_path).dvc_lock.write_text(lock)
    assert prepared_md5(Paths(tmp_path), "plates") is None


def test_lineage_of_a_folder_without_git_or_dvc_is_empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert lineage_tags(Paths(tmp_path), "plates") == {}
