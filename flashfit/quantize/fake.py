"""A network that answers in float as its int8 .tflite will: weights and activations rounded to int8's steps.

Weights are rounded by output channel, symmetric; activations by tensor, their ranges kept as weights of the
twin. In training, gradients go straight through the rounding (Jacob et al., 2018, arXiv:1712.05877); tfmot
does that for Keras 2 alone. In inference the twin rounds as TFLM's kernels do, which is not to the nearest.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from math import lcm, prod
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from flashfit.errors import ConfigError
from flashfit.quantize.fold import WEIGHTED, Step, channel_axis, unpacked
from flashfit.quantize.frozen import frozen

Samples = NDArray[np.float32]

_LEAST_RANGE = 1e-6
_SAME_VALUES = (keras.layers.MaxPooling2D, keras.layers.Flatten, keras.layers.Reshape, keras.layers.ZeroPadding2D)
"""Layers whose output holds its input's values alone, in its input's steps."""

_RELUS = (keras.layers.ReLU,)

Range = tuple[float, float]
"""The least and the largest value that is not cut off."""

Steps = Callable[[], tuple[tf.Tensor, tf.Tensor]]
"""A scale, and where 0 lies among 0 … 255."""


@dataclass(frozen=True)
class Accumulator:
    """The int32 sums that a kernel makes.

    unit: what 1 stands for, by channel, in float64. count: what a mean divides them by.
    """

    unit: Callable[[], tf.Tensor]
    count: int = 1


def fake_quantized(model: keras.Model) -> keras.Model:
    """The twin of a folded network, made of the network's own layers: to train it is to train them.

    Its ranges are still to be set. Raises ConfigError naming the layer that has no twin.
    """
    return _Twin(model).build()


def observed_ranges(twin: keras.Model, samples: Samples, percentiles: Sequence[float]) -> list[list[Range]]:
    """For each percentile, what range each of the twin's roundings needs for samples, (n, …).

    A percentile is the share of the values, counted from either end, that is not cut off: 100 cuts off none.
    """
    rounded = _rounded(twin)
    seen = keras.Model(twin.input, [layer.input for layer in rounded])
    with _behaving(twin, "passes"):
        values = keras.tree.flatten(seen(samples, training=False))
    both = [100 - share for share in percentiles], list(percentiles)
    ends = [np.percentile(np.asarray(value), both) for value in values]
    return [[(float(low[at]), float(high[at])) for low, high in ends] for at in range(len(percentiles))]


def set_ranges(twin: keras.Model, ranges: Sequence[Range]) -> None:
    """Give each rounding its range, as observed_ranges found it, widened to hold 0."""
    for layer, (low, high) in zip(_rounded(twin), ranges, strict=True):
        layer.low.assign(min(low, 0.0))
        layer.high.assign(max(high, _LEAST_RANGE))


def scale_output(twin: keras.Model, factor: float) -> None:
    """Let a regression's twin answer `factor` times as much, in the same steps."""
    *_, last = (layer for layer in twin.layers if isinstance(layer, Weighted))
    *_, rounded = _rounded(twin)
    for weight in (last.inner.kernel, last.inner.bias, rounded.low, rounded.high):
        weight.assign(weight * factor)


def to_tflite(twin: keras.Model) -> bytes:
    """Full int8, with the twin's own ranges: no calibration."""
    with _behaving(twin, "exports"):
        converter = frozen(lambda x: twin(x, training=False), [twin.input_shape[1:]], twin)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.inference_input_type = tf.int8
    converter.inference_output_type = tf.int8
    tflite: bytes = converter.convert()
    return tflite


def rounded_kernel(kernel: tf.Tensor, axis: int) -> tf.Tensor:
    """A kernel in 255 steps by output channel, which axis names, with 0 in the middle."""
    if axis != -1:
        return rounded_kernel(kernel[..., 0], -1)[..., None]
    largest = _largest(kernel)
    return tf.quantization.fake_quant_with_min_max_vars_per_channel(kernel, -largest, largest, narrow_range=True)


class _Twinned(keras.layers.Layer):  # type: ignore[misc]
    """A layer of a twin. exports: it is what the converter reads. passes: it lets activations through unrounded."""

    exports = False
    passes = False


class Rounded(_Twinned):
    """Activations rounded to one of 256 steps between low and high, with 0 among them.

    In inference it rounds twice, as TFLM's MultiplyByQuantizedMultiplier does: an accumulator times a multiplier
    of m · 2^-shift first to `shift` bits behind the point, then those away.
    """

    def __init__(self, name: str) -> None:
        super().__init__(name=name)
        self.accumulator: Accumulator | None = None
        self.low = self.add_weight(shape=(), initializer="zeros", trainable=False, name="low")
        self.high = self.add_weight(shape=(), initializer="ones", trainable=False, name="high")

    def call(self, x: tf.Tensor, training: bool = False) -> tf.Tensor:
        if self.passes:
            return x
        if training or self.exports:
            return tf.quantization.fake_quant_with_min_max_vars(x, self.low, self.high)
        return self._as_tflm(x)

    def steps(self) -> tuple[tf.Tensor, tf.Tensor]:
        """Scale as a .tflite keeps it, and where 0 lies among 0 … 255."""
        scale = tf.cast(self.scale(), tf.float32)
        return scale, tf.round(-self.low / scale)

    def scale(self) -> tf.Tensor:
        """In float64, as the converter has it."""
        return (_exact(self.high) - _exact(self.low)) / 255.0

    def _as_tflm(self, x: tf.Tensor) -> tf.Tensor:
        scale, zero = self.steps()
        value = x / scale
        if self.accumulator is not None:
            value = tf.cast(_rescaled(x, self.accumulator, scale), tf.float32)
        return (tf.clip_by_value(_half_away(value) + zero, 0.0, 255.0) - zero) * scale


class _Averaged(_Twinned):
    """Averages rounded to their input's steps: TFLM's pooling has one scale for both. grid: makes each whole."""

    def __init__(self, like: Rounded, grid: int, name: str) -> None:
        super().__init__(name=name)
        self.input_range: Callable[[], tuple[tf.Tensor, tf.Tensor]] = lambda: (like.low, like.high)
        self.input_steps = like.steps
        self.grid = grid

    def call(self, x: tf.Tensor, training: bool = False) -> tf.Tensor:
        if self.passes:
            return x
        if training or self.exports:
            return tf.quantization.fake_quant_with_min_max_vars(x, *self.input_range())
        scale, zero = self.input_steps()
        offset = zero - 128.0
        average = tf.round((x / scale + offset) * self.grid) / self.grid
        return (_half_away(average) - offset) * scale


class _Softmax(_Twinned):
    """Shares in steps of 1/256, as TFLM's kernel gives them."""

    def call(self, x: tf.Tensor) -> tf.Tensor:
        return tf.quantization.fake_quant_with_min_max_args(tf.nn.softmax(x), 0.0, 255 / 256)


class Weighted(_Twinned):
    """A convolution, depthwise or dense layer whose kernel is rounded. like: how its input is.

    The converter rounds a bias by scales that it has in float64, and keeps them in float32, which kernels rescale by.
    """

    def __init__(self, inner: keras.layers.Layer, like: Rounded) -> None:
        super().__init__(name=inner.name)
        self.inner = inner
        self.input_scale = like.scale

    def call(self, x: tf.Tensor, training: bool = False) -> tf.Tensor:
        plain = training or self.exports or self.passes
        return _linear(self.inner, x, self._kernel()) + (self.inner.bias if plain else self._bias())

    def _kernel(self) -> tf.Tensor:
        axis = channel_axis(self.inner)
        if not self.exports:
            return rounded_kernel(self.inner.kernel, axis)
        with tf.init_scope():  # a constant: the converter fails on a dense kernel that is rounded in the graph
            return tf.constant(rounded_kernel(self.inner.kernel, axis).numpy())

    def _bias(self) -> tf.Tensor:
        whole = tf.round(_exact(self.inner.bias) / (self.input_scale() * self._kernel_scale()))
        return tf.cast(whole * self.unit(), tf.float32)

    def unit(self) -> tf.Tensor:
        """What 1 in the int32 accumulator stands for on the board, by channel, in float64."""
        return _as_kept(self.input_scale()) * _as_kept(self._kernel_scale())

    def _kernel_scale(self) -> tf.Tensor:
        """By channel, in float64, as the converter finds it in the rounded kernel."""
        axis = channel_axis(self.inner)
        kernel = rounded_kernel(self.inner.kernel, axis)
        return _exact(_largest(kernel[..., 0] if axis != -1 else kernel)) / 127.0


class _Twin:
    """A twin under construction. Tensors are named by their number in the folded network."""

    def __init__(self, model: keras.Model) -> None:
        self._model = model
        self._steps = tuple(unpacked(model))
        self._rounded: dict[int, Rounded] = {}
        self._accumulators: dict[int, Accumulator] = {}

    def build(self) -> keras.Model:
        inputs = keras.Input(self._model.input_shape[1:], name="input")
        made = {0: self._round(0, inputs, "input")}
        for step in self._steps:
            given = [made[number] for number in step.reads]
            made[step.makes] = self._apply(step, given if len(given) > 1 else given[0])
        return keras.Model(inputs, made[self._steps[-1].makes], name=f"{self._model.name}_int8")

    def _apply(self, step: Step, x: Any) -> Any:
        layer = step.layer
        match layer:
            case keras.layers.Softmax():
                return _Softmax(name=layer.name)(x)
            case keras.layers.AveragePooling2D():
                rounded = self._rounded[step.makes] = self._rounded[step.reads[0]]
                return _Averaged(rounded, _grid(layer.pool_size), f"{layer.name}_rounded")(layer(x))
            case _ if isinstance(layer, _SAME_VALUES):
                self._rounded[step.makes] = self._rounded[step.reads[0]]
                return layer(x)
            case _ if isinstance(layer, WEIGHTED):
                weighted = Weighted(layer, self._rounded[step.reads[0]])
                self._accumulators[step.makes] = Accumulator(weighted.unit)
                return self._round_last(step, weighted(x))
            case keras.layers.GlobalAveragePooling2D():
                self._accumulators[step.makes] = _mean(layer, self._rounded[step.reads[0]].steps)
                return self._round_last(step, layer(x))
            case keras.layers.Add():
                return self._round_last(step, layer(x))
            case _ if isinstance(layer, _RELUS):
                if step.reads[0] in self._accumulators:
                    self._accumulators[step.makes] = self._accumulators[step.reads[0]]
                return self._round_last(step, layer(x))
        raise ConfigError(f"{layer.name}: {type(layer).__name__} has no twin that rounds as int8 does")

    def _round_last(self, step: Step, x: Any) -> Any:
        """Rounded, unless a ReLU follows that the converter makes part of this operator."""
        readers = [other.layer for other in self._steps if step.makes in other.reads]
        fuses = isinstance(step.layer, (*WEIGHTED, keras.layers.Add))
        if fuses and len(readers) == 1 and isinstance(readers[0], _RELUS):
            return x
        return self._round(step.makes, x, step.layer.name)

    def _round(self, number: int, x: Any, name: str) -> Any:
        rounded = self._rounded[number] = Rounded(f"{name}_rounded")
        rounded.accumulator = self._accumulators.get(number)
        return rounded(x)


def _rounded(twin: keras.Model) -> list[Rounded]:
    return [layer for layer in twin.layers if isinstance(layer, Rounded)]


@contextmanager
def _behaving(twin: keras.Model, how: str) -> Iterator[None]:
    """With one of _Twinned's switches on."""
    layers = [layer for layer in twin.layers if isinstance(layer, _Twinned)]
    for layer in layers:
        setattr(layer, how, True)
    try:
        yield
    finally:
        for layer in layers:
            setattr(layer, how, False)


def _linear(layer: keras.layers.Layer, x: tf.Tensor, kernel: tf.Tensor) -> tf.Tensor:
    if isinstance(layer, keras.layers.Dense):
        return tf.matmul(x, kernel)
    convolve = keras.ops.depthwise_conv if isinstance(layer, keras.layers.DepthwiseConv2D) else keras.ops.conv
    return convolve(x, kernel, layer.strides, layer.padding, dilation_rate=layer.dilation_rate)


def _largest(kernel: tf.Tensor) -> tf.Tensor:
    """Of each output channel, the last axis."""
    return tf.maximum(tf.reduce_max(tf.abs(kernel), axis=list(range(len(kernel.shape) - 1))), _LEAST_RANGE)


def _rescaled(x: tf.Tensor, accumulator: Accumulator, scale: tf.Tensor) -> tf.Tensor:
    """Sums in steps of scale, with what TFLM's first rounding leaves behind the point. In float64, so exact.

    A multiplier m · 2^-shift, m in [0.5, 1), leaves `shift` bits; a mean's is divided by its count afterwards, and
    leaves as many more as the count has.
    """
    unit, count = accumulator.unit(), accumulator.count
    multiplier = unit / _exact(scale)
    shift = -(tf.floor(tf.math.log(multiplier * count) / np.log(2.0)) + 1.0) + (count.bit_length() - 1)
    bits = 2.0 ** tf.maximum(shift, 0.0)
    return tf.floor(tf.round(_exact(x) / unit) * multiplier * bits + 0.5) / bits


def _exact(value: tf.Tensor) -> tf.Tensor:
    return tf.cast(value, tf.float64)


def _as_kept(scale: tf.Tensor) -> tf.Tensor:
    """A scale as a .tflite keeps it, in float32, to reckon with in float64."""
    return _exact(tf.cast(scale, tf.float32))


def _mean(layer: keras.layers.Layer, steps: Steps) -> Accumulator:
    count = int(np.prod(layer.input.shape[1:3]))
    return Accumulator(lambda: _exact(steps()[0]) / count, count)


def _grid(size: tuple[int, int]) -> int:
    """What makes every average of a field of size whole, those cut off at the border included."""
    return prod(lcm(*range(1, side + 1)) for side in size)


def _half_away(value: tf.Tensor) -> tf.Tensor:
    return tf.sign(value) * tf.floor(tf.abs(value) + 0.5)
