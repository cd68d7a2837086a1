"""Functions to .tflite: weights frozen into constants, batches of one."""

from collections.abc import Callable, Sequence
from typing import Any, Literal

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray
from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

Activations = Literal["int8", "int16"]
Sample = list[NDArray[np.float32]] | dict[str, NDArray[np.float32]]

_OPERATORS = {
    "int8": tf.lite.OpsSet.TFLITE_BUILTINS_INT8,
    "int16": tf.lite.OpsSet.EXPERIMENTAL_TFLITE_BUILTINS_ACTIVATIONS_INT16_WEIGHTS_INT8,
}
_TYPES = {"int8": tf.int8, "int16": tf.int16}


def frozen(function: Callable[..., Any], shapes: Sequence[tuple[int, ...]], owner: Any) -> tf.lite.TFLiteConverter:
    """A converter of function, called with one float32 tensor of (1, *shape) for each of shapes.

    owner: what held its variables. Frozen, because unfrozen variables fail in calibration, and freezing is
    several times faster. The converter changes the order of several inputs; their names are input_name's.
    """
    signature = [tf.TensorSpec((1, *shape), tf.float32, input_name(index)) for index, shape in enumerate(shapes)]
    concrete = tf.function(function).get_concrete_function(*signature)
    return tf.lite.TFLiteConverter.from_concrete_functions([convert_variables_to_constants_v2(concrete)], owner)


def input_name(index: int) -> str:
    """The name of a frozen function's input."""
    return f"input_{index}"


def quantized(converter: tf.lite.TFLiteConverter, samples: Sequence[Sample], activations: Activations) -> bytes:
    """Convert with int8 weights and activations of the given type, inputs and outputs included.

    samples: what the function is called with, in a row or by name; they set the ranges. With int16 activations a
    dense layer's weights share one scale: one each is no more exact there, and takes 32 bytes an output.
    """
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = lambda: iter(samples)
    converter.target_spec.supported_ops = [_OPERATORS[activations]]
    converter.inference_input_type = _TYPES[activations]
    converter.inference_output_type = _TYPES[activations]
    converter._experimental_disable_per_channel_quantization_for_dense_layers = activations == "int16"
    tflite: bytes = converter.convert()
    return tflite
