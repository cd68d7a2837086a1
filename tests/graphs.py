"""Graphs by hand: operators on int8 tensors, as `flashfit inspect` reads them from a file."""

from math import prod

from flashfit.tflite.graph import Graph, GraphOperator, GraphTensor, Subgraph


def activation(*shape: int, dtype: str = "int8") -> GraphTensor:
    return GraphTensor("activation", dtype, shape)


def constant(*shape: int, dtype: str = "int8") -> GraphTensor:
    return GraphTensor("constant", dtype, shape, constant_bytes=prod(shape))


def operator(
    kind: str,
    inputs: tuple[int, ...],
    outputs: tuple[int, ...],
    subgraphs: tuple[int, ...] = (),
    steps: int | None = None,
    custom: bool = False,
) -> GraphOperator:
    return GraphOperator(kind, custom, 1, inputs, outputs, subgraphs, steps)


def subgraph(tensors: list[GraphTensor], operators: list[GraphOperator], last: int | None = None) -> Subgraph:
    """From tensor 0 to the last operator's first output, or to `last`."""
    end = last if last is not None else operators[-1].outputs[0]
    return Subgraph(tuple(tensors), tuple(operators), (0,), (end,))


def graph(*subgraphs: Subgraph) -> Graph:
    return Graph(3, subgraphs)


def chain(start: tuple[int, ...], *layers: tuple[str, tuple[int, ...], tuple[int, ...]]) -> Graph:
    """One operator after the other: kind, shape of its weights (or none), shape that comes out."""
    tensors, operators = [activation(*start)], []
    at = 0
    for kind, weights, shape in layers:
        inputs = [at]
        if weights:
            tensors.append(constant(*weights))
            inputs.append(len(tensors) - 1)
        tensors.append(activation(*shape))
        at = len(tensors) - 1
        operators.append(operator(kind, tuple(inputs), (at,)))
    return graph(subgraph(tensors, operators))
