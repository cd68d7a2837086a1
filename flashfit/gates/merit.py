"""One number to search by: higher is better, whatever the metric, and a loss to break ties."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from flashfit.gates import metrics
from flashfit.gates.answers import answers_of, choose_threshold
from flashfit.gates.metrics import Labels
from flashfit.gates.words import LOWER_IS_BETTER
from flashfit.params import Metric, Task


class Score(NamedTuple):
    """merit: higher is better. loss: lower is better, of the kind that the task trains on."""

    merit: float
    loss: float


def merit(metric: Metric, value: float) -> float:
    """A metric's value, turned so that higher is better."""
    return -value if metric in LOWER_IS_BETTER else value


def score(
    task: Task,
    metric: Metric,
    truth: NDArray[Any],
    inputs: NDArray[np.float32],
    outputs: NDArray[np.float32],
    groups: NDArray[np.str_],
) -> Score:
    """How good real-valued outputs, (n, …), are on validation data.

    The loss is cross-entropy, mean squared error or the mean reconstruction error of the normal samples.
    An anomaly model is scored without a threshold or, for F1, with the best. Where no group holds both
    labels, AUC by group gives way to AUC; where no anomaly is there at all, merit is minus the loss.
    """
    if task == "anomaly":
        return _anomaly_score(metric, truth, metrics.reconstruction_errors(inputs, outputs), groups)
    answers = answers_of(task, inputs, outputs).values
    if task == "regression":
        value = metrics.mae(truth, answers) if metric == "mae" else metrics.r2(truth, answers)
        return Score(merit(metric, value), float(np.mean((answers.astype(np.float64) - truth) ** 2)))
    shares = outputs.reshape(len(outputs), -1)
    return Score(_classification_value(metric, truth, answers, shares.shape[1]), metrics.cross_entropy(truth, shares))


def _classification_value(metric: Metric, truth: Labels, answers: Labels, classes: int) -> float:
    if metric == "macro_f1":
        return metrics.macro_f1(truth, answers, classes)
    return metrics.f1(truth, answers) if metric == "f1" else metrics.accuracy(truth, answers)


def _anomaly_score(metric: Metric, truth: Labels, errors: NDArray[np.float32], groups: NDArray[np.str_]) -> Score:
    normal = errors[truth == 0] if np.any(truth == 0) else errors
    loss = float(normal.mean(dtype=np.float64))
    if len(np.unique(truth)) < 2:
        return Score(-loss, loss)
    if metric == "f1":
        return Score(metrics.f1(truth, (errors > np.float32(choose_threshold(errors, truth))).astype(np.int64)), loss)
    by_group = metrics.aucs_by_group(truth, errors, groups) if metric == "auc_by_group" else {}
    return Score(float(np.mean(list(by_group.values()))) if by_group else metrics.auc(truth, errors), loss)
