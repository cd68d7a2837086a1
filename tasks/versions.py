"""The versions of a registered model: which are whole, which is in production, and how a new one is made."""

import json
import logging
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol

from flashfit.gates.against import AgainstProduction
from flashfit.gates.loosening import Asked, asked_of, changes
from flashfit.manifest import BundleError, bundle_sha256, read_manifest_bytes, verify_folder
from flashfit.registry.client import SHA256_TAG
from tasks.offer import Offer, version_tags
from tasks.tracking import KERAS_SHA256_TAG, mlflow_faults

if TYPE_CHECKING:
    from mlflow import MlflowClient

PRODUCTION: Literal["production"] = "production"
GATES_TAG = "gates"
"""On a version: every gate and budget that it was held against, as JSON."""

GATES_CHANGED_TAG = "gates_changed"
AGAINST_PRODUCTION_TAG = "against_production"

_ARTIFACT_FOLDER = "bundle"

_log = logging.getLogger(__name__)


class StoredVersion(Protocol):
    """What is used of MLflow's ModelVersion; version is an int from SQLite and a str from a server."""

    name: str
    version: int | str
    source: str
    run_id: str
    tags: Mapping[str, str]


def in_production(client: "MlflowClient", name: str) -> StoredVersion | None:
    """The version that a person pointed the alias `production` at, or None."""
    number = _registered(client, name).get(PRODUCTION)
    found: StoredVersion | None = client.get_model_version(name, str(number)) if number else None
    return found


def look_at(client: "MlflowClient", offer: Offer, production: int) -> int:
    """Which comparison on this test split this is, from 1; noted before its outcome is known.

    The same bundle against the same version is the same look, however often it is asked.
    """
    key = f"looks.{offer.manifest.lineage.get('test_sha256', 'unknown')[:12]}"
    looks: list[str] = client.get_registered_model(offer.manifest.name).tags.get(key, "").split()
    this = f"{production}:{offer.sha256[:12]}"
    if this not in looks:
        looks.append(this)
        client.set_registered_model_tag(offer.manifest.name, key, " ".join(looks))
    return looks.index(this) + 1


def intact_version(client: "MlflowClient", uri: str, offer: Offer) -> StoredVersion | None:
    """The oldest version tagged with this digest whose stored files still are the bundle, or None."""
    name, digest = offer.manifest.name, offer.sha256
    versions = client.search_model_versions(f"name = '{name}' and tags.{SHA256_TAG} = '{digest}'")
    for version in sorted(versions, key=lambda version: int(version.version)):
        if _holds(uri, version.source, digest):
            found: StoredVersion = version
            return found
        _log.warning("%s version %s does not hold the bundle it is tagged with", name, version.version)
    return None


@contextmanager
def stored(uri: str, source: str, digest: str | None) -> Iterator[Path | None]:
    """A copy of the files stored at source, for the block; None where they are not the bundle with this digest."""
    from mlflow.artifacts import download_artifacts
    from mlflow.exceptions import MlflowException

    with tempfile.TemporaryDirectory() as folder:
        try:
            copy = Path(download_artifacts(artifact_uri=source, dst_path=folder, tracking_uri=uri))
            verify_folder(copy)
            intact = bundle_sha256(read_manifest_bytes(copy)) == digest
        except (BundleError, MlflowException, OSError):
            intact = False
        yield copy if intact else None


def register(
    client: "MlflowClient", uri: str, experiment_id: str, offer: Offer, against: AgainstProduction | None
) -> StoredVersion:
    """Upload, read back, then create the version; of two publishers at once the first one's stays."""
    trained_by = _training_run(client, experiment_id, offer.keras_sha256)
    run_id, source = _upload(client, experiment_id, trained_by, offer)
    if not _holds(uri, source, offer.sha256):
        raise BundleError(f"bundle refused: what {source} gives back is not what was uploaded")
    _ensure_registered_model(client, offer.manifest.name)
    tags = {**version_tags(offer, trained_by), **_gates_tags(client, offer)}
    created: StoredVersion = client.create_model_version(
        offer.manifest.name,
        source=source,
        run_id=run_id,
        tags=tags | ({AGAINST_PRODUCTION_TAG: str(against)} if against else {}),
        await_creation_for=None,
    )
    first = intact_version(client, uri, offer)
    if first is None or int(first.version) >= int(created.version):
        return created
    client.delete_model_version(offer.manifest.name, str(created.version))
    return first


def _registered(client: "MlflowClient", name: str) -> Mapping[str, str]:
    """The registered model's aliases, with their versions; none where there is no such model yet."""
    from mlflow.exceptions import MlflowException

    try:
        return dict(client.get_registered_model(name).aliases)
    except MlflowException as error:
        if error.error_code != "RESOURCE_DOES_NOT_EXIST":
            raise
        return {}


def _holds(uri: str, source: str, digest: str) -> bool:
    """Whether the files stored at source, read back, are the bundle with this digest."""
    with stored(uri, source, digest) as copy:
        return copy is not None


def _upload(client: "MlflowClient", experiment_id: str, trained_by: str | None, offer: Offer) -> tuple[str, str]:
    """Put the bundle into the artifacts of a new run; the run's id and the bundle's address."""
    tags = {**offer.lineage, "flashfit.bundle_sha256": offer.sha256}
    if trained_by:
        tags |= {"mlflow.parentRunId": trained_by, "flashfit.training_run_id": trained_by}
    run = client.create_run(experiment_id, run_name=f"publish {offer.manifest.name}", tags=tags)
    run_id: str = run.info.run_id
    try:
        client.log_artifacts(run_id, str(offer.folder), _ARTIFACT_FOLDER)
    except BaseException:
        with suppress(*mlflow_faults()):
            client.set_terminated(run_id, "FAILED")
        raise
    client.set_terminated(run_id, "FINISHED")
    return run_id, f"{run.info.artifact_uri}/{_ARTIFACT_FOLDER}"


def _training_run(client: "MlflowClient", experiment_id: str, keras_sha256: str | None) -> str | None:
    """The latest run that says it trained exactly this model."""
    if keras_sha256 is None:
        return None
    tagged = f"tags.`{KERAS_SHA256_TAG}` = '{keras_sha256}'"
    runs = client.search_runs([experiment_id], tagged, max_results=1)
    return str(runs[0].info.run_id) if runs else None


def _ensure_registered_model(client: "MlflowClient", name: str) -> None:
    from mlflow.exceptions import MlflowException

    try:
        client.create_registered_model(name)
    except MlflowException as error:
        if error.error_code != "RESOURCE_ALREADY_EXISTS":
            raise


def _gates_tags(client: "MlflowClient", offer: Offer) -> dict[str, str]:
    """What was asked of this version, and what of it is not as for the version in production, else the latest."""
    if offer.verdict.asked is None:
        return {}
    asked = asked_of(offer.verdict.asked, offer.verdict.budget)
    tags = {GATES_TAG: json.dumps(asked, sort_keys=True)}
    name = offer.manifest.name
    versions: list[StoredVersion] = client.search_model_versions(f"name = '{name}'")
    told = [version for version in versions if GATES_TAG in version.tags]
    before = in_production(client, name) or max(told, key=lambda version: int(version.version), default=None)
    if before is not None and GATES_TAG in before.tags:
        known: Asked = json.loads(before.tags[GATES_TAG])
        if words := "; ".join(map(str, changes(known, asked))):
            tags[GATES_CHANGED_TAG] = f"gates since version {before.version}: {words}"
    return tags
