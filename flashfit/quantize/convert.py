"""Keras to .tflite, in this process. The converter can take the process down with it: see quantize.child."""

from collections.abc import Iterator

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray
from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

from flashfit.quantize.slim import slim


def to_int8(model: keras.Model, calibration: NDArray[np.float32]) -> bytes:
    """Full int8, inputs and outputs included. calibration: (n, …) float32 model inputs."""
    converter = _converter(model)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = lambda: _one_by_one(calibration)
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter.inference_input_type = tf.int8
    converter.inference_output_type = tf.int8
    return slim(converter.convert())


def to_float(model: keras.Model) -> bytes:
    """float32 throughout: the reference that int8 is compared with."""
    return slim(_converter(model).convert())


def _converter(model: keras.Model) -> tf.lite.TFLiteConverter:
    # Frozen, because unfrozen variables fail in calibration, and freezing is several times faster.
    signature = tf.TensorSpec((1, *model.input_shape[1:]), tf.float32)
    function = tf.function(lambda x: model(x, training=False)).get_concrete_function(signature)
    frozen = convert_variables_to_constants_v2(function)
    return tf.lite.TFLiteConverter.from_concrete_functions([frozen], model)


def _one_by_one(calibration: NDArray[np.float32]) -> Iterator[list[NDArray[np.float32]]]:
    for sample in calibration:
        yield [sample[None]]
