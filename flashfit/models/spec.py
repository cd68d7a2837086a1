"""An architecture as a frozen, serialisable value: the same spec always builds the same Keras model."""

from math import prod
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from flashfit.models.planned import PlannedOperator
from flashfit.params.section import Positive, Rate, Sha256

Shape = tuple[Positive, Positive, Positive]
"""Height, width, channels."""

Size = Positive | tuple[Positive, Positive]
"""Height and width; one number is both."""


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Classes(_Value):
    """Probabilities of `count` classes: a dense layer with softmax."""

    kind: Literal["classes"] = "classes"
    count: int = Field(ge=2)


class Regression(_Value):
    """One number: a linear unit."""

    kind: Literal["regression"] = "regression"


class Reconstruction(_Value):
    """The input, flattened, over again: a linear dense layer."""

    kind: Literal["reconstruction"] = "reconstruction"


Head = Annotated[Classes | Regression | Reconstruction, Field(discriminator="kind")]


class Conv(_Value):
    """A convolution with "same" padding, batch normalisation and ReLU; with dilation the stride is 1."""

    kind: Literal["conv"] = "conv"
    filters: Positive
    kernel: Size
    stride: Size = 1
    dilation: Size = 1

    @model_validator(mode="after")
    def _strides_or_dilates(self) -> "Conv":
        _refuse_both(self.stride, self.dilation)
        return self


class Separable(_Value):
    """A depthwise, then a pointwise convolution, each with batch normalisation and ReLU.

    TensorFlow's depthwise kernel strides alike in both directions.
    """

    kind: Literal["separable"] = "separable"
    filters: Positive
    kernel: Size
    stride: Positive = 1


class Residual(_Value):
    """Two convolutions, the first strided, and their input added before the last ReLU (He et al., 2015).

    The input goes through a strided 1 × 1 convolution where its shape is not the output's.
    """

    kind: Literal["residual"] = "residual"
    filters: Positive
    kernel: Size
    stride: Size = 1
    dilation: Size = 1

    @model_validator(mode="after")
    def _strides_or_dilates(self) -> "Residual":
        _refuse_both(self.stride, self.dilation)
        return self


class Pool(_Value):
    """The average or the maximum of each field of `size`, which do not overlap."""

    kind: Literal["pool"] = "pool"
    of: Literal["average", "max"]
    size: Size


class GlobalAverage(_Value):
    """The mean over height and width."""

    kind: Literal["global_average"] = "global_average"


class Flatten(_Value):
    """All values in one row."""

    kind: Literal["flatten"] = "flatten"


class Dense(_Value):
    """A fully connected layer with ReLU."""

    kind: Literal["dense"] = "dense"
    units: Positive


class Dropout(_Value):
    """Active in training only; costs nothing on the board."""

    kind: Literal["dropout"] = "dropout"
    rate: float = Field(ge=0, lt=1)


class Recurrent(_Value):
    """An LSTM or GRU over height: (steps, width, channels) is read as steps of width × channels values.

    Leaves the units after the last step, or with `sequence` after every step: (steps, 1, units).
    """

    kind: Literal["recurrent"] = "recurrent"
    cell: Literal["lstm", "gru"]
    units: Positive
    sequence: bool = False


class Backbone(_Value):
    """A trained network's layers up to `cut`; with `frozen`, that share of the epochs trains only what follows.

    path, sha256: the .keras file. operators: what the layers become on the board.
    """

    kind: Literal["backbone"] = "backbone"
    path: str
    sha256: Sha256
    cut: str
    input_shape: Shape
    output_shape: Shape
    frozen: Rate = 1.0
    operators: tuple[PlannedOperator, ...]


Layer = Annotated[
    Conv | Separable | Residual | Pool | GlobalAverage | Flatten | Dense | Dropout | Recurrent | Backbone,
    Field(discriminator="kind"),
]


class Spec(_Value):
    """A network's body and its head. input_shape: (height, width, channels)."""

    family: str
    input_shape: Shape
    head: Head
    layers: tuple[Layer, ...]

    @property
    def outputs(self) -> int:
        """How many numbers the network answers with."""
        match self.head:
            case Classes(count=count):
                return count
            case Regression():
                return 1
            case Reconstruction():
                return prod(self.input_shape)

    @property
    def backbone(self) -> Backbone | None:
        """The layer that brings weights with it, which is the first."""
        first = self.layers[0] if self.layers else None
        return first if isinstance(first, Backbone) else None

    def __str__(self) -> str:
        return f"{self.family}: {' - '.join(_brief(layer) for layer in self.layers if layer.kind != 'dropout')}"


def pair(size: Size) -> tuple[int, int]:
    """Height and width of a size."""
    return (size, size) if isinstance(size, int) else size


def _refuse_both(stride: Size, dilation: Size) -> None:
    if pair(stride) != (1, 1) and pair(dilation) != (1, 1):
        raise ValueError(f"a convolution has a stride or a dilation, not both (got {stride} and {dilation})")


def _brief(layer: Layer) -> str:
    match layer:
        case Conv() | Residual():
            return f"{layer.kind} {layer.filters}x{_sides(layer.kernel)}{_step(layer.stride)}{_gaps(layer.dilation)}"
        case Separable():
            return f"{layer.kind} {layer.filters}x{_sides(layer.kernel)}{_step(layer.stride)}"
        case Pool():
            return f"{layer.of} pool {_sides(layer.size)}"
        case Dense():
            return f"dense {layer.units}"
        case Recurrent():
            return f"{layer.cell} {layer.units}"
        case Backbone():
            return f"{Path(layer.path).stem} to {layer.cut}"
        case _:
            return layer.kind.replace("_", " ")


def _sides(size: Size) -> str:
    return str(size) if isinstance(size, int) else "x".join(map(str, size))


def _step(stride: Size) -> str:
    return "" if pair(stride) == (1, 1) else f"/{_sides(stride)}"


def _gaps(dilation: Size) -> str:
    return "" if pair(dilation) == (1, 1) else f"@{_sides(dilation)}"
