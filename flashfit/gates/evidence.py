"""When samples are enough to say yes or no; free of NumPy, as the light client's command line reads verdicts."""

import math
from collections.abc import Sequence
from statistics import NormalDist

LEVEL = 0.05
"""How often a gate may pass what is worse than asked, and a verdict refuse what is as good."""

REFUSAL = 0.5
"""The part of LEVEL that is spent on refusing.

Then a model that is as good as asked is refused in at most LEVEL of those draws, too, that say yes or no at all:
benchmarks.gate_error_rates.
"""

POWER = 0.8
"""How often the number of samples that is named would have been enough."""

_NORMAL = NormalDist()
_HALF_WIDTH_Z = _NORMAL.inv_cdf(0.975)


def level_of_look(look: int) -> float:
    """LEVEL's part for the look-th comparison on one test split, from 1; all parts together are LEVEL.

    LEVEL · 6 / (π² look²): whoever looks again pays for it, and may go on for ever.
    """
    return LEVEL * 6 / (math.pi * look) ** 2


def holm(chances: Sequence[float], level: float = LEVEL) -> list[bool]:
    """Which of several tests reject, so that any false rejection among them is as rare as level (Holm, 1979)."""
    rejected = [False] * len(chances)
    for rank, index in enumerate(sorted(range(len(chances)), key=chances.__getitem__)):
        if chances[index] > level / (len(chances) - rank):
            break
        rejected[index] = True
    return rejected


def chance_of(value: float, end: float, threshold: float) -> float:
    """How often a model that just reaches threshold gives such a value: one side, of a normal as wide as the interval.

    end: of the value's 95 % interval, on the threshold's side.
    """
    width = abs(end - value)
    return _NORMAL.cdf(-_HALF_WIDTH_Z * abs(threshold - value) / width) if width else float(value == threshold)


def enough_for(n: int, value: float, end: float, threshold: float) -> int | None:
    """Samples with which a value like this would be told from threshold in POWER of draws; None where it is on it.

    end: of the value's 95 % interval of n samples, on the threshold's side.
    """
    gap = abs(threshold - value)
    if gap == 0:
        return None
    stretch = 1 + _NORMAL.inv_cdf(POWER) / _HALF_WIDTH_Z
    return max(n + 1, math.ceil(n * (stretch * abs(end - value) / gap) ** 2))
