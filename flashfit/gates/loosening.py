"""What a product asks for now against what it asked for before; free of NumPy, as verdicts are."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

from flashfit.params import Budget, Evidence, Gates

Asked = Mapping[str, float | str | None]
"""Every gate and budget by its key in params.yaml; None, or no key, where nothing is asked."""

_AT_MOST = ("most_mae", "largest_drop", "flash", "arena", "macs")
_STRICTNESS = get_args(Evidence)


@dataclass(frozen=True)
class Change:
    """One key whose value is another. kind: whether more passes now, or less; `changed` where neither can be said."""

    name: str
    before: float | str | None
    after: float | str | None
    kind: Literal["loosened", "tightened", "changed"]

    def __str__(self) -> str:
        return f"{self.name} {_shown(self.before)} → {_shown(self.after)} ({self.kind})"


def asked_of(gates: Gates, budget: Budget) -> Asked:
    """What a verdict was held against, flat."""
    return {**gates.model_dump(mode="json"), **budget.model_dump(mode="json")}


def changes(before: Asked, after: Asked) -> tuple[Change, ...]:
    """Every key that is not as it was, the loosened ones first, then by name."""
    names = sorted(name for name in {*before, *after} if before.get(name) != after.get(name))
    found = [Change(name, before.get(name), after.get(name), _kind(name, before, after)) for name in names]
    return tuple(sorted(found, key=lambda change: change.kind != "loosened"))


def _kind(name: str, before: Asked, after: Asked) -> Literal["loosened", "tightened", "changed"]:
    was, now = (_strictness(name, asked.get(name)) for asked in (before, after))
    if was is None or now is None:
        return "changed"
    return "loosened" if now < was else "tightened"


def _strictness(name: str, value: float | str | None) -> float | None:
    """More where less passes; None for a key that is neither more nor less strict."""
    if name == "evidence":
        return _STRICTNESS.index(value) if value in _STRICTNESS else -1.0
    if not (name in _AT_MOST or name.startswith("least_")) or isinstance(value, str):
        return None
    if value is None:
        return float("-inf")
    return -value if name in _AT_MOST else value


def _shown(value: float | str | None) -> str:
    if value is None:
        return "not asked"
    return value if isinstance(value, str) else f"{value:,.10g}"
