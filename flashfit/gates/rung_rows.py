"""The ladder as a table's rows."""

from collections.abc import Iterator
from dataclasses import dataclass

from flashfit.gates.rungs import Ladder, Tried
from flashfit.gates.words import METRIC_NAMES, shown


@dataclass(frozen=True)
class RungRow:
    """One rung, and float before them, in words. value: of the searched metric, which `metric` names."""

    rung: str
    state: str
    metric: str
    value: str = ""
    flash: str = ""
    arena: str = ""
    settings: str = ""
    why: str = ""


def rung_rows(ladder: Ladder) -> Iterator[RungRow]:
    """Float, then every rung in order."""
    name = METRIC_NAMES[ladder.metric]
    yield RungRow("float, before", "", name, shown(ladder.metric, ladder.float_.values[ladder.metric], ladder.unit))
    for tried in ladder.rungs:
        yield _row(ladder, tried, name)


def _row(ladder: Ladder, tried: Tried, name: str) -> RungRow:
    qualities, footprint = tried.qualities, tried.footprint
    return RungRow(
        rung=tried.rung,
        state=tried.state,
        metric=name,
        value=shown(ladder.metric, qualities.values[ladder.metric], ladder.unit) if qualities else "",
        flash=f"{footprint.flash_bytes:,} B" if footprint else "",
        arena=f"{footprint.arena_bytes:,} B" if footprint else "",
        settings=tried.settings,
        why=tried.why,
    )
