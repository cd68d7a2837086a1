"""Triangular filters, evenly spaced on the mel scale."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from flashfit.errors import ConfigError


@dataclass(frozen=True)
class MelBank:
    """Filters packed as CMSIS-DSP's MFCC takes them.

    starts: first bin of each filter; lengths: its bins; weights: those of all filters, one after the other.
    """

    starts: tuple[int, ...]
    lengths: tuple[int, ...]
    weights: NDArray[np.float32]

    def energies(self, magnitudes: NDArray[np.float32]) -> NDArray[np.float32]:
        """(n, bins) to (n, filters): for each filter the weighted sum of magnitudes, in float32."""
        spans = zip(self.starts, self.lengths, strict=True)
        bins = np.concatenate([np.arange(start, start + length) for start, length in spans])
        firsts = np.concatenate([[0], np.cumsum(self.lengths)[:-1]])
        sums: NDArray[np.float32] = np.add.reduceat(magnitudes[:, bins] * self.weights, firsts, axis=1)
        return sums


def mel_bank(filters: int, low_hz: float, high_hz: float, rate_hz: int, fft: int) -> MelBank:
    """Filters between two frequencies over the bins of a real transform.

    The arithmetic of CMSIS-DSP's own cmsisdsp.mfcc.melFilterMatrix (1127 ln(1 + f / 700); triangles in mel,
    of height 1), which takes no filter without a bin and, by rounding, none that ends at half the rate.
    Raises ConfigError for a filter that lies between two bins.
    """
    edges = np.linspace(_mel(low_hz), _mel(high_hz), filters + 2)
    bins = _mel(np.linspace(0, rate_hz / 2, fft // 2 + 1))
    rising = (bins - edges[:-2, None]) / (edges[1:-1] - edges[:-2])[:, None]
    falling = (edges[2:, None] - bins) / (edges[2:] - edges[1:-1])[:, None]
    matrix = np.maximum(0, np.minimum(rising, falling))
    matrix[:, 0] = 0
    inside = [np.flatnonzero(row) for row in matrix]
    narrow = [index for index, found in enumerate(inside) if len(found) == 0]
    if narrow:
        raise ConfigError(
            f"{len(narrow)} of {filters} mel filters are narrower than the spectrum's {rate_hz / fft:g} Hz;"
            " fewer mels, a longer window_s or a higher low_hz is needed"
        )
    return MelBank(
        starts=tuple(int(found[0]) for found in inside),
        lengths=tuple(int(found[-1] - found[0] + 1) for found in inside),
        weights=np.concatenate(
            [row[found[0] : found[-1] + 1] for row, found in zip(matrix, inside, strict=True)]
        ).astype(np.float32),
    )


def _mel(frequency_hz: NDArray[np.float64] | float) -> NDArray[np.float64]:
    return 1127.0 * np.log1p(np.asarray(frequency_hz, dtype=np.float64) / 700.0)
