"""What can go wrong, by who can mend it.

    FlashfitError
    ├── DoesNotFit         1   a gate or a budget said no: a verdict, not a fault
    ├── UserError          2
    │   ├── ConfigError        params.yaml, a target file, a name on the command line
    │   └── DataError          samples that are missing, damaged or against an expectation
    └── SurroundingsError  3   a server, the disk, a child process
        └── BundleError            bytes that are not those promised (flashfit.manifest)

Each carries the exit code that every command uses.
"""

from typing import ClassVar


class FlashfitError(Exception):
    """One line for the person: the thing, the number and, where there is one, the next command."""

    exit_code: ClassVar[int] = 3

    def __init__(self, message: str, *, next_step: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.next_step = next_step

    def __str__(self) -> str:
        return f"{self.message}; next: {self.next_step}" if self.next_step else self.message


class DoesNotFit(FlashfitError):
    """The line stops here because a budget or a gate is missed."""

    exit_code = 1


class UserError(FlashfitError):
    """Something the user wrote or supplied has to change."""

    exit_code = 2


class ConfigError(UserError):
    """params.yaml, a target file or a name on the command line is wrong."""


class DataError(UserError):
    """Samples are missing, damaged or against an expectation."""


class SurroundingsError(FlashfitError):
    """A server, the disk or a child process failed; the same command may work later."""

    exit_code = 3
