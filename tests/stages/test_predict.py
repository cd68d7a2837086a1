"""The predicted footprint against the measured one, in the spaces that most products are searched in."""

import pytest

from flashfit.models.families import suggest
from flashfit.models.operators import plan
from flashfit.models.spec import Classes
from flashfit.runtime.footprint import measured_footprint
from flashfit.runtime.operators import operators
from flashfit.runtime.tflm import run_tflm
from flashfit.search.predict import predict
from tests.converted import Converted, convert_as_trained
from tests.dice import Dice

FAMILIES = ("dense", "conv", "separable", "residual")
SHAPES = [(8, 8, 1), (28, 28, 1)]


@pytest.fixture(scope="module")
def converted() -> list[Converted]:
    """A network of each family for each shape."""
    pairs = [(family, shape) for family in FAMILIES for shape in SHAPES]
    return [
        convert_as_trained(suggest(family, Dice(seed), shape, Classes(count=10), dropout=0.1), seed)
        for seed, (family, shape) in enumerate(pairs)
    ]


def test_the_planned_operators_are_those_of_the_converted_model(converted: list[Converted]) -> None:
    for one in converted:
        found = [(operator.name, operator.macs) for operator in operators(one.tflite)]
        assert [(operator.name, operator.macs) for operator in plan(one.spec)] == found


def test_flash_is_predicted_to_65_bytes_and_arena_to_16(converted: list[Converted]) -> None:
    for one in converted:
        measured = measured_footprint(one.tflite, run_tflm(one.tflite, one.inputs[:1]))
        predicted = predict(one.spec)
        assert predicted.flash_bytes == pytest.approx(measured.flash_bytes, abs=65), one.spec
        assert predicted.arena_bytes == pytest.approx(measured.arena_bytes, abs=16), one.spec
        assert (predicted.macs, predicted.source) == (measured.macs, "predicted")
