"""What is said of a model follows from its description and its measurement."""

import pytest

from flashfit.runtime.tflm import Arena
from flashfit.targets import Target
from flashfit.tflite.graph import Graph
from flashfit.tflite.inspection import Inspection, inspected
from flashfit.tflite.measuring import Measured
from tests.graphs import activation, chain, graph, operator, subgraph

BOARD = Target(
    name="board", board="b", core="Cortex-M4F", clock_hz=64_000_000, flash=1000, sram=500, kernels="cmsis-nn"
)
DENSE = chain((1, 10), ("FULLY_CONNECTED", (5, 10), (1, 5)), ("SOFTMAX", (), (1, 5)))


def judged(flash_bytes: int, arena_bytes: int, model: Graph = DENSE) -> Inspection:
    return inspected(flash_bytes, model, Measured(Arena(arena_bytes, 15, arena_bytes - 15), None), [BOARD])


@pytest.mark.parametrize(
    ("flash_bytes", "arena_bytes", "verdict", "over"),
    [
        (1000, 500, "FITS", 0),
        (1001, 500, "DOES NOT FIT", 1),
        (1000, 501, "DOES NOT FIT", 1),
        (1001, 501, "DOES NOT FIT", 2),
    ],
)
def test_a_model_one_byte_over_a_memory_does_not_fit(
    flash_bytes: int, arena_bytes: int, verdict: str, over: int
) -> None:
    found = judged(flash_bytes, arena_bytes).verdicts["board"]
    assert (found.verdict, len(found.reasons)) == (verdict, over)
    assert all("over by 1 B" in reason for reason in found.reasons)


def test_operators_come_in_their_order_with_their_costs() -> None:
    dense, softmax = judged(100, 100).operators
    assert (dense.name, dense.macs, dense.parameter_bytes, dense.live_bytes) == ("FULLY_CONNECTED", 50, 50, 15)
    assert (softmax.name, softmax.macs, softmax.parameter_bytes, softmax.live_bytes) == ("SOFTMAX", 0, 0, 10)
    assert judged(100, 100).macs == 50


def test_a_model_that_does_not_run_fits_no_board() -> None:
    found = inspected(100, DENSE, Measured(None, "TFLM failed: killed by SIGABRT"), [BOARD])
    assert (found.arena_bytes, found.reason) == (None, "TFLM failed: killed by SIGABRT")
    assert found.verdicts["board"].reasons == ["TFLM failed: killed by SIGABRT"]
    assert found.verdicts["board"].latency_ms is None


def test_a_loop_is_supported_if_all_inside_it_is() -> None:
    inside = subgraph([activation(1, 4)] * 2, [operator("ATAN2", (0,), (1,))])
    loop = operator("WHILE", (0,), (1,), (1, 1))
    model = graph(subgraph([activation(1, 4)] * 2, [loop, operator("RELU", (1,), (1,))]), inside)
    found = judged(100, 100, model)
    assert [row.supported for row in found.operators] == [False, True]
    assert found.missing_operators == ["ATAN2"]
    assert "number of steps is not known" in found.notes[0]
