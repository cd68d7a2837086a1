"""The arena's head, against layouts worked out by hand in units of TFLM's 16-byte alignment."""

import pytest

from flashfit.models.planned import PlannedOperator
from flashfit.search.arena import head_bytes


def operator(output: int, reads: tuple[int, ...] = (1,), scratch: tuple[int, ...] = ()) -> PlannedOperator:
    return PlannedOperator("ANY", output, reads=reads, scratch_bytes=scratch)


@pytest.mark.parametrize(
    ("operators", "head"),
    [
        # An operator's input and output are alive at once.
        ([operator(32)], 64 + 32),
        # The third activation takes the place of the first.
        ([operator(32), operator(64)], 64 + 32),
        # Sizes are rounded up.
        ([operator(1)], 64 + 16),
        # Working memory lies beside input and output.
        ([operator(16, scratch=(32, 8))], 64 + 16 + 32 + 16),
        # What a sum reads later is kept: input, second and third activation while the second operator runs.
        ([operator(64), operator(64), operator(64, reads=(1, 3))], 3 * 64),
        # Three would do for two such blocks in a row. But of equals the last is placed first, and in the end
        # the sum between the blocks lies above two others, and the activation that it reads above that.
        ([operator(64), *[operator(64), operator(64), operator(64, reads=(1, 3))] * 2], 4 * 64),
    ],
)
def test_the_head_is_what_the_greedy_planner_needs(operators: list[PlannedOperator], head: int) -> None:
    assert head_bytes(64, operators) == head
