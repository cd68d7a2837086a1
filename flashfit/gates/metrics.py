"""How well answers agree with the truth."""

import numpy as np
from numpy.typing import NDArray

Labels = NDArray[np.int64]


def accuracy(truth: Labels, answers: Labels) -> float:
    """The share of answers that are right. truth, answers: (n,), n at least 1."""
    return float(np.mean(truth == answers))


def cross_entropy(truth: Labels, shares: NDArray[np.float32]) -> float:
    """The mean of -ln(share given to the truth), in nats. truth: (n,). shares: (n, classes), each in [0, 1].

    Shares below an int8 softmax's step, 1/256, count as half of it: such an output cannot say less.
    """
    given = shares[np.arange(len(truth)), truth]
    return float(-np.mean(np.log(np.maximum(given, 1 / 512))))


def confusion(truth: Labels, answers: Labels, classes: int) -> NDArray[np.int64]:
    """Counts, (classes, classes): row by truth, column by answer."""
    counts = np.zeros((classes, classes), dtype=np.int64)
    np.add.at(counts, (truth, answers), 1)
    return counts


def recall_by_class(counts: NDArray[np.int64]) -> NDArray[np.float64]:
    """Per class the share found, (classes,), from a confusion; 1 for a class without samples."""
    totals = counts.sum(axis=1)
    recalls: NDArray[np.float64] = np.ones(len(counts))
    np.divide(np.diag(counts), totals, out=recalls, where=totals > 0)
    return recalls
