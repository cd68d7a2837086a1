"""What is published of a build: its bundle, checked byte for byte, and what a version says of it in tags."""

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from pydantic import ValidationError

from flashfit.errors import ConfigError, DoesNotFit, SurroundingsError
from flashfit.gates.verdict import FITS, Verdict
from flashfit.manifest import BundleError, Manifest, bundle_sha256, read_manifest_bytes, verify_folder
from flashfit.params import Build
from flashfit.registry.client import SHA256_TAG
from flashfit.tflite.divergence import Divergence
from tasks.paths import BuildPaths, Paths
from tasks.tracking import DATA_MD5_TAG, DVC_LOCK_TAG, GIT_COMMIT_TAG, GIT_DIRTY_TAG, lineage_tags


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


def version_tags(offer: Offer, trained_by: str | None) -> dict[str, str]:
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


def _divergence_tags(divergence: Divergence | None) -> dict[str, str]:
    """Of TFLM and LiteRT as it comes, where people try a model on a desk."""
    if divergence is None:
        return {}
    first = divergence.pairs[0]
    found = {"litert_flips": first.flips, "litert_max_lsb": first.max_lsb}
    return {key: str(value) for key, value in found.items() if value is not None}
