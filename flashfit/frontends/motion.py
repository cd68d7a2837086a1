"""Windows of sensor channels: as they are, or as a few numbers a channel."""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from flashfit.data.samples import Sample
from flashfit.errors import ConfigError
from flashfit.frontends import cmsis
from flashfit.params import MotionFrontend

MOMENTS = ("mean", "deviation", "minimum", "maximum")

FLOOR = np.float32(1e-6)
"""Added to a band's power, in the sensor's unit squared, before its logarithm: a still sensor has one."""


def output_shape(frontend: MotionFrontend, shape: tuple[int, ...]) -> tuple[int, int, int]:
    """(rows, 1, channels) raw, for a window (rows, channels); else (1, 1, numbers).

    These are channels × segments × 4 moments, or channels × (4 + bands). Raises ConfigError for any other number of
    axes, for parts of fewer than 2 rows, and for windows too long or too short for their bands.
    """
    if len(shape) != 2:
        raise ConfigError(f"the motion front end takes windows (rows, channels), not shape {shape}")
    rows, channels = shape
    if frontend.features == "raw":
        return rows, 1, channels
    if frontend.features == "moments":
        if rows < 2 * frontend.segments:
            raise ConfigError(f"{frontend.segments} segments of {rows} rows have fewer than 2 rows each")
        return 1, 1, channels * frontend.segments * len(MOMENTS)
    bins = cmsis.fft_length(rows) // 2
    if frontend.bands > bins:
        raise ConfigError(f"{frontend.bands} bands are more than the {bins} frequencies of {rows} rows")
    return 1, 1, channels * (len(MOMENTS) + frontend.bands)


def features(frontend: MotionFrontend, sample: Sample) -> NDArray[np.float32]:
    """The output shape's values, not standardised, of x (rows, channels).

    Moments, channel after channel: MOMENTS of each segment, the i-th of which begins at i × rows // segments.
    Spectral, channel after channel: MOMENTS, then ln(FLOOR + power) in bands of equal width between 0 Hz
    (left out) and half the rate. The power is that of the window less its mean, under a periodic Hann
    window, followed by zeros up to the transform's length, each frequency's magnitude squared / rows².
    """
    shape = output_shape(frontend, sample.x.shape)
    window = sample.x.astype(np.float32)
    if frontend.features == "raw":
        return window.reshape(shape)
    channels = np.ascontiguousarray(window.T)
    if frontend.features == "moments":
        return _moments(channels, frontend.segments).reshape(shape)
    moments = _moments(channels, 1)
    powers = cmsis.log(_powers(channels - moments[:, :1], frontend.bands) + FLOOR)
    return np.concatenate([moments, powers], axis=1).reshape(shape)


def _moments(channels: NDArray[np.float32], segments: int) -> NDArray[np.float32]:
    """(channels, segments × 4)."""
    rows = channels.shape[1]
    borders = [index * rows // segments for index in range(1, segments)]
    parts = [[cmsis.moments(part) for part in np.split(channel, borders)] for channel in channels]
    return np.array(parts, dtype=np.float32).reshape(len(channels), -1)


def _powers(channels: NDArray[np.float32], bands: int) -> NDArray[np.float32]:
    rows = channels.shape[1]
    fft = _fft(cmsis.fft_length(rows))
    padded = np.pad(channels * _hann(rows), ((0, 0), (0, fft.length - rows)))
    magnitudes = fft.magnitudes(padded)[:, 1:] / np.float32(rows)
    firsts = np.arange(bands) * magnitudes.shape[1] // bands
    powers: NDArray[np.float32] = np.add.reduceat(magnitudes * magnitudes, firsts, axis=1)
    return powers


@lru_cache(maxsize=8)
def _fft(length: int) -> cmsis.RealFft:
    return cmsis.RealFft(length)


@lru_cache(maxsize=8)
def _hann(rows: int) -> NDArray[np.float32]:
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(rows) / rows)
    return window.astype(np.float32)


def describe(frontend: MotionFrontend) -> str:
    """In words."""
    if frontend.features == "raw":
        return "windows of sensor channels"
    if frontend.features == "moments":
        of = "the window" if frontend.segments == 1 else f"each of {frontend.segments} parts of the window"
        return f"of each sensor channel {', '.join(MOMENTS)} in {of}"
    return f"of each sensor channel {', '.join(MOMENTS)} and the log power in {frontend.bands} equal bands"
