"""Small .tflite files written by hand, which say what a converter never would."""

from collections.abc import Callable
from typing import Any

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema

FLOAT, INT8, UINT8, INT16 = (getattr(schema.TensorType, name) for name in ("FLOAT32", "INT8", "UINT8", "INT16"))


def identity(
    dtype: str = "int8",
    values: int = 3,
    scale: float | None = 0.5,
    zero_point: int = 0,
    change: Callable[[Any], None] = lambda model: None,
) -> bytes:
    """A model whose answers are its inputs: RESHAPE from (1, values) to itself. change: of it, before packing."""
    model = _model([schema.BuiltinOperator.RESHAPE])
    shape = _constant(model, np.array([1, values], np.int32))
    quantization = None
    if scale is not None and dtype != "float32":
        quantization = schema.QuantizationParametersT()
        quantization.scale, quantization.zeroPoint = np.array([scale], np.float32), np.array([zero_point], np.int64)
    tensors = [_tensor(dtype, (1, values), quantization=quantization) for _ in range(2)]
    tensors.insert(1, _tensor("int32", (2,), buffer=shape))
    model.subgraphs = [_graph(tensors, [0], [2], [_operator(0, [0, 1], [2])])]
    change(model)
    return packed(model)


def endless() -> bytes:
    """A model that answers a float below 1e30 never: WHILE it is, add nothing to it."""
    builtin = schema.BuiltinOperator
    model = _model([builtin.WHILE, builtin.LESS, builtin.ADD])
    most, nothing = (_constant(model, np.array([value], np.float32)) for value in (1e30, 0))
    number = _tensor("float32", (1,))
    loop = schema.WhileOptionsT()
    loop.condSubgraphIndex, loop.bodySubgraphIndex = 1, 2
    whiling = _operator(0, [0], [1], loop, schema.BuiltinOptions.WhileOptions)
    comparing = _operator(1, [0, 1], [2], schema.LessOptionsT(), schema.BuiltinOptions.LessOptions)
    adding = _operator(2, [0, 1], [2], schema.AddOptionsT(), schema.BuiltinOptions.AddOptions)
    model.subgraphs = [
        _graph([number, number], [0], [1], [whiling]),
        _graph([number, _tensor("float32", (1,), buffer=most), _tensor("bool", (1,))], [0], [2], [comparing]),
        _graph([number, _tensor("float32", (1,), buffer=nothing), number], [0], [2], [adding]),
    ]
    return packed(model)


def aborting() -> bytes:
    """A model that TFLM aborts on: a softmax of an input scale for which its multiplier is below one."""
    model = schema.ModelT.InitFromObj(schema.Model.GetRootAs(identity(), 0))
    model.operatorCodes[0].builtinCode = model.operatorCodes[0].deprecatedBuiltinCode = schema.BuiltinOperator.SOFTMAX
    softmax = schema.SoftmaxOptionsT()
    softmax.beta = 1.0
    graph = model.subgraphs[0]
    graph.operators = [_operator(0, [0], [2], softmax, schema.BuiltinOptions.SoftmaxOptions)]
    graph.tensors[0].quantization.scale = np.array([1e-12], np.float32)
    graph.tensors[2].quantization.scale = np.array([1 / 256], np.float32)
    graph.tensors[2].quantization.zeroPoint = np.array([-128], np.int64)
    return packed(model)


def packed(model: Any) -> bytes:
    """The file's bytes."""
    builder = flatbuffers.Builder(1024)
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def _model(operators: list[int]) -> Any:
    model = schema.ModelT()
    model.version = 3
    model.buffers = [schema.BufferT()]
    model.operatorCodes = []
    for code in operators:
        model.operatorCodes.append(schema.OperatorCodeT())
        model.operatorCodes[-1].builtinCode = code
        model.operatorCodes[-1].deprecatedBuiltinCode = min(code, 127)
        model.operatorCodes[-1].version = 1
    return model


def _constant(model: Any, array: np.ndarray) -> int:
    model.buffers.append(schema.BufferT())
    model.buffers[-1].data = np.frombuffer(array.tobytes(), np.uint8)
    return len(model.buffers) - 1


def _tensor(dtype: str, shape: tuple[int, ...], buffer: int = 0, quantization: Any = None) -> Any:
    tensor = schema.TensorT()
    tensor.name = b"tensor"
    tensor.type = getattr(schema.TensorType, dtype.upper())
    tensor.shape = np.array(shape, np.int32)
    tensor.buffer, tensor.quantization = buffer, quantization
    return tensor


def _operator(code: int, inputs: list[int], outputs: list[int], options: Any = None, kind: int = 0) -> Any:
    operator = schema.OperatorT()
    operator.opcodeIndex = code
    operator.inputs, operator.outputs = np.array(inputs, np.int32), np.array(outputs, np.int32)
    operator.builtinOptions, operator.builtinOptionsType = options, kind
    return operator


def _graph(tensors: list[Any], inputs: list[int], outputs: list[int], operators: list[Any]) -> Any:
    graph = schema.SubGraphT()
    graph.tensors, graph.operators = tensors, operators
    graph.inputs, graph.outputs = np.array(inputs, np.int32), np.array(outputs, np.int32)
    return graph
