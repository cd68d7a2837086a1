"""Keras to .tflite in a child process, with no TensorFlow in this one."""

import shutil
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from numpy.typing import NDArray

from flashfit.child import run_child
from flashfit.errors import ConfigError

_TIMEOUT_S = 900.0
_MEMORY_BYTES = 32 * 2**30
"""Of address space, of which TensorFlow alone reserves several GiB without using them."""


@dataclass(frozen=True)
class Converted:
    """The same network twice."""

    int8: bytes
    float32: bytes


def convert(keras_file: Path, calibration: NDArray[np.float32]) -> Converted:
    """Convert a .keras file.

    Raises ConfigError for a network that TFLM has no form for, SurroundingsError naming the signal when
    the converter crashes.
    """
    with TemporaryDirectory() as scratch:
        folder = Path(scratch)
        shutil.copyfile(keras_file, folder / "model.keras")
        np.save(folder / "calibration.npy", calibration)
        run_child(
            "flashfit.quantize.convert_child",
            [scratch],
            f"converting {keras_file.name} to .tflite",
            _TIMEOUT_S,
            _MEMORY_BYTES,
        )
        if (refusal := folder / "refusal.txt").exists():
            raise ConfigError(f"{keras_file.name} cannot be converted: {refusal.read_text(encoding='utf-8')}")
        return Converted(
            (folder / "int8.tflite").read_bytes(),
            (folder / "float.tflite").read_bytes(),
        )
