"""Pictures moved, turned, zoomed, and of more or less contrast."""

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import affine_transform

from flashfit.params import Augment


def varied_picture(x: NDArray[np.generic], augment: Augment, random: np.random.Generator) -> NDArray[np.generic]:
    """A picture, (h, w) or (h, w, channels), as it might also have been taken; same shape and dtype.

    Shift, turn and zoom are one bilinear interpolation; what comes into view repeats the nearest edge.
    Contrast then scales the distance to the picture's mean. Values stay within the dtype's range if they
    are whole numbers, else between the picture's own least and largest.
    """
    shift = augment.shift * random.uniform(-1, 1, 2)
    turn_deg = augment.rotate_deg * random.uniform(-1, 1)
    zoom = 1 + augment.zoom * random.uniform(-1, 1)
    contrast = 1 + augment.contrast * random.uniform(-1, 1)
    moved = _moved(x, shift, turn_deg, zoom)
    return _stored(contrast * moved + (1 - contrast) * moved.mean(), x)


def _moved(x: NDArray[np.generic], shift: NDArray[np.float64], turn_deg: float, zoom: float) -> NDArray[np.floating]:
    """Turned (counter-clockwise) and zoomed about the centre, then shifted by shares of the sides (down, right)."""
    sides = np.array(x.shape[:2])
    centre = (sides - 1) / 2
    cos, sin = np.cos(np.deg2rad(turn_deg)), np.sin(np.deg2rad(turn_deg))
    back = np.array([[cos, sin], [-sin, cos]]) / zoom
    offset = centre - back @ (centre + shift * sides)
    planes = x.reshape(*x.shape[:2], -1)
    moved = np.empty(planes.shape, np.result_type(x.dtype, np.float32))
    for channel in range(planes.shape[2]):
        moved[..., channel] = affine_transform(
            planes[..., channel], back, offset, output=moved.dtype, order=1, mode="nearest"
        )
    return moved.reshape(x.shape)


def _stored(values: NDArray[np.floating], original: NDArray[np.generic]) -> NDArray[np.generic]:
    if original.dtype.kind in "iu":
        limits = np.iinfo(original.dtype.name)
        values, low, high = np.rint(values), float(limits.min), float(limits.max)
    else:
        low, high = float(original.astype(values.dtype).min()), float(original.astype(values.dtype).max())
    stored: NDArray[np.generic] = values.clip(low, high).astype(original.dtype)
    return stored
