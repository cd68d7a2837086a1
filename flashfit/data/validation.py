"""What validation found: one finding an expectation, in words and numbers."""

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from flashfit.errors import DataError

MOST_SHOWN = 20
"""Offending ids and values that a finding keeps."""


class Finding(BaseModel):
    """One expectation over one table, and what speaks against it.

    offending_ids: the first MOST_SHOWN ids (of samples) or labels (of classes) against it, and
    observed: their values in the same order; for a whole table, observed is what was counted.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    table: Literal["samples", "classes"]
    expectation: str
    column: str | None
    success: bool
    offending_count: int
    offending_ids: tuple[str, ...]
    observed: tuple[str, ...]


class Validation(BaseModel):
    """validation.json: every finding of one product, in a fixed order."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    product: str
    samples: int
    findings: tuple[Finding, ...]

    @property
    def failed(self) -> tuple[Finding, ...]:
        return tuple(finding for finding in self.findings if not finding.success)

    @property
    def success(self) -> bool:
        return not self.failed


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
    lines = [f"{finding.expectation}: {offence(finding)}" for finding in failed]
    return "\n  ".join([f"validation of {validation.product} stopped: {count}", *lines])


def offence(finding: Finding, shown: int = 5) -> str:
    """What offends an expectation: `3 samples (a, b, c)`, or what was observed instead."""
    if not finding.offending_count:
        return f"observed {', '.join(finding.observed)}"
    one, many = ("sample", "samples") if finding.table == "samples" else ("class", "classes")
    names = ", ".join(name or "no id" for name in finding.offending_ids[:shown])
    more = ", …" if finding.offending_count > shown else ""
    return f"{finding.offending_count:,} {one if finding.offending_count == 1 else many} ({names}{more})"
