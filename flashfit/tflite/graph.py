"""What a .tflite says of itself: tensors, and operators in the order they run."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from math import prod

from pydantic import TypeAdapter


@dataclass(frozen=True)
class GraphTensor:
    """A tensor as the file describes it; a stranger's shape may hold any int32.

    dtype: as in the schema, in lower case. signature: the shape with -1 where it is open, or (). scale,
    zero_point: of the whole tensor, or of its first channel; None where it has none. constant_bytes: of its value
    in the file. variable: keeps its value from one inference to the next.
    """

    name: str
    dtype: str
    shape: tuple[int, ...]
    signature: tuple[int, ...] = ()
    scale: float | None = None
    zero_point: int | None = None
    constant_bytes: int = 0
    variable: bool = False

    @property
    def sizes(self) -> list[int]:
        """The shape, with 1 where an axis is open."""
        return [size if size >= 0 else 1 for size in self.shape]

    @property
    def elements(self) -> int:
        """How many values it holds; an open axis counts as one."""
        return prod(self.sizes)

    @property
    def bytes(self) -> int:
        """How many bytes its values take in memory; 0 for a type that TFLM has no size for."""
        return (self.elements * _BITS.get(self.dtype, 0) + 7) // 8

    @property
    def is_activation(self) -> bool:
        """Whether TFLM plans a place for it in the arena's head."""
        return not self.constant_bytes and not self.variable


@dataclass(frozen=True)
class GraphOperator:
    """One operator. kind: a builtin's name in the schema, or a custom operator's own.

    inputs, outputs: indices of its subgraph's tensors, -1 for an optional one left out. subgraphs: those it runs.
    steps: how often it runs them, where its condition says so.
    """

    kind: str
    custom: bool
    version: int
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    subgraphs: tuple[int, ...] = ()
    steps: int | None = None


@dataclass(frozen=True)
class Subgraph:
    """Tensors, and the operators on them. inputs, outputs: indices of tensors."""

    tensors: tuple[GraphTensor, ...]
    operators: tuple[GraphOperator, ...]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]

    def of(self, indices: tuple[int, ...]) -> list[GraphTensor]:
        """The tensors at those indices, without optional ones left out."""
        return [self.tensors[index] for index in indices if index >= 0]


@dataclass(frozen=True)
class Graph:
    """A whole model. Every index in it lies inside what it points into; nothing else is promised."""

    schema_version: int
    subgraphs: tuple[Subgraph, ...]

    @property
    def main(self) -> Subgraph:
        """The subgraph that runs; the others are parts of its loops and branches."""
        return self.subgraphs[0]

    @property
    def operators(self) -> Iterator[GraphOperator]:
        """Those of all subgraphs."""
        return (operator for subgraph in self.subgraphs for operator in subgraph.operators)


@cache
def graph_as_json() -> TypeAdapter[Graph]:
    """What writes and reads a graph as JSON."""
    return TypeAdapter(Graph)


_BITS = {
    **dict.fromkeys(("bool", "int8", "uint8", "float8_e4m3fn", "float8_e5m2"), 8),
    **dict.fromkeys(("int16", "uint16", "float16", "bfloat16"), 16),
    **dict.fromkeys(("int32", "uint32", "float32", "resource"), 32),
    **dict.fromkeys(("int64", "uint64", "float64", "complex64"), 64),
    **dict.fromkeys(("int4", "uint4"), 4),
    "int2": 2,
    "complex128": 128,
}
