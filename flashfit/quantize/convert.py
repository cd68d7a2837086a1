"""Keras to .tflite, in this process. The converter can take the process down with it: see quantize.converter.

Feed-forward models are frozen and converted. LSTMs become TFLM's fused operator (quantize.lstm), GRUs a WHILE
loop around one converted step (quantize.gru); docs/decisions/0007-recurrence.md says why.
"""

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from flashfit.errors import ConfigError
from flashfit.quantize import gru, lstm
from flashfit.quantize.frozen import frozen, quantized
from flashfit.quantize.recurrent import recurrent_layers
from flashfit.quantize.slim import slim


def to_int8(model: keras.Model, calibration: NDArray[np.float32]) -> bytes:
    """Full int8, inputs and outputs included. calibration: (n, …) float32 model inputs.

    Raises ConfigError for recurrent layers that TFLM has no form for.
    """
    match recurrent_layers(model):
        case (keras.layers.GRU(), *_) as layers:
            return slim(gru.to_int8(model, layers, calibration))
        case (keras.layers.LSTM(), *_):
            return slim(lstm.to_int8(model, calibration))
        case _:
            return slim(quantized(_feed_forward(model), [[sample[None]] for sample in calibration], "int8"))


def to_int16(model: keras.Model, calibration: NDArray[np.float32]) -> bytes:
    """int8 weights and int16 activations, inputs and outputs included. Raises ConfigError for recurrent layers."""
    for layer in recurrent_layers(model):
        raise ConfigError(f"{layer.name}: a recurrent layer has no form with int16 inputs and outputs on TFLM")
    return slim(quantized(_feed_forward(model), [[sample[None]] for sample in calibration], "int16"))


def to_float(model: keras.Model) -> bytes:
    """float32 throughout: the reference that int8 is compared with. Raises ConfigError as to_int8 does."""
    match recurrent_layers(model):
        case (keras.layers.GRU(), *_) as layers:
            return slim(gru.to_float(model, layers))
        case (keras.layers.LSTM(), *_):
            return slim(lstm.to_float(model))
        case _:
            return slim(_feed_forward(model).convert())


def _feed_forward(model: keras.Model) -> tf.lite.TFLiteConverter:
    return frozen(lambda x: model(x, training=False), [model.input_shape[1:]], model)
