"""The arena's head by arithmetic: where TFLM's planner would put each activation.

After tensorflow/lite/micro/memory_planner/greedy_memory_planner.cc: the largest buffer first, each at the
lowest place that no buffer needed at the same time takes. Of buffers alike in size the later goes first.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from flashfit.models.planned import PlannedOperator

_ALIGNMENT = 16


@dataclass(frozen=True)
class _Buffer:
    """Needed from one operator to another, both included."""

    size: int
    first: int
    last: int


@dataclass(frozen=True)
class _Placed:
    offset: int
    buffer: _Buffer


def head_bytes(input_count: int, operators: Sequence[PlannedOperator]) -> int:
    """The least head in which TFLM runs operators, whose first reads an input of input_count int8 values."""
    placed: list[_Placed] = []
    buffers = [*_activations(input_count, operators), *_scratch(operators)]
    buffers.reverse()
    for buffer in sorted(buffers, key=lambda buffer: -buffer.size):
        placed.append(_Placed(_lowest_gap(buffer, placed), buffer))
    return max(one.offset + one.buffer.size for one in placed)


def _activations(input_count: int, operators: Sequence[PlannedOperator]) -> Iterator[_Buffer]:
    """The input, then each operator's output, from its making to its last reader or the end."""
    last = list(range(len(operators) + 1))
    for number, operator in enumerate(operators, start=1):
        for back in operator.reads:
            last[number - back] = number
    counts = (input_count, *(operator.output_count for operator in operators))
    for made, count in enumerate(counts):
        yield _Buffer(aligned(count), made, last[made])


def _scratch(operators: Sequence[PlannedOperator]) -> Iterator[_Buffer]:
    for number, operator in enumerate(operators, start=1):
        for size in operator.scratch_bytes:
            yield _Buffer(aligned(size), number, number)


def _lowest_gap(buffer: _Buffer, placed: Sequence[_Placed]) -> int:
    offset = 0
    for other in sorted(placed, key=lambda one: one.offset):
        if other.buffer.first > buffer.last or other.buffer.last < buffer.first:
            continue
        if other.offset - offset >= buffer.size:
            break
        offset = max(offset, other.offset + other.buffer.size)
    return offset


def aligned(count: int) -> int:
    """Bytes that TFLM sets aside for so many."""
    return -(-count // _ALIGNMENT) * _ALIGNMENT
