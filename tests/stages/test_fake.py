"""The twin that rounds as int8 does: what it answers, TFLM answers with the .tflite made of it."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from ai_edge_litert.interpreter import Interpreter
from numpy.typing import NDArray

from flashfit.errors import ConfigError
from flashfit.models.spec import Classes, Conv, Dense, Flatten, GlobalAverage, Layer, Pool, Residual, Separable, Spec
from flashfit.runtime.operators import operators
from flashfit.runtime.tensor import quantized
from flashfit.runtime.tflm import TflmRun, run_tflm
from tests.converted import looks_trained

keras = pytest.importorskip("keras")

LEAST_EXACT = 0.99  # of all outputs; the rest are one step off, from sums in float32
SAMPLES = 200

KERNELS: dict[str, Callable[[Any], Any]] = {
    "CONV_2D": lambda x: keras.layers.Conv2D(6, 3, padding="same", activation="relu")(x),
    "DEPTHWISE_CONV_2D": lambda x: keras.layers.DepthwiseConv2D(3, strides=2, padding="same")(x),
    "FULLY_CONNECTED": lambda x: keras.layers.Dense(8)(keras.layers.Flatten()(x)),
    "MEAN": lambda x: keras.layers.GlobalAveragePooling2D()(x),
    "AVERAGE_POOL_2D": lambda x: keras.layers.AveragePooling2D(3, padding="same")(x),
    "MAX_POOL_2D": lambda x: keras.layers.MaxPooling2D(2)(x),
    "ADD": lambda x: keras.layers.Add()([x, keras.layers.Conv2D(4, 1)(x)]),
    "SOFTMAX": lambda x: keras.layers.Softmax()(keras.layers.Flatten()(x)),
}
BODIES: dict[str, tuple[Layer, ...]] = {
    "dense": (Flatten(), Dense(units=16), Dense(units=16)),
    "conv": (Conv(filters=8, kernel=3), Pool(of="max", size=2), Conv(filters=16, kernel=3), GlobalAverage()),
    "separable": (Conv(filters=8, kernel=3, stride=2), Separable(filters=16, kernel=3), GlobalAverage()),
    "residual": (Residual(filters=8, kernel=3, stride=2), Pool(of="average", size=2), Flatten(), Dense(units=16)),
}


def on_both(model: Any, calibration: NDArray[np.float32], inputs: NDArray[np.float32]) -> tuple[NDArray[Any], TflmRun]:
    """What a model's twin answers, as stored values, and what TFLM does."""
    from flashfit.quantize.fake import fake_quantized, observed_ranges, set_ranges, to_tflite
    from flashfit.quantize.fold import folded
    from flashfit.quantize.slim import slim

    twin = fake_quantized(folded(model))
    set_ranges(twin, *observed_ranges(twin, calibration, [100]))
    run = run_tflm(slim(to_tflite(twin)), inputs)
    return quantized(np.asarray(twin(inputs, training=False)), run.output), run


def normal(*shape: int) -> NDArray[np.float32]:
    return np.random.default_rng(5).normal(0, 1, shape).astype(np.float32)


@pytest.mark.parametrize("name", KERNELS)
def test_each_kernel_rounds_as_its_twin_does(name: str) -> None:
    keras.utils.set_random_seed(1)
    x = keras.Input((7, 7, 4))
    model, inputs = keras.Model(x, KERNELS[name](x)), normal(SAMPLES, 7, 7, 4)
    twin, run = on_both(model, inputs, inputs)
    off = np.abs(twin.astype(int) - run.outputs)
    assert off.max() <= 1
    assert np.mean(off == 0) > LEAST_EXACT


@pytest.mark.parametrize("body", BODIES)
def test_a_whole_network_stays_within_one_step_of_its_twin(body: str) -> None:
    spec = Spec(family=body, input_shape=(8, 8, 2), head=Classes(count=5), layers=BODIES[body])
    model, calibration = looks_trained(spec, 1)
    twin, run = on_both(model, calibration, normal(SAMPLES, 8, 8, 2))
    assert np.abs(twin.astype(int) - run.outputs).max() <= 1
    assert np.mean(twin.argmax(axis=1) == run.outputs.argmax(axis=1)) >= 0.995


def test_biases_between_two_steps_are_rounded_as_the_converter_rounds_them() -> None:
    from flashfit.quantize.fake import Weighted, fake_quantized, set_ranges, to_tflite
    from flashfit.quantize.fold import folded

    keras.utils.set_random_seed(1)
    x = keras.Input((8,))
    twin = fake_quantized(folded(keras.Model(x, keras.layers.Dense(256)(x))))
    set_ranges(twin, [(-3.1, 2.9), (-9000.0, 9000.0)])
    weighted = next(layer for layer in twin.layers if isinstance(layer, Weighted))
    unit = np.asarray(weighted.unit(), np.float64)
    weighted.inner.bias.assign(((30_000.5 + np.arange(256)) * unit).astype(np.float32))
    kept = Interpreter(model_content=to_tflite(twin))
    kept.allocate_tensors()
    (bias,) = (each["index"] for each in kept.get_tensor_details() if each["dtype"] == np.int32)
    left = np.asarray(weighted(np.zeros((1, 8), np.float32)))  # where every input is 0, the bias alone
    assert np.array_equal(np.round(left / unit)[0], kept.get_tensor(bias))


def test_the_twin_converts_to_the_operators_that_calibration_gives() -> None:
    from flashfit.quantize.convert import to_int8
    from flashfit.quantize.fake import fake_quantized, observed_ranges, set_ranges, to_tflite
    from flashfit.quantize.fold import folded

    spec = Spec(family="residual", input_shape=(8, 8, 2), head=Classes(count=5), layers=BODIES["residual"])
    model, calibration = looks_trained(spec, 1)
    twin = fake_quantized(folded(model))
    set_ranges(twin, *observed_ranges(twin, calibration, [100]))
    assert operators(to_tflite(twin)) == operators(to_int8(model, calibration))


def test_a_percentile_leaves_out_the_tails_and_keeps_0() -> None:
    from flashfit.quantize.fake import Rounded, fake_quantized, observed_ranges, set_ranges
    from flashfit.quantize.fold import folded

    x = keras.Input((1,))
    twin = fake_quantized(folded(keras.Model(x, keras.layers.Dense(1)(x))))
    samples = np.linspace(1, 101, 101, dtype=np.float32)[:, None]
    whole, inner = observed_ranges(twin, samples, [100, 90])
    assert (whole[0], inner[0]) == ((1, 101), (11, 91))
    set_ranges(twin, inner)
    first = next(layer for layer in twin.layers if isinstance(layer, Rounded))
    assert (float(first.low), float(first.high)) == (0, 91)


def test_a_layer_without_a_twin_is_refused_by_name() -> None:
    from flashfit.quantize.fake import fake_quantized
    from flashfit.quantize.fold import folded

    x = keras.Input((4,))
    model = keras.Model(x, keras.layers.Activation("tanh", name="bent")(keras.layers.Dense(2)(x)))
    with pytest.raises(ConfigError, match="bent_activation: Activation has no twin"):
        fake_quantized(folded(model))
