"""Fit a spec to features, the same way every time."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from flashfit.models.backbone import set_trainable
from flashfit.models.network import network
from flashfit.models.spec import Spec
from flashfit.training.lesson import (
    Examples,
    Lesson,
    blended,
    class_weight,
    examples_of,
    in_the_targets_scale,
    target_scale,
)
from flashfit.training.recipe import Recipe

_FINE_TUNING_SLOWDOWN = 10.0
"""How much slower a thawed backbone is trained than what was put upon it."""

_LABEL_SMOOTHING = 0.1
"""Probability that a class gives to all classes alike (Szegedy et al., 2015): few voices make no one certain."""

_STEPS_PER_CALL = 8
"""Steps between two returns to Python, which cost a small network more than its arithmetic; the sums are the same."""


def make_deterministic(seed: int) -> None:
    """Fix every source of chance in this process: seeds, op determinism, one thread.

    One thread, so that the order of float additions depends neither on load nor on the number of cores.
    Call once, before any other TensorFlow work.
    """
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    tf.config.experimental.enable_op_determinism()
    keras.utils.set_random_seed(seed)


def fit(spec: Spec, recipe: Recipe, lesson: Lesson, callbacks: Sequence[keras.callbacks.Callback] = ()) -> keras.Model:
    """A fresh network of spec, trained as fit_network does."""
    frozen = spec.backbone.frozen if spec.backbone else None
    return fit_network(network(spec, lesson.seed), frozen, recipe, lesson, callbacks)


def fit_network(
    model: keras.Model,
    frozen: float | None,
    recipe: Recipe,
    lesson: Lesson,
    callbacks: Sequence[keras.callbacks.Callback] = (),
) -> keras.Model:
    """Train model and return it with the weights of its best epoch by validation loss.

    An epoch's weights are a moving average over about as many steps as it has (Polyak and Juditsky, 1992), which
    chance moves less than the last step's. frozen: the share of the epochs for which a backbone stays as it is,
    to be trained at a tenth of the rate after them; None trains all of it, all the time. A regression learns its
    target standardised by training's mean and deviation; the model returned answers in the target's own unit.
    The best weights are on disk while it trains.
    """
    examples = examples_of(lesson, model.output_shape[-1])
    with TemporaryDirectory() as scratch:
        best = keras.callbacks.ModelCheckpoint(
            str(Path(scratch) / "best.weights.h5"), monitor="val_loss", save_best_only=True, save_weights_only=True
        )
        for phase in _phases(frozen, recipe, lesson.epochs):
            if phase.body is not None:
                set_trainable(model, body=phase.body)
            _train(model, examples, lesson, phase, [best, *callbacks])
            model.load_weights(best.filepath)
    if lesson.task == "regression":
        _answer_in_units(model, *target_scale(lesson.train))
    return model


def fine_tune(
    model: keras.Model, recipe: Recipe, lesson: Lesson, callbacks: Sequence[keras.callbacks.Callback] = ()
) -> None:
    """Train a model further, at a tenth of the rate, and leave it as it was at its best epoch or before the first.

    A regression's answers and targets are divided by training's deviation, which it must answer by already.
    """
    examples = examples_of(lesson, model.output_shape[-1])
    if lesson.task == "regression":
        examples = in_the_targets_scale(examples, lesson.train)
    (phase,) = _phases(0.0, recipe, lesson.epochs)
    with TemporaryDirectory() as scratch:
        file = str(Path(scratch) / "best.weights.h5")
        model.save_weights(file)
        _compile(model, examples, lesson, phase)
        first = model.evaluate(examples.validation_x, examples.validation_y, verbose=0)[0]
        best = keras.callbacks.ModelCheckpoint(
            file, monitor="val_loss", save_best_only=True, save_weights_only=True, initial_value_threshold=first
        )
        _run(model, examples, lesson, phase, [*callbacks, best])
        model.load_weights(file)


@dataclass(frozen=True)
class _Phase:
    """Epochs from first up to end, at a recipe. body: whether a backbone is trained; None where there is none."""

    first: int
    end: int
    recipe: Recipe
    body: bool | None = None


def _phases(frozen: float | None, recipe: Recipe, epochs: int) -> list[_Phase]:
    if frozen is None:
        return [_Phase(0, epochs, recipe)]
    thaw = round(frozen * epochs)
    slower = recipe.model_copy(update={"learning_rate": recipe.learning_rate / _FINE_TUNING_SLOWDOWN})
    phases = [_Phase(0, thaw, recipe, body=False), _Phase(thaw, epochs, slower, body=True)]
    return [phase for phase in phases if phase.end > phase.first]


def _train(
    model: keras.Model,
    examples: Examples,
    lesson: Lesson,
    phase: _Phase,
    callbacks: Sequence[keras.callbacks.Callback],
) -> None:
    _compile(model, examples, lesson, phase)
    _run(model, examples, lesson, phase, callbacks)


def _compile(model: keras.Model, examples: Examples, lesson: Lesson, phase: _Phase) -> None:
    classifies = lesson.task == "classification"
    model.compile(
        optimizer=_optimizer(phase.recipe, len(examples.x), phase.end - phase.first),
        loss=_classification_loss() if classifies else "mean_squared_error",
        metrics=["accuracy" if classifies else "mean_absolute_error"],
        steps_per_execution=_STEPS_PER_CALL,
    )


def _classification_loss() -> keras.losses.Loss:
    return keras.losses.CategoricalCrossentropy(label_smoothing=_LABEL_SMOOTHING)


def _run(
    model: keras.Model,
    examples: Examples,
    lesson: Lesson,
    phase: _Phase,
    callbacks: Sequence[keras.callbacks.Callback],
) -> None:
    batches: dict[str, Any] = {"x": examples.x, "y": examples.y, "batch_size": phase.recipe.batch_size}
    if lesson.mixup:
        batches = {"x": blended(examples, phase.recipe.batch_size, lesson.mixup, lesson.seed), "shuffle": False}
    model.fit(
        **batches,
        initial_epoch=phase.first,
        epochs=phase.end,
        validation_data=(examples.validation_x, examples.validation_y),
        class_weight=class_weight(lesson) if lesson.balance else None,
        verbose=0,
        callbacks=[
            keras.callbacks.SwapEMAWeights(swap_on_epoch=True),  # first: the others look at the averages
            keras.callbacks.EarlyStopping(monitor="val_loss", patience=lesson.patience),
            *callbacks,
        ],
    )


def _answer_in_units(model: keras.Model, mean: np.float32, deviation: np.float32) -> None:
    """Fold the target's scale into the last layer, so that firmware has nothing to undo."""
    kernel, bias = model.layers[-1].get_weights()
    model.layers[-1].set_weights([kernel * deviation, bias * deviation + mean])


def _optimizer(recipe: Recipe, samples: int, epochs: int) -> keras.optimizers.Optimizer:
    steps = ceil(samples / recipe.batch_size)
    schedule = keras.optimizers.schedules.CosineDecay(recipe.learning_rate, epochs * steps)
    return keras.optimizers.AdamW(schedule, weight_decay=recipe.weight_decay, use_ema=True, ema_momentum=1 - 1 / steps)
