"""Model inputs as pictures: what a person recognises a sample by."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

_FEWEST_ROWS = 4
_MOST_CURVES = 6


def drawable(shape: tuple[int, ...]) -> bool:
    """Whether an input, (height, width, channels), is a picture or a bundle of curves, and not a vector."""
    return is_picture(shape) or is_curves(shape)


def is_picture(shape: tuple[int, ...]) -> bool:
    """Grey or RGB, or a spectrogram."""
    return len(shape) == 3 and min(shape[:2]) >= _FEWEST_ROWS and shape[2] in (1, 3)


def is_curves(shape: tuple[int, ...]) -> bool:
    """Rows in time: (rows, 1, channels)."""
    return len(shape) == 3 and shape[0] >= _FEWEST_ROWS and shape[1] == 1


def draw_sample(axes: Axes, sample: NDArray[np.float32], low: float, high: float) -> None:
    """One input without ticks; low and high are the values of the ends of the scale."""
    if is_picture(sample.shape):
        axes.imshow(**_image(sample, low, high))
    else:
        axes.plot(sample[:, 0, :_MOST_CURVES], linewidth=0.8)
        axes.set_ylim(low, high)
    axes.set_xticks([])
    axes.set_yticks([])
    axes.spines[:].set_color("#dfe3e8")


def _image(sample: NDArray[np.float32], low: float, high: float) -> dict[str, Any]:
    if sample.shape[2] == 3:
        return {"X": np.clip((sample - low) / max(high - low, 1e-9), 0, 1)}
    return {"X": sample[:, :, 0], "cmap": "gray_r", "vmin": low, "vmax": high}
