"""What a model uses of a board, against what it may use."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from pydantic import BaseModel, ConfigDict

from flashfit.params import Budget

Source = Literal["predicted", "measured", "device"]


class Footprint(BaseModel):
    """flash_bytes: the .tflite's length. arena_bytes: TFLM's head and tail. macs: for one inference.

    source says where the bytes come from; unlike sources are never compared silently.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    flash_bytes: int
    arena_bytes: int
    macs: int
    source: Source


@dataclass(frozen=True)
class Use:
    """One resource: how much is used of how much."""

    resource: Literal["flash", "arena", "macs"]
    used: int
    budget: int

    @property
    def over(self) -> int:
        """How far above the budget; 0 or less fits."""
        return self.used - self.budget

    @property
    def overrun(self) -> float:
        """The same as a share of the budget: -1 for nothing used, 0 for just fitting."""
        return self.over / self.budget

    def __str__(self) -> str:
        unit = "MACs" if self.resource == "macs" else "B"
        sign = f"over by {self.over:,} {unit}" if self.over > 0 else f"{-self.over:,} {unit} left"
        name = "" if self.resource == "macs" else f"{self.resource} "
        return f"{name}{self.used:,} {unit} of {self.budget:,} {unit} ({sign})"


def uses(footprint: Footprint, budget: Budget) -> Iterator[Use]:
    """Each budgeted resource in turn: flash, arena, macs."""
    yield Use("flash", footprint.flash_bytes, int(budget.flash))
    yield Use("arena", footprint.arena_bytes, int(budget.arena))
    yield Use("macs", footprint.macs, budget.macs)
