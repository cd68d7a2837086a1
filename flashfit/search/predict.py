"""A spec's footprint by arithmetic: what the search checks before it spends a second on training.

The per-operator constants are least-squares fits to 30 converted and measured networks of every family
(Keras 3.15, TFLite converter 2.21, TFLM of October 2026, x86-64), where they err by at most 65 B of
flash and 16 B of arena. tests/stages/test_predict.py holds them to that.
"""

from flashfit.footprint import Footprint
from flashfit.models.operators import PlannedOperator, plan
from flashfit.models.spec import Spec

_ALIGNMENT = 16

_FLASH_BASE = 505
_FLASH_PER_SCALE = 24  # scale and zero point of a weight and of its bias: 2 × (4 + 8) B
_FLASH_PER_OPERATOR = {
    "CONV_2D": 313,
    "DEPTHWISE_CONV_2D": 357,
    "FULLY_CONNECTED": 278,
    "MEAN": 244,
    "RESHAPE": 262,
    "SOFTMAX": 0,  # every network has one: it is in the base
}

_TAIL_BASE = 726
_TAIL_PER_SCALE = 8  # a multiplier and a shift, int32 each
_TAIL_PER_OPERATOR = {
    "CONV_2D": 249,
    "DEPTHWISE_CONV_2D": 240,
    "FULLY_CONNECTED": 249,
    "MEAN": 379,
    "RESHAPE": 347,
    "SOFTMAX": 0,
}


def predict(spec: Spec) -> Footprint:
    """The footprint of spec as int8, its source "predicted"."""
    operators = plan(spec)
    return Footprint(
        flash_bytes=_FLASH_BASE + sum(_flash(operator) for operator in operators),
        arena_bytes=max(_head(operator) for operator in operators)
        + _TAIL_BASE
        + sum(_tail(operator) for operator in operators),
        macs=sum(operator.macs for operator in operators),
        source="predicted",
    )


def _flash(operator: PlannedOperator) -> int:
    values = operator.weight_count + 4 * operator.bias_count
    return values + _FLASH_PER_SCALE * operator.scales + _FLASH_PER_OPERATOR[operator.name]


def _tail(operator: PlannedOperator) -> int:
    return _TAIL_PER_SCALE * operator.scales + _TAIL_PER_OPERATOR[operator.name]


def _head(operator: PlannedOperator) -> int:
    """Input and output alive at once, and MEAN's int32 sums and its list of axes beside them."""
    sums = _aligned(4 * operator.output_count) + 2 * _ALIGNMENT if operator.name == "MEAN" else 0
    return _aligned(operator.input_count) + _aligned(operator.output_count) + sums


def _aligned(count: int) -> int:
    return -(-count // _ALIGNMENT) * _ALIGNMENT
