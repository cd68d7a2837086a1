"""Biases that take back what rounding the weights adds on average.

Nagel et al., 2019, arXiv:1906.04721, section 4.2, by samples: layer after layer, each seeing those before it corrected.
"""

import keras
import numpy as np
from numpy.typing import NDArray

from flashfit.quantize.fake import Weighted

Floats = NDArray[np.float32]


def correct_biases(model: keras.Model, twin: keras.Model, samples: Floats) -> None:
    """Change the biases of a folded network, which its twin shares, so that both agree on each channel's mean.

    samples: (n, …).
    """
    layers = [layer for layer in twin.layers if isinstance(layer, Weighted)]
    wanted = keras.Model(model.input, [layer.inner.output for layer in layers])(samples, training=False)
    means = [_channel_means(value) for value in keras.tree.flatten(wanted)]
    for layer, mean in zip(layers, means, strict=True):
        given = keras.Model(twin.input, layer.output)(samples, training=False)
        layer.inner.bias.assign_add(mean - _channel_means(given))


def _channel_means(values: Floats) -> Floats:
    values = np.asarray(values)
    means: Floats = values.reshape(-1, values.shape[-1]).mean(axis=0, dtype=np.float64).astype(np.float32)
    return means
