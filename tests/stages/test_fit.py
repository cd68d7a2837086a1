"""What training learns from, and in which unit it answers."""

import keras
import numpy as np
import pytest

from flashfit.data.features import Features
from flashfit.models.spec import Classes, Dense, Flatten, Reconstruction, Regression, Spec
from flashfit.training.fit import fit
from flashfit.training.lesson import Examples, Lesson, blended
from flashfit.training.recipe import Recipe

RECIPE = Recipe(learning_rate=0.02, weight_decay=1e-4, batch_size=16)
SHAPE = (4, 1, 1)


@pytest.fixture(autouse=True)
def same_weights() -> None:
    keras.utils.set_random_seed(7)


def features(x: np.ndarray, y: np.ndarray) -> Features:
    names = np.array([str(number) for number in range(len(y))])
    return Features(x.reshape(len(y), *SHAPE).astype(np.float32), y, names, names)


NONE = features(np.zeros((0, 4)), np.zeros(0, np.int64))


def test_a_regression_answers_in_the_targets_own_unit() -> None:
    random = np.random.default_rng(0)
    x = random.normal(size=(300, 4))
    y = (200 + 30 * x.sum(axis=1)).astype(np.float32)
    data = features(x, y)
    lesson = Lesson("regression", data, NONE, data, epochs=40, patience=40)
    spec = Spec(family="dense", input_shape=SHAPE, head=Regression(), layers=(Flatten(), Dense(units=16)))
    answers = fit(spec, RECIPE, lesson).predict(data.x, verbose=0)[:, 0]
    assert np.mean(np.abs(answers - y)) < 10


def test_an_autoencoder_learns_from_normal_samples_alone() -> None:
    random = np.random.default_rng(0)
    normal = random.normal(size=(200, 1)) * np.ones((1, 4))
    odd = random.normal(size=(200, 1)) * np.array([[1, -1, 1, -1]])
    data = features(np.concatenate([normal, odd]), np.repeat([0, 1], 200).astype(np.int64))
    lesson = Lesson("anomaly", data, NONE, data, epochs=40, patience=40)
    layers = (Flatten(), Dense(units=2))
    spec = Spec(family="autoencoder", input_shape=SHAPE, head=Reconstruction(), layers=layers)
    outputs = fit(spec, RECIPE, lesson).predict(data.x, verbose=0)
    errors = ((outputs - data.x.reshape(len(data), -1)) ** 2).mean(axis=1)
    assert errors[200:].mean() > 5 * errors[:200].mean()


def test_augmented_samples_are_learnt_from_too() -> None:
    random = np.random.default_rng(0)
    x = random.normal(size=(200, 4))
    y = (x[:, 0] > 0).astype(np.int64)
    few, many = features(x[:2], y[:2]), features(x, y)
    spec = Spec(family="dense", input_shape=SHAPE, head=Classes(count=2), layers=(Flatten(), Dense(units=8)))
    model = fit(spec, RECIPE, Lesson("classification", few, many, many, epochs=20, patience=20))
    assert np.mean(model.predict(many.x, verbose=0).argmax(axis=1) == y) > 0.9


def test_balance_makes_a_rare_class_count() -> None:
    random = np.random.default_rng(0)
    y = (np.arange(400) % 20 == 0).astype(np.int64)
    x = random.normal(size=(400, 4)) + 0.8 * y[:, None]
    data = features(x, y)
    spec = Spec(family="dense", input_shape=SHAPE, head=Classes(count=2), layers=(Flatten(),))

    def found(balance: bool) -> float:
        keras.utils.set_random_seed(7)
        lesson = Lesson("classification", data, NONE, data, epochs=15, patience=15, balance=balance)
        answers = fit(spec, RECIPE, lesson).predict(data.x, verbose=0).argmax(axis=1)
        return float(np.mean(answers[y == 1] == 1))

    assert found(balance=True) > found(balance=False) + 0.2


def test_the_same_seed_gives_the_same_weights() -> None:
    random = np.random.default_rng(0)
    data = features(random.normal(size=(64, 4)), np.arange(64) % 2)
    spec = Spec(family="dense", input_shape=SHAPE, head=Classes(count=2), layers=(Flatten(), Dense(units=8)))

    def weights() -> list[np.ndarray]:
        keras.utils.set_random_seed(7)
        return fit(spec, RECIPE, Lesson("classification", data, NONE, data, epochs=2, patience=2)).get_weights()

    for first, second in zip(weights(), weights(), strict=True):
        np.testing.assert_array_equal(first, second)


def test_not_even_what_is_told_apart_at_once_is_certain() -> None:
    y = (np.arange(200) % 2).astype(np.int64)
    data = features(np.repeat(10.0 * y - 5, 4).reshape(200, 4), y)
    spec = Spec(family="dense", input_shape=SHAPE, head=Classes(count=2), layers=(Flatten(),))
    model = fit(spec, RECIPE, Lesson("classification", data, NONE, data, epochs=40, patience=40))
    assert model.predict(data.x, verbose=0).max(axis=1) == pytest.approx(0.95, abs=0.02)


def test_an_epoch_is_judged_by_the_average_of_its_weights_and_leaves_that() -> None:
    random = np.random.default_rng(0)
    x = random.normal(size=(320, 4))
    data = features(x, (x[:, 0] + random.normal(size=320) > 0).astype(np.int64))
    spec = Spec(family="dense", input_shape=SHAPE, head=Classes(count=2), layers=(Flatten(),))
    last: list[np.ndarray] = []
    judged: list[np.ndarray] = []

    class Steps(keras.callbacks.Callback):
        def on_train_batch_end(self, batch: int, logs: object = None) -> None:
            last[:] = self.model.get_weights()

        def on_test_begin(self, logs: object = None) -> None:
            judged[:] = self.model.get_weights()

    restless = RECIPE.model_copy(update={"learning_rate": 1.0})
    model = fit(spec, restless, Lesson("classification", data, NONE, data, epochs=1, patience=1), [Steps()])
    np.testing.assert_allclose(model.get_weights()[0], judged[0], rtol=1e-4)
    assert np.abs(judged[0] - last[0]).max() > 0.01


def test_an_example_and_its_target_are_blended_by_the_same_share_with_the_same_other() -> None:
    y = np.eye(5, dtype=np.float32)[np.arange(40) % 5]
    x = np.repeat(y, 2, axis=1).reshape(40, 10, 1, 1)  # every target can be read off its input
    batches = blended(Examples(x, y, x, y), batch_size=16, mixup=0.4, seed=3)
    seen = [(np.asarray(inputs), np.asarray(targets)) for inputs, targets in batches]
    assert [len(targets) for _, targets in seen] == [16, 16, 8]
    for inputs, targets in seen:
        np.testing.assert_allclose(inputs.reshape(-1, 10)[:, ::2], targets, atol=1e-6)
        assert targets.sum(axis=1) == pytest.approx(1)
    shares = np.concatenate([targets for _, targets in seen])
    assert (np.count_nonzero(shares > 0.05, axis=1) == 2).any()


def test_what_is_blended_differs_between_epochs_and_not_between_runs() -> None:
    y = np.eye(2, dtype=np.float32)[np.arange(32) % 2]
    x = np.random.default_rng(0).normal(size=(32, *SHAPE)).astype(np.float32)

    def two_epochs() -> list[np.ndarray]:
        keras.utils.set_random_seed(7)
        batches = blended(Examples(x, y, x, y), batch_size=32, mixup=0.4, seed=3)
        return [np.asarray(next(iter(batches))[0]) for _ in range(2)]

    first, second = two_epochs()
    assert not np.array_equal(first, second)
    np.testing.assert_array_equal(two_epochs(), [first, second])


def test_a_lesson_with_mixup_is_learnt_otherwise_and_still_learnt() -> None:
    y = (np.arange(200) % 2).astype(np.int64)
    data = features(np.repeat(10.0 * y - 5, 4).reshape(200, 4), y)
    spec = Spec(family="dense", input_shape=SHAPE, head=Classes(count=2), layers=(Flatten(),))

    def answers(mixup: float) -> np.ndarray:
        keras.utils.set_random_seed(7)
        lesson = Lesson("classification", data, NONE, data, epochs=5, patience=5, mixup=mixup)
        return fit(spec, RECIPE, lesson).predict(data.x, verbose=0)

    blended_too = answers(mixup=1.0)
    assert np.mean(blended_too.argmax(axis=1) == y) == 1
    assert np.abs(blended_too - answers(mixup=0.0)).max() > 0.01
