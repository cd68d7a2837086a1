"""publish: a bundle that fits becomes a registered version, once.

    python -m tasks.publish PRODUCT TARGET

Hold it against the version in production, upload, read back, compare, create the version with all its tags, point
the alias at it. A kill between any two of these leaves no version or a complete one, and the next run goes on. See
docs/decisions/0003 and 0011.
"""

import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from pydantic import BaseModel, ConfigDict

from flashfit.errors import DoesNotFit, FlashfitError, SurroundingsError
from flashfit.gates.against import AgainstProduction
from flashfit.gates.verdict import miss_line
from flashfit.manifest import BundleError
from flashfit.params import Build
from flashfit.registry.client import SHA256_TAG, Reference, Registry
from flashfit.registry.pull import download
from tasks.offer import Offer, gather
from tasks.paths import Paths, ProductPaths
from tasks.stage import read_params, run_stage, save_json
from tasks.surroundings import mlflow_tracking_uri
from tasks.tracking import (
    connect,
    experiment,
    mend_mlflow,
    mlflow_faults,
    require_answer,
)
from tasks.versions import (
    AGAINST_PRODUCTION_TAG,
    GATES_CHANGED_TAG,
    in_production,
    intact_version,
    look_at,
    register,
    stored,
)

if TYPE_CHECKING:
    from mlflow import MlflowClient

ALIAS: Literal["candidate"] = "candidate"


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
    version = intact_version(client, uri, offer)
    created = version is None
    if version is None:
        version = register(client, uri, experiment(client, paths, offer.manifest.product, uri), offer, against)
    client.set_registered_model_alias(offer.manifest.name, ALIAS, str(version.version))
    return _published(offer, uri, int(version.version), version.run_id, created, version.tags)


def _against_production(
    client: "MlflowClient", uri: str, paths: Paths, build: Build, offer: Offer
) -> AgainstProduction | None:
    """How the offer compares with the version in production, noted; None where there is none, or it is the offer.

    Raises DoesNotFit unless it is seen to be no worse, BundleError where production's files are not its bundle.
    """
    files, version = paths.of_build(build.product, build.target), in_production(client, offer.manifest.name)
    files.against_production.unlink(missing_ok=True)
    if version is None or version.tags.get(SHA256_TAG) == offer.sha256:
        return None
    from tasks.production import compare  # brings SciPy, which no other publish should wait for

    with stored(uri, version.source, version.tags.get(SHA256_TAG)) as folder:
        if folder is None:
            raise BundleError(f"bundle refused: production, version {version.version}, does not hold its bundle")
        look = look_at(client, offer, int(version.version))
        against = compare(offer.folder, folder, int(version.version), look, paths.of_product(build.product))
    save_json(files.against_production, against)
    if against.gate is not None and not against.gate.passed:
        raise DoesNotFit(miss_line(offer.verdict.also(against.gate)))
    return against


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
