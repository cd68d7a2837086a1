"""From both models' answers to what is said of them."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from flashfit.gates.answers import Answers
from flashfit.gates.evaluation import evaluate_answers, evaluate_recalls
from flashfit.gates.metrics import aucs_by_group
from flashfit.gates.pair import Pair
from flashfit.gates.paired import drop_of
from flashfit.gates.quality import Quality
from flashfit.params import METRICS, Gates, Metric, Task


def quality_of(
    task: Task,
    gates: Gates,
    truth: NDArray[Any],
    int8: Answers,
    float_: Answers,
    groups: NDArray[np.str_],
    labels: tuple[str, ...],
    unit: str = "",
) -> Quality:
    """Everything that is said of a model's answers to the test split, as both models gave them.

    truth: (n,) label indices or targets. Raises DataError where a gated metric cannot be told from the split.
    """
    names = metrics_shown(task, gates, truth, groups, labels)
    estimates = evaluate_answers(task, names, truth, int8, groups, labels)
    float_estimates = evaluate_answers(task, names, truth, float_, groups, labels)
    recalls = {} if task == "regression" else evaluate_recalls(truth, int8, groups, labels)
    pair = Pair(task, truth, float_, int8, groups, max(len(labels), 2))
    return Quality(
        task=task,
        metric=gates.metric,
        int8=estimates[gates.metric].value,
        float_=float_estimates[gates.metric].value,
        n=len(truth),
        estimates=estimates,
        float_estimates=float_estimates,
        int8_recall={label: estimate.value for label, estimate in recalls.items()},
        recall_intervals=recalls,
        drop=drop_of(gates.metric, pair, gates.largest_drop),
        threshold=int8.threshold,
        unit=unit,
    )


def metrics_shown(
    task: Task, gates: Gates, truth: NDArray[Any], groups: NDArray[np.str_], labels: tuple[str, ...]
) -> tuple[Metric, ...]:
    """The task's metrics, the searched one first; those that this split cannot tell only where a gate asks."""
    asked = {gates.metric, *gates.thresholds}
    both = len(labels) == 2 and len(np.unique(truth)) == 2
    told: dict[Metric, bool] = {
        "f1": both,
        "auc": both,
        "auc_by_group": both and bool(aucs_by_group(truth, np.zeros(len(truth)), groups)),
    }
    fitting = [metric for metric in METRICS[task] if metric in asked or told.get(metric, True)]
    return tuple(sorted(fitting, key=lambda metric: metric != gates.metric))
