"""What `flashfit inspect` does with damaged models: python -m benchmarks.fuzz_inspect [COUNT] [SEED]

Each goes through the command's own reading, running and judging. Ends with 1 if the command's own part fails on any.
"""

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.fuzz import Fuzzed, run
from flashfit.errors import DataError
from flashfit.targets import Target
from flashfit.tflite import tflm_child
from flashfit.tflite.file import read_tflite
from flashfit.tflite.graph import Graph
from flashfit.tflite.inspection import inspected
from flashfit.tflite.measuring import Measured, known_refusal, understood, zeros_for
from flashfit.tflite.reading import parsed
from flashfit.tflite.reading_child import described

_BOARD = Target(
    name="board", board="any", core="Cortex-M4F", clock_hz=64_000_000, flash=2**20, sram=2**18, kernels="cmsis-nn"
)


def stages(tflite: bytes) -> Iterator[str]:
    """What the command does, in its order: read in a child, run in a child, judge."""
    with TemporaryDirectory() as scratch:
        yield "reading"
        file = Path(scratch) / "model.tflite"
        file.write_bytes(tflite)
        try:
            graph = parsed(described(read_tflite(file)), "the model")
        except DataError as error:
            yield f"refused as no model: {error.message}"
            return
        yield "running"
        measured = _measured(tflite, graph, Path(scratch))
        yield "judging"
        inspected(len(tflite), graph, measured, [_BOARD]).model_dump_json()
        yield f"done read, {'TFLM does not run it' if measured.refusal else 'ran on TFLM'}"


def _measured(tflite: bytes, graph: Graph, scratch: Path) -> Measured:
    if known := known_refusal(graph):
        return Measured(None, known)
    said = scratch / "said.txt"
    with said.open("wb") as stream:
        os.dup2(stream.fileno(), 2)
    refused = tflm_child.refusal(tflite, zeros_for(graph))
    return understood(said.read_text(errors="replace"), refused)


def _arguments(file: Path) -> list[str]:
    return [str(file), "--picture", str(file.with_name("arena.png"))]


if __name__ == "__main__":
    sys.exit(run(Fuzzed("inspect", stages, frozenset({"reading", "running"}), _arguments)))
