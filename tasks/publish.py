"""publish: a bundle that fits becomes a registered version, once.

    python -m tasks.publish PRODUCT TARGET

Hold it against the version in production, upload, read back, compare, create the version with all its tags, point
the alias at it. A kill between any two of these leaves no version or a complete one, and the next run goes on. See
docs/decisions/0003 and 0011.
"""

import json
import logging
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol

from pydantic import BaseModel, ConfigDict, ValidationError

from flashfit.errors import ConfigError, DoesNotFit, FlashfitError, SurroundingsError
from flashfit.gates.against import AgainstProduction
from flashfit.gates.loosening import Asked, asked_of, changes
from flashfit.gates.verdict import FITS, Verdict, miss_line
from flashfit.manifest import BundleError, Manifest, bundle_sha256, read_manifest_bytes, verify_folder
from flashfit.params import Build
from flashfit.registry.client import SHA256_TAG, Reference, Registry
from flashfit.registry.pull import download
from flashfit.tflite.divergence import Divergence
from tasks.paths import BuildPaths, Paths, ProductPaths
from tasks.stage import read_params, run_stage, save_json
from tasks.surroundings import mlflow_tracking_uri
from tasks.tracking import (
    DATA_MD5_TAG,
    DVC_LOCK_TAG,
    GIT_COMMIT_TAG,
    GIT_DIRTY_TAG,
    KERAS_SHA256_TAG,
    connect,
    experiment,
    lineage_tags,
    mend_mlflow,
    mlflow_faults,
    require_answer,
)

if TYPE_CHECKING:
    from mlflow import MlflowClient

ALIAS: Literal["candidate"] = "candidate"
PRODUCTION: Literal["production"] = "production"
GATES_TAG = "gates"
"""On a version: every gate and budget that it was held against, as JSON."""

GATES_CHANGED_TAG = "gates_changed"
AGAINST_PRODUCTION_TAG = "against_production"

_ARTIFACT_FOLDER = "bundle"

_log = logging.getLogger(__name__)


class Published(BaseModel):
    """published.json: where a bundle stands. created: whether this run made the version.

    notes: gates that are not those of the version before, and how it compares with production.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    version: int
    alias: str
    bundle_sha256: str
    registry: str
    run_id: str
    created: bool
    notes: tuple[str, ...] = ()

    def __str__(self) -> str:
        version = f"{self.name} version {self.version} @{self.alias}"
        words = f"registered {version}" if self.created else f"{version} has these bytes already"
        return "\n".join([f"{words}   bundle sha256:{self.bundle_sha256}", *self.notes])


@dataclass(frozen=True)
class Offer:
    """What is published: a checked folder, its verdict and digest, and where it comes from, for the tags.

    divergence: None for a bundle without one.
    """

    folder: Path
    verdict: Verdict
    manifest: Manifest
    sha256: str
    keras_sha256: str | None
    lineage: Mapping[str, str]
    divergence: Divergence | None


class _StoredVersion(Protocol):
    """What is used of MLflow's ModelVersion; version is an int from SQLite and a str from a server."""

    name: str
    version: int | str
    source: str
    run_id: str
    tags: Mapping[str, str]


def main(product: str, target: str) -> str:
    """The command: publish, note where, and say so."""
    paths = Paths.here()
    build = read_params(paths).build(product, target)
    published = publish(paths, build)
    save_json(paths.of_build(product, target).published, published)
    return str(published)


def publish(paths: Paths, build: Build) -> Published:
    """Register the build's bundle as the candidate, or find that it is registered.

    Raises DoesNotFit without a verdict that fits, or where the bundle is worse than the version in production or
    may be; BundleError for a damaged bundle; SurroundingsError (within 15 s) when MLflow is away or fails.
    """
    offer = gather(paths, build)
    uri = mlflow_tracking_uri(paths)
    with _mlflow_errors(uri, build):
        require_answer(uri)
        published = _candidate_over_http(uri, offer) or _publish(paths, build, offer)
    _accept_data(paths.of_product(build.product))
    return published


def _accept_data(files: ProductPaths) -> None:
    """Keep the table of the samples behind this version: the next one's drift is measured against it."""
    if files.table.is_file():
        part = files.accepted_table.with_suffix(".part")
        shutil.copyfile(files.table, part)
        part.replace(files.accepted_table)


def gather(paths: Paths, build: Build) -> Offer:
    """The build's bundle, checked byte for byte, if its verdict is that it fits."""
    files = paths.of_build(build.product, build.target)
    verdict = _verdict(files, build)
    if verdict.verdict != FITS:
        raise DoesNotFit(
            f"{build.registered_name} is not published: its verdict is {verdict.verdict}",
            next_step=f"flashfit verdict {build.product} --target {build.target}",
        )
    manifest = verify_folder(files.bundle)
    if manifest.name != build.registered_name:
        raise BundleError(f"bundle refused: {files.manifest} is {manifest.name}'s")
    return Offer(
        folder=files.bundle,
        verdict=verdict,
        manifest=manifest,
        sha256=bundle_sha256(read_manifest_bytes(files.bundle)),
        keras_sha256=sha256(files.keras.read_bytes()).hexdigest() if files.keras.is_file() else None,
        lineage=lineage_tags(paths, build.product),
        divergence=_divergence(files),
    )


def _divergence(files: BuildPaths) -> Divergence | None:
    bundled = files.bundle / files.divergence.name
    return Divergence.model_validate_json(bundled.read_bytes()) if bundled.is_file() else None


def _verdict(files: BuildPaths, build: Build) -> Verdict:
    build_it = f"flashfit build {build.product} --target {build.target}"
    try:
        return Verdict.model_validate_json(files.verdict.read_bytes())
    except FileNotFoundError:
        raise ConfigError(f"{files.verdict} does not exist", next_step=build_it) from None
    except ValidationError as error:
        words = " ".join(str(error).split())
        raise SurroundingsError(f"{files.verdict} is damaged: {words}", next_step=build_it) from None


def _candidate_over_http(uri: str, offer: Offer) -> Published | None:
    """The candidate, if a server has it and it holds this bundle whole; spares MLflow's slow import."""
    if not uri.startswith(("http://", "https://")):
        return None
    try:
        with Registry(uri) as registry, tempfile.TemporaryDirectory() as folder:
            version = registry.resolve(Reference(offer.manifest.name, alias=ALIAS))
            if version.sha256 != offer.sha256:
                return None
            download(registry, version, Path(folder))
    except FlashfitError:
        return None
    return _published(offer, uri, version.number, version.run_id, False, version.tags)


def _publish(paths: Paths, build: Build, offer: Offer) -> Published:
    client, uri = connect(paths)
    against = _against_production(client, uri, paths, build, offer)
    version = _intact_version(client, uri, offer)
    created = version is None
    if version is None:
        version = _register(client, uri, experiment(client, paths, offer.manifest.product, uri), offer, against)
    client.set_registered_model_alias(offer.manifest.name, ALIAS, str(version.version))
    return _published(offer, uri, int(version.version), version.run_id, created, version.tags)


def _against_production(
    client: "MlflowClient", uri: str, paths: Paths, build: Build, offer: Offer
) -> AgainstProduction | None:
    """How the offer compares with the version in production, noted; None where there is none, or it is the offer.

    Raises DoesNotFit unless it is seen to be no worse, BundleError where production's files are not its bundle.
    """
    files, version = paths.of_build(build.product, build.target), _in_production(client, offer.manifest.name)
    files.against_production.unlink(missing_ok=True)
    if version is None or version.tags.get(SHA256_TAG) == offer.sha256:
        return None
    from tasks.production import compare  # brings SciPy, which no other publish should wait for

    with _stored(uri, version.source, version.tags.get(SHA256_TAG)) as folder:
        if folder is None:
            raise BundleError(f"bundle refused: production, version {version.version}, does not hold its bundle")
        look = _look(client, offer, int(version.version))
        against = compare(offer.folder, folder, int(version.version), look, paths.of_product(build.product))
    save_json(files.against_production, against)
    if against.gate is not None and not against.gate.passed:
        raise DoesNotFit(miss_line(offer.verdict.also(against.gate)))
    return against


def _in_production(client: "MlflowClient", name: str) -> _StoredVersion | None:
    number = _registered(client, name).get(PRODUCTION)
    found: _StoredVersion | None = client.get_model_version(name, str(number)) if number else None
    return found


def _registered(client: "MlflowClient", name: str) -> Mapping[str, str]:
    """The registered model's aliases, with their versions; none where there is no such model yet."""
    from mlflow.exceptions import MlflowException

    try:
        return dict(client.get_registered_model(name).aliases)
    except MlflowException as error:
        if error.error_code != "RESOURCE_DOES_NOT_EXIST":
            raise
        return {}


def _look(client: "MlflowClient", offer: Offer, production: int) -> int:
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


def _published(offer: Offer, uri: str, version: int, run_id: str, created: bool, tags: Mapping[str, str]) -> Published:
    return Published(
        name=offer.manifest.name,
        version=version,
        alias=ALIAS,
        bundle_sha256=offer.sha256,
        registry=uri,
        run_id=run_id,
        created=created,
        notes=tuple(tags[key] for key in (GATES_CHANGED_TAG, AGAINST_PRODUCTION_TAG) if key in tags),
    )


def _intact_version(client: "MlflowClient", uri: str, offer: Offer) -> _StoredVersion | None:
    """The oldest version tagged with this digest whose stored files still are the bundle, or None."""
    name, digest = offer.manifest.name, offer.sha256
    versions = client.search_model_versions(f"name = '{name}' and tags.{SHA256_TAG} = '{digest}'")
    for version in sorted(versions, key=lambda version: int(version.version)):
        if _holds(uri, version.source, digest):
            found: _StoredVersion = version
            return found
        _log.warning("%s version %s does not hold the bundle it is tagged with", name, version.version)
    return None


def _holds(uri: str, source: str, digest: str) -> bool:
    """Whether the files stored at source, read back, are the bundle with this digest."""
    with _stored(uri, source, digest) as copy:
        return copy is not None


@contextmanager
def _stored(uri: str, source: str, digest: str | None) -> Iterator[Path | None]:
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


def _register(
    client: "MlflowClient", uri: str, experiment_id: str, offer: Offer, against: AgainstProduction | None
) -> _StoredVersion:
    """Upload, read back, then create the version; of two publishers at once the first one's stays."""
    trained_by = _training_run(client, experiment_id, offer.keras_sha256)
    run_id, source = _upload(client, experiment_id, trained_by, offer)
    if not _holds(uri, source, offer.sha256):
        raise BundleError(f"bundle refused: what {source} gives back is not what was uploaded")
    _ensure_registered_model(client, offer.manifest.name)
    tags = {**_version_tags(offer, trained_by), **_gates_tags(client, offer)}
    created: _StoredVersion = client.create_model_version(
        offer.manifest.name,
        source=source,
        run_id=run_id,
        tags=tags | ({AGAINST_PRODUCTION_TAG: str(against)} if against else {}),
        await_creation_for=None,
    )
    first = _intact_version(client, uri, offer)
    if first is None or int(first.version) >= int(created.version):
        return created
    client.delete_model_version(offer.manifest.name, str(created.version))
    return first


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


def _version_tags(offer: Offer, trained_by: str | None) -> dict[str, str]:
    footprint, quality = offer.manifest.footprint, offer.manifest.quality
    tags = {
        SHA256_TAG: offer.sha256,
        "flash_bytes": str(footprint.flash_bytes),
        "arena_bytes": str(footprint.arena_bytes),
        "macs": str(footprint.macs),
        "metric": quality.metric,
        "int8": repr(quality.int8),
        "float": repr(quality.float_),
        **_divergence_tags(offer.divergence),
        "git_commit": offer.lineage.get(GIT_COMMIT_TAG),
        "git_dirty": offer.lineage.get(GIT_DIRTY_TAG),
        "data_md5": offer.lineage.get(DATA_MD5_TAG),
        "dvc_lock_sha256": offer.lineage.get(DVC_LOCK_TAG),
        "training_run_id": trained_by,
    }
    return {key: value for key, value in tags.items() if value}


def _divergence_tags(divergence: Divergence | None) -> dict[str, str]:
    """Of TFLM and LiteRT as it comes, where people try a model on a desk."""
    if divergence is None:
        return {}
    first = divergence.pairs[0]
    found = {"litert_flips": first.flips, "litert_max_lsb": first.max_lsb}
    return {key: str(value) for key, value in found.items() if value is not None}


def _gates_tags(client: "MlflowClient", offer: Offer) -> dict[str, str]:
    """What was asked of this version, and what of it is not as for the version in production, else the latest."""
    if offer.verdict.asked is None:
        return {}
    asked = asked_of(offer.verdict.asked, offer.verdict.budget)
    tags = {GATES_TAG: json.dumps(asked, sort_keys=True)}
    name = offer.manifest.name
    versions: list[_StoredVersion] = client.search_model_versions(f"name = '{name}'")
    told = [version for version in versions if GATES_TAG in version.tags]
    before = _in_production(client, name) or max(told, key=lambda version: int(version.version), default=None)
    if before is not None and GATES_TAG in before.tags:
        known: Asked = json.loads(before.tags[GATES_TAG])
        if words := "; ".join(map(str, changes(known, asked))):
            tags[GATES_CHANGED_TAG] = f"gates since version {before.version}: {words}"
    return tags


@contextmanager
def _mlflow_errors(uri: str, build: Build) -> Iterator[None]:
    """MLflow's failures as one line with the next command; anything else passes as it is."""
    again = f"{mend_mlflow()}, then flashfit build {build.product}"
    try:
        yield
    except BundleError:
        raise
    except SurroundingsError as error:
        raise SurroundingsError(error.message, next_step=again) from None
    except FlashfitError:
        raise
    except mlflow_faults() as error:
        words = " ".join(str(error).split())[:300]
        raise SurroundingsError(f"MLflow at {uri} failed: {words}", next_step=again) from error


if __name__ == "__main__":
    run_stage(main)
