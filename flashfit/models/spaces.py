"""The search space of each family: what it asks, and the layers that the answers make.

Spaces widen with the input: what is large is strided early, so that its activations fit tens of KiB.
An input one wide is a line, such as a window of sensor rows, and its kernels are one wide too; one of
(1, 1, n) is a vector.
"""

from collections.abc import Iterator, Sequence
from math import ceil, isqrt, prod
from typing import Literal, Protocol

from flashfit.models.spec import (
    Backbone,
    Conv,
    Dense,
    Flatten,
    GlobalAverage,
    Layer,
    Pool,
    Recurrent,
    Residual,
    Separable,
    Shape,
    Size,
)

LEAST_STEPS = 4
_LARGE_PIXELS = 400  # from 20 × 20 on, full resolution costs too much of a small arena
_VERY_LARGE_PIXELS = 1600
_LONG_ROWS = 64
_DENSE_INPUTS = 1024  # 8 units on more would take half of a 16 KiB flash


class Chooser(Protocol):
    """What a family needs to choose its numbers."""

    def suggest_int(self, name: str, low: int, high: int, *, step: int = 1) -> int: ...

    def suggest_categorical(self, name: str, choices: Sequence[int | str | float]) -> int | str | float: ...


def dense(chooser: Chooser, input_shape: Shape) -> Iterator[Layer]:
    """Fully connected layers; none at all is a linear model, which vectors and short lines are often best served by."""
    height, width, _ = input_shape
    short = width == 1 and height < _LONG_ROWS
    depth = chooser.suggest_int("dense_depth", 0 if short else 1, 3)
    if height * width > 1 and prod(input_shape) > _DENSE_INPUTS:
        yield _thinned(input_shape)
    yield Flatten()
    for index in range(depth):
        yield Dense(units=chooser.suggest_int(f"dense_units_{index}", 8, 96, step=8))


def conv(chooser: Chooser, input_shape: Shape) -> Iterator[Layer]:
    """Convolutions, each at half the resolution of the one before; large inputs end in up to two more."""
    large = _is_large(input_shape)
    kernel = _kernel(chooser, "conv", input_shape)
    stride = _first_stride(chooser, "conv", input_shape)
    depth = _halvings(chooser, "conv_depth", 5, input_shape, stride)
    for index in range(depth):
        filters = chooser.suggest_int(f"conv_filters_{index}", 4, 48 if large and index else 32, step=4)
        yield Conv(filters=filters, kernel=kernel, stride=2 if index else stride)
    for _ in range(chooser.suggest_int("conv_more", 0, 2) if large else 0):
        yield Conv(filters=filters, kernel=kernel)
    yield _pooling(chooser, "conv")


def separable(chooser: Chooser, input_shape: Shape) -> Iterator[Layer]:
    """A convolution, then depthwise separable ones (DS-CNN; Zhang et al., 2017, "Hello Edge")."""
    if _is_large(input_shape):
        yield from _large_separable(chooser, input_shape)
        return
    kernel = _along((3, 3), input_shape)
    yield Conv(filters=chooser.suggest_int("separable_stem", 4, 24, step=4), kernel=kernel)
    depth = _halvings(chooser, "separable_depth", 5, input_shape)
    for index in range(depth):
        filters = chooser.suggest_int(f"separable_filters_{index}", 8, 48, step=8)
        yield Separable(filters=filters, kernel=kernel, stride=2 if index else 1)
    yield _pooling(chooser, "separable")


def residual(chooser: Chooser, input_shape: Shape) -> Iterator[Layer]:
    """A convolution, then residual blocks, each but the first at half the resolution of the one before."""
    kernel = _along((3, 3), input_shape)
    stride = _first_stride(chooser, "residual", input_shape)
    yield Conv(filters=chooser.suggest_int("residual_stem", 4, 24, step=4), kernel=kernel, stride=stride)
    depth = _halvings(chooser, "residual_depth", 4, input_shape, stride)
    for index in range(depth):
        filters = chooser.suggest_int(f"residual_filters_{index}", 8, 48, step=8)
        yield Residual(filters=filters, kernel=kernel, stride=2 if index else 1)
    yield _pooling(chooser, "residual")


def temporal(chooser: Chooser, input_shape: Shape) -> Iterator[Layer]:
    """Residual blocks over time, each reaching twice as far as the one before (TCN; Bai et al., 2018).

    The first convolution spans the whole width: a spectrum becomes channels (TC-ResNet; Choi et al., 2019).
    """
    height, width, _ = input_shape
    kernel = chooser.suggest_int("temporal_kernel", 3, 7 if height >= _LONG_ROWS else 5, step=2)
    stride = _time_stride(chooser, "temporal", height)
    filters = chooser.suggest_int("temporal_filters", 8, 48, step=8)
    yield Conv(filters=filters, kernel=(kernel, width), stride=(stride, width))
    depth = _doublings(chooser, "temporal_depth", ceil(height / stride), kernel)
    for index in range(depth):
        yield Residual(filters=filters, kernel=(kernel, 1), dilation=(2**index, 1))
    yield _pooling(chooser, "temporal")


def recurrent(chooser: Chooser, input_shape: Shape) -> Iterator[Layer]:
    """One or two LSTMs, or a GRU, over rows; of long inputs, over the average of each few.

    A GRU is a loop on the board, which converts only once in a network: see flashfit.quantize.recurrent.
    """
    step = _time_stride(chooser, "recurrent", input_shape[0])
    if step > 1:
        yield Pool(of="average", size=(step, 1))
    cell = _cell(chooser, "recurrent")
    depth = chooser.suggest_int("recurrent_depth", 1, 2) if cell == "lstm" else 1
    for index in range(depth):
        units = chooser.suggest_int(f"recurrent_units_{index}", 8, 48, step=8)
        yield Recurrent(cell=cell, units=units, sequence=index < depth - 1)


def hybrid(chooser: Chooser, input_shape: Shape) -> Iterator[Layer]:
    """One or two strided convolutions, then a recurrent layer over the rows they leave (CRNN; "Hello Edge")."""
    kernel = _stem_kernel(chooser, "hybrid", input_shape)
    depth = chooser.suggest_int("hybrid_depth", 1, 2)
    for index in range(depth):
        filters = chooser.suggest_int(f"hybrid_filters_{index}", 4, 24, step=4)
        yield Conv(filters=filters, kernel=_along((3, 3), input_shape) if index else kernel, stride=2)
    cell = _cell(chooser, "hybrid")
    yield Recurrent(cell=cell, units=chooser.suggest_int("hybrid_units", 8, 48, step=8))


def autoencoder(chooser: Chooser, _: Shape) -> Iterator[Layer]:
    """Dense layers down to a short code and up again, the same on both sides."""
    yield Flatten()
    first = chooser.suggest_int("autoencoder_units", 8, 64, step=8)
    sides = (first, first // 2) if chooser.suggest_int("autoencoder_depth", 1, 2) == 2 else (first,)
    code = chooser.suggest_int("autoencoder_code", 2, 16, step=2)
    for units in (*sides, code, *reversed(sides)):
        yield Dense(units=units)


def transfer(backbones: Sequence[Backbone], chooser: Chooser, _: Shape) -> Iterator[Layer]:
    """One of the backbones, frozen for a share of the training, then at most one dense layer."""
    backbone = backbones[chooser.suggest_int("transfer_cut", 0, len(backbones) - 1)]
    frozen = chooser.suggest_categorical("transfer_frozen", (0.25, 0.5, 0.75, 1.0))
    yield backbone.model_copy(update={"frozen": float(frozen)})
    yield _pooling(chooser, "transfer")
    units = chooser.suggest_int("transfer_units", 0, 64, step=16)
    if units:
        yield Dense(units=units)


def _large_separable(chooser: Chooser, input_shape: Shape) -> Iterator[Layer]:
    """The stem strides; so do as many of the first blocks as the chooser says, and then none."""
    stem, kernel = _stem_kernel(chooser, "separable", input_shape), _along((3, 3), input_shape)
    stride = _first_stride(chooser, "separable", input_shape)
    yield Conv(filters=chooser.suggest_int("separable_stem", 8, 48, step=8), kernel=stem, stride=stride)
    depth = chooser.suggest_int("separable_depth", 1, 6)
    halvings = _halvings(chooser, "separable_halvings", 3, input_shape, stride)
    for index in range(depth):
        filters = chooser.suggest_int(f"separable_filters_{index}", 8, 96, step=8)
        yield Separable(filters=filters, kernel=kernel, stride=2 if index < halvings else 1)
    yield _pooling(chooser, "separable")


def _pooling(chooser: Chooser, family: str) -> Layer:
    chosen = chooser.suggest_categorical(f"{family}_pooling", ("global_average", "flatten"))
    return GlobalAverage() if chosen == "global_average" else Flatten()


def _cell(chooser: Chooser, family: str) -> Literal["lstm", "gru"]:
    return "lstm" if chooser.suggest_categorical(f"{family}_cell", ("lstm", "gru")) == "lstm" else "gru"


def _kernel(chooser: Chooser, family: str, input_shape: Shape) -> Size:
    height, width, _ = input_shape
    side = height if width == 1 else min(height, width)
    largest = 3 if side < 16 else 9 if width == 1 and height >= _LONG_ROWS else 5
    chosen = chooser.suggest_int(f"{family}_kernel", 3, largest, step=2) if largest > 3 else 3
    return _along((chosen, chosen), input_shape)


def _stem_kernel(chooser: Chooser, family: str, input_shape: Shape) -> Size:
    """For pictures and spectrograms also 10 × 4, Hello Edge's: 10 frames of 20 ms hold a syllable."""
    if input_shape[1] == 1 or not _is_large(input_shape):
        return _kernel(chooser, family, input_shape)
    chosen = chooser.suggest_categorical(f"{family}_kernel", ("3x3", "5x5", "10x4"))
    return {"3x3": (3, 3), "5x5": (5, 5)}.get(str(chosen), (10, 4))


def _along(kernel: tuple[int, int], input_shape: Shape) -> Size:
    """A kernel no wider than a line."""
    down, across = kernel
    if input_shape[1] == 1:
        return down, 1
    return down if down == across else kernel


def _first_stride(chooser: Chooser, family: str, input_shape: Shape) -> int:
    height, width, _ = input_shape
    if width == 1:
        return _time_stride(chooser, family, height)
    if not _is_large(input_shape):
        return 1
    least = 2 if height * width >= _VERY_LARGE_PIXELS else 1
    return chooser.suggest_int(f"{family}_first_stride", least, least + 1)


def _time_stride(chooser: Chooser, family: str, rows: int) -> int:
    return chooser.suggest_int(f"{family}_first_stride", 1, 4) if rows >= _LONG_ROWS else 1


def _is_large(input_shape: Shape) -> bool:
    height, width, _ = input_shape
    return height >= _LONG_ROWS if width == 1 else height * width >= _LARGE_PIXELS


def _halvings(chooser: Chooser, name: str, most: int, input_shape: Shape, stride: int = 1) -> int:
    """How often an input is to be halved, which leaves at least 2 a side of it; two are always allowed.

    What is asked depends on the input alone: a chooser learns only about questions that do not change.
    """
    height, width, _ = input_shape
    side = height if width == 1 else min(height, width)
    largest = max(2, min(most, side.bit_length() - 1))
    return min(chooser.suggest_int(name, 1, largest), max(2, (side // stride).bit_length() - 1))


def _doublings(chooser: Chooser, name: str, rows: int, kernel: int) -> int:
    """How many blocks double their reach, before a kernel spans more than the rows there are; 1 to 5."""
    reaching = [depth for depth in range(1, 6) if (kernel - 1) * 2 ** (depth - 1) < rows]
    return min(chooser.suggest_int(name, 1, 5), max(reaching, default=1))


def _thinned(input_shape: Shape) -> Pool:
    """The average over fields so large that a dense layer can follow."""
    times = ceil(prod(input_shape) / _DENSE_INPUTS)
    return Pool(of="average", size=(times, 1) if input_shape[1] == 1 else isqrt(times - 1) + 1)
