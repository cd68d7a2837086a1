"""Metrics as people write them, and read them."""

from flashfit.gates.estimate import Estimate
from flashfit.params import Metric

METRIC_NAMES: dict[Metric, str] = {
    "accuracy": "accuracy",
    "macro_f1": "macro-F1",
    "auc": "AUC",
    "auc_by_group": "AUC by group",
    "f1": "F1",
    "mae": "MAE",
    "r2": "R²",
}
LOWER_IS_BETTER: frozenset[Metric] = frozenset({"mae"})


def shown(metric: Metric, value: float, unit: str = "") -> str:
    """`97.5 %`, `0.931` or, of an error, `1.62 °F`. unit: the target's."""
    if metric == "accuracy":
        return f"{100 * value:.1f} %"
    if metric == "mae":
        return f"{value:.3g} {unit}".rstrip()
    return f"{value:.3f}"


def interval_shown(metric: Metric, estimate: Estimate, unit: str = "") -> str:
    """The ends of an interval, `96.1 – 98.4 %`."""
    low, high = shown(metric, estimate.low, unit), shown(metric, estimate.high, unit)
    return f"{low.split(' ')[0]} – {high}"
