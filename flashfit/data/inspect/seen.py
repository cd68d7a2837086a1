"""What looking at data finds, as values."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import pandas as pd

from flashfit.data.samples import Account
from flashfit.params import Check, Policy, Source, Split
from flashfit.params.product import Task


@dataclass(frozen=True)
class Reading:
    """One way to read the data. what: its kind, in words; notes: what was met or guessed on the way.

    why: by key of the source, why it is so; for a comment beside it.
    """

    what: str
    source: Source
    task: Task
    notes: tuple[str, ...] = ()
    why: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Trap:
    """What may spoil a product. policy: what the proposal lets validation do about it, None where it checks nothing."""

    words: str
    check: Check | None = None
    policy: Policy | None = None


@dataclass(frozen=True)
class Seen:
    """Data that a product can be made of, every sample read once.

    table: as tasks.validate will make it, by the proposed split. rates_hz: of sounds, the usual one first.
    """

    reading: Reading
    table: pd.DataFrame
    account: Account
    split: Split
    labels: tuple[str, ...]
    rates_hz: Sequence[float]
    grouped: bool
    traps: tuple[Trap, ...]

    @property
    def counts(self) -> dict[str, int]:
        """Samples by label, in the order of labels; none for a regression."""
        found = self.table["label"].value_counts()
        return {label: int(found.get(label, 0)) for label in self.labels}
