"""A .tflite on TFLM, the runtime that ships: its answers and its arena, from a child process."""

import json
import re
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flashfit.child import run_child
from flashfit.errors import SurroundingsError
from flashfit.runtime.tensor import Tensor as Tensor
from flashfit.runtime.tensor import real_values

_TIMEOUT_S = 600.0
_MEMORY_BYTES = 16 * 2**30
"""Of address space: a split's inputs are mapped, and may be large."""


@dataclass(frozen=True)
class Arena:
    """Bytes of TFLM's tensor arena: head (activations), tail (persistent), total with alignment.

    Measured on x86-64, where the tail holds 8-byte pointers: for the reference kernels it bounds a
    32-bit board's from above.
    """

    total_bytes: int
    head_bytes: int
    tail_bytes: int


@dataclass(frozen=True)
class TflmRun:
    """What TFLM answered. outputs: (n, …), stored values as they come off the board."""

    outputs: NDArray[Any]
    input: Tensor
    output: Tensor
    arena: Arena

    @property
    def values(self) -> NDArray[np.float32]:
        """Outputs as real values, (n, …) float32."""
        return real_values(self.outputs, self.output)


def run_tflm(tflite: bytes, inputs: NDArray[np.float32]) -> TflmRun:
    """Answer every input, (n, …) float32, on TFLM; inputs are quantized by the model's own parameters.

    At least one input is needed. Raises SurroundingsError when TFLM refuses the model or crashes on it.
    """
    with TemporaryDirectory() as scratch:
        folder = Path(scratch)
        (folder / "model.tflite").write_bytes(tflite)
        np.save(folder / "inputs.npy", inputs)
        stderr = run_child("flashfit.runtime.tflm_child", [scratch], "TFLM", _TIMEOUT_S, _MEMORY_BYTES)
        tensors = json.loads((folder / "tensors.json").read_text(encoding="utf-8"))
        outputs = np.load(folder / "outputs.npy", allow_pickle=False)
    return TflmRun(outputs, _tensor(tensors["input"]), _tensor(tensors["output"]), read_arena(stderr))


def read_arena(report: str) -> Arena:
    """The arena from what print_allocations() writes. Raises SurroundingsError if it is not there."""
    found = dict(re.findall(r"Arena allocation (total|head|tail) (\d+) bytes", report))
    if set(found) != {"total", "head", "tail"}:
        raise SurroundingsError("TFLM reported no arena allocation")
    return Arena(int(found["total"]), int(found["head"]), int(found["tail"]))


def _tensor(described: dict[str, Any]) -> Tensor:
    return Tensor(
        shape=tuple(described["shape"]),
        dtype=described["dtype"],
        scale=described["scale"],
        zero_point=described["zero_point"],
    )
