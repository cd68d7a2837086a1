"""Keras' own file format, written so that the same model gives the same bytes."""

import json
import zipfile
from pathlib import Path
from tempfile import TemporaryDirectory

import keras

_EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest time that a zip entry can carry


def save_keras(model: keras.Model, path: Path) -> None:
    """Write model as .keras without the times that Keras puts in: its compile state is left out too."""
    bare = type(model).from_config(model.get_config())  # a clone would be compiled as model is
    bare.set_weights(model.get_weights())
    path.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory() as scratch:
        stamped = Path(scratch) / "model.keras"
        bare.save(stamped)
        _without_times(stamped, path)


def _without_times(source: Path, destination: Path) -> None:
    with zipfile.ZipFile(source) as read, zipfile.ZipFile(destination, "w") as write:
        for name in sorted(read.namelist()):
            content = read.read(name)
            if name == "metadata.json":
                metadata = {key: value for key, value in json.loads(content).items() if key != "date_saved"}
                content = json.dumps(metadata, sort_keys=True).encode()
            write.writestr(zipfile.ZipInfo(name, _EPOCH), content, zipfile.ZIP_DEFLATED)
