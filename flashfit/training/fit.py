"""Fit a spec to features, the same way every time."""

from collections.abc import Sequence
from math import ceil
from pathlib import Path
from tempfile import TemporaryDirectory

import keras
import tensorflow as tf

from flashfit.data.features import Features
from flashfit.models.network import network
from flashfit.models.spec import Spec
from flashfit.training.recipe import Recipe


def make_deterministic(seed: int) -> None:
    """Fix every source of chance in this process: seeds, op determinism, one thread.

    One thread, so that the order of float additions depends neither on load nor on the number of cores.
    Call once, before any other TensorFlow work.
    """
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    tf.config.experimental.enable_op_determinism()
    keras.utils.set_random_seed(seed)


def fit(
    spec: Spec,
    recipe: Recipe,
    train: Features,
    validation: Features,
    epochs: int,
    patience: int,
    callbacks: Sequence[keras.callbacks.Callback] = (),
) -> keras.Model:
    """Train a fresh model of spec and return it with the weights of its best epoch by validation loss.

    Stops after `patience` epochs without improvement. The best weights are on disk while it trains.
    """
    model = network(spec)
    model.compile(
        optimizer=_optimizer(recipe, len(train), epochs),
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
    )
    with TemporaryDirectory() as scratch:
        best = Path(scratch) / "best.weights.h5"
        model.fit(
            train.x,
            train.y,
            batch_size=recipe.batch_size,
            epochs=epochs,
            validation_data=(validation.x, validation.y),
            verbose=0,
            callbacks=[
                keras.callbacks.EarlyStopping(monitor="val_loss", patience=patience),
                keras.callbacks.ModelCheckpoint(
                    str(best), monitor="val_loss", save_best_only=True, save_weights_only=True
                ),
                *callbacks,
            ],
        )
        model.load_weights(best)
    return model


def _optimizer(recipe: Recipe, samples: int, epochs: int) -> keras.optimizers.Optimizer:
    steps = epochs * ceil(samples / recipe.batch_size)
    schedule = keras.optimizers.schedules.CosineDecay(recipe.learning_rate, steps)
    return keras.optimizers.AdamW(schedule, weight_decay=recipe.weight_decay)
