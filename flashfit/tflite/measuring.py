"""The arena of any model that TFLM runs, and in one line why it does not run another."""

import json
import re
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from flashfit.child import run_child
from flashfit.errors import SurroundingsError
from flashfit.runtime.tflm import Arena, read_arena
from flashfit.tflite.graph import Graph, GraphTensor
from flashfit.tflite.limits import CHILD_MEMORY_BYTES, CHILD_TIMEOUT_S, MOST_ARENA_BYTES
from flashfit.tflite.tflm_operators import has

_SCHEMA_VERSION = 3
_NUMBERS = frozenset({"bool", "float32", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32"})
_MOST_SAID_CHARACTERS = 2**20
_MOST_REASON_CHARACTERS = 300


@dataclass(frozen=True)
class Measured:
    """What TFLM made of a model. arena: None where it does not run, and refusal says why."""

    arena: Arena | None
    refusal: str | None


def measure(tflite: bytes, graph: Graph, timeout_s: float = CHILD_TIMEOUT_S) -> Measured:
    """Run a model once on inputs of zeros, in a child process that it may crash."""
    if known := known_refusal(graph):
        return Measured(None, known)
    with TemporaryDirectory() as scratch:
        folder = Path(scratch)
        (folder / "model.tflite").write_bytes(tflite)
        (folder / "zeros.json").write_text(json.dumps(zeros_for(graph)), encoding="utf-8")
        try:
            run_child("flashfit.tflite.tflm_child", [scratch], "TFLM", timeout_s, CHILD_MEMORY_BYTES)
        except SurroundingsError as error:
            return Measured(None, _with_last_words(error.message, _said(folder)))
        outcome = json.loads((folder / "outcome.json").read_text(encoding="utf-8"))
        return understood(_said(folder), outcome["refused"])


def known_refusal(graph: Graph) -> str | None:
    """Why TFLM cannot run a model, where its description says so already."""
    if graph.schema_version != _SCHEMA_VERSION:
        return f"its schema has version {graph.schema_version:,}; TFLM takes version {_SCHEMA_VERSION}"
    if lacking := missing_operators(graph):
        return f"TFLM has no operator {', '.join(lacking)}"
    for number, tensor in enumerate(graph.main.of(graph.main.inputs)):
        if is_dynamic(tensor):
            shape = shown(tensor.signature or tensor.shape)
            return f"input {number} has a dynamic shape, {shape}; TFLM takes fixed ones"
        if tensor.dtype not in _NUMBERS:
            return f"input {number} is of {tensor.dtype}, which TFLM takes no values of"
        if tensor.bytes > MOST_ARENA_BYTES:
            return f"input {number} takes {tensor.bytes:,} B, and {MOST_ARENA_BYTES:,} B is the largest arena tried"
    return None


def missing_operators(graph: Graph) -> list[str]:
    """Names of the operators that TFLM lacks, of all subgraphs, sorted."""
    return sorted({named(each.kind, each.custom) for each in graph.operators if not has(each.kind, each.custom)})


def is_dynamic(tensor: GraphTensor) -> bool:
    """Whether a size is open. An open batch axis, the first, runs as the file's shape has it: one sample."""
    return any(size < 1 for size in tensor.shape) or any(size < 0 for size in tensor.signature[1:])


def zeros_for(graph: Graph) -> list[dict[str, Any]]:
    """Inputs that mean zero."""
    return [
        {"shape": tensor.shape, "dtype": tensor.dtype, "value": _zero(tensor)}
        for tensor in graph.main.of(graph.main.inputs)
    ]


def understood(said: str, refused: str | None) -> Measured:
    """What TFLM's words come to. said: on stderr. refused: what its interpreter raised."""
    if refused is not None:
        return Measured(None, _reason(said, refused))
    try:
        return Measured(read_arena(said), None)
    except SurroundingsError as error:
        return Measured(None, error.message)


def named(kind: str, custom: bool) -> str:
    """An operator's name for a person."""
    return f"{kind or 'without a name'} (custom)" if custom else kind


def shown(shape: tuple[int, ...]) -> str:
    """A shape for a person."""
    return " × ".join(map(str, shape)) or "a single value"


def _zero(tensor: GraphTensor) -> int:
    limits = {"int8": (-128, 127), "uint8": (0, 255), "int16": (-(2**15), 2**15 - 1)}.get(tensor.dtype)
    point = tensor.zero_point
    return point if limits and point is not None and limits[0] <= point <= limits[1] else 0


def _said(folder: Path) -> str:
    file = folder / "said.txt"
    if not file.is_file():
        return ""
    with file.open(encoding="utf-8", errors="replace") as said:
        return said.read(_MOST_SAID_CHARACTERS)


def _reason(said: str, refused: str) -> str:
    """In one line, with the operator's name where TFLM gives one: it complains first, and then names the operator."""
    lines = [line.strip() for line in said.splitlines() if line.strip() and "RecordingMicroAllocator" not in line]
    for number, line in enumerate(lines):
        if node := re.match(r"Node (.+) \(number (\d+)f?\) failed to (prepare|invoke)", line):
            complaint = f": {_without_place(lines[number - 1])}" if number else ""
            return one_line(f"TFLM cannot {node[3]} operator {node[2]}, {node[1]}{complaint}")
        if "Failed to resize buffer" in line:
            return f"it takes a larger arena than {MOST_ARENA_BYTES:,} B, the largest tried"
    return one_line(f"TFLM refuses it: {_without_place(lines[-1]) if lines else refused}")


def _without_place(line: str) -> str:
    """A complaint without the path of TFLM's source that it begins with."""
    return re.sub(r"^\S+\.(cc|h)(:\d+)?:? ", "", line)


def _with_last_words(message: str, said: str) -> str:
    lines = [line for line in said.splitlines() if line.strip()]
    return one_line(f"{message} ({_without_place(lines[-1])})" if lines else message)


def one_line(text: str) -> str:
    """Text fit for a terminal and for one line of it."""
    shown = "".join(letter if letter.isprintable() else " " for letter in text)
    return " ".join(shown.split())[:_MOST_REASON_CHARACTERS]
