"""The child's side of flashfit.ladder.workers: `python -m flashfit.ladder.rung_child FOLDER RUNG…`.

Reads job.json in FOLDER. For each RUNG it writes a folder of that name with answer.json and, for each candidate,
NUMBER.tflite and NUMBER.float.tflite. For `float32` that is the trained network itself, with what it answers to
validation data in outputs.npy.
"""

import sys
from pathlib import Path

import keras
import numpy as np

from flashfit.errors import ConfigError
from flashfit.ladder.job import Answer, Job
from flashfit.ladder.making import Workshop, make
from flashfit.params import RUNGS, Rung
from flashfit.training.fit import make_deterministic


def main(folder: Path, rungs: list[str]) -> None:
    """Make each rung, or say why it does not apply."""
    job = Job.model_validate_json((folder / "job.json").read_bytes())
    make_deterministic(job.seed)
    shop = Workshop(job, keras.models.load_model(job.keras, compile=False))
    for rung in RUNGS:
        if rung in rungs:
            (folder / rung).mkdir()
            answer = _make(rung, shop, folder / rung)
            (folder / rung / "answer.json").write_text(answer.model_dump_json(), encoding="utf-8")


def _make(rung: Rung, shop: Workshop, folder: Path) -> Answer:
    try:
        candidates = make(rung, shop)
    except ConfigError as refusal:
        return Answer(refusal=refusal.message)
    for number, made in enumerate(candidates):
        (folder / f"{number}.tflite").write_bytes(made.tflite)
        (folder / f"{number}.float.tflite").write_bytes(made.reference)
    if rung == "float32":
        np.save(folder / "outputs.npy", shop.model.predict(shop.validation.x, verbose=0))
    return Answer(settings=tuple(made.settings for made in candidates))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
