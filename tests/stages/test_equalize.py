"""Channels evened out and biases corrected: the same answers in float, nearer ones in int8."""

from typing import Any

import numpy as np
import pytest

from flashfit.models.spec import Classes, Conv, Flatten, GlobalAverage, Pool, Separable, Spec
from tests.converted import looks_trained

keras = pytest.importorskip("keras")


def separable(seed: int = 1) -> tuple[Any, Any]:
    """A folded network, and inputs for it."""
    from flashfit.quantize.fold import folded

    layers = (Conv(filters=8, kernel=3), Separable(filters=12, kernel=3, stride=2), GlobalAverage())
    model, inputs = looks_trained(Spec(family="s", input_shape=(8, 8, 2), head=Classes(count=4), layers=layers), seed)
    return folded(model), inputs


def spoil(network: Any, seed: int = 3) -> None:
    """Channels up to thousands of times larger than others, and the same answers in float."""
    from flashfit.quantize.equalize import pairs, scale_pair

    chance = np.random.default_rng(seed)
    for pair in pairs(network):
        scale_pair(pair, np.exp(chance.normal(0, 2, pair.activated.output.shape[-1])).astype(np.float32))


def int8_error(network: Any, inputs: Any) -> float:
    from flashfit.quantize.fake import fake_quantized, observed_ranges, set_ranges

    twin = fake_quantized(network)
    set_ranges(twin, *observed_ranges(twin, inputs, [100]))
    return float(np.abs(twin(inputs, training=False) - network(inputs, training=False)).mean())


def test_every_pair_of_a_separable_network_is_found() -> None:
    from flashfit.quantize.equalize import pairs

    names = [(pair.first.name, pair.second.name) for pair in pairs(separable()[0])]
    assert names == [
        ("0_conv", "1_separable_depthwise"),
        ("1_separable_depthwise", "1_separable_pointwise"),
        ("1_separable_pointwise", "head"),
    ]


def test_an_equalized_network_answers_the_same_in_float() -> None:
    from flashfit.quantize.equalize import equalize

    network, inputs = separable()
    before = np.asarray(network(inputs, training=False))
    assert equalize(network, inputs) == 3
    np.testing.assert_allclose(network(inputs, training=False), before, atol=1e-5)


def test_channels_are_evened_out_through_flatten_too() -> None:
    from flashfit.quantize.equalize import equalize
    from flashfit.quantize.fold import folded

    layers = (Conv(filters=4, kernel=3), Pool(of="max", size=2), Flatten())
    model, inputs = looks_trained(Spec(family="f", input_shape=(6, 6, 1), head=Classes(count=3), layers=layers), 1)
    network = folded(model)
    spoil(network)
    assert equalize(network, inputs) == 1
    np.testing.assert_allclose(network(inputs, training=False), model(inputs, training=False), atol=1e-5)


def test_int8_comes_back_from_channels_that_are_unlike() -> None:
    from flashfit.quantize.equalize import equalize

    network, inputs = separable()
    spoil(network)
    spoilt = int8_error(network, inputs)
    equalize(network, inputs)
    assert int8_error(network, inputs) < spoilt / 5


def test_a_ceiling_keeps_a_pair_as_it_is() -> None:
    from flashfit.quantize.equalize import pairs

    x = keras.Input((4, 4, 2))
    y = keras.layers.ReLU(max_value=6)(keras.layers.Conv2D(3, 1)(x))
    assert list(pairs(keras.Model(x, keras.layers.Conv2D(2, 1)(y)))) == []


def test_factors_share_a_channel_between_what_it_is_and_what_reads_it() -> None:
    from flashfit.quantize.equalize import channel_factors

    activation, reading = np.array([8, 0.5, 0, 3], np.float32), np.array([0.5, 0.5, 1, 0], np.float32)
    np.testing.assert_allclose(channel_factors(activation, reading), [4, 1, 1, 1])


def test_channels_that_a_depthwise_layer_reads_become_all_alike() -> None:
    from flashfit.quantize.equalize import channel_factors

    activation = np.array([8, 0.5, 2], np.float32)
    np.testing.assert_allclose(activation / channel_factors(activation, None), 8)


def test_corrected_biases_take_the_mean_error_away() -> None:
    from flashfit.quantize.bias import correct_biases
    from flashfit.quantize.fake import fake_quantized, observed_ranges, set_ranges

    network, inputs = separable()
    spoil(network)
    twin = fake_quantized(network)
    set_ranges(twin, *observed_ranges(twin, inputs, [100]))
    logits = [keras.Model(one.input, one.get_layer("head").output) for one in (network, twin)]
    wanted = np.asarray(logits[0](inputs, training=False)).mean(axis=0)
    before = np.abs(np.asarray(logits[1](inputs, training=False)).mean(axis=0) - wanted).max()
    correct_biases(network, twin, inputs)
    after = np.abs(np.asarray(logits[1](inputs, training=False)).mean(axis=0) - wanted).max()
    assert after < before / 4
