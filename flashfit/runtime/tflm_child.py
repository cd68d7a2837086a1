"""The child's side of flashfit.runtime.tflm: `python -m flashfit.runtime.tflm_child FOLDER`.

Reads model.tflite and inputs.npy in FOLDER; writes outputs.npy and tensors.json. TFLM reports its
arena on stderr.
"""

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tflite_micro.python.tflite_micro import runtime

from flashfit.runtime.tensor import Tensor, quantized

_ARENA_BYTES = 16 * 1024 * 1024  # room for any model that a microcontroller could hold


def main(folder: Path) -> None:
    """Answer every input, then report what the arena held."""
    interpreter = runtime.Interpreter.from_file(str(folder / "model.tflite"), arena_size=_ARENA_BYTES)
    source, sink = _described(interpreter.get_input_details(0)), _described(interpreter.get_output_details(0))
    inputs = np.load(folder / "inputs.npy", mmap_mode="r", allow_pickle=False)
    outputs = [_answer(interpreter, quantized(sample, source)) for sample in inputs]
    np.save(folder / "outputs.npy", np.stack(outputs))
    tensors = {"input": asdict(source), "output": asdict(sink)}
    (folder / "tensors.json").write_text(json.dumps(tensors), encoding="utf-8")
    interpreter.print_allocations()


def _answer(interpreter: Any, sample: NDArray[Any]) -> NDArray[Any]:
    interpreter.reset()  # a recurrent network would go on from the sample before
    interpreter.set_input(sample[None], 0)
    interpreter.invoke()
    output: NDArray[Any] = np.array(interpreter.get_output(0)[0])
    return output


def _described(details: dict[str, Any]) -> Tensor:
    quantization = details["quantization_parameters"]
    has_scale = len(quantization["scales"]) > 0
    return Tensor(
        shape=tuple(int(size) for size in details["shape"]),
        dtype=np.dtype(details["dtype"]).name,
        scale=float(quantization["scales"][0]) if has_scale else 1.0,
        zero_point=int(quantization["zero_points"][0]) if has_scale else 0,
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
