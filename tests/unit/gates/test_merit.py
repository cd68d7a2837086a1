"""One number to search by."""

import numpy as np
import pytest

from flashfit.gates.merit import merit, score
from flashfit.params import Metric

GROUPS = np.array(["a", "a", "b", "b"])


def test_a_smaller_error_has_more_merit() -> None:
    assert merit("mae", 1.0) > merit("mae", 2.0)
    assert merit("auc", 0.9) > merit("auc", 0.8)


@pytest.mark.parametrize(("metric", "expected"), [("accuracy", 0.75), ("f1", 2 / 3), ("macro_f1", (4 / 5 + 2 / 3) / 2)])
def test_a_classification_is_scored_by_its_metric_and_cross_entropy(metric: Metric, expected: float) -> None:
    shares = np.array([[0.5, 0.5], [1, 0], [1, 0], [0, 1]], dtype=np.float32)
    found = score("classification", metric, np.array([0, 0, 1, 1]), shares, shares, GROUPS)
    assert found.merit == pytest.approx(expected)
    assert found.loss == pytest.approx((np.log(2) + np.log(512)) / 4)


def test_a_regression_is_scored_by_minus_its_error_and_mean_square() -> None:
    outputs = np.array([[1.0], [3.0], [3.0], [4.0]], dtype=np.float32)
    truth = np.array([1.0, 2.0, 3.0, 6.0])
    assert score("regression", "mae", truth, outputs, outputs, GROUPS) == (-0.75, 1.25)
    assert score("regression", "r2", truth, outputs, outputs, GROUPS).merit == pytest.approx(1 - 5 / 14)


@pytest.mark.parametrize(("metric", "expected"), [("auc", 0.75), ("auc_by_group", 1.0), ("f1", 0.8)])
def test_an_anomaly_model_is_scored_without_a_threshold(metric: Metric, expected: float) -> None:
    inputs = np.sqrt(np.array([[1.0], [2.0], [3.0], [4.0]], dtype=np.float32))
    truth = np.array([0, 1, 0, 1])
    found = score("anomaly", metric, truth, inputs, np.zeros_like(inputs), GROUPS)
    assert tuple(found) == pytest.approx((expected, 2.0))


@pytest.mark.parametrize("metric", ["auc", "auc_by_group", "f1"])
def test_with_normal_samples_alone_the_better_reconstruction_has_more_merit(metric: Metric) -> None:
    inputs, truth = np.ones((4, 2), dtype=np.float32), np.zeros(4, dtype=np.int64)
    assert score("anomaly", metric, truth, inputs, 0 * inputs, GROUPS) == (-1.0, 1.0)


def test_auc_by_group_gives_way_to_auc_where_no_group_holds_both_labels() -> None:
    inputs, truth = np.array([[1], [2], [3], [4]], dtype=np.float32), np.array([0, 0, 1, 1])
    assert score("anomaly", "auc_by_group", truth, inputs, 0 * inputs, GROUPS).merit == 1.0
