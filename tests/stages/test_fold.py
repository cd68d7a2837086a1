"""Batch normalisation folded away: the same answers from a network as a board runs it."""

import numpy as np
import pytest

from flashfit.errors import ConfigError
from flashfit.models.spec import (
    Classes,
    Conv,
    Dense,
    Dropout,
    Flatten,
    GlobalAverage,
    Layer,
    Pool,
    Residual,
    Separable,
    Spec,
)
from tests.converted import looks_trained

keras = pytest.importorskip("keras")

BODIES: dict[str, tuple[Layer, ...]] = {
    "dense": (Flatten(), Dense(units=12), Dropout(rate=0.2)),
    "conv": (Conv(filters=6, kernel=3), Pool(of="max", size=2), GlobalAverage()),
    "separable": (Conv(filters=6, kernel=3, stride=2), Separable(filters=8, kernel=3), GlobalAverage()),
    "residual": (Residual(filters=6, kernel=3), Residual(filters=8, kernel=3, stride=2), Flatten()),
}


def spec_of(body: str) -> Spec:
    return Spec(family=body, input_shape=(8, 8, 2), head=Classes(count=4), layers=BODIES[body])


@pytest.mark.parametrize("body", BODIES)
def test_a_folded_network_answers_the_same_without_normalisations(body: str) -> None:
    from flashfit.quantize.fold import folded

    model, inputs = looks_trained(spec_of(body), 1)
    same = folded(model)
    kinds = {type(layer).__name__ for layer in same.layers}
    assert kinds.isdisjoint({"BatchNormalization", "Dropout"})
    np.testing.assert_allclose(same(inputs, training=False), model(inputs, training=False), atol=1e-5)


def test_a_network_within_the_network_is_unpacked() -> None:
    from flashfit.quantize.fold import folded

    body, inputs = looks_trained(spec_of("conv"), 1)
    x = keras.Input((8, 8, 2))
    model = keras.Model(x, keras.layers.Dense(3)(body(x)))
    same = folded(model)
    assert not any(isinstance(layer, keras.Model) for layer in same.layers)
    np.testing.assert_allclose(same(inputs, training=False), model(inputs, training=False), atol=1e-5)


def test_kernel_and_bias_take_up_gain_and_shift_by_output_channel() -> None:
    from flashfit.quantize.fold import fold

    kernel, bias = np.array([[1.0, 2.0], [3.0, 4.0]], np.float32), np.array([1.0, -1.0], np.float32)
    gain, shift = np.array([2.0, 10.0], np.float32), np.array([0.5, 0.0], np.float32)
    folded_kernel, folded_bias = fold(kernel, bias, gain, shift, axis=-1)
    np.testing.assert_array_equal(folded_kernel, [[2, 20], [6, 40]])
    np.testing.assert_array_equal(folded_bias, [2.5, -10])


def test_a_normalisation_of_the_input_is_refused_by_name() -> None:
    from flashfit.quantize.fold import folded

    x = keras.Input((4,))
    model = keras.Model(x, keras.layers.Dense(2)(keras.layers.BatchNormalization(name="first")(x)))
    with pytest.raises(ConfigError, match="first: a normalisation that follows no linear layer"):
        folded(model)


def test_a_layer_that_runs_twice_is_refused() -> None:
    from flashfit.quantize.fold import folded

    x, twice = keras.Input((4,)), keras.layers.Dense(4)
    model = keras.Model(x, keras.layers.ReLU(name="last")(twice(keras.layers.ReLU()(twice(x)))))
    with pytest.raises(ConfigError, match="last: reads what a layer made that runs twice"):
        folded(model)
