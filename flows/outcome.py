"""How a build ended: a verdict for every target, and what went wrong."""

from dataclasses import dataclass

from flashfit.errors import DoesNotFit, FlashfitError
from flashfit.gates.verdict import FITS, miss_line
from tasks.verdict import Standing


@dataclass(frozen=True)
class Outcome:
    """standings: one for each chosen build, in order. ran: stages that had something to do. errors: in order."""

    standings: tuple[Standing, ...]
    ran: tuple[str, ...]
    errors: tuple[FlashfitError, ...]

    @property
    def misses(self) -> list[str]:
        """A line for each build that does not fit."""
        return [
            miss_line(standing.verdict)
            for standing in self.standings
            if standing.verdict is not None and standing.verdict.verdict != FITS
        ]

    @property
    def exit_code(self) -> int:
        """0 when all is well; an error's own; 1 for a missed gate."""
        if self.errors:
            return self.errors[0].exit_code
        return DoesNotFit.exit_code if self.misses else 0

    @property
    def why(self) -> str:
        """Everything that keeps the build from being well, or that nothing does."""
        return "; ".join([*map(str, self.errors), *self.misses]) or _well(self)


def _well(outcome: Outcome) -> str:
    names = ", ".join(standing.build.registered_name for standing in outcome.standings)
    return f"{names}: FITS, {len(outcome.ran)} stages had something to do"
