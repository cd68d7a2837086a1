"""Pictures: grey or RGB, resized, then value × scale + offset, in float32, with a channel axis."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from flashfit.data.samples import Sample
from flashfit.errors import ConfigError
from flashfit.params import ImageFrontend

_LUMA = (np.float32(0.299), np.float32(0.587), np.float32(0.114))
"""ITU-R BT.601, as JPEG and Pillow have it."""


def free_axes(frontend: ImageFrontend, shape: tuple[int, ...]) -> tuple[int | None, ...]:
    """The shape with None where samples may differ: in size where they are resized, in channels where recoloured."""
    sides = shape[:2] if frontend.size is None else (None, None)
    return (*sides, *shape[2:]) if frontend.colour == "as-is" else (*sides, None)


def output_shape(frontend: ImageFrontend, shape: tuple[int, ...]) -> tuple[int, int, int]:
    """(height, width, channels) for a picture of shape (height, width) or (height, width, channels).

    Raises ConfigError for any other number of axes, and where a picture that is to be recoloured has
    neither 1 nor 3 channels.
    """
    if len(shape) not in (2, 3):
        raise ConfigError(f"the image front end takes (height, width) or (height, width, channels), not shape {shape}")
    height, width, channels = (*shape, 1)[:3]
    if frontend.colour != "as-is" and channels not in (1, 3):
        raise ConfigError(f"colour {frontend.colour} takes pictures of 1 or 3 channels, not {channels}")
    height, width = frontend.size or (height, width)
    return height, width, {"as-is": channels, "grey": 1, "rgb": 3}[frontend.colour]


def features(frontend: ImageFrontend, sample: Sample) -> NDArray[np.float32]:
    """(height, width, channels) of one picture (height, width) or (height, width, channels) of any number type.

    In float32 throughout; products and sums are each rounded to it, as the C twin does without fused
    multiply-add. Resizing stretches to the size and keeps no aspect: along an axis that shrinks, each pixel
    is the mean of those whose centres it covers (Pillow's BOX); along one that grows, it lies on the line
    between its neighbours (BILINEAR).
    """
    shape = output_shape(frontend, sample.x.shape)
    picture = sample.x.astype(np.float32).reshape((*sample.x.shape, 1)[:3])
    resized = _resized(_coloured(picture, shape[2]), shape[:2])
    return resized * np.float32(frontend.scale) + np.float32(frontend.offset)


def _coloured(picture: NDArray[np.float32], channels: int) -> NDArray[np.float32]:
    if picture.shape[2] == channels:
        return picture
    if channels == 3:
        return np.repeat(picture, 3, axis=2)
    red, green, blue = (picture[:, :, index] * weight for index, weight in enumerate(_LUMA))
    grey: NDArray[np.float32] = red + green + blue
    return grey[:, :, None]


def _resized(picture: NDArray[np.float32], size: tuple[int, int]) -> NDArray[np.float32]:
    if picture.shape[:2] == size:
        return picture
    channels = [_resized_channel(picture[:, :, index], *size) for index in range(picture.shape[2])]
    return np.stack(channels, axis=2)


def _resized_channel(channel: NDArray[np.float32], height: int, width: int) -> NDArray[np.float32]:
    rows, columns = channel.shape
    wide = Image.fromarray(channel).resize((width, rows), _resampling(columns, width))
    return np.asarray(wide.resize((width, height), _resampling(rows, height)), dtype=np.float32)


def _resampling(before: int, after: int) -> Image.Resampling:
    return Image.Resampling.BOX if after < before else Image.Resampling.BILINEAR


def describe(frontend: ImageFrontend) -> str:
    """In words."""
    colour = {"as-is": "", "grey": " in grey", "rgb": " in RGB"}[frontend.colour]
    size = f" stretched to {frontend.size[0]} × {frontend.size[1]} pixels" if frontend.size else ""
    return f"pictures{colour}{size}, value × {frontend.scale:g} + {frontend.offset:g}"
