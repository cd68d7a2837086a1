"""What a test split of this size can say: estimates with their 95 % intervals."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flashfit.gates.estimate import Estimate
from flashfit.gates.metrics import Floats, Labels, auc, ranks
from flashfit.gates.resampling import Units, draws, samples

_Z = 1.959963984540054
"""The normal distribution's 97.5 % point."""


def wilson(right: float, n: float) -> tuple[float, float]:
    """The 95 % score interval of right out of n (Wilson, 1927); n need not be whole. (0, 1) for n of 0."""
    if n <= 0:
        return 0.0, 1.0
    share, slack = right / n, _Z**2 / n
    middle = (share + slack / 2) / (1 + slack)
    half = np.sqrt(share * (1 - share) * slack + slack**2 / 4) / (1 + slack)
    return float(max(0.0, middle - half)), float(min(1.0, middle + half))


def proportion(right: NDArray[np.bool_], units: Units) -> Estimate:
    """The share that is right, with Wilson's interval. right: (n,).

    Where samples come in groups, n shrinks by the design effect: how much more the groups differ than samples
    that stand alone would (Rao and Scott, 1992). 1 for no samples, with an interval of everything.
    """
    n = len(right)
    share = float(np.mean(right)) if n else 1.0
    effective = n / design_effect(right, units) if n else 0.0
    low, high = wilson(share * effective, effective)
    method = "Wilson" if units.alone else f"Wilson, design effect of {units}"
    return Estimate(share, min(low, share), max(high, share), n, method)


def area(truth: Labels, scores: NDArray[Any], units: Units, seed: int = 0) -> Estimate:
    """The AUC with DeLong's interval, stretched to that of a bootstrap of units where samples come in groups.

    truth: (n,) of 0 and 1. scores: (n,). Raises DataError unless both labels occur.
    """
    value = auc(truth, scores)
    estimate = _delong(truth, scores, value)
    if not units.alone:
        blocks = (counts[:, units.index] for counts in draws(units.count, seed, len(truth)))
        drawn = np.concatenate([drawn_aucs(truth, scores, weights) for weights in blocks])
        estimate = _stretched(_percentiles(value, drawn, len(truth), units), estimate)
    seconds = int(np.sum(truth == 1))
    return _widened(estimate, min(seconds, len(truth) - seconds))


def bootstrap(
    columns: Floats, statistic: Callable[[Floats], Floats], units: Units, seed: int = 0, evidence: int | None = None
) -> Estimate:
    """A statistic of sums, with the percentiles of 1,000 draws of as many units (Efron, 1979).

    columns: (n, …), summed over samples. statistic: from sums with a leading axis, (draws, …), to (draws,).
    evidence: for a share, how many samples of a kind stand behind it, see _widened. One seed, one interval.
    """
    value = float(statistic(columns.sum(axis=0)[None])[0])
    estimate = _percentiles(value, drawn_statistics(columns, statistic, units, seed), len(columns), units)
    if not units.alone:
        single = samples(len(columns))
        alone = _percentiles(value, drawn_statistics(columns, statistic, single, seed), len(columns), single)
        estimate = _stretched(estimate, alone)
    return estimate if evidence is None else _widened(estimate, evidence)


def drawn_statistics(columns: Floats, statistic: Callable[[Floats], Floats], units: Units, seed: int) -> Floats:
    """The statistic of each draw of units, (draws,); see bootstrap."""
    sums = np.zeros((units.count, *columns.shape[1:]))
    np.add.at(sums, units.index, columns)
    return np.concatenate([statistic(np.tensordot(counts, sums, 1)) for counts in draws(units.count, seed)])


def design_effect(values: NDArray[Any], units: Units) -> float:
    """How much more a mean varies than if samples stood alone, at least 1 (Rao and Scott, 1992). values: (n,)."""
    n, mean, spread = len(values), float(np.mean(values)), float(np.var(values))
    if units.alone or units.count < 2 or spread == 0:
        return 1.0
    residuals = np.bincount(units.index, values - mean, minlength=units.count)
    variance = units.count / (units.count - 1) * np.sum(residuals**2) / n**2
    return max(1.0, float(variance / (spread / n)))


def _delong(truth: Labels, scores: NDArray[Any], value: float) -> Estimate:
    """DeLong et al., 1988, by the ranks of Sun and Xu, 2014; on the logit scale, which keeps it within 0 and 1."""
    second = truth == 1
    seconds, firsts = int(second.sum()), int((~second).sum())
    if min(seconds, firsts) < 2:
        return Estimate(value, 0.0, 1.0, len(truth), "one sample of a label: no interval")
    ranked = ranks(scores)
    above = (ranked[second] - ranks(scores[second])) / firsts
    below = (ranked[~second] - ranks(scores[~second])) / seconds
    error = float(np.sqrt(np.var(above, ddof=1) / seconds + np.var(below, ddof=1) / firsts))
    low, high = value, value
    if 0 < value < 1:
        middle, half = np.log(value / (1 - value)), _Z * error / (value * (1 - value))
        low, high = (float(1 / (1 + np.exp(-end))) for end in (middle - half, middle + half))
    return Estimate(value, low, high, len(truth), "DeLong")


def drawn_aucs(truth: Labels, scores: NDArray[Any], weights: Floats) -> Floats:
    """The AUC of each draw, (draws,), NaN where one label was not drawn. weights: (draws, n)."""
    order = np.argsort(scores, kind="stable")
    starts = np.flatnonzero(np.diff(scores[order], prepend=np.nan) != 0)
    weights = weights[:, order]
    second = np.add.reduceat(weights * (truth[order] == 1), starts, axis=1)
    first = np.add.reduceat(weights * (truth[order] == 0), starts, axis=1)
    wins = np.sum(second * (np.cumsum(first, axis=1) - first / 2), axis=1)
    pairs = second.sum(axis=1) * first.sum(axis=1)
    return np.where(pairs > 0, wins / np.where(pairs > 0, pairs, 1), np.nan)


def _percentiles(value: float, drawn: Floats, n: int, units: Units) -> Estimate:
    """The middle 95 % of the draws, stretched to the value where they leave it out."""
    defined = drawn[~np.isnan(drawn)]
    low, high = np.percentile(defined, [2.5, 97.5]) if len(defined) else (value, value)
    return Estimate(value, min(float(low), value), max(float(high), value), n, f"bootstrap of {units}")


def _stretched(estimate: Estimate, alone: Estimate) -> Estimate:
    """At least as wide as if samples stood alone: a handful of groups may agree by chance."""
    return replace(estimate, low=min(estimate.low, alone.low), high=max(estimate.high, alone.high))


def _widened(estimate: Estimate, evidence: int) -> Estimate:
    """An interval of no width means that no error was seen, not that there are none.

    It becomes Wilson's for such a share of `evidence` samples. Any other interval stays as it is.
    """
    if estimate.high - estimate.low > 1e-12:
        return estimate
    low, high = wilson(estimate.value * evidence, evidence)
    return replace(estimate, low=min(low, estimate.value), high=max(high, estimate.value), method="Wilson")
