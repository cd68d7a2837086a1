"""What a spec becomes on the board, against counts worked out by hand."""

from flashfit.models.operators import PlannedOperator, plan
from flashfit.models.spec import Conv, Dense, Dropout, Flatten, GlobalAverage, Layer, Separable, Spec


def planned(*layers: Layer) -> tuple[PlannedOperator, ...]:
    return plan(Spec(family="hand", input_shape=(8, 8, 3), classes=4, layers=layers))


def test_a_strided_convolution() -> None:
    conv = planned(Conv(filters=16, kernel=3, stride=2), Flatten())[0]
    assert conv == PlannedOperator(
        "CONV_2D", 8 * 8 * 3, 4 * 4 * 16, weight_count=3 * 3 * 3 * 16, bias_count=16, scales=16, macs=16 * 432
    )


def test_a_stride_that_does_not_divide_rounds_up() -> None:
    assert planned(Conv(filters=1, kernel=3, stride=3), Flatten())[0].output_count == 3 * 3


def test_a_separable_layer_is_a_depthwise_and_a_pointwise_operator() -> None:
    depthwise, pointwise = planned(Separable(filters=10, kernel=3, stride=2), GlobalAverage())[:2]
    assert (depthwise.name, depthwise.weight_count, depthwise.macs) == ("DEPTHWISE_CONV_2D", 27, 16 * 27)
    assert (pointwise.name, pointwise.weight_count, pointwise.macs) == ("CONV_2D", 30, 16 * 30)


def test_the_head_follows_whatever_the_body_leaves() -> None:
    names = [operator.name for operator in planned(Flatten(), Dense(units=8), Dropout(rate=0.5))]
    assert names == ["RESHAPE", "FULLY_CONNECTED", "FULLY_CONNECTED", "SOFTMAX"]


def test_a_dense_head_weighs_inputs_times_classes() -> None:
    head = planned(GlobalAverage())[1]
    assert (head.weight_count, head.bias_count, head.macs) == (3 * 4, 4, 3 * 4)
