"""What is known of a build, gathered from the files that its stages and publish left."""

from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from flashfit.errors import SurroundingsError
from flashfit.gates.against import AgainstProduction
from flashfit.gates.verdict import Verdict, Word, judge
from flashfit.manifest import bundle_sha256
from flashfit.params import Build
from flashfit.search.outcome import SearchOutcome
from tasks.paths import BuildPaths, Paths
from tasks.publish import Published

_Model = TypeVar("_Model", bound=BaseModel)


@dataclass(frozen=True)
class Standing:
    """How far a build has come. published: where these very bytes are registered, as last noted.

    verdict: of evaluate and, once these bytes were held against the version in production, of that too.
    """

    build: Build
    verdict: Verdict | None
    bundle_sha256: str | None
    published: Published | None


class Summary(BaseModel):
    """What `flashfit verdict --json` prints. A value that is not known is null."""

    model_config = ConfigDict(frozen=True, validate_by_name=True, serialize_by_alias=True)

    product: str
    target: str
    verdict: Word | None
    flash_bytes: int | None
    arena_bytes: int | None
    metric: str | None
    int8: float | None
    float_: float | None = Field(alias="float")
    bundle_sha256: str | None
    version: int | None


def standing(paths: Paths, build: Build) -> Standing:
    """Read what a build's files say now. Raises SurroundingsError for a damaged one."""
    files = paths.of_build(build.product, build.target)
    verdict = read_verdict(files, build)
    bundled = verdict is not None and verdict.verdict == "FITS" and files.manifest.is_file()
    digest = bundle_sha256(files.manifest.read_bytes()) if bundled else None
    against = _read(files.against_production, AgainstProduction, build) if digest else None
    if verdict is not None and against is not None and against.gate is not None and against.bundle_sha256 == digest:
        verdict = verdict.also(against.gate)
    return Standing(build, verdict, digest, _published(files, digest))


def read_verdict(files: BuildPaths, build: Build) -> Verdict | None:
    """The verdict on what the search found or, where it found nothing that fits, on the nearest miss."""
    return missed_in_search(files, build) or _read(files.verdict, Verdict, build)


def missed_in_search(files: BuildPaths, build: Build) -> Verdict | None:
    """The verdict on the nearest miss of a search in which nothing fits; None if there is a winner, or no search."""
    outcome = _read(files.search_outcome, SearchOutcome, build)
    if outcome is None or outcome.winner is not None or outcome.nearest is None:
        return None
    return judge(build.product, build.target, outcome.nearest.footprint, outcome.budget)


def summary(standing: Standing) -> Summary:
    """The same as one flat object."""
    verdict, published = standing.verdict, standing.published
    quality = verdict.quality if verdict else None
    return Summary(
        product=standing.build.product,
        target=standing.build.target,
        verdict=verdict.verdict if verdict else None,
        flash_bytes=verdict.footprint.flash_bytes if verdict else None,
        arena_bytes=verdict.footprint.arena_bytes if verdict else None,
        metric=quality.metric if quality else None,
        int8=quality.int8 if quality else None,
        float_=quality.float_ if quality else None,
        bundle_sha256=standing.bundle_sha256,
        version=published.version if published else None,
    )


def _published(files: BuildPaths, digest: str | None) -> Published | None:
    try:
        noted = Published.model_validate_json(files.published.read_bytes())
    except (OSError, ValidationError):
        return None
    return noted if noted.bundle_sha256 == digest else None


def _read(file: Path, kind: type[_Model], build: Build) -> _Model | None:
    try:
        return kind.model_validate_json(file.read_bytes())
    except FileNotFoundError:
        return None
    except ValidationError as error:
        raise SurroundingsError(
            f"{file} is damaged: {' '.join(str(error).split())[:200]}",
            next_step=f"delete it, then flashfit build {build.product} --target {build.target}",
        ) from None
