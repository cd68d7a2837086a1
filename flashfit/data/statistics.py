"""What validation says of one sample's values: their range and spread, and how loud and clipped a sound is."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from flashfit.data.samples import Sample

BLOCK_VALUES = 1 << 20
"""Values looked at at a time, 8 MiB as float64: a picture of 27 million costs no more memory than that."""

_FULL_SCALE = 32768
_LARGEST = 32767
"""Some recorders stop at -32,767, so both that and -32,768 are full scale."""


@dataclass(frozen=True)
class Statistics:
    """Of all values but NaN, which are counted. All are NaN where nothing is left; infinities are values."""

    min: float
    max: float
    mean: float
    std: float
    nan_count: int


@dataclass(frozen=True)
class Sound:
    """Of a sound; NaN for what is none.

    loudness_dbfs: root mean square without the constant part, against full scale; -inf for digital silence.
    clipped: share of values at full scale.
    """

    duration_s: float
    loudness_dbfs: float
    clipped: float


NO_SOUND = Sound(np.nan, np.nan, np.nan)


def statistics(x: NDArray[np.generic]) -> Statistics:
    """Of one sample's numbers, in any shape."""
    count, total, squares, least, most = 0, 0.0, 0.0, np.inf, -np.inf
    with np.errstate(invalid="ignore", over="ignore"):
        for block in _known_blocks(x):
            count += block.size
            total += float(block.sum())
            least, most = min(least, float(block.min())), max(most, float(block.max()))
        if not count:
            return Statistics(np.nan, np.nan, np.nan, np.nan, x.size)
        mean = total / count
        for block in _known_blocks(x):
            squares += float(np.square(block - mean).sum())
    return Statistics(least, most, mean, float(np.sqrt(squares / count)), x.size - count)


def sound(sample: Sample, std: float) -> Sound:
    """Of a sample with int16 values and a rate. std: of its values, as `statistics` has it."""
    if sample.rate_hz is None or sample.x.dtype != np.int16 or not sample.x.size:
        return NO_SOUND
    values = sample.x.astype(np.int16, copy=False)
    at_full_scale = np.count_nonzero(values >= _LARGEST) + np.count_nonzero(values <= -_LARGEST)
    with np.errstate(divide="ignore"):
        loudness_dbfs = float(20 * np.log10(std / _FULL_SCALE))
    return Sound(len(values) / sample.rate_hz, loudness_dbfs, at_full_scale / values.size)


def _known_blocks(x: NDArray[np.generic]) -> Iterator[NDArray[np.float64]]:
    """All values but NaN, as float64; blocks without any are left out."""
    values = x.reshape(-1)
    for start in range(0, values.size, BLOCK_VALUES):
        block = values[start : start + BLOCK_VALUES].astype(np.float64)
        known = block[~np.isnan(block)] if x.dtype.kind == "f" else block
        if known.size:
            yield known
