"""What `flashfit score` does with damaged models: python -m benchmarks.fuzz_score [COUNT] [SEED]

Each answers two samples on every runtime and is counted. Ends with 1 if the command's own part fails on any.
"""

import sys
from collections.abc import Iterator
from math import prod
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from ai_edge_litert import interpreter as _litert  # noqa: F401 imported once, for the processes forked later
from numpy.typing import NDArray
from tflite_micro.python.tflite_micro import runtime as _tflm  # noqa: F401

from benchmarks.fuzz import Fuzzed, run
from flashfit.errors import DataError
from flashfit.tflite.answering_child import answers_of, load
from flashfit.tflite.file import read_tflite
from flashfit.tflite.interface import Interface
from flashfit.tflite.measuring import one_line
from flashfit.tflite.runtimes import RUNTIMES, Answered, Runtime
from flashfit.tflite.samples import stored
from flashfit.tflite.scoring import Tally

_SAMPLES = 2
_MOST_VALUES = 2**24


def stages(tflite: bytes) -> Iterator[str]:
    """What the command does: load and answer on each runtime in a child, count. Runtimes take turns to be first."""
    with TemporaryDirectory() as scratch:
        yield "opening"
        file = Path(scratch) / "model.tflite"
        file.write_bytes(tflite)
        try:
            read_tflite(file)
            turn = len(tflite) % len(RUNTIMES)
            said: dict[Runtime, Answered] = {}
            for runtime in (*RUNTIMES[turn:], *RUNTIMES[:turn]):
                yield f"loading on {runtime}"
                interface, answer = load(tflite, runtime)
                yield f"answering on {runtime}"
                outputs, cpu_s = answers_of(_samples(interface), answer, interface.output)
                said[runtime] = Answered(outputs, cpu_s)
        except DataError as error:
            yield f"refused as no model to score: {error.message}"
            return
        except (RuntimeError, ValueError) as error:
            yield f"refused by {runtime}: {one_line(str(error))}"
            return
        yield "counting"
        tally = Tally(interface)
        tally.add(said, np.zeros(_SAMPLES, np.int64))
        tally.score().model_dump_json()
        yield "done scored"


def _samples(interface: Interface) -> NDArray[Any]:
    input_ = interface.input
    if prod(input_.shape) > _MOST_VALUES:
        raise DataError(f"takes samples of {input_.shape}, which nobody brings")
    zeros = np.zeros((_SAMPLES, *input_.shape[1:]), np.float32 if interface.takes_floats else input_.dtype)
    return stored("x", zeros, 0, input_)


def _arguments(file: Path) -> list[str]:
    samples = file.with_name("samples.npz")
    np.savez(samples, x=np.zeros((_SAMPLES, 8, 8), np.float32), y=np.zeros(_SAMPLES, np.int64))
    return [str(file), "--samples", str(samples)]


if __name__ == "__main__":
    sys.exit(run(Fuzzed("score", stages, frozenset({"loading", "answering"}), _arguments)))
