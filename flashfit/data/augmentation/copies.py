"""Which copies are made of a sample, and what each is drawn from."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from hashlib import sha256

import numpy as np
from numpy.typing import NDArray

from flashfit.data.augmentation.audio import varied_clip
from flashfit.data.augmentation.image import varied_picture
from flashfit.data.augmentation.motion import varied_window
from flashfit.data.features import copy_id
from flashfit.data.samples import Sample
from flashfit.errors import ConfigError
from flashfit.params import Augment


def copies(
    sample: Sample,
    augment: Augment,
    seed: int,
    noises: Sequence[NDArray[np.int16]] = (),
    deviation: NDArray[np.floating] | None = None,
    clip_s: float = 0.0,
) -> Iterator[tuple[Sample, np.random.Generator]]:
    """The copies that a product asks for, named ID+1, ID+2, …; see varied.

    Beside each comes its generator, from which masked draws once the copy's features are there. A copy
    depends on the seed, the sample's id and its number alone, however many are made and in whatever order.
    """
    for number in range(1, augment.copies + 1):
        random = generator_for(seed, sample.id, number)
        copy = varied(sample, augment, random, noises, deviation, clip_s)
        yield replace(copy, id=copy_id(sample.id, number)), random


def varied(
    sample: Sample,
    augment: Augment,
    random: np.random.Generator,
    noises: Sequence[NDArray[np.int16]] = (),
    deviation: NDArray[np.floating] | None = None,
    clip_s: float = 0.0,
) -> Sample:
    """The sample with its x varied, and everything else kept; at strength zero it is the very sample.

    x keeps its dtype and shape, but that a clip is brought to clip_s where it is shorter. What is varied,
    and by how much, is told in flashfit.params.Augment. noises: clips of the training samples' rate to mix
    into sound, none of them empty. deviation: (channels,) of motion, over the training samples. Raises
    ConfigError for a sample that is not of the kind that augment names.
    """
    _check(sample, augment)
    if augment.kind == "image":
        return replace(sample, x=varied_picture(sample.x, augment, random))
    if augment.kind == "audio":
        wave = sample.x.astype(np.int16, copy=False)
        return replace(sample, x=varied_clip(wave, sample.rate_hz or 0.0, augment, random, noises, clip_s))
    if augment.kind == "motion":
        return replace(sample, x=varied_window(sample.x, augment, random, deviation))
    return sample


def generator_for(seed: int, id_: str, number: int) -> np.random.Generator:
    """The source of chance of one copy: the same for the same three, independent of every other's."""
    digest = sha256(f"{seed}/{number}/{id_}".encode()).digest()
    return np.random.default_rng(int.from_bytes(digest, "big"))


def _check(sample: Sample, augment: Augment) -> None:
    x = sample.x
    fits = {
        "image": x.ndim in (2, 3),
        "audio": x.ndim == 1 and x.dtype == np.int16,
        "motion": x.ndim == 2 and np.issubdtype(x.dtype, np.floating),
        "none": True,
    }
    if not fits[augment.kind]:
        raise ConfigError(f"augment.kind is {augment.kind}, but {sample.id} is {x.dtype} of shape {x.shape}")
    if augment.kind == "audio" and not sample.rate_hz:
        raise ConfigError(f"augment.kind is audio, but {sample.id} says no sample rate")
    if augment.kind == "motion" and augment.turn_deg and x.shape[1] < 3:
        raise ConfigError(f"augment.turn_deg needs three channels, but {sample.id} has {x.shape[1]}")
