"""Estimates of time, against what was measured on boards, and where there are none."""

from dataclasses import replace
from itertools import pairwise

import pytest

from flashfit.targets import Target
from flashfit.tflite.graph import Graph
from flashfit.tflite.latency import estimate
from tests.graphs import activation, chain, constant, graph, operator, subgraph


def board(core: str = "Cortex-M4F", kernels: str = "cmsis-nn", mhz: int = 120) -> Target:
    return Target(name="b", board="b", core=core, clock_hz=mhz * 1_000_000, flash=2**20, sram=2**18, kernels=kernels)


def keyword_spotter() -> Graph:
    """MLPerf Tiny's: a convolution, four separable ones, an average and a dense layer."""
    block = [
        ("DEPTHWISE_CONV_2D", (1, 3, 3, 64), (1, 25, 5, 64)),
        ("CONV_2D", (64, 1, 1, 64), (1, 25, 5, 64)),
    ]
    head = [("AVERAGE_POOL_2D", (), (1, 1, 1, 64)), ("FULLY_CONNECTED", (12, 64), (1, 12)), ("SOFTMAX", (), (1, 12))]
    return chain((1, 49, 10, 1), ("CONV_2D", (64, 10, 4, 1), (1, 25, 5, 64)), *(4 * block), *head)


def anomaly_detector() -> Graph:
    """MLPerf Tiny's: ten dense layers."""
    sides = [640, 128, 128, 128, 128, 8, 128, 128, 128, 128, 640]
    layers = [("FULLY_CONNECTED", (out, in_), (1, out)) for in_, out in pairwise(sides)]
    return chain((1, 640), *layers)


@pytest.mark.parametrize(("model", "measured_ms"), [(keyword_spotter(), 43.4), (anomaly_detector(), 4.79)])
def test_an_estimate_for_the_m4_is_within_what_it_says_of_a_measured_one(model: Graph, measured_ms: float) -> None:
    found = estimate(model, board())
    assert found.latency_ms == pytest.approx(measured_ms, rel=0.165)
    assert "within 16 %" in found.basis


def test_half_the_clock_takes_twice_as_long() -> None:
    quick, slow = (estimate(anomaly_detector(), board(mhz=mhz)).latency_ms for mhz in (120, 60))
    assert quick is not None
    assert slow == pytest.approx(2 * quick)


def test_a_dense_layer_on_the_reference_kernels_is_counted() -> None:
    found = estimate(chain((1, 10), ("FULLY_CONNECTED", (5, 10), (1, 5))), board("Cortex-M0+", "reference", 1))
    assert found.latency_ms == pytest.approx((2_000 + 17 * 50 + 215 * 5) / 1_000)


def test_nothing_is_said_of_an_unknown_core() -> None:
    found = estimate(anomaly_detector(), board("Xtensa LX7"))
    assert found.latency_ms is None
    assert "nothing is known of cmsis-nn kernels on Xtensa LX7" in found.basis


def test_nothing_is_said_of_floats() -> None:
    tensors = [activation(1, 4, dtype="float32"), constant(3, 4), activation(1, 3, dtype="float32")]
    found = estimate(graph(subgraph(tensors, [operator("FULLY_CONNECTED", (0, 1), (2,))])), board())
    assert found.latency_ms is None
    assert "FULLY_CONNECTED takes float32" in found.basis


def test_a_loop_of_unknown_length_is_said_to_be_one() -> None:
    body = chain((1, 4), ("FULLY_CONNECTED", (4, 4), (1, 4))).main
    loop = operator("WHILE", (0,), (1,), (1, 1))
    looping = graph(subgraph([activation(1, 4), activation(1, 4)], [loop]), body)
    assert "unknown length" in estimate(looping, board()).basis
    known = replace(looping, subgraphs=(subgraph([activation(1, 4)] * 2, [replace(loop, steps=3)]), body))
    assert "unknown length" not in estimate(known, board()).basis
