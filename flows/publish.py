"""The effects of a build on the world: the registry's version and DVC's remote, as Prefect tasks with retries."""

import sqlite3
import time
from collections.abc import Sequence
from contextlib import closing, suppress
from pathlib import Path

from prefect import task
from prefect.client.schemas.objects import State, TaskRun
from prefect.states import Completed

from flashfit.errors import FlashfitError, SurroundingsError
from flashfit.registry.client import SHA256_TAG, Reference, Registry
from flows.stage import UP_TO_DATE, failure_of, run_child
from flows.watch import current_watch
from tasks.paths import Paths
from tasks.publish import Published
from tasks.stage import read_params
from tasks.surroundings import mlflow_tracking_uri
from tasks.verdict import standing


def _may_pass(_task: object, _run: TaskRun, state: State[object]) -> bool:
    """Only surroundings mend themselves."""
    try:
        state.result()
    except SurroundingsError:
        return True
    except Exception:
        return False
    return False


@task(  # type: ignore[untyped-decorator]
    task_run_name="publish@{product}-{target}",
    persist_result=False,
    retries=2,
    retry_delay_seconds=[1, 3],
    retry_condition_fn=_may_pass,
)
def publish(product: str, target: str, root: Path) -> State[None] | None:
    """Register a build's bundle, unless the registry has it as the candidate.

    Tried three times: a registry that is away may come back. Raises SurroundingsError after the third.
    """
    step, watch = f"publish@{product}-{target}", current_watch()
    paths = Paths(root)
    noted = standing(paths, read_params(paths).build(product, target)).published
    if noted is not None and is_candidate(noted, mlflow_tracking_uri(paths)):
        watch.ended(step, UP_TO_DATE, None)
        return Completed(name="UpToDate", message=f"{noted.name} version {noted.version}")
    watch.started(step)
    start_s = time.monotonic()
    _run(step, ["-m", "tasks.publish", product, target], root, f"flashfit build {product} --target {target}")
    watch.ended(step, "ran", time.monotonic() - start_s)
    return None


@task(  # type: ignore[untyped-decorator]
    task_run_name="push",
    persist_result=False,
    retries=2,
    retry_delay_seconds=[1, 3],
    retry_condition_fn=_may_pass,
)
def push(root: Path) -> None:
    """Copy all outputs to DVC's default remote, so that a version's lineage can be fetched elsewhere."""
    watch = current_watch()
    watch.started("push")
    start_s = time.monotonic()
    _run("push", ["-m", "dvc", "--wait-for-lock", "push"], root, "dvc push")
    watch.ended("push", "ran", time.monotonic() - start_s)


def is_candidate(noted: Published, uri: str) -> bool:
    """Whether the registry at uri says now what was noted: one request, or one look into its SQLite file.

    False where it cannot tell: then the publish command looks closely, and it never makes a second version.
    """
    if noted.registry != uri:
        return False
    if uri.startswith("sqlite:///"):
        return _candidate_in_file(noted, Path(uri.removeprefix("sqlite:///")))
    try:
        with Registry(uri, pauses_s=()) as registry:
            found = registry.resolve(Reference(noted.name, alias=noted.alias))
    except FlashfitError:
        return False
    return (found.number, found.sha256) == (noted.version, noted.bundle_sha256)


def _candidate_in_file(noted: Published, database: Path) -> bool:
    """Spares MLflow's import of some seconds. Its tables have had these columns since 2.3."""
    question = """
        SELECT 1 FROM registered_model_aliases AS a JOIN model_version_tags AS t USING (name, version)
        WHERE a.name = ? AND a.alias = ? AND a.version = ? AND t.key = ? AND t.value = ?
    """
    answer = None
    with suppress(sqlite3.Error), closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as file:
        values = (noted.name, noted.alias, noted.version, SHA256_TAG, noted.bundle_sha256)
        answer = file.execute(question, values).fetchone()
    return answer is not None


def _run(step: str, arguments: Sequence[str], root: Path, again: str) -> None:
    ended = run_child(arguments, root)
    if ended.code != 0:
        raise failure_of(step, ended, again)
