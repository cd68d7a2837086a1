"""A front end with what it learnt from the training samples: raw sample to model input."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from flashfit.data.samples import Sample
from flashfit.errors import ConfigError, DataError
from flashfit.frontends import audio, kinds, series
from flashfit.frontends.statistics import Running
from flashfit.params import AudioFrontend, Frontend, ImageFrontend, SeriesFrontend, TextFrontend
from flashfit.params.section import Section


class Input(Section):
    """What samples must be, as the first training sample was. shape: None along an axis of any length."""

    shape: tuple[int | None, ...]
    dtype: str
    rate_hz: float | None = None


class FittedFrontend(Section):
    """frontend.json: the front end's parameters, what goes in and comes out, and the training's statistics.

    mean, deviation: of each column of the features (mel band or coefficient, channel, number); empty where
    features are not standardised. largest: the greatest weight of a text's bucket. All are exact in float32.
    """

    frontend: Frontend
    input: Input
    output_shape: tuple[int, int, int]
    mean: tuple[float, ...] = ()
    deviation: tuple[float, ...] = ()
    largest: float | None = None


@dataclass(frozen=True)
class Golden:
    """What the C twin must make of a sample. raw: as the board meets it. features: of the output shape."""

    id: str
    raw: NDArray[np.generic]
    features: NDArray[np.float32]


def fit(frontend: Frontend, training: Iterable[Sample]) -> FittedFrontend:
    """Learn from the training samples, one at a time and once.

    Raises ConfigError where the front end does not suit such samples, DataError where there are none, and
    for one that is of another shape than the first or not finite.
    """
    samples = iter(training)
    first = next(samples, None)
    if first is None:
        raise DataError("there are no training samples to fit the front end on")
    unfitted = FittedFrontend(
        frontend=frontend,
        input=Input(shape=kinds.fixed_shape(frontend, first.x.shape), dtype=first.x.dtype.name, rate_hz=first.rate_hz),
        output_shape=kinds.output_shape(frontend, first.x.shape),
    )
    return _learnt(unfitted, (_features(unfitted, sample) for sample in chain([first], samples)))


def apply(fitted: FittedFrontend, sample: Sample) -> NDArray[np.float32]:
    """Model input of one sample, of fitted.output_shape.

    Columns are (value - mean) / deviation, each step rounded to float32, of a series compressed and clipped;
    a text's weights are divided by the largest and end at 1. Raises DataError, naming the sample, for another
    shape and for what is not finite.
    """
    features = _features(fitted, sample)
    if fitted.largest is not None:
        weights: NDArray[np.float32] = np.minimum(features / np.float32(fitted.largest), np.float32(1))
        return weights
    if not fitted.mean:
        return features
    mean, deviation = (np.array(values, dtype=np.float32) for values in (fitted.mean, fitted.deviation))
    standardised: NDArray[np.float32] = ((_columns(features) - mean) / deviation).reshape(features.shape)
    if isinstance(fitted.frontend, SeriesFrontend):
        return series.limited(fitted.frontend, standardised)
    return standardised


def describe(fitted: FittedFrontend) -> str:
    """One line for the model card."""
    into = " × ".join(str(length) for length in fitted.output_shape)
    ending = "; standardised by the training samples' means and deviations" if fitted.mean else ""
    return f"{kinds.describe(fitted.frontend)}{ending}; {into} values"


def as_met(frontend: Frontend, sample: Sample) -> Sample:
    """The sample as the board meets it: sound is int16 at the front end's rate and length, all else as it is.

    What is varied in this form (a clip shifted by some samples, noise behind it) stays varied: the front
    end leaves a clip of its own rate and length where it is.
    """
    if not isinstance(frontend, AudioFrontend):
        return sample
    return replace(sample, x=audio.as_recorded(frontend, sample), rate_hz=float(frontend.sample_rate_hz))


def golden(fitted: FittedFrontend, samples: Iterable[Sample]) -> list[Golden]:
    """Raw, as_met, and the features of that: of resampled sound they differ from apply's by its rounding."""
    met = [as_met(fitted.frontend, sample) for sample in samples]
    return [Golden(sample.id, sample.x, apply(fitted, sample)) for sample in met]


def _learnt(unfitted: FittedFrontend, features: Iterator[NDArray[np.float32]]) -> FittedFrontend:
    match unfitted.frontend:
        case ImageFrontend():
            for _ in features:
                """Nothing to learn; each has been looked at."""
            return unfitted
        case TextFrontend():
            largest = max(float(weights.max()) for weights in features)
            return unfitted.model_copy(update={"largest": largest or 1.0})
        case _:
            running = Running()
            for one in features:
                running.add(_columns(one))
            return unfitted.model_copy(update={"mean": running.mean, "deviation": running.deviation})


def _features(fitted: FittedFrontend, sample: Sample) -> NDArray[np.float32]:
    _check(fitted, sample)
    try:
        with np.errstate(over="ignore", invalid="ignore"):
            features = kinds.features(fitted.frontend, sample)
    except ConfigError as error:
        raise DataError(f"{sample.id}: {error.message}") from None
    if not np.isfinite(features).all():
        raise DataError(f"{sample.id} holds values too large for float32")
    return features


def _check(fitted: FittedFrontend, sample: Sample) -> None:
    x, shape = sample.x, fitted.input.shape
    if kinds.fixed_shape(fitted.frontend, x.shape) != shape:
        raise DataError(f"{sample.id} is of shape {x.shape}, and the first training sample of {_in_words(shape)}")
    if x.size == 0 and not isinstance(fitted.frontend, TextFrontend):
        raise DataError(f"{sample.id} holds no values")
    if x.dtype.kind == "f" and not np.isfinite(x).all():
        raise DataError(f"{sample.id} holds {np.count_nonzero(~np.isfinite(x))} values that are not finite")


def _columns(features: NDArray[np.float32]) -> NDArray[np.float32]:
    """(n, columns): frames of bands, rows of channels, or one row of numbers."""
    return features.reshape(-1, features.shape[1] * features.shape[2])


def _in_words(shape: tuple[int | None, ...]) -> str:
    return f"({', '.join('any' if length is None else str(length) for length in shape)})"
