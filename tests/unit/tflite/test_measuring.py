"""Why TFLM does not run a model, from its description or from TFLM's own words."""

import re
from dataclasses import replace
from typing import Any

import pytest

from flashfit.runtime.tflm import Arena
from flashfit.tflite.graph import Graph, GraphTensor
from flashfit.tflite.measuring import Measured, known_refusal, one_line, understood, zeros_for
from tests.graphs import activation, chain, constant, graph, operator, subgraph

REPORT = """[RecordingMicroAllocator] Arena allocation total 3616 bytes
[RecordingMicroAllocator] Arena allocation head 1024 bytes
[RecordingMicroAllocator] Arena allocation tail 2592 bytes
"""


def taking(**changes: Any) -> Graph:
    """A model of one operator whose input is so."""
    input_ = replace(activation(1, 4), **changes)
    return graph(subgraph([input_, activation(1, 4)], [operator("RELU", (0,), (1,))]))


def calling(kind: str, custom: bool = False) -> Graph:
    return graph(subgraph([activation(1, 4), activation(1, 4)], [operator(kind, (0,), (1,), custom=custom)]))


def test_a_model_that_tflm_can_run_is_not_refused_beforehand() -> None:
    assert known_refusal(chain((1, 4), ("FULLY_CONNECTED", (2, 4), (1, 2)))) is None


@pytest.mark.parametrize(
    ("model", "reason"),
    [
        (replace(taking(), schema_version=2), "its schema has version 2; TFLM takes version 3"),
        (calling("ATAN2"), "TFLM has no operator ATAN2"),
        (calling("Mine", custom=True), r"TFLM has no operator Mine \(custom\)"),
        (calling("RELU", custom=True), r"TFLM has no operator RELU \(custom\)"),
        (taking(signature=(1, -1)), "input 0 has a dynamic shape, 1 × -1"),
        (taking(shape=(1, 0)), "input 0 has a dynamic shape, 1 × 0"),
        (taking(dtype="string"), "input 0 is of string"),
        (taking(shape=(1, 2**20, 2**20)), "input 0 takes 1,099,511,627,776 B, and 67,108,864 B is the largest"),
    ],
)
def test_what_the_description_says_already_is_not_tried(model: Graph, reason: str) -> None:
    assert re.match(reason, known_refusal(model) or "")


def test_an_operator_inside_a_loop_counts_too() -> None:
    loop = operator("WHILE", (0,), (1,), (1, 1))
    assert known_refusal(graph(subgraph([activation(1, 4)] * 2, [loop]), calling("ATAN2").main))


def test_an_open_batch_axis_is_one_sample() -> None:
    assert known_refusal(taking(signature=(-1, 4))) is None


@pytest.mark.parametrize(
    ("dtype", "zero_point", "value"), [("int8", 3, 3), ("int8", 300, 0), ("uint8", 128, 128), ("float32", None, 0)]
)
def test_zero_is_what_the_input_stores_for_it(dtype: str, zero_point: int | None, value: int) -> None:
    assert zeros_for(taking(dtype=dtype, scale=0.5, zero_point=zero_point))[0]["value"] == value


def test_a_run_is_measured_by_tflms_report() -> None:
    assert understood(REPORT, None) == Measured(Arena(3616, 1024, 2592), None)


def test_a_model_that_does_not_run_has_no_arena() -> None:
    assert understood(REPORT, "no").arena is None


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ("", "TFLM refuses it: raised"),
        ("a/kernel.cc:12 bias != nullptr\nNode CONV_2D (number 3f) failed to prepare with status 1", "TFLM cannot "),
        ("Failed to resize buffer. Requested: 400", "it takes a larger arena than 67,108,864 B, the largest tried"),
        ("tensorflow/lite/x.cc:9 something is off", "TFLM refuses it: something is off"),
    ],
)
def test_tflms_complaint_becomes_a_reason(said: str, reason: str) -> None:
    assert (understood(said, "raised").refusal or "").startswith(reason)


def test_an_operator_that_cannot_be_prepared_is_named_with_its_complaint() -> None:
    said = "a/kernel.cc:12 bias != nullptr\nNode CONV_2D (number 3f) failed to prepare with status 1"
    assert understood(said, "raised").refusal == "TFLM cannot prepare operator 3, CONV_2D: bias != nullptr"


def test_what_a_terminal_would_obey_is_left_out() -> None:
    assert one_line("a\x1b[31m\nb") == "a [31m b"


def test_constants_are_no_inputs() -> None:
    assert not constant(1, 4).is_activation
    assert GraphTensor("kept", "int8", (1, 4), variable=True).is_activation is False
