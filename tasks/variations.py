"""Varied copies of training samples, through the product's front end: the part of prepare that augments."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flashfit.data.augmentation import copies, masked, preview_picture
from flashfit.data.features import FeatureWriter
from flashfit.data.samples import Sample
from flashfit.figure import save_png
from flashfit.frontends.fitted import FittedFrontend, apply
from flashfit.params import AudioFrontend, Product
from tasks.paths import ProductPaths
from tasks.progress import counted

_PREVIEWED = 6
_MOST_NOISES = 32
_NOISE_LABELS = ("_silence_", "_background_noise_")
"""Classes of keyword data whose training clips are noise to mix into the others."""


@dataclass(frozen=True)
class Variations:
    """How a product's training samples are varied. training: reads them, from the first, each time it is called."""

    product: Product
    fitted: FittedFrontend
    seed: int
    training: Callable[[], Iterable[tuple[Sample, str]]]
    noises: Sequence[NDArray[Any]]

    def of(self, sample: Sample) -> Iterator[tuple[Sample, np.random.Generator]]:
        """The copies of one sample, and the generator of each."""
        frontend = self.product.frontend
        clip_s = frontend.clip_s if isinstance(frontend, AudioFrontend) else 0.0
        return copies(sample, self.product.augment, self.seed, self.noises, clip_s=clip_s)


def noises_among(training: Iterable[tuple[Sample, str]]) -> list[NDArray[Any]]:
    """Clips of training's noise classes, to be mixed into others; none where there are no such classes."""
    noisy = (sample.x for sample, _ in training if sample.label in _NOISE_LABELS and sample.x.size)
    return list(islice(noisy, _MOST_NOISES))


def save_variations(
    writer: FeatureWriter, count: int, variations: Variations, answer: Callable[[Sample], int | float]
) -> None:
    """Add the features of every copy, `count` in all."""
    with counted("augment", count) as show:
        for sample, group, copy, random in show(_all(variations)):
            writer.add(_features(copy, variations, random), answer(sample), copy.id, group)


def save_preview(files: ProductPaths, count: int, variations: Variations) -> None:
    """A picture of a few of `count` training samples, spread over the whole, beside their copies."""
    chosen = set(np.linspace(0, count - 1, min(_PREVIEWED, count)).astype(int))
    pairs = [
        (sample, [copy for copy, _ in variations.of(sample)])
        for number, (sample, _) in enumerate(variations.training())
        if number in chosen
    ]
    save_png(preview_picture(pairs, variations.product.augment.kind), files.augmentation_preview)


def _all(variations: Variations) -> Iterator[tuple[Sample, str, Sample, np.random.Generator]]:
    for sample, group in variations.training():
        for copy, random in variations.of(sample):
            yield sample, group, copy, random


def _features(copy: Sample, variations: Variations, random: np.random.Generator) -> NDArray[np.float32]:
    x = apply(variations.fitted, copy)
    return masked(x, variations.product.augment, random) if variations.product.augment.kind == "audio" else x
