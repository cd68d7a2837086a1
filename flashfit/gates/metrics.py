"""How well answers agree with the truth.

Metrics made of sums also come as `*_of`, which takes the sums with any leading axes: a thousand bootstrap draws
at once, and the figure itself from the same line of code.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from flashfit.errors import DataError

Labels = NDArray[np.int64]
Floats = NDArray[np.float64]

HOLD_OUT_BOTH = "split so that both labels are held out, or gate another metric"

_BLOCK = 1024
"""Samples at a time: inputs may lie on disk and be larger than memory."""


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


def recall_by_class(counts: NDArray[np.int64]) -> Floats:
    """Per class the share found, (classes,), from a confusion; 1 for a class without samples."""
    totals = counts.sum(axis=1)
    recalls: Floats = np.ones(len(counts))
    np.divide(np.diag(counts), totals, out=recalls, where=totals > 0)
    return recalls


def macro_f1(truth: Labels, answers: Labels, classes: int) -> float:
    """The mean of the classes' F1, in [0, 1]; a class that is neither true nor answered anywhere is left out."""
    return float(macro_f1_of(tallies(truth, answers, classes).sum(axis=0)))


def f1(truth: Labels, answers: Labels) -> float:
    """F1 of the second label, index 1, in [0, 1]; 0 where it is neither true nor answered anywhere."""
    return float(f1_of(tallies(truth, answers, 2).sum(axis=0)))


def tallies(truth: Labels, answers: Labels, classes: int) -> Floats:
    """Of each sample 1 at its class, (n, 3, classes): where it was found, where it is true, where it was answered.

    An answer or truth of `classes` or above counts nowhere.
    """
    index = np.arange(classes)
    true, answered = truth[:, None] == index, answers[:, None] == index
    return np.stack([true & answered, true, answered], axis=1).astype(np.float64)


def macro_f1_of(sums: Floats) -> Floats:
    """Macro-F1, (…), of summed tallies, (…, 3, classes)."""
    scores, occurs = _f1_scores(sums)
    mean: Floats = scores.sum(axis=-1) / np.maximum(occurs.sum(axis=-1), 1)
    return mean


def f1_of(sums: Floats) -> Floats:
    """F1 of the second label, (…), of summed tallies, (…, 3, classes)."""
    second: Floats = _f1_scores(sums)[0][..., 1]
    return second


def _f1_scores(sums: Floats) -> tuple[Floats, NDArray[np.bool_]]:
    found, mentions = sums[..., 0, :], sums[..., 1, :] + sums[..., 2, :]
    return 2 * found / np.maximum(mentions, 1), mentions > 0


def mae(truth: NDArray[Any], answers: NDArray[Any]) -> float:
    """The mean absolute error, in the target's unit. truth, answers: (n,)."""
    return float(mae_of(error_columns(truth, answers).sum(axis=0)))


def r2(truth: NDArray[Any], answers: NDArray[Any]) -> float:
    """The share of the truth's variance that is explained, at most 1; 0 where the truth never varies."""
    return float(r2_of(error_columns(truth, answers).sum(axis=0)))


def error_columns(truth: NDArray[Any], answers: NDArray[Any]) -> Floats:
    """What both errors are summed from, (n, 5): 1, |error|, error², y, y², with y the truth less its mean."""
    y = truth.astype(np.float64)
    error, centred = answers.astype(np.float64) - y, y - y.mean()
    return np.stack([np.ones(len(y)), np.abs(error), error**2, centred, centred**2], axis=1)


def mae_of(sums: Floats) -> Floats:
    """Mean absolute error, (…), of summed error columns, (…, 5)."""
    mean: Floats = sums[..., 1] / sums[..., 0]
    return mean


def r2_of(sums: Floats) -> Floats:
    """R², (…), of summed error columns, (…, 5)."""
    varied = sums[..., 4] - sums[..., 3] ** 2 / sums[..., 0]
    explained: Floats = np.where(varied > 0, 1 - sums[..., 2] / np.where(varied > 0, varied, 1), 0.0)
    return explained


def auc(truth: Labels, scores: NDArray[Any]) -> float:
    """The chance that a sample of the second label scores above one of the first, ties counting half.

    truth: (n,) of 0 and 1. scores: (n,). Raises DataError unless both labels occur.
    """
    second = truth == 1
    seconds = int(second.sum())
    firsts = len(truth) - seconds
    if not (firsts and seconds):
        raise DataError(
            f"AUC needs samples of both labels, and there are {firsts:,} of the first and {seconds:,} of the second",
            next_step=HOLD_OUT_BOTH,
        )
    return float((ranks(scores)[second].sum() - seconds * (seconds + 1) / 2) / (firsts * seconds))


def ranks(scores: NDArray[Any]) -> Floats:
    """Ranks from 1; equal scores share the mean of theirs. scores, ranks: (n,)."""
    from scipy.stats import rankdata  # a second to import, which only products with scores should wait for

    found: Floats = rankdata(scores)
    return found


def aucs_by_group(truth: Labels, scores: NDArray[Any], groups: NDArray[np.str_]) -> dict[str, float]:
    """The AUC inside each group that holds both labels, by the group's name, sorted; groups of one label have none."""
    names, index = np.unique(groups, return_inverse=True)
    sizes, seconds = np.bincount(index), np.bincount(index, truth == 1)
    members = np.split(np.argsort(index, kind="stable"), np.cumsum(sizes)[:-1])
    mixed = np.flatnonzero((seconds > 0) & (seconds < sizes))
    return {str(names[at]): auc(truth[members[at]], scores[members[at]]) for at in mixed}


def auc_by_group(truth: Labels, scores: NDArray[Any], groups: NDArray[np.str_]) -> float:
    """The mean of the AUCs of the groups that hold both labels. Raises DataError where none does."""
    found = aucs_by_group(truth, scores, groups)
    if not found:
        raise DataError(
            f"AUC by group needs a group with samples of both labels, and none of {len(set(groups)):,} is one",
            next_step="split so that such groups are held out, or gate another metric",
        )
    return float(np.mean(list(found.values())))


def reconstruction_errors(inputs: NDArray[np.float32], outputs: NDArray[np.float32]) -> NDArray[np.float32]:
    """Each sample's mean squared difference between input and output, (n,) float32; both (n, …) of one size."""
    if inputs.size != outputs.size or len(inputs) != len(outputs):
        raise ValueError(f"an output of shape {outputs.shape} is no reconstruction of {inputs.shape}")
    errors = np.empty(len(inputs), dtype=np.float32)
    for start in range(0, len(inputs), _BLOCK):
        at = slice(start, start + _BLOCK)
        difference = inputs[at].reshape(len(errors[at]), -1) - outputs[at].reshape(len(errors[at]), -1)
        errors[at] = np.mean(np.square(difference, dtype=np.float64), axis=1)
    return errors
