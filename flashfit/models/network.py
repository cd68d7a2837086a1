"""Spec to Keras model."""

import keras

from flashfit.models.spec import Conv, Dense, Dropout, Flatten, GlobalAverage, Layer, Separable, Spec

# Keras' default, 0.99, follows too slowly for sets of a few hundred batches: validation lags for epochs.
_MOMENTUM = 0.9


def network(spec: Spec) -> keras.Model:
    """The Keras model of a spec: (batch, *input_shape) float32 in, (batch, classes) probabilities out.

    Weights come from Keras' global seed. Layer names are fixed, so that files of the model are too.
    """
    inputs = keras.Input(spec.input_shape, name="input")
    x = inputs
    for index, layer in enumerate(spec.layers):
        x = _apply(layer, x, f"{index}_{layer.kind}")
    x = keras.layers.Dense(spec.classes, activation="softmax", name="head")(x)
    return keras.Model(inputs, x, name=spec.family)


def _apply(layer: Layer, x: keras.KerasTensor, name: str) -> keras.KerasTensor:
    match layer:
        case Conv():
            x = keras.layers.Conv2D(
                layer.filters, layer.kernel, layer.stride, padding="same", use_bias=False, name=name
            )(x)
            return _normalised(x, name)
        case Separable():
            x = keras.layers.DepthwiseConv2D(
                layer.kernel, layer.stride, padding="same", use_bias=False, name=f"{name}_depthwise"
            )(x)
            x = _normalised(x, f"{name}_depthwise")
            x = keras.layers.Conv2D(layer.filters, 1, use_bias=False, name=f"{name}_pointwise")(x)
            return _normalised(x, f"{name}_pointwise")
        case GlobalAverage():
            return keras.layers.GlobalAveragePooling2D(name=name)(x)
        case Flatten():
            return keras.layers.Flatten(name=name)(x)
        case Dense():
            return keras.layers.Dense(layer.units, activation="relu", name=name)(x)
        case Dropout():
            return keras.layers.Dropout(layer.rate, name=name)(x)


def _normalised(x: keras.KerasTensor, name: str) -> keras.KerasTensor:
    x = keras.layers.BatchNormalization(momentum=_MOMENTUM, name=f"{name}_norm")(x)
    return keras.layers.ReLU(name=f"{name}_relu")(x)
