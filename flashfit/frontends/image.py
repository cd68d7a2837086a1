"""Pictures: value × scale + offset, in float32, with a channel axis."""

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from flashfit.errors import ConfigError
from flashfit.params import ImageFrontend


class FrontendRecord(BaseModel):
    """frontend.json: the front end's parameters, and the shapes of one sample before and after it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    frontend: ImageFrontend
    input_shape: tuple[int, ...]
    output_shape: tuple[int, int, int]


def record(frontend: ImageFrontend, shape: tuple[int, ...]) -> FrontendRecord:
    """What the front end makes of samples of a shape. Raises ConfigError as output_shape does."""
    return FrontendRecord(frontend=frontend, input_shape=shape, output_shape=output_shape(shape))


def output_shape(shape: tuple[int, ...]) -> tuple[int, int, int]:
    """(height, width, channels) for a picture of shape (height, width) or (height, width, channels).

    Raises ConfigError for any other number of axes.
    """
    if len(shape) not in (2, 3):
        raise ConfigError(f"the image front end takes (height, width) or (height, width, channels), not shape {shape}")
    height, width, channels = (*shape, 1)[:3]
    return height, width, channels


def image_input(x: NDArray[np.generic], frontend: ImageFrontend) -> NDArray[np.float32]:
    """Model inputs of pictures.

    x: (n, height, width) or (n, height, width, channels) numbers.  Returns (n, height, width, channels).
    Product and sum are each rounded to float32, as the C twin does without fused multiply-add.
    """
    scaled = x.astype(np.float32) * np.float32(frontend.scale) + np.float32(frontend.offset)
    return scaled.reshape(len(x), *output_shape(x.shape[1:]))
