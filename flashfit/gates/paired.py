"""How much worse one model answers than another, to the same samples."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm, t

from flashfit.gates.estimate import Drop
from flashfit.gates.evidence import LEVEL, POWER
from flashfit.gates.intervals import design_effect
from flashfit.gates.mcnemar import exact_drop
from flashfit.gates.pair import Drawn, Pair, redrawn
from flashfit.gates.resampling import Units
from flashfit.gates.words import LOWER_IS_BETTER
from flashfit.params import Metric

_APPROXIMATE = 0.5
"""The part of a level that a bootstrap aims at: it misses by up to 8 % where it aims at 5 (docs/gates.md)."""

_ANYTHING = 1e9
"""Beyond any metric: of a single unit no bound can be told."""


def drop_of(metric: Metric, pair: Pair, margin: float, level: float = LEVEL, seed: int = 0) -> Drop:
    """How much worse `after` is, with a bound on either side, each wrong in at most level of draws.

    accuracy: exact (see mcnemar), groups counting as fewer samples. Any other: the wider of the percentiles of a
    paired bootstrap and Student's t on its standard error, and no narrower than what counts of changed answers
    allow. margin: how much worse it may be, for the samples that would be enough.
    """
    if metric == "accuracy":
        return _of_right_answers(pair, np.ones(len(pair.truth), dtype=np.bool_), margin, level)
    drawn = redrawn(metric, pair, seed)
    sign = -1.0 if metric in LOWER_IS_BETTER else 1.0
    drop = _of_draws(replace(drawn, value=sign * drawn.value, draws=sign * drawn.draws), pair, margin, level)
    return _no_narrower(drop, metric, pair, margin, level)


def _of_right_answers(pair: Pair, chosen: NDArray[np.bool_], margin: float, level: float) -> Drop:
    """The drop in the share of chosen samples that are answered rightly."""
    before, after = (answers.values[chosen] == pair.truth[chosen] for answers in (pair.before, pair.after))
    n, units = len(before), pair.units.at(chosen)
    stretch = _stretch(before, after, units)
    effective = max(1, int(n / stretch))
    lost, gained = (int(np.sum(side)) for side in (before & ~after, after & ~before))
    drop = exact_drop(lost * effective / n, gained * effective / n, effective, margin, level)
    enough = None if drop.enough is None else int(np.ceil(drop.enough * stretch))
    method = drop.method if units.alone else f"{drop.method} of {effective:,}, for {units} that err alike"
    return replace(drop, value=(lost - gained) / n, n=n, enough=enough, method=method)


def _stretch(before: NDArray[np.bool_], after: NDArray[np.bool_], units: Units) -> float:
    """How many samples of these units say what one that stands alone would, at least 1.

    The largest design effect of what could show that units differ: few answers change, and those alone may not.
    Times what Student's t asks for in place of a normal, because the units are few.
    """
    if units.alone:
        return 1.0
    if units.count < 2:
        return float(len(before))
    change = before.astype(np.int64) - after
    effect = max(design_effect(values, units) for values in (before, after, change, np.abs(change)))
    return float(effect * (t.ppf(1 - LEVEL, units.count - 1) / norm.ppf(1 - LEVEL)) ** 2)


def _of_draws(drawn: Drawn, pair: Pair, margin: float, level: float) -> Drop:
    value, freedom = drawn.value, drawn.units.count - 1
    told = drawn.draws[~np.isnan(drawn.draws)]
    if freedom < 1 or len(told) < 2:
        return Drop(value, -_ANYTHING, _ANYTHING, 1.0, len(pair.truth), None, f"no bound: {drawn.units}", level)
    error = float(np.std(told, ddof=1))
    tail = level * _APPROXIMATE
    low, high = np.quantile(told, [tail, 1 - tail])
    reach = float(t.ppf(1 - tail, freedom)) * error
    chance = float(t.sf(value / error, freedom)) if error else float(value <= 0)
    return Drop(
        value=value,
        low=min(float(low), value - reach),
        high=max(float(high), value + reach),
        p=max(chance, (1 + float(np.sum(told <= 0))) / (1 + len(told))),
        n=len(pair.truth),
        enough=_enough(error, len(pair.truth), margin, tail),
        method=f"paired bootstrap of {drawn.units}",
        level=level,
    )


def _enough(error: float, n: int, margin: float, level: float) -> int | None:
    """Samples with which an equal model passes in POWER of draws: the standard error falls as their root."""
    if margin <= 0:
        return None
    return max(1, int(np.ceil(n * (error * (norm.ppf(1 - level) + norm.ppf(POWER)) / margin) ** 2)))


def _no_narrower(drop: Drop, metric: Metric, pair: Pair, margin: float, level: float) -> Drop:
    """A bootstrap knows only the changes that it saw; that few were seen is what counts are exact about."""
    chosen = _CHANGED[metric](pair, drop)
    if not chosen.any():
        return drop
    exact = _of_right_answers(pair, chosen, margin, level)
    return replace(
        drop,
        low=min(drop.low, exact.low),
        high=max(drop.high, exact.high),
        p=max(drop.p, exact.p),
        enough=_larger(drop.enough, exact.enough, len(pair.truth) / int(chosen.sum())),
        method=drop.method if drop.high > exact.high else f"{drop.method}; {exact.method}",
    )


def _larger(drawn: int | None, exact: int | None, scale: float) -> int | None:
    return None if drawn is None or exact is None else max(drawn, int(np.ceil(exact * scale)))


def _all(pair: Pair, _drop: Drop) -> NDArray[np.bool_]:
    return np.ones(len(pair.truth), dtype=np.bool_)


def _second(pair: Pair, _drop: Drop) -> NDArray[np.bool_]:
    """Samples that F1 of the second label counts."""
    second: NDArray[np.bool_] = (pair.truth == 1) | (pair.before.values == 1) | (pair.after.values == 1)
    return second


def _rarer_label(pair: Pair, drop: Drop) -> NDArray[np.bool_]:
    """Where scores rank all samples alike: those of the label that there are fewer of."""
    alike = drop.high - drop.low <= 1e-12
    label = 1 if np.sum(pair.truth == 1) <= np.sum(pair.truth == 0) else 0
    rarer: NDArray[np.bool_] = (pair.truth == label) & alike
    return rarer


def _none(pair: Pair, _drop: Drop) -> NDArray[np.bool_]:
    return np.zeros(len(pair.truth), dtype=np.bool_)


_CHANGED: dict[Metric, Callable[[Pair, Drop], NDArray[np.bool_]]] = {
    "macro_f1": _all,
    "f1": _second,
    "auc": _rarer_label,
    "auc_by_group": _rarer_label,
    "mae": _none,
    "r2": _none,
}
