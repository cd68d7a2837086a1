"""A value, and how far it can be trusted."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Estimate:
    """A value and the ends of its 95 % interval. n: samples that it is of. method: how the interval was found."""

    value: float
    low: float
    high: float
    n: int
    method: str


@dataclass(frozen=True)
class Drop:
    """How much worse one model answers the same n samples than another, above 0 where it is worse.

    low, high: each a bound that the true drop is beyond in at most `level` of draws. p: how often models that are
    equal differ by as much. enough: test samples with which an equal model would be seen to be no worse than the
    tolerance in 80 % of draws; None where no number is. method: how the bounds were found.
    """

    value: float
    low: float
    high: float
    p: float
    n: int
    enough: int | None
    method: str
    level: float
