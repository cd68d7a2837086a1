"""Rungs made in child processes: what kills one is that rung's named failure, and no other's."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from numpy.typing import NDArray

from flashfit.child import run_child
from flashfit.errors import ConfigError
from flashfit.ladder.job import Answer, Candidate, Job
from flashfit.params import Rung

_MEMORY_BYTES = 32 * 2**30
"""Of address space, of which TensorFlow alone reserves several GiB without using them."""

_TIMEOUT_S = 3600.0
_TRAINING_TIMEOUT_S = 4 * 3600.0


@dataclass(frozen=True)
class Reference:
    """The trained network in float32, and what it answers to validation data, (n, …)."""

    tflite: bytes
    outputs: NDArray[np.float32]


def make_first(job: Job, rung: Rung) -> tuple[Reference, list[Candidate] | ConfigError]:
    """The float reference and the first rung, or why that does not apply, from one process.

    Raises as make_reference does.
    """
    with TemporaryDirectory() as scratch:
        folder = _run(job, Path(scratch), ["float32", rung])
        reference = _reference(folder)
        try:
            return reference, _candidates(folder, rung)
        except ConfigError as refusal:
            return reference, refusal


def make_reference(job: Job) -> Reference:
    """The float reference alone.

    Raises ConfigError for a network that TFLM has no form for, SurroundingsError naming the signal where the
    converter crashes.
    """
    with TemporaryDirectory() as scratch:
        return _reference(_run(job, Path(scratch), ["float32"]))


def make_rung(job: Job, rung: Rung) -> list[Candidate]:
    """A rung's candidates.

    Raises ConfigError where the rung does not apply to the network, SurroundingsError where its process
    crashes, runs out of memory or outlasts its time.
    """
    with TemporaryDirectory() as scratch:
        return _candidates(_run(job, Path(scratch), [rung]), rung)


def _run(job: Job, folder: Path, rungs: Sequence[Rung]) -> Path:
    (folder / "job.json").write_text(job.model_dump_json(), encoding="utf-8")
    timeout_s = _TRAINING_TIMEOUT_S if "qat" in rungs else _TIMEOUT_S
    task = f"making {job.keras.name} {' and '.join(rungs)}"
    run_child("flashfit.ladder.rung_child", [str(folder), *rungs], task, timeout_s, _MEMORY_BYTES)
    return folder


def _reference(folder: Path) -> Reference:
    (candidate,) = _candidates(folder, "float32")
    return Reference(candidate.tflite, np.load(folder / "float32" / "outputs.npy", allow_pickle=False))


def _candidates(folder: Path, rung: Rung) -> list[Candidate]:
    answer = Answer.model_validate_json((folder / rung / "answer.json").read_bytes())
    if answer.refusal is not None:
        raise ConfigError(answer.refusal)
    return [
        Candidate(
            (folder / rung / f"{number}.tflite").read_bytes(),
            (folder / rung / f"{number}.float.tflite").read_bytes(),
            settings,
        )
        for number, settings in enumerate(answer.settings)
    ]
