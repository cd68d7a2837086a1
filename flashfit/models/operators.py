"""What a spec becomes on the board, by arithmetic alone: each operator's shapes, weights and MACs."""

from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil, prod

from flashfit.models.spec import Conv, Dense, Dropout, Flatten, GlobalAverage, Separable, Spec


@dataclass(frozen=True)
class PlannedOperator:
    """One TFLM operator of a spec. Counts are of elements; scales: quantization scales its weights carry."""

    name: str
    input_count: int
    output_count: int
    weight_count: int = 0
    bias_count: int = 0
    scales: int = 0
    macs: int = 0


def plan(spec: Spec) -> tuple[PlannedOperator, ...]:
    """The operators of a spec in the order they run, its head included. Dropout leaves nothing."""
    return tuple(_plan(spec))


def _plan(spec: Spec) -> Iterator[PlannedOperator]:
    shape: tuple[int, ...] = spec.input_shape
    for layer in spec.layers:
        match layer:
            case Conv():
                conv = _conv(shape, layer.filters, layer.kernel, layer.stride)
                yield conv
                shape = (*_strided(shape, layer.stride), layer.filters)
            case Separable():
                yield _depthwise(shape, layer.kernel, layer.stride)
                shape = (*_strided(shape, layer.stride), shape[2])
                yield _conv(shape, layer.filters, kernel=1, stride=1)
                shape = (*shape[:2], layer.filters)
            case GlobalAverage():
                yield PlannedOperator("MEAN", prod(shape), shape[2], macs=prod(shape))
                shape = (shape[2],)
            case Flatten():
                yield PlannedOperator("RESHAPE", prod(shape), prod(shape))
                shape = (prod(shape),)
            case Dense():
                yield _dense(shape[0], layer.units)
                shape = (layer.units,)
            case Dropout():
                pass
    yield _dense(shape[0], spec.classes)
    yield PlannedOperator("SOFTMAX", spec.classes, spec.classes)


def _strided(shape: tuple[int, ...], stride: int) -> tuple[int, int]:
    return ceil(shape[0] / stride), ceil(shape[1] / stride)


def _conv(shape: tuple[int, ...], filters: int, kernel: int, stride: int) -> PlannedOperator:
    pixels = prod(_strided(shape, stride))
    weights = kernel * kernel * shape[2] * filters
    return PlannedOperator("CONV_2D", prod(shape), pixels * filters, weights, filters, filters, macs=pixels * weights)


def _depthwise(shape: tuple[int, ...], kernel: int, stride: int) -> PlannedOperator:
    pixels, channels = prod(_strided(shape, stride)), shape[2]
    weights = kernel * kernel * channels
    return PlannedOperator(
        "DEPTHWISE_CONV_2D",
        prod(shape),
        pixels * channels,
        weights,
        channels,
        channels,
        macs=pixels * weights,
    )


def _dense(inputs: int, units: int) -> PlannedOperator:
    weights = inputs * units
    return PlannedOperator("FULLY_CONNECTED", inputs, units, weights, units, units, macs=weights)
