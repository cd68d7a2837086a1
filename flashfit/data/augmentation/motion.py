"""Windows of motion sensors: worn otherwise, moved faster, stronger, measured with more noise.

After Um et al., "Data augmentation of wearable sensor data for Parkinson's disease monitoring using
convolutional neural networks", ICMI 2017.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from flashfit.params import Augment

_WAVES = 3
"""A time warp is the sum of so many half cosines over a window: smooth, and slow beside the motion."""


def varied_window(
    x: NDArray[np.generic],
    augment: Augment,
    random: np.random.Generator,
    deviation: NDArray[np.floating] | None = None,
) -> NDArray[np.generic]:
    """A window, (rows, channels), as the same motion might also have been measured; same shape and dtype.

    Time runs faster here and slower there, and first and last row stay; the board is turned; each sensor
    is scaled; each value trembles by a share of its channel's deviation, (channels,), which is the
    window's own where none is given. A sensor is three consecutive channels, or one that is left over.
    """
    warp = augment.warp * random.uniform()
    weights = random.uniform(-1, 1, _WAVES)
    turn = _turn(np.deg2rad(augment.turn_deg) * random.uniform(), random)
    scale = 1 + augment.scale * random.uniform(-1, 1, len(sensors(x.shape[1])))
    window = x.astype(np.float64)
    tremble = augment.jitter * random.uniform() * (window.std(axis=0) if deviation is None else deviation)
    varied = _turned(_warped(window, warp, weights), turn)
    for channels, factor in zip(sensors(x.shape[1]), scale, strict=True):
        varied[:, channels] *= factor
    return (varied + tremble * random.normal(size=x.shape)).astype(x.dtype)


def sensors(channels: int) -> tuple[slice, ...]:
    """Which channels belong together: each consecutive three, and each of those left over alone."""
    whole = channels - channels % 3
    return (
        *(slice(first, first + 3) for first in range(0, whole, 3)),
        *(slice(first, first + 1) for first in range(whole, channels)),
    )


def _turn(angle_rad: float, random: np.random.Generator) -> NDArray[np.float64]:
    """A rotation by that angle about an axis that may point anywhere, (3, 3)."""
    axis = random.normal(size=3)
    matrix: NDArray[np.float64] = Rotation.from_rotvec(angle_rad * axis / np.linalg.norm(axis)).as_matrix()
    return matrix


def _turned(x: NDArray[np.float64], turn: NDArray[np.float64]) -> NDArray[np.float64]:
    """Every sensor of three channels turned alike, for they sit on one board."""
    turned = x.copy()
    whole = x.shape[1] - x.shape[1] % 3
    turned[:, :whole] = np.einsum("ij,rsj->rsi", turn, x[:, :whole].reshape(len(x), -1, 3)).reshape(len(x), whole)
    return turned


def _warped(x: NDArray[np.float64], warp: float, weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """The window at places whose speed, 1 + warp × Σ weight × cos(π k t) / Σ |weight|, is within 1 ± warp.

    Each cosine's integral over the window is 0, so the first and last place are the first and last row.
    """
    last = len(x) - 1
    if last < 1 or warp == 0:
        return x
    time = np.arange(len(x)) / last
    k = np.arange(1, len(weights) + 1)
    lead = np.sin(np.pi * np.outer(time, k)) / (np.pi * k) @ weights / np.abs(weights).sum()
    place = np.clip(last * (time + warp * lead), 0, last)
    below = np.minimum(place.astype(int), last - 1)
    share = (place - below)[:, None]
    warped: NDArray[np.float64] = (1 - share) * x[below] + share * x[below + 1]
    return warped
