"""Values as C++ writes them."""

import struct

import pytest

from flashfit.bundle.c_names import c_float, c_string, c_type, identifier, resolver_call


@pytest.mark.parametrize(
    ("operator", "call"),
    [
        ("CONV_2D", "AddConv2D"),
        ("DEPTHWISE_CONV_2D", "AddDepthwiseConv2D"),
        ("FULLY_CONNECTED", "AddFullyConnected"),
        ("UNIDIRECTIONAL_SEQUENCE_LSTM", "AddUnidirectionalSequenceLSTM"),
        ("SOFTMAX", "AddSoftmax"),
    ],
)
def test_resolver_calls_are_named_as_in_tflm(operator: str, call: str) -> None:
    assert resolver_call(operator) == call


@pytest.mark.parametrize(
    ("name", "expected"), [("digits.nano33ble", "digits_nano33ble"), ("a-b.c", "a_b_c"), ("3d.x", "_3d_x")]
)
def test_a_registered_name_becomes_an_identifier(name: str, expected: str) -> None:
    assert identifier(name) == expected


def test_strings_are_quoted_and_escaped() -> None:
    assert c_string('a"b\\c?é') == '"a\\"b\\\\c\\?\\303\\251"'


@pytest.mark.parametrize("value", [1.0, 0.1, 1 / 255, 3e-12, 1e20])
def test_a_float_literal_reads_back_to_the_same_float32(value: float) -> None:
    literal = c_float(value)
    assert literal.endswith("f")
    assert struct.pack("f", float(literal[:-1])) == struct.pack("f", value)
    assert "." in literal or "e" in literal


@pytest.mark.parametrize(
    ("dtype", "expected"), [("int8", "std::int8_t"), ("int16", "std::int16_t"), ("float32", "float")]
)
def test_stored_types_are_those_of_cstdint(dtype: str, expected: str) -> None:
    assert c_type(dtype) == expected
