"""What quantization adds to each layer of a network, from a child process."""

import json
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from numpy.typing import NDArray

from flashfit.child import run_child

_TIMEOUT_S = 300.0
_MEMORY_BYTES = 16 * 2**30


def layer_noise(tflite: bytes, float_tflite: bytes, inputs: NDArray[np.float32]) -> list[tuple[str, float | None]]:
    """Each layer's name, and its output's signal-to-quantization-noise ratio in dB; None where both are equal.

    inputs: (n, …) float32, a few. The float network's layers are found again in the quantized one by what they
    do and the shape they leave; those that are not there are left out. Computed by LiteRT's reference kernels,
    which keep every layer's output. Raises SurroundingsError when they refuse a model or crash on it.
    """
    with TemporaryDirectory() as scratch:
        folder = Path(scratch)
        (folder / "quantized.tflite").write_bytes(tflite)
        (folder / "float.tflite").write_bytes(float_tflite)
        np.save(folder / "inputs.npy", inputs)
        run_child("flashfit.runtime.noise_child", [scratch], "LiteRT", _TIMEOUT_S, _MEMORY_BYTES)
        return [(name, db) for name, db in json.loads((folder / "noise.json").read_text(encoding="utf-8"))]
