"""What each operator of a model costs, with the loops and branches inside it."""

from collections.abc import Callable, Sequence

from flashfit.runtime.operators import macs_of
from flashfit.tflite.graph import Graph, GraphOperator, Subgraph

Cost = Callable[[Subgraph, GraphOperator], float]


def per_operator(graph: Graph, own: Cost) -> list[float]:
    """The cost of each operator of the main subgraph: its own, and that of what it runs, as often as it runs it.

    A branch costs as much as its dearer way. A loop whose number of steps is not known costs as much as one step.
    """
    totals: dict[int, float] = {}

    def cost(subgraph: Subgraph, operator: GraphOperator) -> float:
        return own(subgraph, operator) + _times(operator, [total(number) for number in operator.subgraphs])

    def total(number: int) -> float:
        if number not in totals:
            subgraph = graph.subgraphs[number]
            totals[number] = sum(cost(subgraph, operator) for operator in subgraph.operators)
        return totals[number]

    return [cost(graph.main, operator) for operator in graph.main.operators]


def macs(graph: Graph) -> list[int]:
    """MACs of each operator of the main subgraph, for one inference."""
    return [int(count) for count in per_operator(graph, own_macs)]


def own_macs(subgraph: Subgraph, operator: GraphOperator) -> int:
    """MACs of one operator alone; 0 for one with fewer operands than its kind needs, which TFLM refuses."""
    inputs = [tensor.sizes for tensor in subgraph.of(operator.inputs)]
    outputs = [tensor.sizes for tensor in subgraph.of(operator.outputs)]
    try:
        return macs_of(operator.kind, inputs, outputs[0])
    except IndexError:
        return 0


def live_bytes(graph: Graph) -> list[int]:
    """Bytes of activations alive while each operator of the main subgraph runs.

    Alive is what goes in, comes out, or is still needed later: from the operator that writes it, or the start for an
    input, to the last that reads it, or the end for an output. With what a loop or branch needs at its worst. A
    constant or variable is not counted: TFLM keeps it elsewhere.
    """
    peaks: dict[int, int] = {}

    def peak(number: int) -> int:
        if number not in peaks:
            peaks[number] = max(of(graph.subgraphs[number]), default=0)
        return peaks[number]

    def of(subgraph: Subgraph) -> list[int]:
        inside = [max(map(peak, operator.subgraphs), default=0) for operator in subgraph.operators]
        return [alive + more for alive, more in zip(_alive(subgraph), inside, strict=True)]

    return of(graph.main)


def _times(operator: GraphOperator, totals: Sequence[float]) -> float:
    if operator.kind == "IF":
        return max(totals, default=0)
    return sum(totals) * (1 if operator.steps is None else operator.steps)


def _alive(subgraph: Subgraph) -> list[int]:
    count = len(subgraph.operators)
    first, last = dict.fromkeys(subgraph.inputs, 0), dict.fromkeys(subgraph.outputs, count - 1)
    for step, operator in enumerate(subgraph.operators):
        for index in (*operator.inputs, *operator.outputs):
            first.setdefault(index, step)
            last[index] = max(last.get(index, step), step)
    changes = [0] * (count + 1)
    for index, start in first.items():
        if index >= 0 and subgraph.tensors[index].is_activation and index in last:
            changes[start] += subgraph.tensors[index].bytes
            changes[last[index] + 1] -= subgraph.tensors[index].bytes
    alive, now = [], 0
    for change in changes[:count]:
        now += change
        alive.append(now)
    return alive
