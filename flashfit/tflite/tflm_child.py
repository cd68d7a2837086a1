"""The child's side of flashfit.tflite.measuring: `python -m flashfit.tflite.tflm_child FOLDER`.

Runs model.tflite in FOLDER once, on the inputs of zeros.json; writes what TFLM prints to said.txt and, in the end,
outcome.json: `refused` is why it does not load or run, or null.
"""

import json
import os
import resource  # not on Windows, where TFLM's package is not either
import sys
from pathlib import Path
from typing import Any

import numpy as np
from tflite_micro.python.tflite_micro import runtime

from flashfit.tflite.limits import MOST_ARENA_BYTES

_MOST_SAID_BYTES = 2**22


def main(folder: Path) -> None:
    """Measure one model."""
    with (folder / "said.txt").open("wb") as said:
        os.dup2(said.fileno(), 2)  # print_allocations writes there, and so may a model gone wild, without end
    resource.setrlimit(resource.RLIMIT_FSIZE, (_MOST_SAID_BYTES, _MOST_SAID_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    zeros = json.loads((folder / "zeros.json").read_text(encoding="utf-8"))
    outcome = {"refused": refusal((folder / "model.tflite").read_bytes(), zeros)}
    (folder / "outcome.json").write_text(json.dumps(outcome), encoding="utf-8")


def refusal(tflite: bytes, zeros: list[dict[str, Any]]) -> str | None:
    """Load and run it, reporting the arena on stderr; why that failed, or None.

    zeros: of each input its shape, dtype and the stored value that means zero.
    """
    try:
        interpreter = runtime.Interpreter.from_bytes(tflite, arena_size=MOST_ARENA_BYTES)
    except Exception as error:  # TFLM's refusal, or whatever its reader of flatbuffers meets
        return f"{error}" if isinstance(error, RuntimeError) else f"{type(error).__name__}: {error}"
    try:
        for index, zero in enumerate(zeros):
            interpreter.set_input(np.full(zero["shape"], zero["value"], zero["dtype"]), index)
        interpreter.invoke()
    except Exception as error:
        return f"{error}" if isinstance(error, RuntimeError) else f"{type(error).__name__}: {error}"
    finally:
        interpreter.print_allocations()
    return None


if __name__ == "__main__":
    main(Path(sys.argv[1]))
