"""A spec's footprint by arithmetic: what the search checks before it spends a second on training.

The per-operator constants are fits to 210 converted and measured networks of every family (Keras 3.15,
TFLite converter 2.21, TFLM of October 2026, x86-64). `margin` says how far off they are at most;
tests/stages/test_predict.py and test_families.py hold them to that.
"""

from dataclasses import dataclass
from math import prod

from flashfit.footprint import Footprint
from flashfit.models.operators import plan
from flashfit.models.planned import PlannedOperator
from flashfit.models.spec import Spec
from flashfit.search.arena import aligned, head_bytes

_FLASH_BASE = 225
_FLASH_PER_KIND = 77  # an operator's code, and what its first use adds to the file
_FLASH_PER_SCALE = 24  # scale and zero point of a weight and of its bias: 2 × (4 + 8) B
_FLASH_PER_OPERATOR = {
    "ADD": 143,
    "AVERAGE_POOL_2D": 95,
    "CONV_2D": 293,
    "DEPTHWISE_CONV_2D": 330,
    "FULLY_CONNECTED": 291,
    "MAX_POOL_2D": 109,
    "MEAN": 163,
    "PAD": 160,
    "QUANTIZE": 100,
    "RESHAPE": 164,
    "SOFTMAX": 74,
    "STRIDED_SLICE": 319,
    "UNIDIRECTIONAL_SEQUENCE_LSTM": 1599,
    "WHILE": 5138,  # with all that is inside
}

_TAIL_BASE = 740
_TAIL_PER_OPERATOR = {
    "ADD": 157,
    "AVERAGE_POOL_2D": 168,
    "CONV_2D": 245,
    "DEPTHWISE_CONV_2D": 242,
    "FULLY_CONNECTED": 246,
    "MAX_POOL_2D": 158,
    "MEAN": 182,
    "PAD": 160,
    "QUANTIZE": 132,
    "RESHAPE": 149,
    "SOFTMAX": 176,
    "STRIDED_SLICE": 280,
    "UNIDIRECTIONAL_SEQUENCE_LSTM": 1282,
    "WHILE": 3996,
}


@dataclass(frozen=True)
class Margin:
    """The most by which a prediction is off, either way."""

    flash_bytes: int
    arena_bytes: int


def margin(spec: Spec) -> Margin:
    """How far off the prediction of a spec may be.

    Wider where a backbone brings tens of operators, and where a GRU's loop converts by the ranges that
    calibration sees.
    """
    if spec.backbone:
        return Margin(flash_bytes=192, arena_bytes=32)
    if any(operator.name == "WHILE" for operator in plan(spec)):
        return Margin(flash_bytes=192, arena_bytes=192)
    return Margin(flash_bytes=65, arena_bytes=16)


def predict(spec: Spec) -> Footprint:
    """The footprint of spec as int8, its source "predicted"."""
    operators = plan(spec)
    return Footprint(
        flash_bytes=_FLASH_BASE
        + _FLASH_PER_KIND * len({operator.name for operator in operators})
        + sum(_flash(operator) for operator in operators),
        arena_bytes=head_bytes(prod(spec.input_shape), operators)
        + _TAIL_BASE
        + sum(_tail(operator) for operator in operators),
        macs=sum(operator.macs for operator in operators),
        source="predicted",
    )


def _flash(operator: PlannedOperator) -> int:
    values = operator.weight_count + 4 * operator.bias_count + operator.other_bytes
    return values + _FLASH_PER_SCALE * operator.scales + _FLASH_PER_OPERATOR[operator.name]


def _tail(operator: PlannedOperator) -> int:
    """A multiplier and a shift, int32 each, for each scale of several; what an LSTM keeps between steps."""
    scales = 2 * aligned(4 * operator.scales) if operator.scales > 1 else 0
    return scales + sum(map(aligned, operator.state_bytes)) + _TAIL_PER_OPERATOR[operator.name]
