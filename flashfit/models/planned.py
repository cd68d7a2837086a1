"""One operator of a network on the board, before there is a network."""

from dataclasses import dataclass


@dataclass(frozen=True)
class PlannedOperator:
    """One TFLM operator. Counts are of elements, activations being int8; scales: those its weights carry.

    reads: how many operators back each activation that it reads was written; before the first lies the
    input. scratch_bytes: working memory that it asks for while it runs. other_bytes: its constants that
    are neither weights nor biases. state_bytes: what it keeps from one step to the next.
    """

    name: str
    output_count: int
    weight_count: int = 0
    bias_count: int = 0
    scales: int = 0
    macs: int = 0
    reads: tuple[int, ...] = (1,)
    scratch_bytes: tuple[int, ...] = ()
    other_bytes: int = 0
    state_bytes: tuple[int, ...] = ()
