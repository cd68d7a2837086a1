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
