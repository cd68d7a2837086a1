"""The child's side of flashfit.quantize.converter: `python -m flashfit.quantize.convert_child FOLDER`.

Reads model.keras and calibration.npy in FOLDER; writes int8.tflite and float.tflite.
"""

import sys
from pathlib import Path

import keras
import numpy as np

from flashfit.quantize.convert import to_float, to_int8


def main(folder: Path) -> None:
    """Convert once to each type."""
    model = keras.models.load_model(folder / "model.keras", compile=False)
    calibration = np.load(folder / "calibration.npy", allow_pickle=False)
    (folder / "int8.tflite").write_bytes(to_int8(model, calibration))
    (folder / "float.tflite").write_bytes(to_float(model))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
