"""Lag windows of a series: every n-th row, counted back from the last."""

import numpy as np
from numpy.typing import NDArray

from flashfit.data.samples import Sample
from flashfit.errors import ConfigError
from flashfit.params import SeriesFrontend


def output_shape(frontend: SeriesFrontend, shape: tuple[int, ...]) -> tuple[int, int, int]:
    """(rows kept, 1, channels) for a window (rows, channels). Raises ConfigError for any other number of axes."""
    if len(shape) != 2:
        raise ConfigError(f"the series front end takes windows (rows, channels), not shape {shape}")
    rows, channels = shape
    return -(-rows // frontend.every), 1, channels


def features(frontend: SeriesFrontend, sample: Sample) -> NDArray[np.float32]:
    """(rows kept, 1, channels), not standardised: the last row is always kept, and order stays."""
    rows = len(sample.x)
    kept = sample.x[(rows - 1) % frontend.every :: frontend.every]
    return kept.astype(np.float32)[:, None, :]


def limited(frontend: SeriesFrontend, deviations: NDArray[np.float32]) -> NDArray[np.float32]:
    """Standardised values of any shape, compressed and clipped as the front end says."""
    if frontend.compress == "asinh":
        deviations = np.arcsinh(deviations)
    clip = frontend.clip
    return deviations if clip is None else np.clip(deviations, np.float32(-clip), np.float32(clip))


def describe(frontend: SeriesFrontend) -> str:
    """In words."""
    kept = "lag windows" if frontend.every == 1 else f"lag windows, 1 row in {frontend.every}"
    compressed = f"{kept}, asinh of deviations" if frontend.compress == "asinh" else kept
    return compressed if frontend.clip is None else f"{compressed}, clipped at ±{frontend.clip:g}"
