"""What a backbone's weights are worth: python -m benchmarks.transfer PRODUCT TARGET

The winner of a transfer product is trained anew from five seeds, once with the backbone's weights, as the
product says, and once as the same network from scratch: fresh weights, and normalisations that learn, all of
it trained from the first epoch at the full rate. Both are converted to int8 and answer the test split on TFLM.
"""

import sys
from pathlib import Path
from typing import Any

import numpy as np
from scipy import stats

from benchmarks.measured import Kept, in_two_processes, int8_and_float, measured_once, winner_of
from flashfit.data.features import load_features
from flashfit.models.spec import Spec
from flashfit.search.outcome import Candidate
from tasks.paths import Paths
from tasks.stage import read_params

SEEDS = range(5)


class Transfer(Kept):
    """int8 accuracy on TFLM by seed, and the mean gain by the backbone with its 95 % interval (paired t)."""

    samples: int
    backbone: list[float]
    scratch: list[float]
    gain: float
    low: float
    high: float


def main(product: str, target: str) -> None:
    """Print both accuracies of every seed and the gain, and keep them beside the build's verdict."""
    measured_once("transfer", Transfer, _measure, product, target)


def _measure(paths: Paths, product: str, target: str, of: str) -> Transfer:
    cases = [(paths.root, product, target, seed, with_weights) for seed in SEEDS for with_weights in (True, False)]
    found = list(in_two_processes(_accuracy, cases))
    backbone, scratch = found[::2], found[1::2]
    for seed, with_weights, without in zip(SEEDS, backbone, scratch, strict=True):
        print(f"seed {seed}: on the backbone {100 * with_weights:.1f} %, from scratch {100 * without:.1f} %")
    gains = np.subtract(backbone, scratch)
    low, high = stats.ttest_1samp(gains, 0).confidence_interval(0.95)
    print(f"gain {100 * gains.mean():+.1f} points, 95 % interval {100 * low:+.1f} to {100 * high:+.1f}")
    samples = len(load_features(paths.of_product(product).features("test")))
    return Transfer(
        of=of,
        product=product,
        target=target,
        samples=samples,
        backbone=backbone,
        scratch=scratch,
        gain=float(gains.mean()),
        low=float(low),
        high=float(high),
    )


def _accuracy(root: Path, product: str, target: str, seed: int, with_weights: bool) -> float:
    from flashfit.models.network import network
    from flashfit.training.fit import fit_network, make_deterministic

    paths = Paths(root)
    settings = read_params(paths).product(product)
    candidate: Candidate = winner_of(paths, product, target).candidate
    make_deterministic(seed)
    model = network(candidate.spec, seed)
    frozen = _frozen(candidate.spec)
    if not with_weights:
        _forget(model, seed)
        frozen = None
    prepared = paths.of_product(product)
    parts = {split: load_features(prepared.features(split)) for split in ("train", "augmented", "validation", "test")}
    return int8_and_float(settings, parts, seed, lambda lesson: fit_network(model, frozen, candidate.recipe, lesson))[
        "int8"
    ]


def _frozen(spec: Spec) -> float | None:
    if spec.backbone is None:
        sys.exit("the winner has no backbone; next: name a product whose family is transfer")
    return spec.backbone.frozen


def _forget(model: Any, seed: int) -> None:
    """Fresh weights for the backbone within, all of it to be trained."""
    import keras

    for body in (layer for layer in model.layers if isinstance(layer, keras.Model)):
        body.trainable = True
        for index, layer in enumerate(body.layers):
            layer.trainable = True
            for place, weight in enumerate(layer.weights):
                weight.assign(_fresh(weight, 1000 * (seed + 1) + 10 * index + place))


def _fresh(weight: Any, seed: int) -> Any:
    """What the layer would have begun with."""
    import keras

    if len(weight.shape) > 1:
        return keras.initializers.GlorotUniform(seed=seed)(weight.shape)
    ones = weight.name in ("gamma", "moving_variance")
    return np.full(weight.shape, float(ones), np.float32)


if __name__ == "__main__":
    main(*sys.argv[1:3])
