"""Spec to Keras model."""

from zlib import crc32

import keras

from flashfit.models.backbone import graft
from flashfit.models.spec import (
    Backbone,
    Classes,
    Conv,
    Dense,
    Dropout,
    Flatten,
    GlobalAverage,
    Layer,
    Pool,
    Recurrent,
    Residual,
    Separable,
    Spec,
    pair,
)

# Keras' default, 0.99, follows too slowly for sets of a few hundred batches: validation lags for epochs.
_MOMENTUM = 0.9

_CELLS = {"lstm": keras.layers.LSTM, "gru": keras.layers.GRU}


def network(spec: Spec, seed: int = 0) -> keras.Model:
    """The Keras model of a spec: (batch, *input_shape) float32 in, (batch, spec.outputs) float32 out.

    A backbone's weights come from its file. All others, and what dropouts will draw, depend on the seed and
    the layer's name alone: Keras would draw them from the process' `random`, which any thread may move on.
    Layer names are fixed, so that files of the model are too; the head is the last layer.
    """
    inputs = keras.Input(spec.input_shape, name="input")
    x = inputs
    for index, layer in enumerate(spec.layers):
        x = _apply(layer, x, f"{index}_{layer.kind}", seed)
    activation = "softmax" if isinstance(spec.head, Classes) else "linear"
    head = keras.layers.Dense(spec.outputs, activation, kernel_initializer=_glorot("head", seed), name="head")
    return keras.Model(inputs, head(x), name=spec.family)


def _apply(layer: Layer, x: keras.KerasTensor, name: str, seed: int) -> keras.KerasTensor:
    match layer:
        case Conv():
            return _relu(_conv(layer, x, name, seed), name)
        case Separable():
            return _separable(layer, x, name, seed)
        case Residual():
            return _residual(layer, x, name, seed)
        case Pool():
            kind = keras.layers.AveragePooling2D if layer.of == "average" else keras.layers.MaxPooling2D
            return kind(pair(layer.size), padding="same", name=name)(x)
        case GlobalAverage():
            return keras.layers.GlobalAveragePooling2D(name=name)(x)
        case Flatten():
            return keras.layers.Flatten(name=name)(x)
        case Dense():
            kernel = _glorot(name, seed)
            return keras.layers.Dense(layer.units, activation="relu", kernel_initializer=kernel, name=name)(x)
        case Dropout():
            return keras.layers.Dropout(layer.rate, seed=_seed(name, seed), name=name)(x)
        case Recurrent():
            return _recurrent(layer, x, name, seed)
        case Backbone():
            return graft(layer, x, name)


def _conv(layer: Conv | Residual, x: keras.KerasTensor, name: str, seed: int) -> keras.KerasTensor:
    convolution = keras.layers.Conv2D(
        layer.filters,
        layer.kernel,
        layer.stride,
        padding="same",
        dilation_rate=layer.dilation,
        use_bias=False,
        kernel_initializer=_glorot(name, seed),
        name=name,
    )
    return _norm(convolution(x), name)


def _separable(layer: Separable, x: keras.KerasTensor, name: str, seed: int) -> keras.KerasTensor:
    depthwise, pointwise = f"{name}_depthwise", f"{name}_pointwise"
    x = keras.layers.DepthwiseConv2D(
        layer.kernel,
        layer.stride,
        padding="same",
        use_bias=False,
        depthwise_initializer=_glorot(depthwise, seed),
        name=depthwise,
    )(x)
    x = _relu(_norm(x, depthwise), depthwise)
    kernel = _glorot(pointwise, seed)
    x = keras.layers.Conv2D(layer.filters, 1, use_bias=False, kernel_initializer=kernel, name=pointwise)(x)
    return _relu(_norm(x, pointwise), pointwise)


def _residual(layer: Residual, x: keras.KerasTensor, name: str, seed: int) -> keras.KerasTensor:
    y = _relu(_conv(layer, x, f"{name}_first", seed), f"{name}_first")
    y = _conv(layer.model_copy(update={"stride": 1}), y, f"{name}_second", seed)
    if x.shape != y.shape:
        x = _conv(layer.model_copy(update={"kernel": 1, "dilation": 1}), x, f"{name}_shortcut", seed)
    return keras.layers.ReLU(name=f"{name}_relu")(keras.layers.Add(name=f"{name}_add")([y, x]))


def _recurrent(layer: Recurrent, x: keras.KerasTensor, name: str, seed: int) -> keras.KerasTensor:
    if len(x.shape) == 4:
        _, steps, width, channels = x.shape
        x = keras.layers.Reshape((steps, width * channels), name=f"{name}_steps")(x)
    return _CELLS[layer.cell](
        layer.units,
        return_sequences=layer.sequence,
        kernel_initializer=_glorot(name, seed),
        recurrent_initializer=keras.initializers.Orthogonal(seed=_seed(f"{name}_recurrent", seed)),
        seed=_seed(f"{name}_dropout", seed),
        name=name,
    )(x)


def _glorot(name: str, seed: int) -> keras.initializers.Initializer:
    return keras.initializers.GlorotUniform(seed=_seed(name, seed))


def _seed(name: str, seed: int) -> int:
    return crc32(f"{seed}/{name}".encode()) & 0x7FFFFFFF


def _norm(x: keras.KerasTensor, name: str) -> keras.KerasTensor:
    return keras.layers.BatchNormalization(momentum=_MOMENTUM, name=f"{name}_norm")(x)


def _relu(x: keras.KerasTensor, name: str) -> keras.KerasTensor:
    return keras.layers.ReLU(name=f"{name}_relu")(x)
