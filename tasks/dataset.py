"""Public data sets: from the catalogue into data/datasets, tracked by DVC."""

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from flashfit.child import run_child
from flashfit.data.catalog import Dataset, load_catalog
from flashfit.data.download import Progress, bring
from flashfit.errors import FlashfitError, SurroundingsError
from tasks.paths import Paths
from tasks.shipped import shipped_sources
from tasks.stage import read_params

MIRROR = "FLASHFIT_MIRROR"
"""Environment variable: a folder or an http(s) base address where archives lie by their file's name."""

_DVC_TIMEOUT_S = 3600.0


@dataclass(frozen=True)
class Listed:
    """A data set of the catalogue, and the products that read it: those in params.yaml first, then shipped ones."""

    name: str
    dataset: Dataset
    fetched: bool
    products: tuple[str, ...]


@dataclass(frozen=True)
class Fetched:
    """A data set that is there now. size_bytes: of its files. changed: False where all was there before."""

    name: str
    dataset: Dataset
    folder: Path
    dvc_file: Path
    files: int
    size_bytes: int
    changed: bool
    products: tuple[str, ...]


def list_datasets(paths: Paths) -> list[Listed]:
    """Every data set of the catalogue, in its order."""
    return [
        Listed(name, dataset, paths.dataset(name).is_dir(), _readers(paths, name))
        for name, dataset in load_catalog(paths.catalog).datasets.items()
    ]


def fetch_dataset(paths: Paths, name: str, progress: Progress) -> Fetched:
    """Bring a data set from a mirror, then have DVC track it. Does nothing where both are done.

    Raises ConfigError for a name that the catalogue has not; otherwise as flashfit.data.download.bring, and
    SurroundingsError where DVC fails.
    """
    catalog = load_catalog(paths.catalog)
    dataset = catalog.dataset(name)
    folder, dvc_file = paths.dataset(name), paths.dataset_dvc(name)
    mirrors = [place for place in (os.environ.get(MIRROR), catalog.mirror) if place]
    changed = bring(dataset, paths.downloads, folder, mirrors, progress)
    if changed or not dvc_file.is_file():
        _track(paths, folder)
        changed = True
    sizes = [file.stat().st_size for file in folder.rglob("*") if file.is_file()]
    return Fetched(name, dataset, folder, dvc_file, len(sizes), sum(sizes), changed, _readers(paths, name))


def _track(paths: Paths, folder: Path) -> None:
    """`dvc add` it, in a child process; a build that holds DVC's lock is waited for."""
    place = str(folder.relative_to(paths.root))
    command = ["--cd", str(paths.root), "--wait-for-lock", "add", place]
    try:
        run_child("dvc", command, f"dvc add {place}", _DVC_TIMEOUT_S)
    except SurroundingsError as error:
        raise SurroundingsError(error.message, next_step=f"mend what dvc add {place} says") from None


def _readers(paths: Paths, name: str) -> tuple[str, ...]:
    """Products in params.yaml, then shipped ones, whose source lies in the data set.

    Those of a params.yaml that cannot be read are left out: whatever needs it says why.
    """
    sources = shipped_sources(paths.products)
    with suppress(FlashfitError):
        sources = {product: section.source.path for product, section in read_params(paths).products.items()} | sources
    folder = paths.dataset(name)
    return tuple(product for product, source in sources.items() if (paths.root / source).is_relative_to(folder))
