"""Batch normalisation folded into the layer before it: the network as a board runs it.

A normalisation of y = w·x + b is (w·g)·x + (b - mean)·g + beta with g = gamma / sqrt(variance + epsilon)
(Jacob et al., 2018, arXiv:1712.05877, section 3.2).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from flashfit.errors import ConfigError

WEIGHTED = (keras.layers.Conv2D, keras.layers.DepthwiseConv2D, keras.layers.Dense)
"""Layers that a normalisation folds into."""

_GONE = (
    keras.layers.Dropout,
    keras.layers.SpatialDropout2D,
    keras.layers.GaussianNoise,
    keras.layers.ActivityRegularization,
)
"""Layers that do nothing once trained."""

_TOLERANCE = 1e-3
"""Of float32 sums in another order, through tens of layers."""

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Step:
    """One layer of a network as it runs, nested models unpacked. reads, makes: tensors by number; the input is 0."""

    layer: keras.layers.Layer
    reads: tuple[int, ...]
    makes: int


def folded(model: keras.Model) -> keras.Model:
    """The same answers from a network without normalisations, dropouts and nested models.

    Activations within a layer become layers of their own, and every layer with weights has a bias. Raises
    ConfigError for what has no such form: several inputs or outputs, a layer used twice, a normalisation that
    no convolution or dense layer comes straight before.
    """
    steps = tuple(unpacked(model))
    norms = _norms(steps)
    inputs = keras.Input(model.input_shape[1:], name="input")
    made: dict[int, Any] = {0: inputs}
    for step in steps:
        made[step.makes] = _applied(step, [made[number] for number in step.reads], norms)
    same = keras.Model(inputs, made[steps[-1].makes], name=model.name)
    _check(model, same)
    return same


def unpacked(model: keras.Model) -> Iterator[Step]:
    """The layers in the order they run, those of nested models in their place."""
    if len(model.inputs) != 1 or len(model.outputs) != 1:
        raise ConfigError(f"{model.name}: has {len(model.inputs)} inputs and {len(model.outputs)} outputs, not one")
    numbers: dict[int, int] = {id(model.inputs[0]): 0}
    counter = iter(range(1, 1 << 30))
    yield from _unpacked(model, numbers, counter)


def fold(kernel: Floats, bias: Floats, gain: Floats, shift: Floats, axis: int) -> tuple[Floats, Floats]:
    """Kernel and bias that answer as gain · (kernel·x + bias) + shift does. axis: of the kernel's output channels.

    gain, shift, bias: (channels,).
    """
    shape = [1] * kernel.ndim
    shape[axis] = -1
    return kernel * gain.reshape(shape), bias * gain + shift


def channel_axis(layer: keras.layers.Layer) -> int:
    """Where a layer's kernel has its output channels: a depthwise one's is (height, width, channels, 1)."""
    return 2 if isinstance(layer, keras.layers.DepthwiseConv2D) else -1


def _unpacked(model: keras.Model, numbers: dict[int, int], counter: Iterator[int]) -> Iterator[Step]:
    for layer in model.layers:
        if isinstance(layer, keras.layers.InputLayer):
            continue
        inputs, output = _call(layer, numbers)
        reads = tuple(numbers[id(tensor)] for tensor in inputs)
        if isinstance(layer, keras.Model):
            inner = {id(layer.inputs[0]): reads[0]}
            yield from _unpacked(layer, inner, counter)
            numbers[id(output)] = inner[id(layer.outputs[0])]
            continue
        numbers[id(output)] = next(counter)
        yield Step(layer, reads, numbers[id(output)])


def _call(layer: keras.layers.Layer, numbers: dict[int, int]) -> tuple[Sequence[Any], Any]:
    """What a layer reads and makes where it runs on tensors that are known by now; other models may run it too."""
    for node in layer._inbound_nodes:
        if all(id(tensor) in numbers for tensor in node.input_tensors):
            return node.input_tensors, node.outputs[0]
    raise ConfigError(f"{layer.name}: reads what a layer made that runs twice, and that does not fold")


def _check(model: keras.Model, same: keras.Model) -> None:
    """Raise ConfigError where both answer differently: a layer that runs twice is unpacked once."""
    x = np.random.default_rng(0).normal(0, 1, (4, *model.input_shape[1:])).astype(np.float32)
    wanted, given = (np.asarray(one(x, training=False)) for one in (model, same))
    if not np.allclose(wanted, given, rtol=_TOLERANCE, atol=_TOLERANCE * np.abs(wanted).max()):
        raise ConfigError(f"{model.name}: batch normalisation does not fold into this network")


def _norms(steps: Sequence[Step]) -> dict[int, keras.layers.BatchNormalization]:
    """The normalisations by the number of the tensor that they normalise."""
    made_by = {step.makes: step.layer for step in steps}
    found = {}
    for step in steps:
        if not isinstance(step.layer, keras.layers.BatchNormalization):
            continue
        (read,) = step.reads
        alone = sum(read in other.reads for other in steps) == 1
        if not alone or not isinstance(made_by.get(read), WEIGHTED) or _activation(made_by[read]):
            raise ConfigError(f"{step.layer.name}: a normalisation that follows no linear layer does not fold")
        found[read] = step.layer
    return found


def _applied(step: Step, inputs: list[Any], norms: dict[int, keras.layers.BatchNormalization]) -> Any:
    layer = step.layer
    if isinstance(layer, (keras.layers.BatchNormalization, *_GONE)):
        return inputs[0]
    if isinstance(layer, keras.layers.Activation):
        activation = _activation(layer)
        return activation(inputs[0]) if activation else inputs[0]
    if not isinstance(layer, WEIGHTED):
        return _copied(layer, inputs)
    linear = type(layer).from_config({**layer.get_config(), "activation": "linear", "use_bias": True})
    output = linear(inputs[0])
    linear.set_weights(_weights(layer, norms.get(step.makes)))
    activation = _activation(layer)
    return activation(output) if activation else output


def _copied(layer: keras.layers.Layer, inputs: list[Any]) -> Any:
    copy = type(layer).from_config(layer.get_config())
    output = copy(inputs if len(inputs) > 1 else inputs[0])
    copy.set_weights(layer.get_weights())
    return output


def _activation(layer: keras.layers.Layer) -> keras.layers.Layer | None:
    """What a layer does to its own output, as a layer; None where that is nothing."""
    name = keras.activations.serialize(layer.activation)
    match name:
        case "linear":
            return None
        case "relu":
            return keras.layers.ReLU(name=f"{layer.name}_relu")
        case "relu6":
            return keras.layers.ReLU(max_value=6.0, name=f"{layer.name}_relu")
        case "softmax":
            return keras.layers.Softmax(name=f"{layer.name}_softmax")
        case _:
            return keras.layers.Activation(name, name=f"{layer.name}_activation")


def _weights(layer: keras.layers.Layer, norm: keras.layers.BatchNormalization | None) -> list[Floats]:
    kernel, *rest = layer.get_weights()
    axis = channel_axis(layer)
    bias = rest[0] if rest else np.zeros(kernel.shape[axis], np.float32)
    if norm is None:
        return [kernel, bias]
    gain, shift = _gain_and_shift(norm)
    return list(fold(kernel, bias, gain, shift, axis))


def _gain_and_shift(norm: keras.layers.BatchNormalization) -> tuple[Floats, Floats]:
    weights = {weight.name: np.asarray(weight, np.float64) for weight in norm.weights}
    gain = weights.get("gamma", 1.0) / np.sqrt(weights["moving_variance"] + norm.epsilon)
    shift = weights.get("beta", 0.0) - weights["moving_mean"] * gain
    return gain.astype(np.float32), shift.astype(np.float32)
