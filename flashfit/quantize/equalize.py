"""Channels made alike across layers: the same answers in float, and ranges that int8's steps serve better.

Nagel et al., 2019, arXiv:1906.04721, section 4.1, with one change. There the weights of a layer share one scale,
and their ranges are evened out; TFLM's weights have a scale for each output channel, and what shares one are
the activations. So a channel's largest activation stands where its largest outgoing weight does there.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import keras
import numpy as np
from numpy.typing import NDArray

from flashfit.quantize.fold import WEIGHTED, Step, channel_axis, fold, unpacked

Floats = NDArray[np.float32]

_SCALED_THROUGH = (
    keras.layers.ReLU,
    keras.layers.MaxPooling2D,
    keras.layers.AveragePooling2D,
    keras.layers.GlobalAveragePooling2D,
    keras.layers.ZeroPadding2D,
    keras.layers.Flatten,
)
"""What a positive factor of a channel goes through unchanged; a ReLU with a ceiling does not belong to them."""

_MOST = 1e3
_ROUNDS = 4


@dataclass(frozen=True)
class Pair:
    """A layer with weights, and the one that alone reads what it makes. activated: what goes from one to the other."""

    first: keras.layers.Layer
    second: keras.layers.Layer
    activated: keras.layers.Layer


def pairs(model: keras.Model) -> Iterator[Pair]:
    """The pairs of a folded network that can be evened out."""
    steps = tuple(unpacked(model))
    for step in steps:
        if isinstance(step.layer, WEIGHTED):
            between = list(_alone_after(step, steps))
            if between and isinstance(between[-1], WEIGHTED):
                activated = next((layer for layer in between if isinstance(layer, keras.layers.ReLU)), step.layer)
                yield Pair(step.layer, between[-1], activated)


def equalize(model: keras.Model, samples: Floats) -> int:
    """Even out a folded network in place. samples: (n, …). Returns how many pairs there were."""
    found = list(pairs(model))
    if not found:
        return 0
    seen = keras.Model(model.input, [pair.activated.output for pair in found])
    values = keras.tree.flatten(seen(samples, training=False))
    largest = [np.abs(np.asarray(value)).reshape(-1, value.shape[-1]).max(axis=0) for value in values]
    for _ in range(_ROUNDS):
        for pair, activation in zip(found, largest, strict=True):
            factors = channel_factors(activation, _reading(pair.second, len(activation)))
            scale_pair(pair, factors)
            activation /= factors
    return len(found)


def channel_factors(activation: Floats, reading: Floats | None) -> Floats:
    """By what each channel's activation is divided, and the weights that read it multiplied. (channels,)

    activation: each channel's largest value. reading: the largest weight that reads it, as a share of the
    largest of the same output. None where weights with a scale of their own read each channel, a depthwise
    layer's: activations are then made all alike. A channel that is never active or never read keeps 1.
    """
    if reading is None:
        reading = np.divide(np.square(activation.max()), activation, out=np.ones_like(activation), where=activation > 0)
    alive = (activation > 0) & (reading > 0)
    factors = np.sqrt(np.divide(activation, reading, out=np.ones_like(activation), where=alive))
    return np.clip(factors, 1 / _MOST, _MOST).astype(np.float32)


def scale_pair(pair: Pair, factors: Floats) -> None:
    """Divide each channel that goes from one layer to the other, (channels,), and let the reader take it back."""
    kernel, bias = pair.first.get_weights()
    gain: Floats = np.reciprocal(factors)
    pair.first.set_weights(list(fold(kernel, bias, gain, np.zeros_like(gain), channel_axis(pair.first))))
    kernel, bias = pair.second.get_weights()
    before = kernel.shape
    rows = kernel.reshape(-1, len(factors), kernel.shape[-1]) * factors[:, None]
    pair.second.set_weights([rows.reshape(before), bias])


def _alone_after(step: Step, steps: Sequence[Step]) -> Iterator[keras.layers.Layer]:
    """The layers behind one, as long as each alone reads the one before, up to the next with weights."""
    while True:
        readers = [other for other in steps if step.makes in other.reads]
        if len(readers) != 1 or not (_scales_through(readers[0].layer) or isinstance(readers[0].layer, WEIGHTED)):
            return
        (step,) = readers
        yield step.layer
        if isinstance(step.layer, WEIGHTED):
            return


def _scales_through(layer: keras.layers.Layer) -> bool:
    has_ceiling = isinstance(layer, keras.layers.ReLU) and layer.max_value is not None
    return isinstance(layer, _SCALED_THROUGH) and not has_ceiling


def _reading(layer: keras.layers.Layer, channels: int) -> Floats | None:
    if isinstance(layer, keras.layers.DepthwiseConv2D):
        return None
    kernel = np.abs(np.asarray(layer.kernel))
    kernel = kernel.reshape(-1, channels, kernel.shape[-1]).max(axis=0)
    of_output = kernel.max(axis=0)
    shares: Floats = np.divide(kernel, of_output, out=np.zeros_like(kernel), where=of_output > 0).max(axis=1)
    return shares
