"""Metrics, against tables worked out by hand."""

import numpy as np

from flashfit.gates.metrics import accuracy, confusion, cross_entropy, recall_by_class

TRUTH = np.array([0, 0, 0, 1, 1, 2])
ANSWERS = np.array([0, 0, 1, 1, 1, 0])


def test_accuracy_is_the_share_of_right_answers() -> None:
    assert accuracy(TRUTH, ANSWERS) == 4 / 6


def test_confusion_counts_truth_by_row_and_answer_by_column() -> None:
    assert confusion(TRUTH, ANSWERS, 3).tolist() == [[2, 1, 0], [0, 2, 0], [1, 0, 0]]


def test_recall_is_of_each_row_and_one_where_the_row_is_empty() -> None:
    counts = np.array([[2, 1, 0], [0, 2, 0], [0, 0, 0]])
    np.testing.assert_allclose(recall_by_class(counts), [2 / 3, 1.0, 1.0])


def test_cross_entropy_is_the_mean_surprise_and_never_infinite() -> None:
    shares = np.array([[0.5, 0.5], [1.0, 0.0]], dtype=np.float32)
    truth = np.array([0, 1])
    np.testing.assert_allclose(cross_entropy(truth, shares), (np.log(2) + np.log(512)) / 2, rtol=1e-6)
