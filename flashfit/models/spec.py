"""An architecture as a frozen, serialisable value: the same spec always builds the same Keras model."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Positive = Annotated[int, Field(gt=0)]


class _Layer(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Conv(_Layer):
    """A square convolution with "same" padding, batch normalisation and ReLU."""

    kind: Literal["conv"] = "conv"
    filters: Positive
    kernel: Positive
    stride: Positive = 1


class Separable(_Layer):
    """A depthwise, then a pointwise convolution, each with batch normalisation and ReLU."""

    kind: Literal["separable"] = "separable"
    filters: Positive
    kernel: Positive
    stride: Positive = 1


class GlobalAverage(_Layer):
    """The mean over height and width."""

    kind: Literal["global_average"] = "global_average"


class Flatten(_Layer):
    """All values in one row."""

    kind: Literal["flatten"] = "flatten"


class Dense(_Layer):
    """A fully connected layer with ReLU."""

    kind: Literal["dense"] = "dense"
    units: Positive


class Dropout(_Layer):
    """Active in training only; costs nothing on the board."""

    kind: Literal["dropout"] = "dropout"
    rate: float = Field(ge=0, lt=1)


Layer = Annotated[Conv | Separable | GlobalAverage | Flatten | Dense | Dropout, Field(discriminator="kind")]


class Spec(BaseModel):
    """A classifier's body. Its head, a dense layer of `classes` units with softmax, is implied.

    input_shape: (height, width, channels).
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    family: str
    input_shape: tuple[Positive, Positive, Positive]
    classes: int = Field(ge=2)
    layers: tuple[Layer, ...]

    def __str__(self) -> str:
        return f"{self.family}: {' - '.join(_brief(layer) for layer in self.layers if layer.kind != 'dropout')}"


def _brief(layer: Layer) -> str:
    match layer:
        case Conv() | Separable():
            stride = f"/{layer.stride}" if layer.stride > 1 else ""
            return f"{layer.kind} {layer.filters}x{layer.kernel}{stride}"
        case Dense():
            return f"dense {layer.units}"
        case _:
            return layer.kind.replace("_", " ")
