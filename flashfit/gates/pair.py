"""Two models' answers to the same samples, and how their metrics' difference varies with the samples drawn."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flashfit.gates import metrics
from flashfit.gates.answers import Answers
from flashfit.gates.intervals import drawn_aucs, drawn_statistics
from flashfit.gates.metrics import Floats
from flashfit.gates.resampling import Units, draws, samples, units_of
from flashfit.params import Metric, Task


@dataclass(frozen=True)
class Pair:
    """Two models' answers to the same test samples: `before` is what `after` may not be worse than.

    truth: (n,), n at least 1. groups: (n,). classes: of a classification.
    """

    task: Task
    truth: NDArray[Any]
    before: Answers
    after: Answers
    groups: NDArray[np.str_]
    classes: int = 2

    @property
    def units(self) -> Units:
        """What is drawn, as for the intervals."""
        return units_of(self.groups, in_order=self.task == "regression")


@dataclass(frozen=True)
class Drawn:
    """A metric of `before` less that of `after`: as seen, and in each draw of units (NaN where it cannot be told)."""

    value: float
    draws: Floats
    units: Units


def redrawn(metric: Metric, pair: Pair, seed: int = 0) -> Drawn:
    """The paired bootstrap: both models on the same draws. Any metric but accuracy, for which there is mcnemar."""
    return _REDRAWS[metric](pair, seed)


_Redraw = Callable[[Pair, int], Drawn]


def _of_sums(columns: Callable[[Pair, Answers], Floats], statistic: Callable[[Floats], Floats]) -> _Redraw:
    """A difference of a statistic of sums, see intervals.bootstrap."""

    def drawn(pair: Pair, seed: int) -> Drawn:
        both = np.stack([columns(pair, pair.before), columns(pair, pair.after)], axis=1)

        def difference(sums: Floats) -> Floats:
            return statistic(sums[:, 0]) - statistic(sums[:, 1])

        value = float(difference(both.sum(axis=0)[None])[0])
        return Drawn(value, drawn_statistics(both, difference, pair.units, seed), pair.units)

    return drawn


def _tallies(pair: Pair, answers: Answers) -> Floats:
    return metrics.tallies(pair.truth, answers.values, pair.classes)


def _errors(pair: Pair, answers: Answers) -> Floats:
    return metrics.error_columns(pair.truth, answers.values)


def _auc(pair: Pair, seed: int) -> Drawn:
    units, before, after = pair.units, _scores(pair.before), _scores(pair.after)
    blocks = (counts[:, units.index] for counts in draws(units.count, seed, len(pair.truth)))
    drawn = [drawn_aucs(pair.truth, before, rows) - drawn_aucs(pair.truth, after, rows) for rows in blocks]
    value = metrics.auc(pair.truth, before) - metrics.auc(pair.truth, after)
    return Drawn(value, np.concatenate(drawn), units)


def _auc_by_group(pair: Pair, seed: int) -> Drawn:
    """The groups of both labels are what is drawn; of a lone one, its samples."""
    before, after = (
        metrics.aucs_by_group(pair.truth, _scores(answers), pair.groups) for answers in (pair.before, pair.after)
    )
    if len(before) == 1:
        return _auc(_inside(pair, next(iter(before))), seed)
    gaps = np.array([before[group] - after[group] for group in before])
    units = samples(len(gaps), "groups")
    drawn = drawn_statistics(gaps[:, None], lambda sums: sums[:, 0] / len(gaps), units, seed)
    return Drawn(float(gaps.mean()), drawn, units)


def _inside(pair: Pair, group: str) -> Pair:
    at = pair.groups == group
    before, after = (Answers(answers.values[at], _scores(answers)[at]) for answers in (pair.before, pair.after))
    return replace(pair, truth=pair.truth[at], before=before, after=after, groups=np.arange(int(at.sum())).astype(str))


def _scores(answers: Answers) -> NDArray[np.float32]:
    if answers.scores is None:
        raise ValueError("an AUC needs scores, which these answers do not have")
    return answers.scores


_REDRAWS: dict[Metric, _Redraw] = {
    "macro_f1": _of_sums(_tallies, metrics.macro_f1_of),
    "f1": _of_sums(_tallies, metrics.f1_of),
    "auc": _auc,
    "auc_by_group": _auc_by_group,
    "mae": _of_sums(_errors, metrics.mae_of),
    "r2": _of_sums(_errors, metrics.r2_of),
}
