"""The kinds of front end: which module answers for which section of params.yaml."""

import numpy as np
from numpy.typing import NDArray

from flashfit.data.samples import Sample
from flashfit.frontends import audio, image, motion, series, text
from flashfit.params import AudioFrontend, Frontend, ImageFrontend, MotionFrontend, SeriesFrontend, TextFrontend


def output_shape(frontend: Frontend, shape: tuple[int, ...]) -> tuple[int, int, int]:
    """(height, width, channels) that samples of a shape become. Raises ConfigError for a shape of another kind."""
    match frontend:
        case ImageFrontend():
            return image.output_shape(frontend, shape)
        case AudioFrontend():
            return audio.output_shape(frontend, shape)
        case MotionFrontend():
            return motion.output_shape(frontend, shape)
        case SeriesFrontend():
            return series.output_shape(frontend, shape)
        case TextFrontend():
            return text.output_shape(frontend, shape)


def features(frontend: Frontend, sample: Sample) -> NDArray[np.float32]:
    """What a sample becomes, before the training's statistics."""
    match frontend:
        case ImageFrontend():
            return image.features(frontend, sample)
        case AudioFrontend():
            return audio.features(frontend, sample)
        case MotionFrontend():
            return motion.features(frontend, sample)
        case SeriesFrontend():
            return series.features(frontend, sample)
        case TextFrontend():
            return text.features(frontend, sample)


def fixed_shape(frontend: Frontend, shape: tuple[int, ...]) -> tuple[int | None, ...]:
    """A sample's shape with None along the axes in which samples may differ."""
    match frontend:
        case ImageFrontend():
            return image.free_axes(frontend, shape)
        case AudioFrontend() | TextFrontend():
            return (None,) * len(shape)
        case _:
            return shape


def describe(frontend: Frontend) -> str:
    """What the front end does, in words."""
    match frontend:
        case ImageFrontend():
            return image.describe(frontend)
        case AudioFrontend():
            return audio.describe(frontend)
        case MotionFrontend():
            return motion.describe(frontend)
        case SeriesFrontend():
            return series.describe(frontend)
        case TextFrontend():
            return text.describe(frontend)
