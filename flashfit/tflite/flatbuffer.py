"""A stranger's flatbuffer as a Graph, with every length and index checked. Run in child processes only."""

import struct
from collections.abc import Iterator
from typing import Any

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from flashfit.errors import DataError
from flashfit.tflite.graph import Graph, GraphOperator, GraphTensor, Subgraph

MOST_ENTRIES = 2_000_000
"""Of all vectors together: tensors, axes, operators, operands. Read in some ten seconds."""

_MOST_AXES = 16
_DEEPEST = 16  # subgraphs within subgraphs
_MOST_NAME_CHARACTERS = 200
_LETTERS_PER_ENTRY = 64  # names as long as the file, all at the same place, take their time too
_TYPE_NAMES = {code: name.lower() for name, code in vars(schema.TensorType).items() if isinstance(code, int)}
_KINDS = {code: name for name, code in vars(schema.BuiltinOperator).items() if isinstance(code, int)}
_DAMAGE = (struct.error, ValueError, TypeError, IndexError, AttributeError, OverflowError, RecursionError)


def read_flatbuffer(tflite: bytes) -> Graph:
    """The graph that the bytes describe. Raises DataError, without a subject, for damage."""
    try:
        return _Reader(tflite).graph()
    except _DAMAGE:  # what flatbuffers raises where an offset leads out of the file
        raise _damaged("an offset leads out of the file") from None
    except MemoryError:
        raise _damaged("what it describes takes more memory than there is") from None


def _damaged(how: str) -> DataError:
    return DataError(f"is cut short or damaged: {how}")


class _Reader:
    """Reads one model, and counts what it reads: a small file may describe the same table a million times."""

    def __init__(self, tflite: bytes) -> None:
        self._tflite, self._entries = tflite, 0
        self._model = schema.Model.GetRootAs(tflite, 0)

    def graph(self) -> Graph:
        count = self._count(self._model.SubgraphsLength(), "subgraphs")
        if not count:
            raise _damaged("it holds no subgraph")
        self._codes = list(self._operator_codes())
        self._buffers = self._count(self._model.BuffersLength(), "buffers")
        self._subgraphs = [self._model.Subgraphs(index) for index in range(count)]
        graph = Graph(self._model.Version(), tuple(map(self._subgraph, range(count))))
        _check_nesting(graph)
        return graph

    def _count(self, length: int, what: str, bytes_each: int = 4) -> int:
        """A vector's length, if its entries can lie in the file."""
        if length * bytes_each > len(self._tflite):
            raise _damaged(f"it promises {length:,} {what} in {len(self._tflite):,} B")
        self._entries += length
        if self._entries > MOST_ENTRIES:
            raise DataError(f"describes more than {MOST_ENTRIES:,} entries, the most that are read")
        return int(length)

    def _operator_codes(self) -> Iterator[tuple[str, bool, int]]:
        for index in range(self._count(self._model.OperatorCodesLength(), "operator codes")):
            code = self._model.OperatorCodes(index)
            number = max(code.BuiltinCode(), code.DeprecatedBuiltinCode())
            kind, custom = _KINDS.get(number, f"BUILTIN_{number}"), number == schema.BuiltinOperator.CUSTOM
            yield self._text(code.CustomCode()) if custom else kind, custom, code.Version()

    def _subgraph(self, number: int) -> Subgraph:
        table = self._subgraphs[number]
        tensors = tuple(
            self._tensor(table.Tensors(index)) for index in range(self._count(table.TensorsLength(), "tensors"))
        )
        operators = tuple(
            self._operator(table.Operators(index), f"operator {index} of subgraph {number}", len(tensors))
            for index in range(self._count(table.OperatorsLength(), "operators"))
        )
        name = f"subgraph {number}"
        inputs = self._indices(table.InputsLength(), table.InputsAsNumpy, len(tensors), name, least=0)
        outputs = self._indices(table.OutputsLength(), table.OutputsAsNumpy, len(tensors), name, least=0)
        return Subgraph(tensors, operators, inputs, outputs)

    def _tensor(self, table: Any) -> GraphTensor:
        code = table.Type()
        scale, zero_point = self._quantization(table.Quantization())
        return GraphTensor(
            name=self._text(table.Name()),
            dtype=_TYPE_NAMES.get(code, f"type {code}"),
            shape=self._axes(table.ShapeLength(), table.ShapeAsNumpy),
            signature=self._axes(table.ShapeSignatureLength(), table.ShapeSignatureAsNumpy),
            scale=scale,
            zero_point=zero_point,
            constant_bytes=self._constant_bytes(table.Buffer()),
            variable=bool(table.IsVariable()),
        )

    def _axes(self, length: int, values: Any) -> tuple[int, ...]:
        if length > _MOST_AXES:
            raise _damaged(f"a tensor has {length:,} axes")
        return tuple(values().tolist()) if self._count(length, "axes") else ()

    def _quantization(self, table: Any) -> tuple[float | None, int | None]:
        if table is None or not table.ScaleLength():
            return None, None
        return float(table.Scale(0)), int(table.ZeroPoint(0)) if table.ZeroPointLength() else 0

    def _constant_bytes(self, buffer: int) -> int:
        if buffer >= self._buffers:
            raise _damaged(f"a tensor's value lies in buffer {buffer:,} of {self._buffers:,}")
        table = self._model.Buffers(buffer)
        return max(table.DataLength(), table.Size()) if buffer else 0  # the first is empty, by the schema

    def _operator(self, table: Any, name: str, tensors: int) -> GraphOperator:
        code = table.OpcodeIndex()
        if code >= len(self._codes):
            raise _damaged(f"{name} is of code {code:,} of {len(self._codes):,}")
        kind, custom, version = self._codes[code]
        inputs = self._indices(table.InputsLength(), table.InputsAsNumpy, tensors, name)
        outputs = self._indices(table.OutputsLength(), table.OutputsAsNumpy, tensors, name)
        subgraphs = self._called(kind, table, name)
        steps = self._steps(subgraphs[0]) if kind == "WHILE" and subgraphs else None
        return GraphOperator(kind, custom, version, inputs, outputs, subgraphs, steps)

    def _indices(self, length: int, values: Any, tensors: int, name: str, least: int = -1) -> tuple[int, ...]:
        if not self._count(length, "operands"):
            return ()
        indices = values()
        if indices.min() < least or indices.max() >= tensors:
            raise _damaged(f"{name} uses a tensor that is not among its {tensors:,}")
        return tuple(indices.tolist())

    def _called(self, kind: str, table: Any, name: str) -> tuple[int, ...]:
        """The subgraphs that an operator runs: a loop's condition and body, a branch's two ways."""
        options, wanted = table.BuiltinOptions(), _CALLERS.get(kind)
        if wanted is None:
            return ()
        if options is None or table.BuiltinOptionsType() != wanted[0]:
            raise _damaged(f"{name}, a {kind}, does not say which subgraph it runs")
        described = wanted[1]()
        described.Init(options.Bytes, options.Pos)
        called = tuple(int(getattr(described, which)()) for which in wanted[2])
        if any(not 0 <= index < len(self._subgraphs) for index in called):
            raise _damaged(f"{name} runs a subgraph that is not among its {len(self._subgraphs):,}")
        return called

    def _steps(self, condition: int) -> int | None:
        """How often a loop runs whose condition is that a counter from 0 is LESS than a constant."""
        table = self._subgraphs[condition]
        comparing = table.Operators(0) if table.OperatorsLength() == 1 else None
        if comparing is None or comparing.InputsLength() != 2 or self._codes[comparing.OpcodeIndex()][0] != "LESS":
            return None
        limit = table.Tensors(comparing.Inputs(1))
        buffer = self._model.Buffers(limit.Buffer())
        if limit.Type() != schema.TensorType.INT32 or buffer.DataLength() != 4:
            return None
        return max(0, int(np.frombuffer(buffer.DataAsNumpy().tobytes(), "<i4")[0]))

    def _text(self, raw: bytes | None) -> str:
        """A name fit to be shown: what a terminal would obey is left out."""
        raw = raw or b""
        self._count(len(raw) // _LETTERS_PER_ENTRY, "letters", bytes_each=0)
        text = raw[:_MOST_NAME_CHARACTERS].decode(errors="replace")
        return "".join(letter if letter.isprintable() else "?" for letter in text)


def _check_nesting(graph: Graph) -> None:
    """Raise DataError where subgraphs run each other in a circle, or too deep to follow."""
    depths: dict[int, int] = {}

    def depth(number: int, above: int) -> int:
        if above > _DEEPEST:
            raise _damaged(f"its subgraphs run each other in a circle, or more than {_DEEPEST} deep")
        if number not in depths:
            called = {inner for operator in graph.subgraphs[number].operators for inner in operator.subgraphs}
            depths[number] = 1 + max((depth(inner, above + 1) for inner in called), default=0)
        if above + depths[number] > _DEEPEST + 1:
            raise _damaged(f"its subgraphs run each other more than {_DEEPEST} deep")
        return depths[number]

    for number in range(len(graph.subgraphs)):
        depth(number, 0)


_OPTIONS = schema.BuiltinOptions
_CALLERS: dict[str, tuple[int, Any, tuple[str, ...]]] = {
    "WHILE": (_OPTIONS.WhileOptions, schema.WhileOptions, ("CondSubgraphIndex", "BodySubgraphIndex")),
    "IF": (_OPTIONS.IfOptions, schema.IfOptions, ("ThenSubgraphIndex", "ElseSubgraphIndex")),
    "CALL_ONCE": (_OPTIONS.CallOnceOptions, schema.CallOnceOptions, ("InitSubgraphIndex",)),
}
