"""Metrics, against tables worked out by hand."""

import numpy as np
import pytest
from sklearn import metrics as sklearn_metrics

from flashfit.errors import DataError
from flashfit.gates.metrics import (
    accuracy,
    auc,
    auc_by_group,
    aucs_by_group,
    confusion,
    cross_entropy,
    f1,
    macro_f1,
    mae,
    r2,
    recall_by_class,
    reconstruction_errors,
)

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


def test_macro_f1_is_the_mean_over_the_classes_that_occur() -> None:
    # class 0: 2·2/(3+3), class 1: 2·2/(2+3), class 2: 0/(1+0), class 3 occurs nowhere
    assert macro_f1(TRUTH, ANSWERS, 4) == pytest.approx((4 / 6 + 4 / 5 + 0) / 3)


@pytest.mark.parametrize(
    ("truth", "answers", "expected"),
    [
        ([0, 1, 1, 1], [0, 1, 1, 0], 2 * 2 / (3 + 2)),
        ([0, 0, 1], [1, 1, 1], 2 * 1 / (1 + 3)),
        ([0, 0], [0, 0], 0.0),
    ],
)
def test_f1_is_of_the_second_label(truth: list[int], answers: list[int], expected: float) -> None:
    assert f1(np.array(truth), np.array(answers)) == pytest.approx(expected)


def test_f1_agrees_with_scikit_learn() -> None:
    rng = np.random.default_rng(0)
    truth, answers = rng.integers(0, 5, 300), rng.integers(0, 5, 300)
    assert macro_f1(truth, answers, 5) == pytest.approx(sklearn_metrics.f1_score(truth, answers, average="macro"))
    assert f1(truth, answers) == pytest.approx(sklearn_metrics.f1_score(truth, answers, average=None)[1])


def test_auc_counts_pairs_in_order_and_ties_half() -> None:
    # of the pairs (0.5, 0.9) × (0.1, 0.5, 0.7): right, tied, wrong; right, right, right
    truth, scores = np.array([1, 1, 0, 0, 0]), np.array([0.5, 0.9, 0.1, 0.5, 0.7])
    assert auc(truth, scores) == pytest.approx(4.5 / 6)


def test_auc_of_one_label_is_refused_with_both_counts() -> None:
    with pytest.raises(DataError, match="3 of the first and 0 of the second"):
        auc(np.zeros(3, dtype=np.int64), np.arange(3.0))


def test_auc_by_group_compares_only_inside_a_group() -> None:
    truth = np.array([0, 1, 0, 1, 1, 0])
    scores = np.array([1.0, 2.0, 11.0, 10.0, 12.0, 5.0])
    groups = np.array(["a", "a", "b", "b", "b", "only normal"])
    assert aucs_by_group(truth, scores, groups) == {"a": 1.0, "b": 0.5}
    assert auc_by_group(truth, scores, groups) == 0.75


def test_auc_by_group_is_refused_where_no_group_holds_both_labels() -> None:
    with pytest.raises(DataError, match="none of 2 is one"):
        auc_by_group(np.array([0, 1]), np.array([0.0, 1.0]), np.array(["a", "b"]))


def test_errors_of_a_regression_by_hand() -> None:
    truth, answers = np.array([1.0, 2.0, 3.0, 6.0]), np.array([1.0, 3.0, 3.0, 4.0])
    assert mae(truth, answers) == pytest.approx(3 / 4)
    assert r2(truth, answers) == pytest.approx(1 - 5 / 14)


def test_r2_does_not_lose_its_digits_far_from_zero() -> None:
    truth = np.array([1.0, 2.0, 3.0, 6.0]) + 1e7
    assert r2(truth, truth + np.array([0, 1, 0, -2])) == pytest.approx(1 - 5 / 14)


def test_r2_of_a_truth_that_never_varies_is_zero() -> None:
    assert r2(np.full(3, 2.0), np.array([1.0, 2.0, 3.0])) == 0


def test_a_reconstruction_error_is_a_samples_mean_square() -> None:
    inputs = np.array([[[1.0], [2.0]], [[0.0], [0.0]]], dtype=np.float32)
    outputs = np.array([[1.0, 4.0], [3.0, 1.0]], dtype=np.float32)
    assert reconstruction_errors(inputs, outputs).tolist() == [2.0, 5.0]


def test_an_output_of_another_size_is_no_reconstruction() -> None:
    with pytest.raises(ValueError, match="no reconstruction"):
        reconstruction_errors(np.zeros((2, 4), np.float32), np.zeros((2, 3), np.float32))
