"""Sound of any rate and length to a clip of one rate and length, as a microphone's buffer holds it."""

import math

import numpy as np
from numpy.typing import NDArray

from flashfit.data.samples import Sample
from flashfit.errors import ConfigError, DataError
from flashfit.params import AudioFrontend

Wave = NDArray[np.generic]

_AS_LOUD = 0.999
"""Places of a long clip that hold this share of the loudest place's energy count as being as loud."""


def clip_length(frontend: AudioFrontend) -> int:
    """Samples in a clip."""
    return round(frontend.clip_s * frontend.sample_rate_hz)


def clip(frontend: AudioFrontend, sample: Sample) -> Wave:
    """(clip_length,) sound at sample_rate_hz.

    Sound at another rate is resampled (then it is float32, and in the original's unit). A shorter clip is
    set in the middle of zeros. Of a longer one the loudest clip_s is kept, and of places that are as loud,
    the middle one: the word then lies amid its clip. Raises DataError for a sample without a rate.
    """
    if not sample.rate_hz or not sample.rate_hz >= 1:
        raise DataError(f"{sample.id} says no sample rate (rate_hz: {sample.rate_hz})")
    return _placed(_resampled(sample.x, round(sample.rate_hz), frontend.sample_rate_hz), clip_length(frontend))


def full_scale(wave: Wave) -> float:
    """What stands for 1 in sound as it was recorded: 2^15 in int16; floats already lie in [-1, 1].

    Raises ConfigError for any other type.
    """
    if wave.dtype == np.int16:
        return 32768.0
    if wave.dtype.kind == "f":
        return 1.0
    raise ConfigError(f"sound is int16 or floats in [-1, 1], not {wave.dtype.name}")


def as_int16(wave: Wave, scale: float) -> NDArray[np.int16]:
    """A wave of the given full scale as a microphone gives it, rounded and saturated."""
    limits = np.iinfo(np.int16)
    scaled = np.rint(wave.astype(np.float64) * (-limits.min / scale))
    return np.clip(scaled, limits.min, limits.max).astype(np.int16)


def _resampled(wave: Wave, from_hz: int, to_hz: int) -> Wave:
    if from_hz == to_hz:
        return wave
    from scipy.signal import resample_poly  # takes 0.9 s to import, and most sources never need it

    shared = math.gcd(from_hz, to_hz)
    resampled: Wave = resample_poly(wave.astype(np.float32), to_hz // shared, from_hz // shared)
    return resampled.astype(np.float32)


def _placed(wave: Wave, length: int) -> Wave:
    missing = length - len(wave)
    if missing >= 0:
        return np.pad(wave, (missing // 2, missing - missing // 2))
    start = _loudest(wave, length)
    return wave[start : start + length]


def _loudest(wave: Wave, length: int) -> int:
    energy = np.concatenate([[0.0], np.cumsum(np.square(wave, dtype=np.float64))])
    within = energy[length:] - energy[:-length]
    loudest = np.flatnonzero(within >= _AS_LOUD * within.max())
    return int(loudest[len(loudest) // 2])
