"""Networks that look trained, converted: fresh ones lack biases, and weigh less than trained ones."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flashfit.models.spec import Spec


@dataclass(frozen=True)
class Converted:
    """A spec as int8. inputs, answers: samples, (n, …) float32, and what the float network says of them."""

    spec: Spec
    tflite: bytes
    inputs: NDArray[np.float32]
    answers: NDArray[np.float32]


def looks_trained(spec: Spec, seed: int) -> tuple[Any, NDArray[np.float32]]:
    """A Keras model whose weights are noisy and whose normalisations know their inputs; and 24 such inputs."""
    from flashfit.models.network import network

    random = np.random.default_rng(seed)
    inputs = random.normal(0, 1, (24, *spec.input_shape)).astype(np.float32)
    model = network(spec, seed)
    # Kernels are enlarged, so that fresh depthwise ones are not lost beside what a normalisation adds to them.
    weights = [weight * (4 if weight.ndim == 4 else 1) for weight in model.get_weights()]
    model.set_weights([weight + random.normal(0, 0.02, weight.shape) * (weight.ndim > 0) for weight in weights])
    _learn_statistics(model, inputs)
    return model, inputs


def _learn_statistics(model: Any, inputs: NDArray[np.float32]) -> None:
    """At once, by a momentum of zero for one pass."""
    norms = [layer for layer in model.layers if type(layer).__name__ == "BatchNormalization"]
    momenta = [layer.momentum for layer in norms]
    for layer in norms:
        layer.momentum = 0.0
    if norms:
        model(inputs, training=True)
    for layer, momentum in zip(norms, momenta, strict=True):
        layer.momentum = momentum


def convert_as_trained(spec: Spec, seed: int) -> Converted:
    """Convert such a model to full int8."""
    from flashfit.quantize.convert import to_int8

    model, inputs = looks_trained(spec, seed)
    return Converted(spec, to_int8(model, inputs), inputs, np.asarray(model(inputs, training=False)))
