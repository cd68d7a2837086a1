"""The child's side of flashfit.runtime.noise: `python -m flashfit.runtime.noise_child FOLDER`.

Reads quantized.tflite, float.tflite and inputs.npy in FOLDER; writes noise.json.
"""

import json
import sys
from collections.abc import Iterator
from difflib import SequenceMatcher
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from flashfit.runtime.desk import desk_values
from flashfit.runtime.operators import Layer, layers


def main(folder: Path) -> None:
    """Run both networks on every input, and compare layer by layer."""
    inputs = np.load(folder / "inputs.npy", allow_pickle=False)
    files = [(folder / f"{name}.tflite").read_bytes() for name in ("quantized", "float")]
    sides = [layers(tflite) for tflite in files]
    pairs = list(_pairs(*sides))
    values = [desk_values(tflite, [pair[side].output for pair in pairs], inputs) for side, tflite in enumerate(files)]
    noise = [
        (f"{number} {pair[1].name}", _sqnr_db(signal, given))
        for number, (pair, given, signal) in enumerate(zip(pairs, *values, strict=True), start=1)
    ]
    (folder / "noise.json").write_text(json.dumps(noise), encoding="utf-8")


def _pairs(quantized_layers: tuple[Layer, ...], float_layers: tuple[Layer, ...]) -> Iterator[tuple[Layer, Layer]]:
    sides = [[(one.name, one.shape) for one in side] for side in (quantized_layers, float_layers)]
    matcher = SequenceMatcher(None, sides[0], sides[1], autojunk=False)
    for match in matcher.get_matching_blocks():
        for offset in range(match.size):
            yield quantized_layers[match.a + offset], float_layers[match.b + offset]


def _sqnr_db(signal: NDArray[np.float32], given: NDArray[np.float32]) -> float | None:
    noise = float(np.sum(np.square(given.astype(np.float64) - signal)))
    power = float(np.sum(np.square(signal, dtype=np.float64)))
    return round(10 * float(np.log10(power / noise)), 2) if noise > 0 and power > 0 else None


if __name__ == "__main__":
    main(Path(sys.argv[1]))
