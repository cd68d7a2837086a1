"""Metrics as people read them."""

import pytest

from flashfit.gates.estimate import Estimate
from flashfit.gates.words import METRIC_NAMES, interval_shown, shown
from flashfit.params import METRICS, Metric


@pytest.mark.parametrize(
    ("metric", "unit", "value", "interval"),
    [
        ("accuracy", "", "97.5 %", "96.1 – 98.4 %"),
        ("auc", "", "0.975", "0.961 – 0.984"),
        ("mae", "°F", "0.975 °F", "0.961 – 0.984 °F"),
        ("mae", "", "0.975", "0.961 – 0.984"),
        ("r2", "°F", "0.975", "0.961 – 0.984"),
    ],
)
def test_a_metric_is_shown_in_its_unit(metric: Metric, unit: str, value: str, interval: str) -> None:
    assert shown(metric, 0.975, unit) == value
    assert interval_shown(metric, Estimate(0.975, 0.961, 0.984, 10, ""), unit) == interval


def test_every_metric_has_a_name() -> None:
    assert set(METRIC_NAMES) == {metric for metrics in METRICS.values() for metric in metrics}
