"""Three converted pieces as one .tflite: before, a WHILE loop around a step, after.

What the loop adds are kernels that TFLM has: WHILE, LESS and ADD on an int32 counter, GATHER on float32 and
int8, QUANTIZE. Format: tensorflow/compiler/mlir/lite/schema/schema.fbs, version 3.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from ai_edge_litert import schema_py_generated as schema
from ai_edge_litert.tools import flatbuffer_utils
from numpy.typing import NDArray

_CODE = schema.BuiltinOperator
_OPTIONS = schema.BuiltinOptions
_TYPE = schema.TensorType


@dataclass(frozen=True)
class Pieces:
    """One .tflite each. step: (1, features) and states, (1, units) each, to the next states in the same order.

    before: the model's input to (1, steps, features). after: the last of the states to the model's output.
    """

    before: bytes
    step: bytes
    after: bytes


def join(pieces: Pieces, steps: int) -> bytes:
    """The pieces in a row as one .tflite, its step run `steps` times from states of zeros.

    Where one piece's quantization is not the next one's, a QUANTIZE stands between them.
    """
    model = schema.ModelT()
    model.version, model.operatorCodes, model.buffers = 3, [], [schema.BufferT()]
    main, condition, body = (_Graph(model) for _ in range(3))
    model.subgraphs = [main.graph, condition.graph, body.graph]
    before, after = main.adopt(pieces.before), main.adopt(pieces.after)
    main.append(before)
    series = main.graph.tensors[before.outputs[0]]
    states = _body(body, series, pieces.step)
    _condition(condition, [*states, series], steps)
    main.feed(_loop(main, before.outputs[0], states), after, 0)
    main.append(after)
    main.graph.inputs, main.graph.outputs = before.inputs, after.outputs
    return bytes(flatbuffer_utils.convert_object_to_bytearray(model))


@dataclass
class _Piece:
    """What adopting a .tflite gave: its operators wait to be appended. Indices are the adopter's."""

    inputs: list[int]
    outputs: list[int]
    operators: list[Any]


def _body(body: "_Graph", series: Any, step: bytes) -> list[Any]:
    """(count, states, series) to (count + 1, next states, series). Returns the states' tensors."""
    piece = body.adopt(step)
    states = piece.inputs[1:]
    kinds = [body.graph.tensors[state] for state in states]
    count, whole = body.counter(), body.like(series)
    present, following = body.like(series, [1, series.shape[-1]]), body.counter()
    body.run(_CODE.GATHER, [whole, count], [present], _OPTIONS.GatherOptions, _gather_options())
    body.feed(present, piece, 0)
    body.append(piece)
    body.run(_CODE.ADD, [count, body.counter(1)], [following], _OPTIONS.AddOptions, schema.AddOptionsT())
    body.graph.inputs = [count, *states, whole]
    body.graph.outputs = [following, *map(body.converted, piece.outputs, kinds), whole]
    return kinds


def _condition(condition: "_Graph", kinds: list[Any], steps: int) -> None:
    """(count, states, series) to count < steps."""
    count = condition.counter()
    condition.graph.inputs = [count, *map(condition.like, kinds)]
    go_on = condition.tensor(_TYPE.BOOL, None)
    condition.run(_CODE.LESS, [count, condition.counter(steps)], [go_on], _OPTIONS.LessOptions, schema.LessOptionsT())
    condition.graph.outputs = [go_on]


def _loop(main: "_Graph", series: int, states: list[Any]) -> int:
    """The loop within the main graph. Returns the last of its last states."""
    inputs = [main.counter(0), *map(main.zeros, states), series]
    outputs = [main.counter(), *map(main.like, states), main.like(main.graph.tensors[series])]
    options = schema.WhileOptionsT()
    options.condSubgraphIndex, options.bodySubgraphIndex = 1, 2
    main.run(_CODE.WHILE, inputs, outputs, _OPTIONS.WhileOptions, options)
    return outputs[-2]


def _gather_options() -> Any:
    options = schema.GatherOptionsT()
    options.axis = 1
    return options


class _Graph:
    """A subgraph under construction. Tensors are named by their index."""

    def __init__(self, model: Any) -> None:
        self._model = model
        self.graph = schema.SubGraphT()
        self.graph.tensors, self.graph.operators = [], []

    def tensor(
        self, type_: int, shape: list[int] | None, quantization: Any = None, data: NDArray[np.generic] | None = None
    ) -> int:
        tensor = schema.TensorT()
        tensor.type, tensor.shape, tensor.quantization = type_, shape, quantization
        tensor.buffer = self._buffer(None if data is None else np.frombuffer(data.tobytes(), np.uint8))
        self.graph.tensors.append(tensor)
        return len(self.graph.tensors) - 1

    def like(self, tensor: Any, shape: list[int] | None = None) -> int:
        """A tensor of the same type and quantization."""
        return self.tensor(tensor.type, list(tensor.shape) if shape is None else shape, tensor.quantization)

    def counter(self, value: int | None = None) -> int:
        """An int32 scalar; a constant if it has a value."""
        return self.tensor(_TYPE.INT32, None, data=None if value is None else np.array(value, dtype=np.int32))

    def zeros(self, tensor: Any) -> int:
        """A constant of the same type and quantization that stands for 0."""
        shape, type_ = list(tensor.shape), {_TYPE.FLOAT32: np.float32, _TYPE.INT16: np.int16}[tensor.type]
        return self.tensor(tensor.type, shape, tensor.quantization, np.zeros(shape, type_))

    def run(self, code: int, inputs: list[int], outputs: list[int], kind: int = 0, options: Any = None) -> None:
        """Append an operator. kind: its options' number in the schema."""
        operator = schema.OperatorT()
        operator.opcodeIndex = self._code(code)
        operator.inputs, operator.outputs = inputs, outputs
        operator.builtinOptionsType, operator.builtinOptions = kind, options
        self.graph.operators.append(operator)

    def adopt(self, tflite: bytes) -> _Piece:
        """Take over the tensors of a .tflite with one subgraph; see append for its operators."""
        model = flatbuffer_utils.read_model_from_bytearray(bytearray(tflite))
        (graph,) = model.subgraphs
        first_tensor = len(self.graph.tensors)
        for tensor in graph.tensors:
            tensor.buffer = self._buffer(model.buffers[tensor.buffer].data)
        for operator in graph.operators:
            code = model.operatorCodes[operator.opcodeIndex]
            operator.opcodeIndex = self._code(max(code.builtinCode, code.deprecatedBuiltinCode), code.version)
            operator.inputs = [index if index < 0 else index + first_tensor for index in operator.inputs]
            operator.outputs = [index + first_tensor for index in operator.outputs]
        self.graph.tensors.extend(graph.tensors)
        (signature,) = model.signatureDefs
        inputs = [first_tensor + index for index in _in_order(signature.inputs)]
        outputs = [first_tensor + index for index in _in_order(signature.outputs)]
        return _Piece(inputs, outputs, graph.operators)

    def append(self, piece: _Piece) -> None:
        """Append what a piece does."""
        self.graph.operators.extend(piece.operators)

    def feed(self, source: int, piece: _Piece, position: int) -> None:
        """Let source be a piece's input at position; to be called before the piece is appended."""
        old = piece.inputs[position]
        new = piece.inputs[position] = self.converted(source, self.graph.tensors[old])
        for operator in piece.operators:
            operator.inputs = [new if index == old else index for index in operator.inputs]

    def converted(self, source: int, wanted: Any) -> int:
        """The source in another tensor's type and quantization."""
        if _scale(self.graph.tensors[source]) == _scale(wanted):
            return source
        converted = self.like(wanted)
        self.run(_CODE.QUANTIZE, [source], [converted])
        return converted

    def _buffer(self, data: NDArray[np.uint8] | None) -> int:
        """Where data lie; the same data lie in one place, and none in the first."""
        if data is None or not len(data):
            return 0
        for index, known in enumerate(self._model.buffers):
            if known.data is not None and np.array_equal(known.data, data):
                return index
        buffer = schema.BufferT()
        buffer.data = data
        self._model.buffers.append(buffer)
        return len(self._model.buffers) - 1

    def _code(self, builtin: int, version: int = 1) -> int:
        for index, known in enumerate(self._model.operatorCodes):
            if (known.builtinCode, known.version) == (builtin, version):
                return index
        code = schema.OperatorCodeT()
        code.builtinCode, code.deprecatedBuiltinCode, code.version = builtin, min(builtin, 127), version
        self._model.operatorCodes.append(code)
        return len(self._model.operatorCodes) - 1


def _in_order(named: list[Any]) -> list[int]:
    """Tensors by the names that a signature gives them: input_0, input_1, … The graph's own order is another."""
    return [int(one.tensorIndex) for one in sorted(named, key=lambda one: bytes(one.name))]


def _scale(tensor: Any) -> tuple[int, list[float], list[int]]:
    quantization = tensor.quantization
    if quantization is None or quantization.scale is None:
        return tensor.type, [], []
    return tensor.type, list(quantization.scale), list(quantization.zeroPoint)
