"""Two models' right and wrong answers to the same samples: exact tests of how much worse one of them is.

A sample is lost where only the first model is right, and gained where only the second is; the drop is the share
lost less the share gained. Counts need not be whole: groups count as fewer samples than they hold.
"""

import math

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import betainc, betaincinv
from scipy.stats import binom, norm

from flashfit.gates.estimate import Drop
from flashfit.gates.evidence import LEVEL, POWER

_BEYOND = 0.02
"""The part of a level that is spent on leaving unlikely shares of changed answers out (Berger and Boos, 1994)."""

_CHANGES_TRIED = 24
_STEP = 1e-5
_MOST_SAMPLES = 1 << 24

_Floats = NDArray[np.float64]


def mcnemar(lost: float, gained: float) -> float:
    """How often a model that is as right as the other loses as many of the changed answers, or more (one-sided)."""
    return float(betainc(lost, gained + 1, 0.5)) if lost > 0 else 1.0


def chance_below(lost: float, gained: float, n: int, drop: float, level: float = LEVEL) -> float:
    """How often a true drop of `drop` or more, in (-1, 1), looks as small as this one; exact, to be held against level.

    The share of answers that change is not known: the chance is the largest over those that the data allow.
    Outcomes are ordered by the score statistic (Tango, 1998).
    """
    seen = float(_score(np.array(lost), np.array(gained), n, drop))
    shares = _shares_changed(lost + gained, n, abs(drop), level * _BEYOND)
    changed = np.arange(binom.ppf(1e-9, n, shares[0]), binom.ppf(1 - 1e-9, n, shares[-1]) + 1)
    most_lost = _most_lost(changed, n, drop, seen)
    lost_of_changed = (shares + drop) / (2 * shares)
    chances = binom.pmf(changed, n, shares[:, None]) * binom.cdf(most_lost, changed, lost_of_changed[:, None])
    return min(1.0, float(chances.sum(axis=1).max()) + level * _BEYOND)


def bounds(lost: float, gained: float, n: int, level: float = LEVEL) -> tuple[float, float]:
    """What the true drop is below, and above, in at most level of draws each; above 0 only where McNemar agrees."""
    low, high = -_upper(gained, lost, n, level), _upper(lost, gained, n, level)
    return (min(low, 0.0) if mcnemar(lost, gained) > level else low), high


def exact_drop(lost: float, gained: float, n: int, margin: float, level: float = LEVEL) -> Drop:
    """The drop in the share of right answers, with its bounds. n: at least 1."""
    low, high = bounds(lost, gained, n, level)
    value = (lost - gained) / n
    enough = samples_enough(lost, gained, n, margin, level)
    method = f"exact: {lost:,.4g} lost, {gained:,.4g} gained"
    return Drop(value, min(low, value), max(high, value), mcnemar(lost, gained), n, enough, method, level)


def samples_enough(lost: float, gained: float, n: int, margin: float, level: float = LEVEL) -> int | None:
    """Samples with which a model that is no worse passes in POWER of draws, if answers change as often as here.

    By the score test's own chances, not a normal's. None for a margin of 0, or beyond 16 million.
    """
    if margin <= 0:
        return None
    share = min(1.0, (lost + gained + 0.5) / (n + 1))
    high = math.ceil(
        math.log(level * (1 - _BEYOND)) / math.log1p(-min(margin, 1 - _STEP))
    )  # with fewer, none lost says little
    low = high - 1
    while _power(high, share, margin, level) < POWER:
        low, high = high, 2 * high
        if high > _MOST_SAMPLES:
            return None
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if _power(middle, share, margin, level) >= POWER else (middle, high)
    return high


def _power(n: int, share: float, margin: float, level: float) -> float:
    changed = np.arange(binom.ppf(1e-6, n, share), binom.ppf(1 - 1e-6, n, share) + 1)
    most_lost = _most_lost(changed, n, margin, float(norm.ppf(level * (1 - _BEYOND))))
    return float(np.sum(binom.pmf(changed, n, share) * binom.cdf(most_lost, changed, 0.5)))


def _upper(lost: float, gained: float, n: int, level: float) -> float:
    end = 1 - _STEP
    if chance_below(lost, gained, n, end, level) > level:
        return 1.0
    return float(brentq(lambda drop: chance_below(lost, gained, n, drop, level) - level, -end, end, xtol=_STEP))


def _shares_changed(changed: float, n: int, least: float, beyond: float) -> _Floats:
    """Shares of changed answers, (_CHANGES_TRIED,): no less than least, of Clopper and Pearson's interval."""
    low = betaincinv(changed, n - changed + 1, beyond / 2) if changed > 0 else 0.0
    high = betaincinv(changed + 1, n - changed, 1 - beyond / 2) if changed < n else 1.0
    low = max(least, low, 1e-12)
    shares: _Floats = np.linspace(low, max(low, high), _CHANGES_TRIED)
    return shares


def _most_lost(changed: _Floats, n: int, drop: float, score: float) -> _Floats:
    """For each number of changed answers the most lost ones whose score is at most score; -1 where none is."""
    low, high = np.full_like(changed, -1.0), changed.copy()
    for _ in range(math.ceil(math.log2(changed[-1] + 2)) + 1):
        middle = np.ceil((low + high) / 2)
        within = _score(middle, changed - middle, n, drop) <= score + 1e-9
        low, high = np.where(within, middle, low), np.where(within, high, np.maximum(low, middle - 1))
    return low


def _score(lost: _Floats, gained: _Floats, n: int, drop: float) -> _Floats:
    """The distance from drop in standard errors, those being of the likeliest shares with that drop (Tango, 1998)."""
    if drop < 0:
        return -_score(gained, lost, n, -drop)
    straight = lost + gained + (lost - gained - 2 * n) * drop
    gain = (straight + np.sqrt(np.maximum(straight**2 + 8 * n * gained * drop * (1 - drop), 0))) / (4 * n)
    variance = n * (2 * gain + drop * (1 - drop))
    score: _Floats = (lost - gained - n * drop) / np.sqrt(np.maximum(variance, 1e-300))
    return score
