"""What a spec becomes on the board, against counts worked out by hand."""

import pytest

from flashfit.models.operators import plan
from flashfit.models.planned import PlannedOperator
from flashfit.models.spec import (
    Classes,
    Conv,
    Dense,
    Dropout,
    Flatten,
    GlobalAverage,
    Layer,
    Pool,
    Reconstruction,
    Recurrent,
    Regression,
    Residual,
    Separable,
    Shape,
    Spec,
)


def planned(*layers: Layer, shape: Shape = (8, 8, 3)) -> tuple[PlannedOperator, ...]:
    return plan(Spec(family="hand", input_shape=shape, head=Classes(count=4), layers=layers))


def names(*layers: Layer, shape: Shape = (8, 8, 3)) -> list[str]:
    return [operator.name for operator in planned(*layers, shape=shape)]


def test_a_strided_convolution() -> None:
    conv = planned(Conv(filters=16, kernel=3, stride=2), Flatten())[0]
    assert conv == PlannedOperator(
        "CONV_2D", 4 * 4 * 16, weight_count=3 * 3 * 3 * 16, bias_count=16, scales=16, macs=16 * 432
    )


def test_a_convolution_along_a_line_has_a_kernel_and_a_stride_of_its_own_each_way() -> None:
    conv = planned(Conv(filters=4, kernel=(5, 1), stride=(2, 1)), Flatten(), shape=(20, 1, 6))[0]
    assert (conv.output_count, conv.weight_count, conv.macs) == (10 * 4, 5 * 6 * 4, 10 * 120)


def test_a_stride_that_does_not_divide_rounds_up() -> None:
    assert planned(Conv(filters=1, kernel=3, stride=3), Flatten())[0].output_count == 3 * 3


def test_dilation_changes_no_count() -> None:
    plain, dilated = (planned(Conv(filters=4, kernel=3, dilation=gap), Flatten()) for gap in (1, 2))
    assert plain == dilated


def test_a_separable_layer_is_a_depthwise_and_a_pointwise_operator() -> None:
    depthwise, pointwise = planned(Separable(filters=10, kernel=3, stride=2), GlobalAverage())[:2]
    assert (depthwise.name, depthwise.weight_count, depthwise.macs) == ("DEPTHWISE_CONV_2D", 27, 16 * 27)
    assert (pointwise.name, pointwise.weight_count, pointwise.macs) == ("CONV_2D", 30, 16 * 30)


def test_a_residual_layer_that_keeps_its_shape_adds_what_came_in() -> None:
    first, second, add = planned(Residual(filters=3, kernel=3), Flatten())[:3]
    assert (first.weight_count, second.weight_count) == (81, 81)
    assert (add.name, add.output_count, add.reads) == ("ADD", 8 * 8 * 3, (1, 3))


def test_a_residual_layer_that_changes_its_shape_adds_what_a_1_by_1_convolution_makes_of_it() -> None:
    _, second, shortcut, add = planned(Residual(filters=5, kernel=3, stride=2), Flatten())[:4]
    assert (second.weight_count, second.macs) == (9 * 5 * 5, 16 * 225)
    assert (shortcut.weight_count, shortcut.macs, shortcut.reads) == (3 * 5, 16 * 15, (3,))
    assert (add.output_count, add.reads) == (4 * 4 * 5, (2, 1))


def test_a_pool_rounds_up() -> None:
    assert planned(Pool(of="average", size=3), Flatten())[0] == PlannedOperator("AVERAGE_POOL_2D", 3 * 3 * 3)
    assert names(Pool(of="max", size=(2, 1)), Flatten())[0] == "MAX_POOL_2D"


def test_an_lstm_has_four_gates_for_what_comes_in_and_what_it_remembers() -> None:
    reshape, lstm, last = planned(Recurrent(cell="lstm", units=16), shape=(20, 1, 6))[:3]
    assert reshape == PlannedOperator("RESHAPE", 120)
    assert (lstm.name, lstm.output_count) == ("UNIDIRECTIONAL_SEQUENCE_LSTM", 20 * 16)
    assert (lstm.weight_count, lstm.bias_count, lstm.macs) == (4 * 16 * 22, 64, 20 * 4 * 16 * 22)
    assert last == PlannedOperator("STRIDED_SLICE", 16)


def test_a_second_lstm_reads_the_first_one_at_every_step() -> None:
    layers = Recurrent(cell="lstm", units=8, sequence=True), Recurrent(cell="lstm", units=16)
    assert names(*layers, shape=(20, 2, 3)) == [
        "RESHAPE",
        "UNIDIRECTIONAL_SEQUENCE_LSTM",
        "UNIDIRECTIONAL_SEQUENCE_LSTM",
        "STRIDED_SLICE",
        "FULLY_CONNECTED",
        "SOFTMAX",
    ]
    assert planned(*layers, shape=(20, 2, 3))[2].weight_count == 4 * 16 * (8 + 16)


def test_a_gru_is_a_loop_that_leaves_an_int16_state() -> None:
    loop, quantize = planned(Recurrent(cell="gru", units=16), shape=(20, 2, 3))[1:3]
    assert (loop.name, loop.output_count, loop.weight_count) == ("WHILE", 32, 3 * 16 * 22)
    assert loop.macs == 20 * loop.weight_count
    assert quantize == PlannedOperator("QUANTIZE", 16)


def test_the_head_follows_whatever_the_body_leaves() -> None:
    assert names(Flatten(), Dense(units=8), Dropout(rate=0.5)) == [
        "RESHAPE",
        "FULLY_CONNECTED",
        "FULLY_CONNECTED",
        "SOFTMAX",
    ]


def test_a_vector_needs_no_flattening() -> None:
    assert names(Flatten(), shape=(1, 1, 64)) == ["FULLY_CONNECTED", "SOFTMAX"]


def test_a_dense_head_weighs_inputs_times_classes() -> None:
    head = planned(GlobalAverage())[1]
    assert (head.weight_count, head.bias_count, head.macs) == (3 * 4, 4, 3 * 4)


@pytest.mark.parametrize(("head", "units"), [(Regression(), 1), (Reconstruction(), 64)])
def test_numbers_that_are_no_probabilities_come_straight_from_the_dense_head(
    head: Regression | Reconstruction, units: int
) -> None:
    spec = Spec(family="hand", input_shape=(8, 8, 1), head=head, layers=(Flatten(), Dense(units=5)))
    assert [(one.name, one.output_count) for one in plan(spec)[1:]] == [
        ("FULLY_CONNECTED", 5),
        ("FULLY_CONNECTED", units),
    ]
