"""What a model's file says of its input and output, and what cannot be scored."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema

from flashfit.errors import DataError
from flashfit.runtime.tensor import Tensor
from flashfit.tflite.interface import read_interface
from tests.handmade import identity


@pytest.mark.parametrize("dtype", ["int8", "uint8", "int16"])
def test_a_quantized_models_parameters_are_read(dtype: str) -> None:
    found = read_interface(identity(dtype, values=5, scale=0.25, zero_point=3))
    assert found.input == found.output == Tensor((1, 5), dtype, 0.25, 3)
    assert (found.takes_floats, found.stateless, found.classes) == (True, True, 5)


def test_a_float_models_values_are_as_they_are() -> None:
    found = read_interface(identity("float32"))
    assert (found.input, found.takes_floats) == (Tensor((1, 3), "float32", 1.0, 0), True)


def test_one_output_tells_two_classes_apart() -> None:
    assert read_interface(identity(values=1)).classes == 2


def test_integers_without_a_scale_take_no_floats() -> None:
    assert not read_interface(identity(scale=None)).takes_floats


def test_an_open_batch_axis_is_taken() -> None:
    assert read_interface(identity(change=_signature(-1, 3))).input.shape == (1, 3)


def test_a_variable_tensor_makes_a_model_remember() -> None:
    def change(model: Any) -> None:
        model.subgraphs[0].tensors[2].isVariable = True

    assert not read_interface(identity(change=change)).stateless


def test_an_operator_that_nobody_proved_makes_a_model_remember() -> None:
    def change(model: Any) -> None:
        model.operatorCodes[0].builtinCode = schema.BuiltinOperator.SVDF

    assert not read_interface(identity(change=change)).stateless


def _signature(*axes: int) -> Callable[[Any], None]:
    def change(model: Any) -> None:
        model.subgraphs[0].tensors[0].shapeSignature = np.array(axes, np.int32)

    return change


def _shape(*axes: int, of: int = 0) -> Callable[[Any], None]:
    def change(model: Any) -> None:
        model.subgraphs[0].tensors[of].shape = np.array(axes, np.int32)

    return change


def _type(code: int, of: int = 0) -> Callable[[Any], None]:
    def change(model: Any) -> None:
        model.subgraphs[0].tensors[of].type = code

    return change


def _scale(value: float) -> Callable[[Any], None]:
    def change(model: Any) -> None:
        model.subgraphs[0].tensors[0].quantization.scale = np.array([value], np.float32)

    return change


def _ends(name: str, indices: list[int]) -> Callable[[Any], None]:
    return lambda model: setattr(model.subgraphs[0], name, np.array(indices, np.int32))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (_ends("inputs", [0, 1]), "has 2 inputs"),
        (_ends("inputs", []), "has 0 inputs"),
        (_ends("outputs", [2, 2]), "has 2 outputs"),
        (_signature(-1, -1), "an input of dynamic shape, -1 × -1"),
        (_shape(1, 0), "an input of dynamic shape, 1 × 0"),
        (_shape(4, 3), "an input of 4 × 3; its first axis, of samples, must be 1"),
        (_shape(1, 2, 2, of=2), "an output of 1 × 2 × 2: no list of classes"),
        (_type(schema.TensorType.FLOAT16), "an input of float16"),
        (_type(schema.TensorType.INT32, of=2), "an output of int32"),
        (_type(99), "an input of type 99"),
        (_scale(0), "an input with a scale of 0"),
        (_scale(float("nan")), "an input with a scale of nan"),
    ],
)
def test_what_cannot_be_scored_is_named(change: Callable[[Any], None], message: str) -> None:
    with pytest.raises(DataError, match=message):
        read_interface(identity(change=change))
