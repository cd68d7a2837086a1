"""What a .tflite is made of, read from the flatbuffer itself."""

from collections.abc import Callable
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
from ai_edge_litert import schema_py_generated as schema

_BUILTIN_NAMES = {code: name for name, code in vars(schema.BuiltinOperator).items() if isinstance(code, int)}


@dataclass(frozen=True)
class Operator:
    """One operator in the order it runs. name: as in the .tflite schema. macs: of one inference."""

    name: str
    macs: int


@dataclass(frozen=True)
class Layer:
    """An operator that computes something. output: its tensor's number in the main subgraph."""

    name: str
    output: int
    shape: tuple[int, ...]


def layers(tflite: bytes) -> tuple[Layer, ...]:
    """The operators of the main subgraph in the order they run, without those that only change a number's type."""
    model = schema.ModelT.InitFromObj(schema.Model.GetRootAs(tflite, 0))
    graph = model.subgraphs[0]
    found = (
        Layer(_name(model, one), int(one.outputs[0]), tuple(_shape(graph.tensors[one.outputs[0]])))
        for one in graph.operators
    )
    return tuple(layer for layer in found if layer.name not in ("QUANTIZE", "DEQUANTIZE"))


def operators(tflite: bytes) -> tuple[Operator, ...]:
    """The operators of the main subgraph. A loop's MACs are its body's, times the limit in its condition.

    MACs of kinds not in the table count as 0.
    """
    model = schema.ModelT.InitFromObj(schema.Model.GetRootAs(tflite, 0))
    return tuple(_read(model, model.subgraphs[0], operator) for operator in model.subgraphs[0].operators)


def operator_names(tflite: bytes) -> tuple[str, ...]:
    """The distinct operators of all subgraphs, a loop's included, sorted: what a resolver has to know."""
    model = schema.ModelT.InitFromObj(schema.Model.GetRootAs(tflite, 0))
    return tuple(sorted({_name(model, operator) for graph in model.subgraphs for operator in graph.operators}))


def macs_of(name: str, inputs: list[list[int]], output: list[int]) -> int:
    """MACs of one inference, by the shapes of what goes in and of the first that comes out.

    0 for kinds not in the table. Raises IndexError where the kind has more inputs or axes than are there.
    """
    return _MACS[name](inputs, output) if name in _MACS else 0


def _read(model: Any, graph: Any, operator: Any) -> Operator:
    name = _name(model, operator)
    if name == "WHILE":
        return Operator(name, _loop_macs(model, operator.builtinOptions))
    inputs = [_shape(graph.tensors[index]) for index in operator.inputs if index >= 0]
    return Operator(name, macs_of(name, inputs, _shape(graph.tensors[operator.outputs[0]])))


def _name(model: Any, operator: Any) -> str:
    code = model.operatorCodes[operator.opcodeIndex]
    name: str = _BUILTIN_NAMES[max(code.builtinCode, code.deprecatedBuiltinCode)]
    return name


def _shape(tensor: Any) -> list[int]:
    return [] if tensor.shape is None else [int(size) for size in tensor.shape]


def _loop_macs(model: Any, loop: Any) -> int:
    """Of a loop that counts up to a constant, as quantize.loop writes it."""
    condition, body = model.subgraphs[loop.condSubgraphIndex], model.subgraphs[loop.bodySubgraphIndex]
    limit = condition.tensors[condition.operators[0].inputs[1]]
    steps = int(np.frombuffer(bytes(model.buffers[limit.buffer].data), np.int32)[0])
    return steps * sum(_read(model, body, operator).macs for operator in body.operators)


# Shapes as the kernels have them: tensorflow/lite/kernels, NHWC activations, OHWI weights. An LSTM has eight
# matrices: inputs 1 to 4 for what comes in, 5 to 8 for what it remembers; its output is (1, steps, units). A
# transposed convolution's inputs are its output's shape, weights, activations. SVDF's are activations, (units, inputs)
# and (units, memory). A product of matrices may have its first transposed, which the output's rows tell.
_MACS: dict[str, Callable[[list[list[int]], list[int]], int]] = {
    "CONV_2D": lambda inputs, output: prod(output) * prod(inputs[1][1:]),
    "DEPTHWISE_CONV_2D": lambda inputs, output: prod(output) * prod(inputs[1][1:3]),
    "FULLY_CONNECTED": lambda inputs, output: prod(output) * inputs[1][1],
    "MEAN": lambda inputs, output: prod(inputs[0]),
    "UNIDIRECTIONAL_SEQUENCE_LSTM": lambda inputs, output: output[1] * sum(prod(matrix) for matrix in inputs[1:9]),
    "TRANSPOSE_CONV": lambda inputs, output: prod(inputs[2]) * prod(inputs[1][:3]),
    "SVDF": lambda inputs, output: inputs[0][0] * (prod(inputs[1]) + prod(inputs[2])),
    "BATCH_MATMUL": lambda inputs, output: prod(output) * inputs[0][-1 if inputs[0][-2] == output[-2] else -2],
}
