"""From what a model puts out to what it answers."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flashfit.gates.metrics import Labels, reconstruction_errors
from flashfit.params import Task

_QUIET_SHARE = 99.0
"""Per cent of normal samples below a threshold that no anomaly helped to choose."""


@dataclass(frozen=True)
class Answers:
    """What a model answered to n samples.

    values: (n,) int64 indices into the labels or, of a regression, float32 in the target's unit.
    scores: (n,) float32, how much a sample looks like the second label: an anomaly model's reconstruction
    error, the second of two classes' share; None for more classes and for a regression.
    threshold: the score above which an anomaly model answers 1.
    """

    values: NDArray[Any]
    scores: NDArray[np.float32] | None = None
    threshold: float | None = None

    def __len__(self) -> int:
        return len(self.values)


def answers_of(
    task: Task, inputs: NDArray[np.float32], outputs: NDArray[np.float32], threshold: float | None = None
) -> Answers:
    """The answers in real-valued outputs, (n, …) float32; inputs, (n, …) float32, are what the model was given.

    classification: the class of the largest share, the first of equals. anomaly: whether the reconstruction
    error is above the threshold, which must be given. regression: the one value.
    """
    if task == "anomaly":
        if threshold is None:
            raise ValueError("an anomaly model answers only by a threshold (see choose_threshold)")
        errors = reconstruction_errors(inputs, outputs)
        return Answers((errors > np.float32(threshold)).astype(np.int64), errors, threshold)
    flat = outputs.reshape(len(outputs), -1)
    if task == "classification":
        return Answers(flat.argmax(axis=1), flat[:, 1] if flat.shape[1] == 2 else None)
    if flat.shape[1] != 1:
        raise ValueError(f"a regression answers one value a sample, and this model {flat.shape[1]}")
    return Answers(flat[:, 0])


def choose_threshold(scores: NDArray[np.float32], truth: Labels) -> float:
    """The score above which a sample is called an anomaly, chosen on validation data. scores, truth: (n,).

    The one with the best F1 where truth holds both labels: of equals the highest, half way to the next
    score. Else the 99th percentile of the normal samples. A float32 number, so that a board compares with
    the very same.
    """
    if len(np.unique(truth)) == 2:
        return _best_by_f1(scores.astype(np.float32), truth == 1)
    normal = scores[truth == 0] if np.any(truth == 0) else scores
    return float(np.float32(np.percentile(normal, _QUIET_SHARE)))


def _best_by_f1(scores: NDArray[np.float32], anomalous: NDArray[np.bool_]) -> float:
    order = np.argsort(-scores, kind="stable")
    ordered = scores[order]
    found, called = np.cumsum(anomalous[order]), np.arange(1, len(scores) + 1)
    cuts = np.flatnonzero(np.diff(ordered, append=-np.inf) != 0)
    best = cuts[np.argmax((2 * found / (called + anomalous.sum()))[cuts])]
    above, below = ordered[best], ordered[best + 1] if best + 1 < len(ordered) else np.float32(0)
    middle = np.float32((float(above) + float(below)) / 2)
    return float(middle if middle < above else below)
