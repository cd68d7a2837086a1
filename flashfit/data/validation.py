"""What validation found: one finding an expectation, in words and numbers."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from flashfit.errors import DataError
from flashfit.params import Check

Table = Literal["samples", "classes", "series", "files", "drift"]
Severity = Literal["stop", "warning"]

MOST_SHOWN = 20
"""Offending ids and values that a finding keeps."""

_ROWS: dict[Table, tuple[str, str]] = {
    "samples": ("sample", "samples"),
    "classes": ("class", "classes"),
    "series": ("series", "series"),
    "files": ("file", "files"),
    "drift": ("statistic", "statistics"),
}


@dataclass(frozen=True)
class Drift:
    """One statistic of all samples, now against then.

    psi: population stability index; by custom, below 0.1 nothing has moved and above 0.25 much has.
    ks: largest distance of the two distribution functions, in [0, 1].
    """

    statistic: str
    psi: float
    ks: float


class Finding(BaseModel):
    """One expectation over one table, and what speaks against it.

    severity: what a failure means; a warning does not stop the line. check: whose policy that follows.
    offending_ids: the first MOST_SHOWN rows against it, by name (of samples, ids), and observed: their
    values in the same order; for a whole table, observed is what was counted.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    table: Table
    expectation: str
    column: str | None
    check: Check | None = None
    severity: Severity = "stop"
    success: bool
    offending_count: int
    offending_ids: tuple[str, ...]
    observed: tuple[str, ...]


class Validation(BaseModel):
    """validation.json: every finding of one product, in a fixed order.

    samples: how many there were; left_out: how many of them are not for prepare. repairs: what was mended,
    left out or skipped, by the source and by validation, in words with its count. drift: against the
    version last accepted; none where there is no such version.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    product: str
    samples: int
    left_out: int = 0
    findings: tuple[Finding, ...]
    repairs: dict[str, int] = {}
    drift: tuple[Drift, ...] = ()

    @property
    def failed(self) -> tuple[Finding, ...]:
        """What stops the line."""
        return tuple(finding for finding in self.findings if not finding.success and finding.severity == "stop")

    @property
    def warnings(self) -> tuple[Finding, ...]:
        """What does not hold, and does not stop the line."""
        return tuple(finding for finding in self.findings if not finding.success and finding.severity == "warning")

    @property
    def success(self) -> bool:
        """Nothing stops the line."""
        return not self.failed

    @property
    def holding(self) -> str:
        """How many expectations hold, in words: `17`, or `16 of 17`."""
        count, against = len(self.findings), len(self.failed) + len(self.warnings)
        return f"{count - against} of {count}" if against else str(count)


def load_validation(path: Path) -> Validation:
    """Read validation.json. Raises DataError when it is missing or damaged."""
    try:
        return Validation.model_validate_json(path.read_text(encoding="utf-8"))
    except (OSError, ValidationError) as error:
        raise DataError(f"{path} is not a readable validation: {' '.join(str(error).split())}") from None


def stop_message(validation: Validation) -> str:
    """Why the line stops: each failed expectation on its own line, with what offends it."""
    failed = validation.failed
    count = f"{len(failed)} of {len(validation.findings)} expectations failed"
    return "\n  ".join([f"validation of {validation.product} stopped: {count}", *_lines(failed)])


def pass_message(validation: Validation, sizes: str) -> str:
    """What passed, then each warning and each repair on its own line. sizes: of the splits, in words."""
    first = f"validated {validation.product}: {validation.holding} expectations hold for {sizes}"
    warnings = [f"warning: {line}" for line in _lines(validation.warnings)]
    repairs = [f"repair: {repair}: {count:,}" for repair, count in sorted(validation.repairs.items())]
    return "\n  ".join([first, *warnings, *repairs])


def offence(finding: Finding, shown: int = 5) -> str:
    """What offends an expectation: `3 samples (a, b, c)`, or what was observed instead."""
    if not finding.offending_count:
        return f"observed {', '.join(finding.observed)}"
    one, many = _ROWS[finding.table]
    names = ", ".join(name or "no id" for name in finding.offending_ids[:shown])
    more = ", …" if finding.offending_count > shown else ""
    return f"{finding.offending_count:,} {one if finding.offending_count == 1 else many} ({names}{more})"


def _lines(findings: Sequence[Finding]) -> list[str]:
    return [f"{finding.expectation}: {offence(finding)}" for finding in findings]
