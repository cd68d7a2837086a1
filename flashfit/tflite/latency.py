"""A rough estimate of how long one inference takes on a board, and what it rests on.

Cycles are MACs times a cost by operator kind, plus a cost for each value that other operators take or give, plus a
fixed cost for each operator. int8 alone: nothing here knows what floats or int16 cost.

`cmsis-nn` on a Cortex-M4F: the two costs of a MAC are fitted to the MLPerf Tiny v1.3 reference models at 120 MHz
(keyword spotting 43.4 ms, visual wake words 89.4, image classification 165.7, anomaly detection 4.79), with 10 cycles
a value and 1,000 an operator assumed. The estimate is off by -16 %, +13 %, -1 % and -2 % on these four; fitted
without each in turn, by -20 %, +21 %, -2 % and -9 % on the one left out. Flash with more wait states is slower.

`reference` on a Cortex-M0+: counted, not timed. The loops of TFLM's reference kernels, compiled by clang -O2 for that
core and run in an emulator, by the cycles of each instruction in ARM's technical reference manual (loads 2, multiply
1, taken branch 2): 11 layers, which the costs below give within 15 %. Without wait states of the flash, so that a
board takes longer; the costs of a value and of an operator are assumed. Good for an order of magnitude.
"""

from dataclasses import dataclass
from math import prod
from typing import Literal

from flashfit.targets import Target
from flashfit.tflite.costs import own_macs, per_operator
from flashfit.tflite.graph import Graph, GraphOperator, Subgraph


@dataclass(frozen=True)
class Latency:
    """latency_ms: of one inference; None where nothing is known, and then `basis` says why."""

    latency_ms: float | None
    basis: str
    source: Literal["estimated"] = "estimated"


@dataclass(frozen=True)
class MacCost:
    """Cycles of an operator: for each MAC, each position of its window on each output value, each output value."""

    mac: float
    position: float = 0.0
    output: float = 0.0


@dataclass(frozen=True)
class Kernels:
    """Cycles on one core. kinds: of operators with MACs; `other` for such kinds not among them."""

    cores: tuple[str, ...]
    kinds: dict[str, MacCost]
    other: MacCost
    value: float
    operator: float
    basis: str


KERNELS = {
    "cmsis-nn": Kernels(
        cores=("Cortex-M4", "Cortex-M4F"),
        kinds={"CONV_2D": MacCost(1.55)},
        other=MacCost(2.13),
        value=10.0,
        operator=1_000.0,
        basis="fitted to MLPerf Tiny v1.3 on a Cortex-M4, within 16 % there",
    ),
    "reference": Kernels(
        cores=("Cortex-M0+",),
        kinds={"CONV_2D": MacCost(9.0, 110.0, 480.0), "DEPTHWISE_CONV_2D": MacCost(47.0, 0.0, 440.0)},
        other=MacCost(17.0, 0.0, 215.0),
        value=30.0,
        operator=2_000.0,
        basis="from counted instructions without flash wait states: an order of magnitude",
    ),
}

_WITHOUT_KERNEL = frozenset({"MEAN"})  # its additions are counted as MACs, and cost as much as any value


def estimate(graph: Graph, target: Target) -> Latency:
    """How long one inference of a model takes on a target."""
    kernels = KERNELS[target.kernels]
    if target.core not in kernels.cores:
        return Latency(None, f"nothing is known of {target.kernels} kernels on {target.core}")
    if other := _not_int8(graph):
        return Latency(None, f"costs are known of int8 alone, and {other}")
    cycles = per_operator(graph, lambda subgraph, operator: _cycles(kernels, subgraph, operator))
    loops = any(operator.kind == "WHILE" and operator.steps is None for operator in graph.operators)
    counted = "; loops of unknown length counted as one step" if loops else ""
    return Latency(1e3 * sum(cycles) / target.clock_hz, kernels.basis + counted)


def _not_int8(graph: Graph) -> str | None:
    for subgraph in graph.subgraphs:
        for operator in subgraph.operators:
            activations = [tensor for tensor in subgraph.of(operator.inputs) if tensor.is_activation]
            if _has_macs(subgraph, operator) and activations and activations[0].dtype != "int8":
                return f"{operator.kind} takes {activations[0].dtype}"
    return None


def _has_macs(subgraph: Subgraph, operator: GraphOperator) -> bool:
    return operator.kind not in _WITHOUT_KERNEL and own_macs(subgraph, operator) > 0


def _cycles(kernels: Kernels, subgraph: Subgraph, operator: GraphOperator) -> float:
    inputs, outputs = subgraph.of(operator.inputs), subgraph.of(operator.outputs)
    values = sum(tensor.elements for tensor in outputs)
    if not _has_macs(subgraph, operator):
        taken = sum(tensor.elements for tensor in inputs if tensor.is_activation)
        return kernels.operator + kernels.value * max(taken, values)
    cost = kernels.kinds.get(operator.kind, kernels.other)
    window = prod(inputs[1].sizes[1:3]) if operator.kind == "CONV_2D" else 1
    per_value = cost.position * window + cost.output
    return kernels.operator + cost.mac * own_macs(subgraph, operator) + per_value * values
