"""What a spec becomes on the board, by arithmetic alone: each operator's shapes, weights and MACs."""

from collections.abc import Iterator
from dataclasses import replace
from math import ceil, prod

from flashfit.models.planned import PlannedOperator
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
    Shape,
    Size,
    Spec,
    pair,
)


def plan(spec: Spec) -> tuple[PlannedOperator, ...]:
    """The operators of a spec in the order they run, its head included. Dropout leaves nothing."""
    return tuple(_plan(spec))


def shape_after(layer: Layer, shape: Shape) -> Shape:
    """(height, width, channels) of what a layer makes of shape; a row of n values is (1, 1, n)."""
    height, _, channels = shape
    match layer:
        case Conv() | Separable() | Residual():
            return (*_strided(shape, layer.stride), layer.filters)
        case Pool():
            return (*_strided(shape, layer.size), channels)
        case GlobalAverage():
            return 1, 1, channels
        case Flatten():
            return 1, 1, prod(shape)
        case Dense():
            return 1, 1, layer.units
        case Dropout():
            return shape
        case Recurrent():
            return height if layer.sequence else 1, 1, layer.units
        case Backbone():
            return layer.output_shape


def _plan(spec: Spec) -> Iterator[PlannedOperator]:
    shape, before = spec.input_shape, None
    for layer in spec.layers:
        yield from _operators(layer, shape, before)
        shape = shape_after(layer, shape)
        before = layer if layer.kind != "dropout" else before
    yield _dense(prod(shape), spec.outputs)
    if isinstance(spec.head, Classes):
        yield PlannedOperator("SOFTMAX", spec.outputs)


def _operators(layer: Layer, shape: Shape, before: Layer | None) -> Iterator[PlannedOperator]:
    values = prod(shape)
    match layer:
        case Conv():
            yield _conv(shape, layer.filters, layer.kernel, layer.stride)
        case Separable():
            yield _depthwise(shape, layer.kernel, layer.stride)
            yield _conv((*_strided(shape, layer.stride), shape[2]), layer.filters)
        case Residual():
            yield from _residual(shape, layer)
        case Pool():
            yield PlannedOperator(f"{layer.of.upper()}_POOL_2D", prod(shape_after(layer, shape)))
        case GlobalAverage():
            yield _mean(shape)
        case Flatten():
            if shape[:2] != (1, 1):  # else the converter finds nothing to do
                yield PlannedOperator("RESHAPE", values)
        case Dense():
            yield _dense(values, layer.units)
        case Recurrent():
            yield from _recurrent(shape, layer, before)
        case Backbone():
            yield from layer.operators


def _residual(shape: Shape, layer: Residual) -> Iterator[PlannedOperator]:
    """Both convolutions, the shortcut's where there is one, and their sum, in the converter's order."""
    inner = shape_after(layer, shape)
    yield _conv(shape, layer.filters, layer.kernel, layer.stride)
    yield _conv(inner, layer.filters, layer.kernel)
    if shape == inner:
        yield PlannedOperator("ADD", prod(inner), reads=(1, 3))
    else:
        yield replace(_conv(shape, layer.filters, 1, layer.stride), reads=(3,))
        yield PlannedOperator("ADD", prod(inner), reads=(2, 1))


def _recurrent(shape: Shape, layer: Recurrent, before: Layer | None) -> Iterator[PlannedOperator]:
    if not isinstance(before, Recurrent):
        yield PlannedOperator("RESHAPE", prod(shape))
    if layer.cell == "gru":
        yield _loop(shape, layer.units)
        yield PlannedOperator("QUANTIZE", layer.units)
        return
    yield _lstm(shape, layer.units)
    if not layer.sequence:
        yield PlannedOperator("STRIDED_SLICE", layer.units)


def _lstm(shape: Shape, units: int) -> PlannedOperator:
    """Eight matrices; a gate's int16 values as scratch for each of four; int8 output and int16 cell state."""
    steps, inputs = shape[0], shape[1] * shape[2]
    weights = 4 * units * (inputs + units)
    return PlannedOperator(
        "UNIDIRECTIONAL_SEQUENCE_LSTM",
        steps * units,
        weights,
        bias_count=4 * units,
        macs=steps * weights,
        scratch_bytes=4 * (2 * units,),
        state_bytes=(units, 2 * units),
    )


def _loop(shape: Shape, units: int) -> PlannedOperator:
    """A GRU as flashfit.quantize.loop writes it: int16 inside, and two more copies of the series.

    As measured, a step needs room for ten vectors of units or, at its start, for its inputs and seven.
    """
    steps, inputs = shape[0], shape[1] * shape[2]
    weights = 3 * units * (inputs + units)
    within = max((2 * units,) * 10, (2 * inputs, *(2 * units,) * 7), key=sum)
    return PlannedOperator(
        "WHILE",
        2 * units,
        weights,
        macs=steps * weights,
        scratch_bytes=(prod(shape), prod(shape), *within, 4, 4),
        other_bytes=50 * units,
    )


def _strided(shape: Shape, stride: Size) -> tuple[int, int]:
    down, across = pair(stride)
    return ceil(shape[0] / down), ceil(shape[1] / across)


def _conv(shape: Shape, filters: int, kernel: Size = 1, stride: Size = 1) -> PlannedOperator:
    pixels = prod(_strided(shape, stride))
    weights = prod(pair(kernel)) * shape[2] * filters
    return PlannedOperator("CONV_2D", pixels * filters, weights, filters, filters, macs=pixels * weights)


def _depthwise(shape: Shape, kernel: Size, stride: Size) -> PlannedOperator:
    pixels, channels = prod(_strided(shape, stride)), shape[2]
    weights = prod(pair(kernel)) * channels
    return PlannedOperator("DEPTHWISE_CONV_2D", pixels * channels, weights, channels, channels, macs=pixels * weights)


def _mean(shape: Shape) -> PlannedOperator:
    """It sums in int32, and lists its two axes twice."""
    channels = shape[2]
    return PlannedOperator("MEAN", channels, macs=prod(shape), scratch_bytes=(4 * channels, 8, 8))


def _dense(inputs: int, units: int) -> PlannedOperator:
    weights = inputs * units
    return PlannedOperator("FULLY_CONNECTED", units, weights, units, units, macs=weights)
