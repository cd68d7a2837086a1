"""Spec to Keras model."""

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


def network(spec: Spec) -> keras.Model:
    """The Keras model of a spec: (batch, *input_shape) float32 in, (batch, spec.outputs) float32 out.

    Weights come from Keras' global seed, and a backbone's from its file. Layer names are fixed, so that
    files of the model are too; the head is the last layer.
    """
    inputs = keras.Input(spec.input_shape, name="input")
    x = inputs
    for index, layer in enumerate(spec.layers):
        x = _apply(layer, x, f"{index}_{layer.kind}")
    activation = "softmax" if isinstance(spec.head, Classes) else "linear"
    x = keras.layers.Dense(spec.outputs, activation=activation, name="head")(x)
    return keras.Model(inputs, x, name=spec.family)


def _apply(layer: Layer, x: keras.KerasTensor, name: str) -> keras.KerasTensor:
    match layer:
        case Conv():
            return _relu(_conv(layer, x, name), name)
        case Separable():
            return _separable(layer, x, name)
        case Residual():
            return _residual(layer, x, name)
        case Pool():
            kind = keras.layers.AveragePooling2D if layer.of == "average" else keras.layers.MaxPooling2D
            return kind(pair(layer.size), padding="same", name=name)(x)
        case GlobalAverage():
            return keras.layers.GlobalAveragePooling2D(name=name)(x)
        case Flatten():
            return keras.layers.Flatten(name=name)(x)
        case Dense():
            return keras.layers.Dense(layer.units, activation="relu", name=name)(x)
        case Dropout():
            return keras.layers.Dropout(layer.rate, name=name)(x)
        case Recurrent():
            return _recurrent(layer, x, name)
        case Backbone():
            return graft(layer, x, name)


def _conv(layer: Conv | Residual, x: keras.KerasTensor, name: str) -> keras.KerasTensor:
    convolution = keras.layers.Conv2D(
        layer.filters,
        layer.kernel,
        layer.stride,
        padding="same",
        dilation_rate=layer.dilation,
        use_bias=False,
        name=name,
    )
    return _norm(convolution(x), name)


def _separable(layer: Separable, x: keras.KerasTensor, name: str) -> keras.KerasTensor:
    x = keras.layers.DepthwiseConv2D(
        layer.kernel, layer.stride, padding="same", use_bias=False, name=f"{name}_depthwise"
    )(x)
    x = _relu(_norm(x, f"{name}_depthwise"), f"{name}_depthwise")
    x = keras.layers.Conv2D(layer.filters, 1, use_bias=False, name=f"{name}_pointwise")(x)
    return _relu(_norm(x, f"{name}_pointwise"), f"{name}_pointwise")


def _residual(layer: Residual, x: keras.KerasTensor, name: str) -> keras.KerasTensor:
    y = _relu(_conv(layer, x, f"{name}_first"), f"{name}_first")
    y = _conv(layer.model_copy(update={"stride": 1}), y, f"{name}_second")
    if x.shape != y.shape:
        x = _conv(layer.model_copy(update={"kernel": 1, "dilation": 1}), x, f"{name}_shortcut")
    return keras.layers.ReLU(name=f"{name}_relu")(keras.layers.Add(name=f"{name}_add")([y, x]))


def _recurrent(layer: Recurrent, x: keras.KerasTensor, name: str) -> keras.KerasTensor:
    if len(x.shape) == 4:
        _, steps, width, channels = x.shape
        x = keras.layers.Reshape((steps, width * channels), name=f"{name}_steps")(x)
    return _CELLS[layer.cell](layer.units, return_sequences=layer.sequence, name=name)(x)


def _norm(x: keras.KerasTensor, name: str) -> keras.KerasTensor:
    return keras.layers.BatchNormalization(momentum=_MOMENTUM, name=f"{name}_norm")(x)


def _relu(x: keras.KerasTensor, name: str) -> keras.KerasTensor:
    return keras.layers.ReLU(name=f"{name}_relu")(x)
