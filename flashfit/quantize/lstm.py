"""LSTM as TFLM's fused operator, UNIDIRECTIONAL_SEQUENCE_LSTM.

The converter fuses only the LSTM of tf_keras, whose function carries the mark that it looks for. So each
Keras LSTM is swapped for a layer that calls tf_keras' with the same weights: the same answers, to the bit.
"""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from ai_edge_litert import schema_py_generated as schema
from ai_edge_litert.tools import flatbuffer_utils
from numpy.typing import NDArray

from flashfit.quantize.frozen import quantized

# What an int16 state reaches at a scale of 1, so that nothing is clipped. Not 0, which TFLM's reference
# kernel takes for "never" and CMSIS-NN's for "to nothing".
_NO_CLIP = 32768.0


def to_int8(model: keras.Model, calibration: NDArray[np.float32]) -> bytes:
    """int8 inputs, outputs and weights; the cells are int16. model: holds LSTM layers."""
    return _mended(quantized(_converter(model), [[sample[None]] for sample in calibration], "int8"))


def to_float(model: keras.Model) -> bytes:
    """float32 throughout. model: holds LSTM layers."""
    return _mended(_converter(model).convert())


def _converter(model: keras.Model) -> tf.lite.TFLiteConverter:
    swapped = keras.models.clone_model(model, clone_function=_swapped)
    for layer, original in zip(swapped.layers, model.layers, strict=True):
        layer.set_weights(original.get_weights())
    signature = tf.TensorSpec((1, *model.input_shape[1:]), tf.float32)
    function = tf.function(lambda x: swapped(x, training=False)).get_concrete_function(signature)
    # Not frozen: freezing inlines the marked function, and the mark is gone.
    return tf.lite.TFLiteConverter.from_concrete_functions([function], _owner(swapped))


def _swapped(layer: keras.layers.Layer) -> keras.layers.Layer:
    if isinstance(layer, keras.layers.LSTM):
        return _Marked(layer.units, layer.return_sequences, layer.name)
    return type(layer).from_config(layer.get_config())


def _owner(model: keras.Model) -> tf.Module:
    """Something that holds every variable: the converter does not find Keras 3's by itself."""
    owner = tf.Module()
    owner.variables_ = [variable.value for variable in model.variables]
    owner.layers_ = [layer.inner for layer in model.layers if isinstance(layer, _Marked)]
    return owner


def _mended(tflite: bytes) -> bytes:
    """Without two things of the converter's.

    It clips cell states at ±10, which Keras does not, and trained cells reach it. And it leaves buffers of
    the first states behind that no tensor has, with other bytes in them each time.
    """
    model = flatbuffer_utils.read_model_from_bytearray(bytearray(tflite))
    (graph,) = model.subgraphs
    for operator in graph.operators:
        if isinstance(operator.builtinOptions, schema.UnidirectionalSequenceLSTMOptionsT):
            operator.builtinOptions.cellClip = _NO_CLIP
    used = {tensor.buffer for tensor in graph.tensors}
    for index, buffer in enumerate(model.buffers):
        if index not in used:
            buffer.data = None
    model.metadata = None
    return bytes(flatbuffer_utils.convert_object_to_bytearray(model))


class _Marked(keras.layers.Layer):  # type: ignore[misc]
    """tf_keras' LSTM inside a Keras 3 layer."""

    def __init__(self, units: int, return_sequences: bool, name: str) -> None:
        super().__init__(name=name)
        import tf_keras  # here, because it takes 0.6 s, and few models are recurrent

        # Zeros, so that no random number is drawn for weights that are replaced anyway.
        zeros = {"kernel_initializer": "zeros", "recurrent_initializer": "zeros"}
        self.inner = tf_keras.layers.LSTM(units, return_sequences=return_sequences, **zeros)

    def build(self, input_shape: Sequence[int | None]) -> None:
        self.inner.build(input_shape)

    def call(self, x: tf.Tensor, mask: None = None) -> tf.Tensor:
        return self.inner(x)

    def get_weights(self) -> list[Any]:
        weights: list[Any] = self.inner.get_weights()
        return weights

    def set_weights(self, weights: list[Any]) -> None:
        self.inner.set_weights(weights)
