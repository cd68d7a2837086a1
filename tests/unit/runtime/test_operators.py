"""MACs of an operator by its shapes, each counted by hand."""

import pytest

from flashfit.runtime.operators import macs_of

CASES = [
    ("CONV_2D", [[1, 8, 8, 3], [16, 3, 3, 3]], [1, 4, 4, 16], 4 * 4 * 16 * 3 * 3 * 3),
    ("DEPTHWISE_CONV_2D", [[1, 8, 8, 6], [1, 3, 3, 6]], [1, 8, 8, 6], 8 * 8 * 6 * 3 * 3),
    ("FULLY_CONNECTED", [[1, 20], [5, 20]], [1, 5], 5 * 20),
    ("TRANSPOSE_CONV", [[4], [6, 2, 2, 3], [1, 5, 5, 3]], [1, 10, 10, 6], 5 * 5 * 3 * 6 * 2 * 2),
    ("SVDF", [[1, 10], [8, 10], [8, 4]], [1, 8], 8 * 10 + 8 * 4),
    ("BATCH_MATMUL", [[2, 3, 4], [2, 4, 5]], [2, 3, 5], 2 * 3 * 5 * 4),
    ("BATCH_MATMUL", [[2, 4, 3], [2, 4, 5]], [2, 3, 5], 2 * 3 * 5 * 4),
    ("RESHAPE", [[1, 4]], [4], 0),
]


@pytest.mark.parametrize(("name", "inputs", "output", "macs"), CASES)
def test_macs_follow_from_the_shapes(name: str, inputs: list[list[int]], output: list[int], macs: int) -> None:
    assert macs_of(name, inputs, output) == macs


def test_weights_that_are_missing_are_an_index_error() -> None:
    with pytest.raises(IndexError, match="out of range"):
        macs_of("CONV_2D", [[1, 8, 8, 3]], [1, 4, 4, 16])
