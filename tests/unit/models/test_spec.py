"""Specs as values: what they refuse, and how they are told in one line."""

import pytest
from pydantic import ValidationError

from flashfit.models.spec import (
    Classes,
    Conv,
    Dense,
    Dropout,
    Flatten,
    GlobalAverage,
    Head,
    Layer,
    Pool,
    Reconstruction,
    Recurrent,
    Regression,
    Residual,
    Separable,
    Spec,
)


def spec(*layers: Layer, head: Head | None = None) -> Spec:
    return Spec(family="hand", input_shape=(16, 2, 3), head=head or Classes(count=4), layers=layers)


@pytest.mark.parametrize(("head", "outputs"), [(Classes(count=4), 4), (Regression(), 1), (Reconstruction(), 96)])
def test_the_head_says_how_many_numbers_come_out(head: Head, outputs: int) -> None:
    assert spec(Flatten(), head=head).outputs == outputs


@pytest.mark.parametrize("layer", [Conv, Residual])
def test_a_stride_and_a_dilation_exclude_each_other(layer: type[Conv] | type[Residual]) -> None:
    with pytest.raises(ValidationError, match="a stride or a dilation, not both"):
        layer(filters=4, kernel=3, stride=2, dilation=(2, 1))


def test_one_class_is_no_classification() -> None:
    with pytest.raises(ValidationError, match="greater than or equal to 2"):
        Classes(count=1)


@pytest.mark.parametrize(
    ("layers", "told"),
    [
        ((Conv(filters=16, kernel=3, stride=2), Flatten(), Dense(units=8)), "hand: conv 16x3/2 - flatten - dense 8"),
        ((Separable(filters=8, kernel=(5, 1)), GlobalAverage()), "hand: separable 8x5x1 - global average"),
        ((Residual(filters=8, kernel=(3, 1), dilation=(4, 1)), Flatten()), "hand: residual 8x3x1@4x1 - flatten"),
        ((Pool(of="max", size=2), Recurrent(cell="gru", units=24), Dropout(rate=0.1)), "hand: max pool 2 - gru 24"),
    ],
)
def test_a_spec_is_told_in_one_line(layers: tuple[Layer, ...], told: str) -> None:
    assert str(spec(*layers)) == told
