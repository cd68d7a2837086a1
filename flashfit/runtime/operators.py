"""What a .tflite is made of, read from the flatbuffer itself."""

from collections.abc import Callable
from dataclasses import dataclass
from math import prod
from typing import Any

from ai_edge_litert import schema_py_generated as schema

_BUILTIN_NAMES = {code: name for name, code in vars(schema.BuiltinOperator).items() if isinstance(code, int)}


@dataclass(frozen=True)
class Operator:
    """One operator in the order it runs. name: as in the .tflite schema. macs: of one inference."""

    name: str
    macs: int


def operators(tflite: bytes) -> tuple[Operator, ...]:
    """The operators of the first subgraph. MACs of kinds not in the table count as 0."""
    model = schema.ModelT.InitFromObj(schema.Model.GetRootAs(tflite, 0))
    graph = model.subgraphs[0]
    return tuple(_read(model, graph, operator) for operator in graph.operators)


def _read(model: Any, graph: Any, operator: Any) -> Operator:
    code = model.operatorCodes[operator.opcodeIndex]
    name = _BUILTIN_NAMES[max(code.builtinCode, code.deprecatedBuiltinCode)]
    inputs = [[int(size) for size in graph.tensors[index].shape] for index in operator.inputs if index >= 0]
    output = [int(size) for size in graph.tensors[operator.outputs[0]].shape]
    macs = _MACS[name](inputs, output) if name in _MACS else 0
    return Operator(name, macs)


# Shapes as the kernels have them: tensorflow/lite/kernels, NHWC activations, OHWI weights.
_MACS: dict[str, Callable[[list[list[int]], list[int]], int]] = {
    "CONV_2D": lambda inputs, output: prod(output) * prod(inputs[1][1:]),
    "DEPTHWISE_CONV_2D": lambda inputs, output: prod(output) * prod(inputs[1][1:3]),
    "FULLY_CONNECTED": lambda inputs, output: prod(output) * inputs[1][1],
    "MEAN": lambda inputs, output: prod(inputs[0]),
}
