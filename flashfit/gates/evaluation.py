"""A test split's answers as estimates: a metric, its value and what the split's size leaves open."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flashfit.errors import DataError
from flashfit.gates import metrics
from flashfit.gates.answers import Answers
from flashfit.gates.estimate import Estimate
from flashfit.gates.intervals import area, bootstrap, proportion
from flashfit.gates.resampling import Units, samples, units_of
from flashfit.params import Metric, Task


def evaluate_answers(
    task: Task,
    names: tuple[Metric, ...],
    truth: NDArray[Any],
    answers: Answers,
    groups: NDArray[np.str_],
    labels: tuple[str, ...],
    seed: int = 0,
) -> dict[Metric, Estimate]:
    """Each metric with its 95 % interval, in the order of names. truth: (n,), n at least 1; groups: (n,).

    Whole groups are drawn where they hold several samples. Raises DataError where F1 or an AUC lacks the
    samples that it compares.
    """
    if len(truth) == 0:
        raise DataError("there are no test samples to evaluate")
    units = units_of(groups, in_order=task == "regression")
    evidence = _Evidence(truth, answers, groups, max(len(labels), 2), units, seed)
    return {name: _ESTIMATES[name](evidence) for name in names}


def evaluate_recalls(
    truth: NDArray[Any], answers: Answers, groups: NDArray[np.str_], labels: tuple[str, ...]
) -> dict[str, Estimate]:
    """By label the share of its samples that were found, with Wilson's interval; 1 for a label without samples."""
    units = units_of(groups)
    found = {}
    for index, label in enumerate(labels):
        chosen = truth == index
        found[label] = proportion(answers.values[chosen] == index, units.at(chosen))
    return found


@dataclass(frozen=True)
class _Evidence:
    truth: NDArray[Any]
    answers: Answers
    groups: NDArray[np.str_]
    classes: int
    units: Units
    seed: int

    @property
    def scores(self) -> NDArray[np.float32]:
        if self.answers.scores is None:
            raise ValueError("an AUC needs scores, which these answers do not have")
        return self.answers.scores


def _accuracy(given: _Evidence) -> Estimate:
    return proportion(given.answers.values == given.truth, given.units)


def _macro_f1(given: _Evidence) -> Estimate:
    tallies = metrics.tallies(given.truth, given.answers.values, given.classes)
    return bootstrap(tallies, metrics.macro_f1_of, given.units, given.seed, evidence=len(given.truth))


def _f1(given: _Evidence) -> Estimate:
    seconds = int(np.sum(given.truth == 1))
    if seconds == 0:
        raise DataError("F1 needs samples of the second label, and there are none", next_step=metrics.HOLD_OUT_BOTH)
    tallies = metrics.tallies(given.truth, given.answers.values, given.classes)
    return bootstrap(tallies, metrics.f1_of, given.units, given.seed, evidence=seconds)


def _auc(given: _Evidence) -> Estimate:
    return area(given.truth, given.scores, given.units, given.seed)


def _auc_by_group(given: _Evidence) -> Estimate:
    """The groups are what is drawn; the interval of a lone one is its own."""
    mean = metrics.auc_by_group(given.truth, given.scores, given.groups)
    areas = metrics.aucs_by_group(given.truth, given.scores, given.groups)
    inside = np.isin(given.groups, list(areas))
    if len(areas) == 1:
        return area(given.truth[inside], given.scores[inside], samples(int(inside.sum())), given.seed)
    columns, units = np.array(list(areas.values()))[:, None], samples(len(areas), "groups")
    estimate = bootstrap(columns, lambda sums: sums[:, 0] / len(areas), units, given.seed, len(areas))
    return replace(estimate, value=mean, n=int(inside.sum()))


def _mae(given: _Evidence) -> Estimate:
    return bootstrap(metrics.error_columns(given.truth, given.answers.values), metrics.mae_of, given.units, given.seed)


def _r2(given: _Evidence) -> Estimate:
    return bootstrap(metrics.error_columns(given.truth, given.answers.values), metrics.r2_of, given.units, given.seed)


_ESTIMATES: dict[Metric, Callable[[_Evidence], Estimate]] = {
    "accuracy": _accuracy,
    "macro_f1": _macro_f1,
    "f1": _f1,
    "auc": _auc,
    "auc_by_group": _auc_by_group,
    "mae": _mae,
    "r2": _r2,
}
