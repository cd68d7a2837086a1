"""A .tflite on LiteRT's reference kernels, in this process: for looking inside, not for figures.

They differ from TFLM's by a step here and there, and a damaged file can take the process down.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from ai_edge_litert.interpreter import Interpreter, OpResolverType
from numpy.typing import NDArray

from flashfit.runtime.tensor import Tensor, quantized, real_values


def desk_answers(tflite: bytes, inputs: NDArray[np.float32]) -> NDArray[np.float32]:
    """What it answers, as real values. inputs, answers: (n, …) float32."""
    (answers,) = _run(_interpreter(tflite, keep=False), None, inputs)
    return answers[:, 0]


def desk_values(tflite: bytes, tensors: Sequence[int], inputs: NDArray[np.float32]) -> list[NDArray[np.float32]]:
    """What each of the main subgraph's tensors holds for every input, as real values: (n, …) each."""
    return _run(_interpreter(tflite, keep=True), tensors, inputs)


def _interpreter(tflite: bytes, keep: bool) -> Interpreter:
    interpreter = Interpreter(
        model_content=tflite,
        experimental_op_resolver_type=OpResolverType.BUILTIN_REF,
        experimental_preserve_all_tensors=keep,
    )
    interpreter.allocate_tensors()
    return interpreter


def _run(
    interpreter: Interpreter, tensors: Sequence[int] | None, inputs: NDArray[np.float32]
) -> list[NDArray[np.float32]]:
    source = interpreter.get_input_details()[0]
    details = {one["index"]: _described(one) for one in interpreter.get_tensor_details()}
    wanted = [interpreter.get_output_details()[0]["index"]] if tensors is None else list(tensors)
    seen: list[list[NDArray[np.float32]]] = [[] for _ in wanted]
    for sample in inputs:
        interpreter.reset_all_variables()
        interpreter.set_tensor(source["index"], quantized(sample, _described(source))[None])
        interpreter.invoke()
        for values, tensor in zip(seen, wanted, strict=True):
            values.append(real_values(interpreter.get_tensor(tensor), details[tensor]))
    return [np.stack(values) for values in seen]


def _described(details: dict[str, Any]) -> Tensor:
    scale, zero = details["quantization"]
    return Tensor(
        shape=tuple(int(size) for size in details["shape"]),
        dtype=np.dtype(details["dtype"]).name,
        scale=float(scale) or 1.0,
        zero_point=int(zero),
    )
