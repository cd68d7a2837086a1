"""From outputs to answers, and the threshold between them."""

import numpy as np
import pytest

from flashfit.gates.answers import answers_of, choose_threshold
from flashfit.gates.metrics import f1

NO_INPUTS = np.zeros((2, 1), dtype=np.float32)


def floats(*values: object) -> np.ndarray:
    return np.array(values, dtype=np.float32)


def test_a_classification_answers_the_largest_share() -> None:
    answers = answers_of("classification", NO_INPUTS, floats([0.2, 0.5, 0.3], [0.4, 0.2, 0.4]))
    assert answers.values.tolist() == [1, 0]
    assert answers.scores is None


def test_two_classes_are_scored_by_the_share_of_the_second() -> None:
    answers = answers_of("classification", NO_INPUTS, floats([0.25, 0.75], [1, 0]))
    assert answers.scores is not None
    assert answers.scores.tolist() == [0.75, 0]


def test_an_anomaly_is_an_error_above_the_threshold() -> None:
    inputs = floats([[[0], [0]]], [[[1], [1]]], [[[1], [3]]])
    answers = answers_of("anomaly", inputs, floats([0, 0], [0, 0], [0, 0]), threshold=1.0)
    assert answers.values.tolist() == [0, 0, 1]
    assert answers.scores is not None
    assert answers.scores.tolist() == [0, 1, 5]
    assert answers.threshold == 1.0


def test_an_anomaly_model_does_not_answer_without_a_threshold() -> None:
    with pytest.raises(ValueError, match="only by a threshold"):
        answers_of("anomaly", NO_INPUTS, NO_INPUTS)


def test_a_regression_answers_its_one_value() -> None:
    answers = answers_of("regression", NO_INPUTS, floats([[3.5]], [[-1.0]]))
    assert answers.values.tolist() == [3.5, -1.0]


def test_a_regression_with_two_values_is_none() -> None:
    with pytest.raises(ValueError, match="this model 2"):
        answers_of("regression", NO_INPUTS, floats([1, 2], [3, 4]))


@pytest.mark.parametrize(
    ("scores", "truth", "threshold"),
    [
        ([1, 2, 3, 4], [0, 0, 1, 1], 2.5),
        ([1, 2, 3, 4], [0, 1, 0, 1], 1.5),  # F1 of 4/5 against 2/3 above 3
        ([1, 2, 2, 4], [0, 0, 1, 1], 1.5),  # scores that tie cannot be told apart: 4/5 against 2/3
        ([2, 3], [1, 0], 1.0),  # everything is called an anomaly: half way to 0
    ],
)
def test_the_threshold_has_the_best_f1(scores: list[float], truth: list[int], threshold: float) -> None:
    assert choose_threshold(floats(*scores), np.array(truth)) == threshold


def test_no_other_threshold_is_better() -> None:
    rng = np.random.default_rng(0)
    truth = rng.integers(0, 2, 200)
    scores = np.round(rng.normal(size=200) + truth, 1).astype(np.float32) + 5
    chosen = f1(truth, (scores > np.float32(choose_threshold(scores, truth))).astype(np.int64))
    assert chosen == max(f1(truth, (scores > cut).astype(np.int64)) for cut in np.append(scores, 0))


def test_between_neighbouring_float32_numbers_the_lower_is_the_threshold() -> None:
    low = np.nextafter(np.float32(1), np.float32(2))
    high = np.nextafter(low, np.float32(2))  # the middle would be rounded to it
    assert choose_threshold(np.array([low, high]), np.array([0, 1])) == low


def test_with_normal_samples_alone_one_in_a_hundred_is_above_the_threshold() -> None:
    scores = np.arange(1000, dtype=np.float32)
    assert np.sum(scores > choose_threshold(scores, np.zeros(1000, dtype=np.int64))) == 10
