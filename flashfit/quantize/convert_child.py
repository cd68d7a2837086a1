"""The child's side of flashfit.quantize.converter: `python -m flashfit.quantize.convert_child FOLDER`.

Reads model.keras and calibration.npy in FOLDER; writes int8.tflite and float.tflite, or refusal.txt with
the reason why the model cannot be converted.
"""

import sys
from pathlib import Path

import keras
import numpy as np

from flashfit.errors import ConfigError
from flashfit.quantize.convert import to_float, to_int8


def main(folder: Path) -> None:
    """Convert once to each type, or refuse."""
    model = keras.models.load_model(folder / "model.keras", compile=False)
    calibration = np.load(folder / "calibration.npy", allow_pickle=False)
    try:
        (folder / "int8.tflite").write_bytes(to_int8(model, calibration))
        (folder / "float.tflite").write_bytes(to_float(model))
    except ConfigError as refusal:
        (folder / "refusal.txt").write_text(refusal.message, encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
