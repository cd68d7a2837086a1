"""What operators cost and what is alive beside them, by tables counted by hand."""

import pytest

from flashfit.tflite.costs import live_bytes, macs
from tests.graphs import activation, chain, constant, graph, operator, subgraph

DENSE = [activation(1, 4), constant(3, 4), activation(1, 3)]


def dense_loop(kind: str, steps: int | None, *bodies: int) -> list[int]:
    """MACs of a loop or branch around dense layers, of 12 MACs each, so many to a subgraph."""
    inside = [subgraph(DENSE, [operator("FULLY_CONNECTED", (0, 1), (2,))] * count) for count in bodies]
    caller = operator(kind, (0,), (2,), tuple(range(1, len(bodies) + 1)), steps)
    return macs(graph(subgraph(DENSE, [caller]), *inside))


def test_a_chain_keeps_what_goes_in_and_what_comes_out() -> None:
    made = chain((1, 8), ("RELU", (), (1, 4)), ("RELU", (), (1, 2)))
    assert live_bytes(made) == [8 + 4, 4 + 2]


def test_a_shortcut_stays_alive_until_it_is_added() -> None:
    tensors = [activation(1, 8), activation(1, 4), activation(1, 2), activation(1, 8)]
    steps = [operator("RELU", (0,), (1,)), operator("RELU", (1,), (2,)), operator("ADD", (0, 2), (3,))]
    assert live_bytes(graph(subgraph(tensors, steps))) == [8 + 4, 8 + 4 + 2, 8 + 2 + 8]


def test_an_output_stays_alive_to_the_end() -> None:
    tensors = [activation(1, 8), activation(1, 4), activation(1, 2)]
    steps = [operator("RELU", (0,), (1,)), operator("RELU", (0,), (2,))]
    assert live_bytes(graph(subgraph(tensors, steps, last=1))) == [8 + 4, 8 + 4 + 2]


def test_constants_lie_in_flash() -> None:
    assert live_bytes(graph(subgraph(DENSE, [operator("FULLY_CONNECTED", (0, 1), (2,))]))) == [4 + 3]


@pytest.mark.parametrize(
    ("dtype", "bytes_"), [("int8", 5), ("int16", 10), ("float32", 20), ("int4", 3), ("type 99", 0)]
)
def test_a_value_takes_the_bytes_of_its_type(dtype: str, bytes_: int) -> None:
    assert activation(1, 5, dtype=dtype).bytes == bytes_


def test_a_loop_needs_its_own_and_its_worst_subgraph() -> None:
    body = subgraph([activation(1, 100), activation(1, 20)], [operator("RELU", (0,), (1,))])
    condition = subgraph([activation(1, 1), activation(1, 1)], [operator("LESS", (0,), (1,))])
    loop = operator("WHILE", (0,), (1,), (1, 2))
    main = subgraph([activation(1, 8), activation(1, 8)], [loop])
    assert live_bytes(graph(main, condition, body)) == [8 + 8 + 120]


def test_a_loop_costs_its_steps() -> None:
    assert dense_loop("WHILE", 5, 1) == [5 * 12]


def test_a_loop_of_unknown_length_costs_one_step() -> None:
    assert dense_loop("WHILE", None, 1) == [12]


def test_a_branch_costs_its_dearer_way() -> None:
    assert dense_loop("IF", None, 1, 3) == [3 * 12]


def test_an_operator_with_too_few_operands_costs_nothing() -> None:
    assert macs(graph(subgraph(DENSE, [operator("CONV_2D", (0,), (2,))]))) == [0]
