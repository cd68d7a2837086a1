"""A file's description, read with every length and index checked."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema

from flashfit.errors import DataError
from flashfit.tflite.flatbuffer import read_flatbuffer
from tests.handmade import endless, identity


def test_a_model_is_read_as_it_was_written() -> None:
    main = read_flatbuffer(identity("int16", values=5, scale=0.25, zero_point=3)).main
    input_, shape, output = main.tensors
    assert (input_.dtype, input_.shape, input_.scale, input_.zero_point) == ("int16", (1, 5), 0.25, 3)
    assert (shape.dtype, shape.constant_bytes, output.bytes) == ("int32", 8, 10)
    assert [(one.kind, one.custom, one.inputs, one.outputs) for one in main.operators] == [
        ("RESHAPE", False, (0, 1), (2,))
    ]


def test_a_loop_names_the_subgraphs_that_it_runs() -> None:
    loop = read_flatbuffer(endless()).main.operators[0]
    assert (loop.kind, loop.subgraphs, loop.steps) == ("WHILE", (1, 2), None)


def operands(model: Any) -> None:
    model.subgraphs[0].operators[0].inputs = np.array([0, 3], np.int32)


def outputs(model: Any) -> None:
    model.subgraphs[0].outputs = np.array([-1], np.int32)


def codes(model: Any) -> None:
    model.subgraphs[0].operators[0].opcodeIndex = 1


def buffers(model: Any) -> None:
    model.subgraphs[0].tensors[0].buffer = 9


def axes(model: Any) -> None:
    model.subgraphs[0].tensors[0].shape = np.ones(17, np.int32)


def nothing(model: Any) -> None:
    model.subgraphs = []


def circle(model: Any) -> None:
    code, loop = model.operatorCodes[0], schema.WhileOptionsT()
    code.builtinCode = code.deprecatedBuiltinCode = schema.BuiltinOperator.WHILE
    loop.condSubgraphIndex = loop.bodySubgraphIndex = 0
    operator = model.subgraphs[0].operators[0]
    operator.builtinOptions, operator.builtinOptionsType = loop, schema.BuiltinOptions.WhileOptions


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (operands, "operator 0 of subgraph 0 uses a tensor that is not among its 3"),
        (outputs, "subgraph 0 uses a tensor that is not among its 3"),
        (codes, "is of code 1 of 1"),
        (buffers, "lies in buffer 9 of 2"),
        (axes, "a tensor has 17 axes"),
        (nothing, "it holds no subgraph"),
        (circle, "run each other in a circle"),
    ],
)
def test_what_cannot_be_followed_is_refused_by_name(change: Callable[[Any], None], reason: str) -> None:
    with pytest.raises(DataError, match=reason):
        read_flatbuffer(identity(change=change))


@pytest.mark.parametrize("length", range(8, len(identity()) - 4, 16))
def test_a_file_cut_anywhere_is_refused_or_read(length: int) -> None:
    try:
        read_flatbuffer(identity()[:length])
    except DataError as error:
        assert "cut short or damaged" in error.message


def test_a_name_is_fit_to_be_shown() -> None:
    def change(model: Any) -> None:
        model.subgraphs[0].tensors[0].name = b"a\x1b[2Jb" + b"c" * 1000

    assert read_flatbuffer(identity(change=change)).main.tensors[0].name == "a?[2Jb" + "c" * 194
