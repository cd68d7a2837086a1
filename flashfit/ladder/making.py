"""Each rung from a trained Keras model, in this process. The converter can take it down: see ladder.rung_child."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import keras
import numpy as np
from numpy.typing import NDArray

from flashfit.data.features import Features, load_features
from flashfit.errors import ConfigError
from flashfit.gates.merit import score
from flashfit.ladder.job import Candidate, Job
from flashfit.params import Rung
from flashfit.quantize.bias import correct_biases
from flashfit.quantize.calibration import calibration_inputs
from flashfit.quantize.convert import to_float, to_int8, to_int16
from flashfit.quantize.equalize import equalize
from flashfit.quantize.fake import Range, fake_quantized, observed_ranges, scale_output, set_ranges, to_tflite
from flashfit.quantize.fold import folded
from flashfit.quantize.mixed import Mixed, by_sensitivity
from flashfit.quantize.recurrent import recurrent_layers
from flashfit.quantize.slim import slim
from flashfit.runtime.desk import desk_answers
from flashfit.training.fit import fine_tune
from flashfit.training.lesson import Lesson, target_scale

_PERCENTILES = (100.0, 99.99, 99.9, 99.5, 99.0)
_MOST_COMPARED = 4096
"""Validation samples that settings are compared on."""

_MOST_RANKED = 512
"""Validation samples that each operator is tried on by itself."""

_INT16_OPERATORS = (1, 2, 4, 8, 16, 32)


@dataclass(frozen=True)
class Workshop:
    """A trained model, and the samples at hand."""

    job: Job
    model: keras.Model

    @cached_property
    def train(self) -> Features:
        """Training samples."""
        return load_features(self.job.train)

    @cached_property
    def validation(self) -> Features:
        """Validation samples."""
        return load_features(self.job.validation)

    @cached_property
    def compared(self) -> Features:
        """Of validation, evenly chosen, what settings are compared on."""
        step = -(-len(self.validation) // _MOST_COMPARED)
        return self.validation.at(np.arange(0, len(self.validation), step))

    @cached_property
    def reference(self) -> bytes:
        """The model as it came, float32 throughout."""
        return to_float(self.model)

    @property
    def counts(self) -> tuple[int, ...]:
        """Sizes of a calibration set that are compared, the product's own first."""
        own = min(self.job.calibration_samples, len(self.train))
        return tuple(dict.fromkeys((own, max(own // 4, 1), min(4 * own, len(self.train)))))

    def calibration(self, count: int) -> NDArray[np.float32]:
        """That many training inputs, the same each time."""
        return calibration_inputs(self.train, count, self.job.seed)


def make(rung: Rung, shop: Workshop) -> list[Candidate]:
    """The candidates for a rung. Raises ConfigError where it does not apply to the network."""
    return _MAKERS[rung](shop)


def _int8(shop: Workshop) -> list[Candidate]:
    calibration = shop.calibration(shop.job.calibration_samples)
    return [Candidate(to_int8(shop.model, calibration), shop.reference, f"{len(calibration)} calibration samples")]


def _tuned(shop: Workshop) -> list[Candidate]:
    if recurrent_layers(shop.model):  # what is inside of them has no twin, so only the set is chosen
        return [
            Candidate(to_int8(shop.model, shop.calibration(count)), shop.reference, f"{count} calibration samples")
            for count in shop.counts[1:]
        ]
    pair = twinned(shop)
    return [pair.made(pair.tune())]


def _equalized(shop: Workshop) -> list[Candidate]:
    pair = twinned(shop)
    return [pair.made(pair.equalize())]


def _qat(shop: Workshop) -> list[Candidate]:
    pair = twinned(shop)
    settings = pair.equalize()
    pair.fine_tune()
    return [pair.made(f"{shop.job.qat_epochs} epochs from {settings}")]


def _mixed(shop: Workshop) -> list[Candidate]:
    """More and more of the most sensitive operators in int16, up to half of them."""
    mixed = _mixed_network(shop)
    ranked = by_sensitivity(mixed, lambda tflite: _desk_loss(shop, tflite))
    counts = [count for count in _INT16_OPERATORS if count <= max(len(ranked) // 2, 1)]
    return [
        Candidate(mixed.with_int16(ranked[:count]), shop.reference, f"{count} of {len(ranked)} operators in int16")
        for count in counts
    ]


def _int4(shop: Workshop) -> list[Candidate]:
    return [Candidate(_mixed_network(shop).with_int4(), shop.reference, "convolutions' weights in int4")]


def _mixed_network(shop: Workshop) -> Mixed:
    for layer in recurrent_layers(shop.model):
        raise ConfigError(f"{layer.name}: the operators of a recurrent layer are given no types one by one")
    return Mixed(shop.model, shop.calibration(shop.job.calibration_samples))


def _desk_loss(shop: Workshop, tflite: bytes) -> float:
    """On LiteRT, which is enough to rank operators by; TFLM has the last word on what is made of them."""
    known = shop.validation.at(np.arange(0, len(shop.validation), -(-len(shop.validation) // _MOST_RANKED)))
    job = shop.job
    return score(job.task, job.metric, known.y, known.x, desk_answers(tflite, known.x), known.groups).loss


def _int16(shop: Workshop) -> list[Candidate]:
    calibration = shop.calibration(shop.job.calibration_samples)
    return [Candidate(to_int16(shop.model, calibration), shop.reference, f"{len(calibration)} calibration samples")]


def _float32(shop: Workshop) -> list[Candidate]:
    return [Candidate(shop.reference, shop.reference, "as trained")]


_MAKERS: dict[Rung, Callable[[Workshop], list[Candidate]]] = {
    "int8": _int8,
    "int8-tuned": _tuned,
    "int8-equalized": _equalized,
    "qat": _qat,
    "mixed": _mixed,
    "int16": _int16,
    "int4": _int4,
    "float32": _float32,
}


@dataclass(frozen=True)
class _Setting:
    """Of a twin's ranges."""

    count: int
    percentile: float
    ranges: Sequence[Range]

    def __str__(self) -> str:
        clipped = "nothing clipped" if self.percentile == 100 else f"clipped at {self.percentile:g} %"
        return f"{self.count} calibration samples, {clipped}"


def twinned(shop: Workshop) -> "Twinned":
    """The shop's network, folded, and its twin. Raises ConfigError for one that has none."""
    for layer in recurrent_layers(shop.model):
        raise ConfigError(f"{layer.name}: a recurrent layer has no twin that rounds as int8 does")
    return Twinned(shop, folded(shop.model))


class Twinned:
    """A folded network, and the twin that rounds as int8 does."""

    def __init__(self, shop: Workshop, network: keras.Model) -> None:
        self._shop = shop
        self.network = network
        self.twin = fake_quantized(network)
        self._best: _Setting | None = None

    def tune(self) -> str:
        """Give the twin the ranges that validation data like best: of equals the first."""
        settings = [setting for count in self._shop.counts for setting in self._settings(count)]
        scores = [self._score(setting) for setting in settings]
        self._best = settings[max(range(len(settings)), key=scores.__getitem__)]
        set_ranges(self.twin, self._best.ranges)
        return str(self._best)

    def equalize(self) -> str:
        """Even out channels, tune, and correct biases."""
        count = equalize(self.network, self._shop.calibration(self._shop.job.calibration_samples))
        settings = self.tune()
        correct_biases(self.network, self.twin, self._shop.calibration(self._shop.job.calibration_samples))
        return f"{count} pairs equalized, {settings}"

    def fine_tune(self) -> None:
        """Train the twin. Its ranges follow its weights before every epoch, as tuned."""
        job = self._shop.job
        lesson = Lesson(
            task=job.task,
            train=self._shop.train,
            augmented=load_features(job.augmented),
            validation=self._shop.validation,
            epochs=job.qat_epochs,
            patience=job.qat_epochs,
            balance=job.balance,
            seed=job.seed,
        )
        deviation = float(target_scale(self._shop.train)[1]) if job.task == "regression" else 1.0
        scale_output(self.twin, 1 / deviation)
        follow = keras.callbacks.LambdaCallback(on_epoch_begin=lambda epoch, logs: self._follow())
        fine_tune(self.twin, job.recipe, lesson, [follow])
        scale_output(self.twin, deviation)

    def made(self, settings: str) -> Candidate:
        """What the twin is on a board."""
        return Candidate(slim(to_tflite(self.twin)), to_float(self.network), settings)

    def _settings(self, count: int) -> list[_Setting]:
        found = observed_ranges(self.twin, self._shop.calibration(count), _PERCENTILES)
        return [_Setting(count, share, ranges) for share, ranges in zip(_PERCENTILES, found, strict=True)]

    def _score(self, setting: _Setting) -> tuple[float, float]:
        set_ranges(self.twin, setting.ranges)
        job, known = self._shop.job, self._shop.compared
        outputs = self.twin.predict(known.x, verbose=0)
        found = score(job.task, job.metric, known.y, known.x, outputs, known.groups)
        return found.merit, -found.loss

    def _follow(self) -> None:
        if self._best is not None:
            calibration = self._shop.calibration(self._best.count)
            (ranges,) = observed_ranges(self.twin, calibration, [self._best.percentile])
            set_ranges(self.twin, ranges)
