"""Where a trained network may be cut to become a backbone, read from its .keras file without TensorFlow."""

import hashlib
import json
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from math import ceil, prod
from pathlib import Path
from typing import Any

from flashfit.errors import ConfigError
from flashfit.models.planned import PlannedOperator
from flashfit.models.spec import Backbone, Shape

_CONVOLUTIONS = ("CONV_2D", "DEPTHWISE_CONV_2D")
_MERGED_INTO = {
    "BatchNormalization": _CONVOLUTIONS,
    "ReLU": (*_CONVOLUTIONS, "ADD"),
    "Activation": (*_CONVOLUTIONS, "ADD"),
    "Dropout": (*_CONVOLUTIONS, "ADD", "AVERAGE_POOL_2D", "MAX_POOL_2D"),
}
"""Kinds that leave no operator of their own, and the operators that they may come behind."""

_ACTIVATIONS = ("linear", "relu", "relu6")
"""Those that are part of an operator."""


@dataclass(frozen=True)
class _Layer:
    """One layer as the file has it. reads: the names of the layers whose outputs it takes."""

    name: str
    kind: str
    options: dict[str, Any]
    reads: tuple[str, ...]


@dataclass(frozen=True)
class _Made:
    """What a layer leaves: its shape, and the number of operators that have run by then."""

    shape: Shape
    operators: int


def read_cuts(path: Path) -> tuple[Backbone, ...]:
    """The backbones that a .keras file offers, from shallow to deep; frozen for the whole training.

    A cut lies where one picture is all that goes on, behind its activation, and not within a depthwise
    separable pair. What can be kept ends before the first layer that is no convolution, sum or pooling.
    Raises ConfigError for a file that is missing, is no .keras file, or has nothing to keep.
    """
    try:
        content = path.read_bytes()
        with zipfile.ZipFile(path) as packed:
            layers = _layers(json.loads(packed.read("config.json")))
        cuts = tuple(_cuts(layers))
        input_shape = _input_shape(layers)
    except FileNotFoundError:
        raise ConfigError(f"search.backbone: {path} does not exist") from None
    except (OSError, zipfile.BadZipFile, ValueError, LookupError, TypeError) as error:
        raise ConfigError(f"search.backbone: {path} is no .keras file of a network for pictures: {error}") from None
    if not cuts:
        raise ConfigError(f"search.backbone: {path} starts with no convolution that could be kept")
    digest = hashlib.sha256(content).hexdigest()
    return tuple(
        Backbone(path=str(path), sha256=digest, cut=name, input_shape=input_shape, output_shape=shape, operators=plan)
        for name, shape, plan in cuts
    )


def _layers(model: dict[str, Any]) -> list[_Layer]:
    """The layers of a saved model in the order they run; in a Sequential one each reads the one before it."""
    found = model["config"]["layers"]
    names = [layer["config"]["name"] for layer in found]
    if model["class_name"] == "Sequential":
        inputs = [(), *((name,) for name in names)]
    else:
        inputs = [tuple(_histories(layer["inbound_nodes"])) for layer in found]
    return [
        _Layer(name, layer["class_name"], layer["config"], reads)
        for name, layer, reads in zip(names, found, inputs, strict=False)
    ]


def _histories(node: Any) -> Iterator[str]:
    """Names of the layers that made the tensors in a call's arguments."""
    if isinstance(node, dict) and "keras_history" in node:
        yield node["keras_history"][0]
    elif isinstance(node, dict | list):
        for part in node.values() if isinstance(node, dict) else node:
            yield from _histories(part)


def _input_shape(layers: list[_Layer]) -> Shape:
    (first,) = (layer for layer in layers if layer.kind == "InputLayer")
    height, width, channels = first.options["batch_shape"][1:]
    return height, width, channels


def _cuts(layers: list[_Layer]) -> Iterator[tuple[str, Shape, tuple[PlannedOperator, ...]]]:
    """(name, output shape, operators so far) of each layer that may be the last one kept."""
    made: dict[str, _Made] = {}
    operators: list[PlannedOperator] = []
    for index, (layer, before) in enumerate(zip(layers, [None, *layers], strict=False)):
        if layer.kind == "InputLayer":
            made[layer.name] = _Made(_input_shape(layers), 0)
            continue
        if before is not None and _pads_for(before, layer, made):
            operators.pop()
            layer = replace(layer, reads=before.reads, options={**layer.options, "padding": "same"})
        added = _added(layer, made, operators)
        if added is None:
            return
        shape, operator = added
        operators += [operator] if operator else []
        count = len(operators) if operator else made[layer.reads[0]].operators
        made[layer.name] = _Made(shape, count)
        if operators and operators[-1].name not in ("DEPTHWISE_CONV_2D", "PAD") and _is_cut(layers, index):
            yield layer.name, shape, tuple(operators)


def _added(
    layer: _Layer, made: dict[str, _Made], operators: list[PlannedOperator]
) -> tuple[Shape, PlannedOperator | None] | None:
    """A layer's output shape and its operator, if it is one of its own; None where the body ends."""
    inputs = [made[name] for name in layer.reads]
    last = inputs[0].operators
    if last and _is_merged(layer, operators[last - 1]):
        return inputs[0].shape, None
    return _operator(layer, inputs, len(operators))


def _pads_for(pad: _Layer, layer: _Layer, made: dict[str, _Made]) -> bool:
    """Whether a layer takes what another has padded just as "same" would have: the converter then does that."""
    if pad.kind != "ZeroPadding2D" or layer.reads != (pad.name,) or layer.options.get("padding") != "valid":
        return False
    shape = made[pad.reads[0]].shape
    sizes, strides = layer.options.get("kernel_size", (1, 1)), layer.options["strides"]
    for side, size, stride, given in zip(shape, sizes, strides, pad.options["padding"], strict=False):
        missing = max((ceil(side / stride) - 1) * stride + size - side, 0)
        if tuple(given) != (missing // 2, missing - missing // 2):
            return False
    return True


def _is_cut(layers: list[_Layer], index: int) -> bool:
    """Whether every later layer takes, of those so far, at most this one, and it has its activation."""
    earlier = {layer.name for layer in layers[:index]}
    later = layers[index + 1 :]
    readers = [layer for layer in later if layers[index].name in layer.reads]
    fused = len(readers) == 1 and readers[0].kind in _MERGED_INTO
    return not fused and not any(earlier.intersection(layer.reads) for layer in later)


def _is_merged(layer: _Layer, before: PlannedOperator) -> bool:
    """Whether the converter makes a layer part of the operator before it."""
    if layer.kind == "Activation" and layer.options["activation"] not in _ACTIVATIONS:
        return False
    if layer.kind == "ReLU" and (layer.options["negative_slope"] or layer.options["max_value"] not in (None, 6)):
        return False
    return before.name in _MERGED_INTO.get(layer.kind, ())


def _operator(layer: _Layer, inputs: list[_Made], count: int) -> tuple[Shape, PlannedOperator] | None:
    """A layer's output shape and its operator, the one after `count` others; None where the body ends."""
    height, width, channels = shape = inputs[0].shape
    reads = tuple(count + 1 - one.operators for one in inputs)
    match layer.kind:
        case "Conv2D" if layer.options["activation"] in _ACTIVATIONS and layer.options["groups"] == 1:
            filters = int(layer.options["filters"])
            return _weighted("CONV_2D", (*_slid(layer, shape), filters), _area(layer) * channels * filters, reads)
        case "DepthwiseConv2D" if (
            layer.options["activation"] in _ACTIVATIONS and layer.options["depth_multiplier"] == 1
        ):
            return _weighted("DEPTHWISE_CONV_2D", (*_slid(layer, shape), channels), _area(layer) * channels, reads)
        case "ZeroPadding2D":
            (top, bottom), (left, right) = layer.options["padding"]
            return _plain("PAD", (height + top + bottom, width + left + right, channels), reads)
        case "Add" if shape[:2] != (1, 1):  # of one pixel the converter makes a bias, with a RESHAPE somewhere before
            return _plain("ADD", shape, reads)
        case "AveragePooling2D":
            return _plain("AVERAGE_POOL_2D", (*_slid(layer, shape), channels), reads)
        case "MaxPooling2D":
            return _plain("MAX_POOL_2D", (*_slid(layer, shape), channels), reads)
        case _:
            return None


def _slid(layer: _Layer, shape: Shape) -> tuple[int, int]:
    """Height and width after a kernel or a pool has gone over a picture."""
    options = layer.options
    sizes = options.get("kernel_size") or options["pool_size"]
    gaps = options.get("dilation_rate", (1, 1))
    down, across = (
        ceil(side / stride) if options["padding"] == "same" else (side - gap * (size - 1) - 1) // stride + 1
        for side, size, stride, gap in zip(shape, sizes, options["strides"], gaps, strict=False)
    )
    return down, across


def _area(layer: _Layer) -> int:
    return int(prod(layer.options["kernel_size"]))


def _plain(name: str, shape: Shape, reads: tuple[int, ...]) -> tuple[Shape, PlannedOperator]:
    return shape, PlannedOperator(name, prod(shape), reads=reads)


def _weighted(name: str, shape: Shape, weights: int, reads: tuple[int, ...]) -> tuple[Shape, PlannedOperator]:
    height, width, channels = shape
    macs = height * width * weights
    return shape, PlannedOperator(name, prod(shape), weights, channels, channels, macs, reads)
