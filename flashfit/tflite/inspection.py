"""Everything that `flashfit inspect` says of a model: read, measured, and held against boards."""

from collections.abc import Iterable, Sequence
from typing import Literal

from pydantic import BaseModel, ConfigDict

from flashfit.footprint import Use
from flashfit.gates.verdict import DOES_NOT_FIT, FITS
from flashfit.targets import Target
from flashfit.tflite.costs import live_bytes, macs
from flashfit.tflite.graph import Graph, GraphOperator, GraphTensor, Subgraph
from flashfit.tflite.latency import Latency, estimate
from flashfit.tflite.measuring import Measured, measure, missing_operators
from flashfit.tflite.reading import read_graph
from flashfit.tflite.tflm_operators import has


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class OperatorRow(_Part):
    """One operator of the main subgraph, in the order they run.

    name: as in the schema, or a custom one's own. supported: whether TFLM has it, and all that it runs.
    parameter_bytes: of its constant inputs. live_bytes: of activations alive while it runs. Shapes as in the file.
    """

    name: str
    custom: bool
    version: int
    supported: bool
    macs: int
    parameter_bytes: int
    input_shapes: list[tuple[int, ...]]
    output_shapes: list[tuple[int, ...]]
    live_bytes: int


class TensorRow(_Part):
    """An input or output; real value = (stored - zero_point) * scale, where it has a scale."""

    name: str
    shape: tuple[int, ...]
    dtype: str
    scale: float | None
    zero_point: int | None


class TargetVerdict(_Part):
    """A model held against a board's whole memories: the program around it needs some of them too.

    reasons: why it does not fit. latency_ms: null where nothing is known; latency_basis says what it rests on.
    """

    verdict: Literal["FITS", "DOES NOT FIT"]
    reasons: list[str]
    flash_used_bytes: int
    flash_had_bytes: int
    arena_used_bytes: int | None
    arena_had_bytes: int
    latency_ms: float | None
    latency_source: Literal["estimated"]
    latency_basis: str


class Inspection(_Part):
    """A model's whole inspection. arena bytes: measured on TFLM; null where it does not run, and reason says why.

    missing_operators: those that TFLM lacks, of all subgraphs.
    """

    flash_bytes: int
    arena_bytes: int | None
    arena_head_bytes: int | None
    arena_tail_bytes: int | None
    macs: int
    operators: list[OperatorRow]
    missing_operators: list[str]
    inputs: list[TensorRow]
    outputs: list[TensorRow]
    verdicts: dict[str, TargetVerdict]
    reason: str | None
    notes: list[str]


def inspect(tflite: bytes, targets: Sequence[Target], name: str = "the model") -> Inspection:
    """Read a model and run it, each in a child process, and hold it against targets. name: for messages.

    Raises DataError for what cannot be read as a model, SurroundingsError when the child that reads it dies.
    """
    graph = read_graph(tflite, name)
    return inspected(len(tflite), graph, measure(tflite, graph), targets)


def inspected(flash_bytes: int, graph: Graph, measured: Measured, targets: Iterable[Target]) -> Inspection:
    """What follows from a model's description and measurement."""
    arena, main = measured.arena, graph.main
    rows = _rows(graph)
    return Inspection(
        flash_bytes=flash_bytes,
        arena_bytes=arena.total_bytes if arena else None,
        arena_head_bytes=arena.head_bytes if arena else None,
        arena_tail_bytes=arena.tail_bytes if arena else None,
        macs=sum(row.macs for row in rows),
        operators=rows,
        missing_operators=missing_operators(graph),
        inputs=[_tensor_row(tensor) for tensor in main.of(main.inputs)],
        outputs=[_tensor_row(tensor) for tensor in main.of(main.outputs)],
        verdicts={target.name: _verdict(flash_bytes, graph, measured, target) for target in targets},
        reason=measured.refusal,
        notes=_notes(graph),
    )


def _rows(graph: Graph) -> list[OperatorRow]:
    numbers = zip(graph.main.operators, _supported(graph), macs(graph), live_bytes(graph), strict=True)
    return [_row(graph.main, *of_operator) for of_operator in numbers]


def _row(main: Subgraph, operator: GraphOperator, supported: bool, of_operator: int, alive: int) -> OperatorRow:
    inputs, outputs = main.of(operator.inputs), main.of(operator.outputs)
    return OperatorRow(
        name=operator.kind,
        custom=operator.custom,
        version=operator.version,
        supported=supported,
        macs=of_operator,
        parameter_bytes=sum(tensor.constant_bytes for tensor in inputs),
        input_shapes=[tensor.shape for tensor in inputs],
        output_shapes=[tensor.shape for tensor in outputs],
        live_bytes=alive,
    )


def _supported(graph: Graph) -> list[bool]:
    """Of each operator of the main subgraph."""
    known: dict[int, bool] = {}

    def inside(number: int) -> bool:
        if number not in known:
            known[number] = all(map(whole, graph.subgraphs[number].operators))
        return known[number]

    def whole(operator: GraphOperator) -> bool:
        return has(operator.kind, operator.custom) and all(map(inside, operator.subgraphs))

    return [whole(operator) for operator in graph.main.operators]


def _tensor_row(tensor: GraphTensor) -> TensorRow:
    return TensorRow(
        name=tensor.name,
        shape=tensor.shape,
        dtype=tensor.dtype,
        scale=tensor.scale,
        zero_point=tensor.zero_point,
    )


def _verdict(flash_bytes: int, graph: Graph, measured: Measured, target: Target) -> TargetVerdict:
    arena_bytes = measured.arena.total_bytes if measured.arena else None
    uses = [Use("flash", flash_bytes, int(target.flash))]
    if arena_bytes is not None:
        uses.append(Use("arena", arena_bytes, int(target.sram)))
    reasons = [str(use) for use in uses if use.over > 0] + ([measured.refusal] if measured.refusal else [])
    latency = estimate(graph, target) if not measured.refusal else Latency(None, "TFLM does not run it")
    return TargetVerdict(
        verdict=DOES_NOT_FIT if reasons else FITS,
        reasons=reasons,
        flash_used_bytes=flash_bytes,
        flash_had_bytes=int(target.flash),
        arena_used_bytes=arena_bytes,
        arena_had_bytes=int(target.sram),
        latency_ms=latency.latency_ms,
        latency_source=latency.source,
        latency_basis=latency.basis,
    )


def _notes(graph: Graph) -> list[str]:
    """What the numbers leave out."""
    notes = []
    if any(operator.kind == "WHILE" and operator.steps is None for operator in graph.operators):
        notes.append("a loop's number of steps is not known: its MACs are those of one step")
    if any(tensor.signature[:1] == (-1,) for tensor in graph.main.of(graph.main.inputs)):
        notes.append("the batch axis is open: every number is of one sample")
    return notes
