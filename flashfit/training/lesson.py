"""What a network learns from: samples and copies as one set of examples, targets as the loss takes them."""

from dataclasses import dataclass, replace
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from flashfit.data.features import Features, joined
from flashfit.params import Task


@dataclass(frozen=True)
class Lesson:
    """What is learnt from, and how long.

    augmented: varied copies of train, learnt from beside it. patience: epochs without improvement of the
    validation loss before it stops. balance: weigh each class by how rare it is. mixup: of `blended`; 0 blends
    nothing. seed: of the first weights, of what dropouts draw and of what is blended; the order of the samples
    comes from make_deterministic's.
    """

    task: Task
    train: Features
    augmented: Features
    validation: Features
    epochs: int
    patience: int
    balance: bool = False
    mixup: float = 0.0
    seed: int = 0


@dataclass(frozen=True)
class Examples:
    """(n, …) float32 inputs, and their targets: (n, classes) shares, standardised values, or the inputs, flat."""

    x: NDArray[np.float32]
    y: NDArray[np.float32]
    validation_x: NDArray[np.float32]
    validation_y: NDArray[np.float32]


def examples_of(lesson: Lesson, outputs: int) -> Examples:
    """The lesson of a network that has so many outputs. One for anomalies learns from normal samples alone."""
    train, validation, augmented = lesson.train, lesson.validation, lesson.augmented
    if lesson.task == "anomaly":
        train, augmented = train.at(train.y == 0), augmented.at(augmented.y == 0)
        validation = validation.at(validation.y == 0)
    learnt = joined(train, augmented) if len(augmented) else train
    x, y = np.asarray(learnt.x), np.asarray(learnt.y)
    validation_x, validation_y = np.asarray(validation.x), np.asarray(validation.y)
    match lesson.task:
        case "anomaly":
            return Examples(x, _flat(x), validation_x, _flat(validation_x))
        case "regression":
            mean, deviation = target_scale(lesson.train)
            return Examples(x, (y - mean) / deviation, validation_x, (validation_y - mean) / deviation)
        case _:
            return Examples(x, _shares(y, outputs), validation_x, _shares(validation_y, outputs))


def in_the_targets_scale(examples: Examples, train: Features) -> Examples:
    """A regression's examples for a network whose answers are divided by the target's deviation and not centred."""
    mean, deviation = target_scale(train)
    offset = mean / deviation
    return replace(examples, y=examples.y + offset, validation_y=examples.validation_y + offset)


def blended(examples: Examples, batch_size: int, mixup: float, seed: int) -> tf.data.Dataset:
    """Batches of (x, y) in a new order each time, each example blended with another of its batch, and so its target.

    The share is drawn from Beta(mixup, mixup): mostly near 0 or 1 for a small one, evenly for 1 (Zhang et al.,
    "mixup: beyond empirical risk minimization", 2018).
    """
    blend = keras.layers.MixUp(alpha=mixup, seed=seed)
    x, y = tf.constant(examples.x), tf.constant(examples.y)

    def batch(places: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        mixed = blend({"images": tf.gather(x, places), "labels": tf.gather(y, places)}, training=True)
        return mixed["images"], mixed["labels"]

    return tf.data.Dataset.range(len(x)).shuffle(len(x), seed=seed).batch(batch_size).map(batch)


def target_scale(train: Features) -> tuple[np.float32, np.float32]:
    """Mean and deviation of a regression's target in training; 1 where all are the same."""
    y = np.asarray(train.y, dtype=np.float64)
    return np.float32(y.mean()), np.float32(y.std() or 1.0)


def class_weight(lesson: Lesson) -> dict[int, float]:
    """n / (classes × count of the class): rare classes weigh more, and the mean weight of a sample is 1."""
    counts = np.bincount(np.asarray(lesson.train.y))
    present = counts > 0
    return {int(index): float(counts.sum() / (present.sum() * counts[index])) for index in np.flatnonzero(present)}


def _flat(x: NDArray[np.float32]) -> NDArray[np.float32]:
    return x.reshape(len(x), -1)


def _shares(y: NDArray[Any], classes: int) -> NDArray[np.float32]:
    shares: NDArray[np.float32] = np.eye(classes, dtype=np.float32)[y]
    return shares
