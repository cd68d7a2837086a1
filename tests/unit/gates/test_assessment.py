"""What is said of answers, task by task."""

import numpy as np
import pytest

from flashfit.errors import DataError
from flashfit.gates.answers import Answers
from flashfit.gates.assessment import metrics_shown, quality_of
from flashfit.gates.evaluation import evaluate_answers
from flashfit.gates.metrics import auc
from flashfit.gates.quality import Quality
from flashfit.params import Gates

KINDS = ("normal", "anomaly")


def alone(n: int) -> np.ndarray:
    return np.arange(n).astype(str)


def anomaly_quality(groups: np.ndarray, truth: np.ndarray, gates: Gates) -> Quality:
    scores = np.random.default_rng(0).normal(size=len(truth)).astype(np.float32) + 2 * truth.astype(np.float32)
    answers = Answers((scores > 1).astype(np.int64), scores, 1.0)
    return quality_of("anomaly", gates, truth, answers, answers, groups, KINDS)


def test_a_classification_tells_accuracy_macro_f1_and_recalls_with_their_intervals() -> None:
    truth = np.repeat([0, 1, 2], 20)
    int8 = np.where(np.arange(60) % 10 == 0, 1, truth)
    labels = ("a", "b", "c")
    gates = Gates(least_accuracy=0.9)
    quality = quality_of("classification", gates, truth, Answers(int8), Answers(truth), alone(60), labels)
    assert (quality.int8, quality.float_, quality.n) == pytest.approx((56 / 60, 1.0, 60))
    assert list(quality.estimates) == list(quality.float_estimates) == ["accuracy", "macro_f1"]
    assert quality.int8_recall == {"a": 0.9, "b": 1.0, "c": 0.9}
    for estimate in [*quality.estimates.values(), *quality.recall_intervals.values()]:
        assert estimate.low <= estimate.value <= estimate.high
        assert estimate.low < estimate.high


def test_an_anomaly_product_tells_its_threshold_and_the_searched_metric_first() -> None:
    truth, groups = np.tile([0, 1], 50), np.repeat(np.arange(10), 10).astype(str)
    quality = anomaly_quality(groups, truth, Gates(metric="auc_by_group", least_auc_by_group=0.8))
    assert list(quality.estimates) == ["auc_by_group", "auc", "f1"]
    assert quality.estimates["auc_by_group"].method == "bootstrap of 10 groups"
    assert quality.threshold == 1.0
    assert list(quality.int8_recall) == list(KINDS)


def test_a_lone_group_of_both_labels_has_an_interval_of_its_own() -> None:
    truth, scores = np.tile([0, 1], 50), np.arange(100, dtype=np.float32) % 7
    groups = np.array(["mixed"] * 80 + ["anomalies"] * 20)
    truth[80:] = 1
    estimate = evaluate_answers("anomaly", ("auc_by_group",), truth, Answers(truth, scores), groups, KINDS)
    assert estimate["auc_by_group"].method == "DeLong"
    assert estimate["auc_by_group"].value == auc(truth[:80], scores[:80])
    assert estimate["auc_by_group"].n == 80


def test_what_the_split_cannot_tell_is_left_out() -> None:
    truth, gates = np.tile([0, 1], 5), Gates(metric="auc", least_auc=0.8)
    assert metrics_shown("anomaly", gates, truth, alone(10), KINDS) == ("auc", "f1")
    assert "f1" not in metrics_shown("classification", Gates(least_accuracy=0.9), truth, alone(10), ("a", "b", "c"))


@pytest.mark.parametrize("gates", [Gates(metric="auc", least_auc=0.8), Gates(metric="f1", least_f1=0.8)])
def test_a_gate_on_anomalies_that_are_not_there_is_the_datas_fault(gates: Gates) -> None:
    with pytest.raises(DataError, match="second"):
        anomaly_quality(alone(10), np.zeros(10, dtype=np.int64), gates)


def test_a_test_split_without_samples_is_the_datas_fault() -> None:
    empty = np.zeros(0, dtype=np.int64)
    with pytest.raises(DataError, match="no test samples"):
        evaluate_answers("classification", ("accuracy",), empty, Answers(empty), alone(0), ("a", "b"))


def test_a_regression_tells_errors_in_its_unit_and_no_recalls() -> None:
    truth = np.arange(100, dtype=np.float32)
    gates = Gates(metric="mae", most_mae=2.0)
    quality = quality_of("regression", gates, truth, Answers(truth + 1), Answers(truth), alone(100), (), "°F")
    assert (quality.int8, quality.float_, quality.unit) == (1.0, 0.0, "°F")
    assert list(quality.estimates) == ["mae", "r2"]
    assert quality.estimates["r2"].method == "bootstrap of 20 runs"
    assert quality.int8_recall == {}


def test_a_quality_survives_its_file() -> None:
    quality = anomaly_quality(alone(40), np.tile([0, 1], 20), Gates(metric="auc", least_auc=0.8))
    assert Quality.model_validate_json(quality.model_dump_json()) == quality
