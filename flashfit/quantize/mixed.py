"""Types by operator, by ai-edge-quantizer: int16 activations or int4 weights where asked for, int8 elsewhere."""

import re
from collections.abc import Callable, Collection, Sequence
from functools import cached_property
from typing import Any

import keras
import numpy as np
from ai_edge_litert.interpreter import Interpreter, OpResolverType
from ai_edge_quantizer import calibrator, qtyping, quantizer, recipe_manager
from ai_edge_quantizer.utils import qsv_utils
from numpy.typing import NDArray

from flashfit.quantize.frozen import frozen, input_name
from flashfit.quantize.slim import slim

_ANY = qtyping.TFLOperationName.ALL_SUPPORTED
_SIGNATURE = "serving_default"
_WITH_INT4 = qtyping.TFLOperationName.CONV_2D
"""TFLM's other kernels take no int4 weights that this library writes: FULLY_CONNECTED allocates none, and there is no
DEPTHWISE_CONV_2D."""

Samples = NDArray[np.float32]


class Mixed:
    """A feed-forward network whose operators are given types one by one."""

    def __init__(self, model: keras.Model, calibration: Samples) -> None:
        self._float: bytes = frozen(lambda x: model(x, training=False), [model.input_shape[1:]], model).convert()
        self._calibration = calibration

    @cached_property
    def operators(self) -> tuple[str, ...]:
        """The operators in the order they run, each by its output's name."""
        interpreter = Interpreter(model_content=self._float, experimental_op_resolver_type=OpResolverType.BUILTIN_REF)
        names = {one["index"]: one["name"] for one in interpreter.get_tensor_details()}
        return tuple(names[int(one["outputs"][0])] for one in interpreter._get_ops_details())

    def with_int16(self, wide: Collection[str]) -> bytes:
        """int8, but for the named operators, whose activations are int16."""
        recipe = self._int8()
        for name in wide:
            recipe.add_static_config(
                regex=f"^{re.escape(name)}", operation_name=_ANY, activation_num_bits=16, weight_num_bits=8
            )
        return self._quantized(recipe)

    def with_int4(self) -> bytes:
        """int8, but for the weights of convolutions, which are int4."""
        recipe = self._int8()
        recipe.add_static_config(regex=".*", operation_name=_WITH_INT4, activation_num_bits=8, weight_num_bits=4)
        return self._quantized(recipe)

    def _int8(self) -> quantizer.Quantizer:
        recipe = quantizer.Quantizer(self._float)
        recipe.add_static_config(regex=".*", operation_name=_ANY, activation_num_bits=8, weight_num_bits=8)
        return recipe

    @cached_property
    def _ranges(self) -> Any:
        """By least and largest: the library's own moving average cuts off what is rare."""
        recipe = recipe_manager.RecipeManager()
        recipe.add_static_config(regex=".*", operation_name=_ANY, activation_num_bits=8, weight_num_bits=8)
        seen = calibrator.Calibrator(self._float, num_threads=1, qsv_update_func=qsv_utils.min_max_update)
        samples = [{input_name(0): sample[None]} for sample in self._calibration]
        seen.calibrate({_SIGNATURE: samples}, recipe)
        return seen.get_model_qsvs()

    def _quantized(self, recipe: quantizer.Quantizer) -> bytes:
        return slim(bytes(recipe.quantize(self._ranges).quantized_model))


def by_sensitivity(mixed: Mixed, loss: Callable[[bytes], float]) -> Sequence[str]:
    """The operators, those first that answer best when they alone are int16. loss: of a .tflite, lower is better."""
    return sorted(mixed.operators, key=lambda name: loss(mixed.with_int16([name])))
