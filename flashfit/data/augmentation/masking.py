"""Features of which a stretch of time and a band of frequencies are hidden.

After Park et al., "SpecAugment: a simple data augmentation method for automatic speech recognition",
Interspeech 2019, with one mask each and no warping.
"""

import numpy as np
from numpy.typing import NDArray

from flashfit.params import Augment


def masked(features: NDArray[np.float32], augment: Augment, random: np.random.Generator) -> NDArray[np.float32]:
    """Features of one clip, (frames, bands, channels), with one mask over frames and one over bands.

    Each is evenly 0 to mask_time of the frames (mask_frequency of the bands) wide, lies anywhere, and
    holds the features' mean: of standardised features 0 or near it.
    """
    frames = _mask(features.shape[0], augment.mask_time, random)
    bands = _mask(features.shape[1], augment.mask_frequency, random)
    mean = features.mean()
    hidden = features.copy()
    hidden[frames] = mean
    hidden[:, bands] = mean
    return hidden


def _mask(count: int, share: float, random: np.random.Generator) -> slice:
    width = int(random.integers(int(share * count) + 1))
    start = int(random.integers(count - width + 1))
    return slice(start, start + width)
