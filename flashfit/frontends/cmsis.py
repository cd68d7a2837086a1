"""CMSIS-DSP, the library that the board runs, under typed names: the one door to it."""

import cmsisdsp
import numpy as np
from numpy.typing import NDArray

from flashfit.errors import ConfigError

SHORTEST_FFT = 64
LONGEST_FFT = 4096
"""Both of arm_mfcc_init_f32. A length beyond what a transform was built for ends the process, so it is asked first."""

Vector = NDArray[np.float32]


def fft_length(values: int) -> int:
    """The power of two that holds so many values. Raises ConfigError beyond the longest transform."""
    if values > LONGEST_FFT:
        raise ConfigError(f"{values} values at once are beyond CMSIS-DSP's longest transform, {LONGEST_FFT}")
    return max(SHORTEST_FFT, 1 << (values - 1).bit_length())


class RealFft:
    """arm_rfft_fast_f32 of one length."""

    def __init__(self, length: int) -> None:
        self._instance = cmsisdsp.arm_rfft_fast_instance_f32()
        if cmsisdsp.arm_rfft_fast_init_f32(self._instance, length) != 0:
            raise ConfigError(f"CMSIS-DSP has no real transform of {length} values")
        self.length = length

    def magnitudes(self, rows: Vector) -> Vector:
        """(n, length) to (n, length / 2 + 1): the size of each row's spectrum, by arm_cmplx_mag_f32.

        The library packs the real values of the first and the last bin into one complex number, which is
        unpacked here.
        """
        packed = np.stack([cmsisdsp.arm_rfft_fast_f32(self._instance, row, 0) for row in rows])
        inner: Vector = cmsisdsp.arm_cmplx_mag_f32(packed.ravel()).reshape(len(rows), -1)
        return np.concatenate([np.abs(packed[:, :1]), inner[:, 1:], np.abs(packed[:, 1:2])], axis=1)


class Mfcc:
    """arm_mfcc_f32 with given tables: window, mel filters (first bins, lengths, packed weights) and DCT."""

    def __init__(
        self, window: Vector, starts: list[int], lengths: list[int], weights: Vector, coefficients: int
    ) -> None:
        self._instance = cmsisdsp.arm_mfcc_instance_f32()
        self._scratch = np.zeros(2 * len(window), np.float32)
        bands = len(starts)
        dct = dct_matrix(coefficients, bands).ravel()
        arguments = (len(window), bands, coefficients, dct, starts, lengths, weights, window)
        if cmsisdsp.arm_mfcc_init_f32(self._instance, *arguments) != 0:
            raise ConfigError(f"CMSIS-DSP has no MFCC over {len(window)} values")

    def coefficients(self, frames: Vector) -> Vector:
        """(n, length) to (n, coefficients)."""
        return np.stack([cmsisdsp.arm_mfcc_f32(self._instance, frame, self._scratch) for frame in frames])


def dct_matrix(coefficients: int, bands: int) -> Vector:
    """(coefficients, bands): the DCT-II of CMSIS-DSP's MFCC, every row scaled by √(2 / bands)."""
    centres = (np.arange(bands) + 0.5) / bands
    matrix = np.cos(np.pi * np.outer(np.arange(coefficients), centres)) * np.sqrt(2 / bands)
    rounded: Vector = matrix.astype(np.float32)
    return rounded


def log(values: Vector) -> Vector:
    """Natural logarithm by arm_vlog_f32, of any shape."""
    result: Vector = cmsisdsp.arm_vlog_f32(values.ravel())
    return result.reshape(values.shape)


def rms(values: Vector) -> np.float32:
    """Root of the mean square, by arm_rms_f32."""
    return np.float32(cmsisdsp.arm_rms_f32(values))


def moments(values: Vector) -> tuple[float, float, float, float]:
    """Mean, deviation (of n - 1), least and greatest, by arm_mean, arm_std, arm_min and arm_max."""
    least, _ = cmsisdsp.arm_min_f32(values)
    most, _ = cmsisdsp.arm_max_f32(values)
    return cmsisdsp.arm_mean_f32(values), cmsisdsp.arm_std_f32(values), least, most
