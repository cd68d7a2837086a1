"""The door to MLflow tracking: what search and train leave there for people to look at.

Watching changes nothing: where MLflow is away, or fails half way, one warning is logged and the stage
goes on untracked to the same bytes.
"""

import json
import logging
import os
import socket
import sqlite3
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import httpx
import yaml
from filelock import FileLock

from flashfit.errors import SurroundingsError
from tasks.paths import Paths
from tasks.surroundings import MLFLOW_URI, mlflow_tracking_uri, running_servers

if TYPE_CHECKING:
    from mlflow import MlflowClient

KERAS_SHA256_TAG = "flashfit.keras_sha256"
"""On the run that trained a model: by this, publish finds it."""

GIT_COMMIT_TAG = "mlflow.source.git.commit"
GIT_DIRTY_TAG = "flashfit.git_dirty"
DATA_MD5_TAG = "flashfit.data_md5"
DVC_LOCK_TAG = "flashfit.dvc_lock_sha256"

_CHECKOUT_TAG = "flashfit.checkout"
_PARENT_TAG = "mlflow.parentRunId"
_ENVIRONMENT = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR": "1",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "10",
    "MLFLOW_LOGGING_LEVEL": "WARNING",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
}
_METRICS_A_BATCH = 1000  # MLflow's limit
_PARAMS_A_BATCH = 100  # MLflow's limit
_DIGEST_LENGTH = 36  # MLflow's limit, and just a DVC folder's hash
_FLUSH_EVERY_S = 1.0

_log = logging.getLogger(__name__)
_Answer = TypeVar("_Answer")
_Metric = tuple[str, float, int, int]
"""Name, value, milliseconds since 1970, step."""


@contextmanager
def tracked_run(
    paths: Paths,
    product: str,
    name: str,
    *,
    params: Mapping[str, object] | None = None,
    tags: Mapping[str, str] | None = None,
) -> Iterator["Run"]:
    """A run of the product's experiment, open for the block.

    It ends as FINISHED, as FAILED on an exception, as KILLED on Ctrl-C. Runs of the same name that a
    killed stage of this checkout left open are ended first.
    """
    checkout = {_CHECKOUT_TAG: f"{socket.gethostname()}:{paths.root.resolve()}"}
    door = _open_door(paths, product, name, checkout)
    with _open_run(door, name, params or {}, {**checkout, **(tags or {})}) as run:
        yield run


class Run:
    """One MLflow run. Metrics are sent in batches, at most a second late."""

    def __init__(self, door: "_Door", run_id: str | None, tags: Mapping[str, str]) -> None:
        self._door = door
        self._tags = tags
        self._metrics: list[_Metric] = []
        self._flushed_s = time.monotonic()
        self.id = run_id

    def log_metrics(self, metrics: Mapping[str, float], step: int = 0) -> None:
        """Log values by name; step is the epoch."""
        now_ms = int(time.time() * 1000)
        self._metrics += [(key, float(value), now_ms, step) for key, value in metrics.items()]
        late = time.monotonic() - self._flushed_s > _FLUSH_EVERY_S
        if late or len(self._metrics) >= _METRICS_A_BATCH:
            self._flush()

    def log_params(self, params: Mapping[str, object]) -> None:
        """Log what the run was given. A name keeps its first value."""
        self._send(lambda client, run_id: _log_params(client, run_id, params))

    def set_tags(self, tags: Mapping[str, str]) -> None:
        """Set or replace tags."""
        self._send(lambda client, run_id: _log_tags(client, run_id, tags))

    def log_artifact(self, path: Path, folder: str | None = None) -> None:
        """Upload a file, or a folder's content, into a folder of the run's artifacts."""
        if path.is_dir():
            self._send(lambda client, run_id: client.log_artifacts(run_id, str(path), folder))
        else:
            self._send(lambda client, run_id: client.log_artifact(run_id, str(path), folder))

    def dataset(self, name: str, digest: str, path: Path) -> None:
        """Say what the run learnt from: digest is DVC's hash of the files at path."""
        self._send(lambda client, run_id: _log_dataset(client, run_id, name, digest, path))

    @contextmanager
    def child(
        self, name: str, *, params: Mapping[str, object] | None = None, tags: Mapping[str, str] | None = None
    ) -> Iterator["Run"]:
        """A run nested under this one, as a search's trials are."""
        parent = {_PARENT_TAG: self.id} if self.id else {}
        with _open_run(self._door, name, params or {}, {**self._tags, **parent, **(tags or {})}) as run:
            yield run

    def _end(self, status: str) -> None:
        self._flush()
        self._send(lambda client, run_id: client.set_terminated(run_id, status))

    def _flush(self) -> None:
        metrics, self._metrics = self._metrics, []
        self._flushed_s = time.monotonic()
        if metrics:
            self._send(lambda client, run_id: _log_metrics(client, run_id, metrics))

    def _send(self, call: Callable[["MlflowClient", str], object]) -> None:
        if run_id := self.id:
            self._door.attempt(lambda client: call(client, run_id))


def connect(paths: Paths) -> "tuple[MlflowClient, str]":
    """A client of the MLflow that this checkout uses, and its address.

    Raises SurroundingsError within seconds where an http address does not answer.
    """
    uri = mlflow_tracking_uri(paths)
    require_answer(uri)
    for name, value in _ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    from mlflow import MlflowClient

    return MlflowClient(tracking_uri=uri, registry_uri=uri), uri


def mend_mlflow() -> str:
    """What a person can do about an MLflow that is away."""
    return f"start it, or unset {MLFLOW_URI}" if MLFLOW_URI in os.environ else "make serve"


def require_answer(uri: str) -> None:
    """Raise SurroundingsError, at once, where no server answers at uri or its SQLite file cannot be read."""
    try:
        if uri.startswith(("http://", "https://")):
            httpx.get(f"{uri.rstrip('/')}/health", timeout=3.0)
        elif uri.startswith("sqlite:///"):
            sqlite3.connect(uri.removeprefix("sqlite:///")).execute("PRAGMA schema_version").close()
    except httpx.HTTPError:
        raise SurroundingsError(f"MLflow at {uri} does not answer", next_step=mend_mlflow()) from None
    except sqlite3.Error as error:
        raise SurroundingsError(f"MLflow's database {uri} cannot be read: {error}") from None


def mlflow_faults() -> tuple[type[Exception], ...]:
    """The exceptions by which MLflow, its database and its transport fail."""
    from mlflow.exceptions import MlflowException
    from requests import RequestException
    from sqlalchemy.exc import SQLAlchemyError

    return (MlflowException, RequestException, SQLAlchemyError, OSError)


def experiment(client: "MlflowClient", paths: Paths, product: str, uri: str) -> str:
    """The id of the experiment named by the product, made or restored where it has to be.

    In SQLite and on the server of `make serve` its artifacts lie in this checkout, so that what is
    written with a server running can be read without, and the other way round. Any other server keeps
    them where it keeps its own. An experiment that the checkout's own database brought along from
    another place, when the checkout was moved or copied, is renamed and left alone.
    """
    ours = paths.mlflow_artifacts.resolve().as_uri()
    with _first_alone(paths):
        found = client.get_experiment_by_name(product)
        if found is not None and found.lifecycle_stage == "deleted":
            client.restore_experiment(found.experiment_id)
        if found is not None and _is_embedded(paths, uri) and found.artifact_location.rstrip("/") != ours:
            client.rename_experiment(found.experiment_id, f"{product} (moved, {found.experiment_id})")
            found = None
        if found is not None:
            return str(found.experiment_id)
        return _make_experiment(client, product, ours if _is_local(paths, uri) else None)


def lineage_tags(paths: Paths, product: str) -> dict[str, str]:
    """Where a run comes from: git commit and whether files differ from it, dvc.lock, the product's data.

    What cannot be told (no git, nothing prepared yet) is left out.
    """
    tags = {DVC_LOCK_TAG: _file_sha256(paths.dvc_lock), DATA_MD5_TAG: prepared_md5(paths, product)}
    if commit := _git(paths.root, "rev-parse", "HEAD"):
        dirty = _git(paths.root, "status", "--porcelain", "--untracked-files=no")
        tags |= {GIT_COMMIT_TAG: commit, GIT_DIRTY_TAG: "true" if dirty else "false"}
    return {key: value for key, value in tags.items() if value}


def prepared_md5(paths: Paths, product: str) -> str | None:
    """DVC's hash of the product's prepared data, from dvc.lock; None where it is not there."""
    try:
        stages = yaml.safe_load(paths.dvc_lock.read_text(encoding="utf-8"))["stages"]
        return str(stages[f"prepare@{product}"]["outs"][0]["md5"])
    except (OSError, yaml.YAMLError, LookupError, TypeError):
        return None


@dataclass
class _Door:
    """MLflow, until it first fails."""

    client: "MlflowClient | None" = None
    experiment_id: str = field(default="")

    def attempt(self, call: Callable[["MlflowClient"], _Answer]) -> _Answer | None:
        """call's answer; None, after one warning, from the first failure on."""
        if self.client is None:
            return None
        try:
            return call(self.client)
        except Exception as error:  # MLflow, its database and its transport raise unrelated kinds
            self.client = None
            _log.warning("MLflow failed, so the rest goes untracked: %s", _one_line(error))
            return None


def _open_door(paths: Paths, product: str, name: str, checkout: Mapping[str, str]) -> _Door:
    try:
        client, uri = connect(paths)
        door = _Door(client, experiment(client, paths, product, uri))
    except Exception as error:  # as in _Door.attempt
        _log.warning("this run goes untracked: %s", _one_line(error))
        return _Door()
    door.attempt(lambda client: _end_abandoned(client, door.experiment_id, name, checkout[_CHECKOUT_TAG]))
    return door


@contextmanager
def _open_run(door: _Door, name: str, params: Mapping[str, object], tags: Mapping[str, str]) -> Iterator[Run]:
    made = door.attempt(lambda client: client.create_run(door.experiment_id, run_name=name, tags=dict(tags)))
    run = Run(door, made.info.run_id if made is not None else None, _inherited(tags))
    if params and run.id:
        run.log_params(params)
    try:
        yield run
    except Exception:
        run._end("FAILED")
        raise
    except BaseException:
        run._end("KILLED")
        raise
    run._end("FINISHED")


def _inherited(tags: Mapping[str, str]) -> dict[str, str]:
    return {key: value for key, value in tags.items() if key in (_CHECKOUT_TAG, GIT_COMMIT_TAG)}


def _end_abandoned(client: "MlflowClient", experiment_id: str, name: str, checkout: str) -> None:
    """Two of one stage never run at once in one checkout, so an open run of its name has lost its process."""
    ours = f"attributes.status = 'RUNNING' and tags.`{_CHECKOUT_TAG}` = '{checkout}'"
    for run in client.search_runs([experiment_id], f"{ours} and attributes.run_name = '{name}'"):
        nested = f"{ours} and tags.`{_PARENT_TAG}` = '{run.info.run_id}'"
        for left in (*client.search_runs([experiment_id], nested), run):
            client.set_terminated(left.info.run_id, "KILLED")


def _make_experiment(client: "MlflowClient", product: str, location: str | None) -> str:
    from mlflow.exceptions import MlflowException

    try:
        return str(client.create_experiment(product, artifact_location=location))
    except MlflowException as error:
        if error.error_code != "RESOURCE_ALREADY_EXISTS":
            raise
    return str(client.get_experiment_by_name(product).experiment_id)


def _is_embedded(paths: Paths, uri: str) -> bool:
    return uri == f"sqlite:///{paths.mlflow_database.resolve()}"


def _is_local(paths: Paths, uri: str) -> bool:
    if uri.startswith("sqlite:"):
        return True
    servers = running_servers(paths)
    return servers is not None and servers.mlflow == uri.rstrip("/")


@contextmanager
def _first_alone(paths: Paths) -> Iterator[None]:
    """Two processes that make MLflow's tables at once break each other's."""
    lock = paths.mlflow_database.with_suffix(".lock")
    lock.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(lock):
        yield


def _log_metrics(client: "MlflowClient", run_id: str, metrics: Sequence[_Metric]) -> None:
    from mlflow.entities import Metric

    for start in range(0, len(metrics), _METRICS_A_BATCH):
        batch = metrics[start : start + _METRICS_A_BATCH]
        client.log_batch(run_id, metrics=[Metric(*metric) for metric in batch])


def _log_params(client: "MlflowClient", run_id: str, params: Mapping[str, object]) -> None:
    from mlflow.entities import Param

    entries = [Param(key, str(value)) for key, value in params.items()]
    for start in range(0, len(entries), _PARAMS_A_BATCH):
        client.log_batch(run_id, params=entries[start : start + _PARAMS_A_BATCH])


def _log_tags(client: "MlflowClient", run_id: str, tags: Mapping[str, str]) -> None:
    from mlflow.entities import RunTag

    client.log_batch(run_id, tags=[RunTag(key, str(value)) for key, value in tags.items()])


def _log_dataset(client: "MlflowClient", run_id: str, name: str, digest: str, path: Path) -> None:
    from mlflow.entities import Dataset, DatasetInput, InputTag

    source = json.dumps({"uri": path.resolve().as_uri()})
    dataset = Dataset(name, digest[:_DIGEST_LENGTH], source_type="local", source=source)
    client.log_inputs(run_id, [DatasetInput(dataset, [InputTag("mlflow.data.context", "training")])])


def _git(root: Path, *arguments: str) -> str | None:
    try:
        done = subprocess.run(["git", *arguments], cwd=root, capture_output=True, text=True, timeout=20, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()


def _file_sha256(path: Path) -> str | None:
    return sha256(path.read_bytes()).hexdigest() if path.is_file() else None


def _one_line(error: BaseException) -> str:
    return " ".join(str(error).split())[:300]
