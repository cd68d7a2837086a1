"""Where samples come from: each kind of source in params.yaml, read into Samples."""

import hashlib
from pathlib import Path

import numpy as np

from flashfit.data.samples import Samples, load_samples
from flashfit.errors import DataError
from flashfit.params import NpzSource, SklearnSource

MEND_SOURCE = "restore the file, or set source.path and source.sha256 in params.yaml to a file you trust"


def read_source(source: SklearnSource | NpzSource, root: Path) -> Samples:
    """Every sample of a source; relative paths start at root, the checkout.

    Raises DataError when a file is missing, is not the one that params.yaml names, or is damaged.
    """
    if isinstance(source, SklearnSource):
        return _sklearn_digits()
    return _npz(source, root)


def _sklearn_digits() -> Samples:
    """1,797 handwritten digits: x (1797, 8, 8) float32 of whole numbers 0..16."""
    from sklearn.datasets import load_digits

    digits = load_digits()
    return Samples(
        x=digits.images.astype(np.float32),
        labels=digits.target.astype(str),
        ids=np.array([f"digits-{number:04d}" for number in range(len(digits.target))]),
    )


def _npz(source: NpzSource, root: Path) -> Samples:
    file = root / source.path
    if not file.is_file():
        raise DataError(f"{source.path} does not exist", next_step=MEND_SOURCE)
    found = _sha256_of_file(file)
    if found != source.sha256:
        raise DataError(
            f"{source.path} has sha256 {found[:12]}…, params.yaml says {source.sha256[:12]}…",
            next_step=MEND_SOURCE,
        )
    try:
        return load_samples(file)
    except DataError as error:
        raise DataError(f"{error.message} (sha256 {found[:12]}…, as params.yaml says)", next_step=MEND_SOURCE) from None


def _sha256_of_file(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
