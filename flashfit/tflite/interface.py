"""What goes into a classification model and comes out of it, as its file says. Read in child processes only."""

from collections.abc import Iterator
from dataclasses import dataclass
from math import isfinite, prod
from typing import Any

from ai_edge_litert import schema_py_generated as schema

from flashfit.errors import DataError
from flashfit.runtime.tensor import Tensor

STATELESS = frozenset(
    {
        "ADD",
        "AVERAGE_POOL_2D",
        "CONV_2D",
        "DEPTHWISE_CONV_2D",
        "FULLY_CONNECTED",
        "MAX_POOL_2D",
        "MEAN",
        "RESHAPE",
        "SOFTMAX",
    }
)
"""Operators that tests prove to keep nothing from one answer to the next: without a reset, bit for bit the same."""

_TYPE_NAMES = {code: name for name, code in vars(schema.TensorType).items() if isinstance(code, int)}
_OPERATOR_NAMES = {code: name for name, code in vars(schema.BuiltinOperator).items() if isinstance(code, int)}
_QUANTIZED = ("int8", "uint8", "int16")
_DTYPES = {"input": ("float32", *_QUANTIZED, "int32"), "output": ("float32", *_QUANTIZED)}


@dataclass(frozen=True)
class Interface:
    """One input and one output, both with a batch axis of 1; the output's other axes hold `classes` values.

    takes_floats: real values can be stored in the input. stateless: samples need no reset between them.
    """

    input: Tensor
    output: Tensor
    takes_floats: bool
    stateless: bool

    @property
    def classes(self) -> int:
        """How many answers there are: two where the model says one value, how likely the second is."""
        return max(2, prod(self.output.shape))


def read_interface(tflite: bytes) -> Interface:
    """What the main subgraph takes and gives. Raises DataError, without a subject, where that cannot be scored.

    A damaged file raises whatever flatbuffers does.
    """
    model = schema.Model.GetRootAs(tflite, 0)
    graph = model.Subgraphs(0)
    source = graph.Tensors(_only(graph.InputsLength(), graph.Inputs, "input"))
    sink = graph.Tensors(_only(graph.OutputsLength(), graph.Outputs, "output"))
    input_, output = _tensor(source, "input"), _tensor(sink, "output")
    if sum(size > 1 for size in output.shape) > 1:
        raise DataError(f"has an output of {_shown(output.shape)}: no list of classes")
    takes_floats = input_.dtype == "float32" or (input_.dtype in _QUANTIZED and _has_scale(source))
    return Interface(input_, output, takes_floats, _is_stateless(model))


def holds_resources(tflite: bytes) -> bool:
    """Whether a model keeps state in resources (VAR_HANDLE), as streaming models do, and not in variable tensors.

    A damaged file raises whatever flatbuffers does.
    """
    return "VAR_HANDLE" in _operator_names(schema.Model.GetRootAs(tflite, 0))


def _only(count: int, indices: Any, kind: str) -> int:
    if count != 1:
        raise DataError(f"has {count:,} {kind}s; models with one are scored")
    return int(indices(0))


def _tensor(described: Any, kind: str) -> Tensor:
    shape = [described.Shape(axis) for axis in range(described.ShapeLength())]
    signature = [described.ShapeSignature(axis) for axis in range(described.ShapeSignatureLength())]
    if any(size < 1 for size in shape) or any(size < 0 for size in signature[1:]):
        raise DataError(f"has an {kind} of dynamic shape, {_shown(signature or shape)}; TFLM takes fixed ones")
    if not shape or shape[0] != 1:
        raise DataError(f"has an {kind} of {_shown(shape)}; its first axis, of samples, must be 1")
    name = _TYPE_NAMES.get(described.Type(), f"type {described.Type()}").lower()
    if name not in _DTYPES[kind]:
        raise DataError(f"has an {kind} of {name}; it can be {', '.join(_DTYPES[kind])}")
    if name == "float32" or not _has_scale(described):
        return Tensor(tuple(shape), name, 1.0, 0)
    quantization = described.Quantization()
    scale, zero_point = float(quantization.Scale(0)), int(quantization.ZeroPoint(0))
    if not (isfinite(scale) and scale > 0):
        raise DataError(f"has an {kind} with a scale of {scale:g}; it must be above 0")
    return Tensor(tuple(shape), name, scale, zero_point)


def _has_scale(described: Any) -> bool:
    quantization = described.Quantization()
    return quantization is not None and quantization.ScaleLength() > 0 and quantization.ZeroPointLength() > 0


def _is_stateless(model: Any) -> bool:
    return set(_operator_names(model)) <= STATELESS and not any(_variables(model))


def _operator_names(model: Any) -> Iterator[str]:
    for index in range(model.OperatorCodesLength()):
        code = model.OperatorCodes(index)
        yield _OPERATOR_NAMES.get(max(code.BuiltinCode(), code.DeprecatedBuiltinCode()), "unknown")


def _variables(model: Any) -> Iterator[bool]:
    for graph in (model.Subgraphs(index) for index in range(model.SubgraphsLength())):
        yield from (graph.Tensors(index).IsVariable() for index in range(graph.TensorsLength()))


def _shown(shape: list[int] | tuple[int, ...]) -> str:
    return " × ".join(map(str, shape)) or "a single value"
