"""How much arena firmware reserves: what was measured, and a margin with its reason."""

from dataclasses import dataclass
from typing import Literal

_ALIGNMENT = 16
_OPTIMISED_MARGIN = 0.125


@dataclass(frozen=True)
class ArenaSize:
    """bytes = measured_bytes + margin_bytes, a multiple of 16."""

    measured_bytes: int
    margin_bytes: int
    source: str
    reason: str

    @property
    def bytes(self) -> int:
        return self.measured_bytes + self.margin_bytes


def arena_size(measured_bytes: int, kernels: Literal["reference", "cmsis-nn"]) -> ArenaSize:
    """The size to reserve on a target with these kernels, from TFLM's total on x86-64.

    There the tail holds 8-byte pointers, so for reference kernels the figure bounds a 32-bit board's from
    above; optimised kernels may ask for scratch buffers that the reference kernels do not have.
    """
    share, reason = {
        "reference": (0.0, "alignment alone, as 4-byte pointers make the board's arena smaller"),
        "cmsis-nn": (_OPTIMISED_MARGIN, "an eighth for the scratch buffers of optimised kernels"),
    }[kernels]
    wanted = measured_bytes + round(measured_bytes * share)
    aligned = -(-wanted // _ALIGNMENT) * _ALIGNMENT
    return ArenaSize(
        measured_bytes, aligned - measured_bytes, "TFLM reference kernels on x86-64, head and tail", reason
    )
