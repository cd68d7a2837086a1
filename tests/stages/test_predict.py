"""The predicted footprint against the measured one, over every family: one contract."""

import numpy as np
import pytest

from flashfit.models.families import FAMILIES, suggest
from flashfit.models.operators import plan
from flashfit.models.spec import Spec
from flashfit.runtime.footprint import measured_footprint
from flashfit.runtime.operators import operators
from flashfit.runtime.tflm import run_tflm
from flashfit.search.predict import predict
from tests.dice import Dice

SHAPES = [(8, 8, 1), (28, 28, 1)]


@pytest.fixture(scope="module")
def converted() -> list[tuple[Spec, bytes]]:
    """Networks of every family with trained-looking weights: fresh ones lack biases, and weigh less."""
    import keras

    from flashfit.models.network import network
    from flashfit.quantize.convert import to_int8

    random_values = np.random.default_rng(0)
    made = []
    for seed, (family, shape) in enumerate((family, shape) for family in FAMILIES for shape in SHAPES):
        spec = suggest(family, Dice(seed), shape, classes=10, dropout=0.1)
        keras.utils.set_random_seed(seed)
        model = network(spec)
        noisy = [weight + random_values.normal(0, 0.02, weight.shape) for weight in model.get_weights()]
        model.set_weights([np.maximum(weight, 0.01) if (weight > 0.5).all() else weight for weight in noisy])
        made.append((spec, to_int8(model, random_values.random((20, *shape), dtype=np.float32))))
    return made


def test_the_planned_operators_are_those_of_the_converted_model(converted: list[tuple[Spec, bytes]]) -> None:
    for spec, tflite in converted:
        assert [(one.name, one.macs) for one in plan(spec)] == [(one.name, one.macs) for one in operators(tflite)]


def test_flash_and_arena_are_predicted_to_within_two_percent_and_100_bytes(
    converted: list[tuple[Spec, bytes]],
) -> None:
    for spec, tflite in converted:
        run = run_tflm(tflite, np.zeros((1, *spec.input_shape), dtype=np.float32))
        measured, predicted = measured_footprint(tflite, run), predict(spec)
        assert predicted.flash_bytes == pytest.approx(measured.flash_bytes, rel=0.02, abs=100), spec
        assert predicted.arena_bytes == pytest.approx(measured.arena_bytes, rel=0.02, abs=100), spec
        assert (predicted.macs, predicted.source) == (measured.macs, "predicted")
