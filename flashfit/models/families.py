"""The families and their search spaces: each asks a chooser for numbers and answers with a spec.

The chooser is Optuna's trial in the study, and any object with these two methods elsewhere.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Protocol

from flashfit.models.spec import Conv, Dense, Dropout, Flatten, GlobalAverage, Layer, Separable, Spec

Shape = tuple[int, int, int]


class Chooser(Protocol):
    """What a family needs to choose its numbers."""

    def suggest_int(self, name: str, low: int, high: int, *, step: int = 1) -> int: ...

    def suggest_categorical(self, name: str, choices: Sequence[int | str | float]) -> int | str | float: ...


def suggest(family: str, chooser: Chooser, input_shape: Shape, classes: int, dropout: float) -> Spec:
    """A spec of the named family, its numbers asked of chooser. dropout: rate before the head, in [0, 1)."""
    layers = (*FAMILIES[family](chooser, input_shape), Dropout(rate=dropout))
    return Spec(family=family, input_shape=input_shape, classes=classes, layers=layers)


def _dense(chooser: Chooser, input_shape: Shape) -> Iterator[Layer]:
    depth = chooser.suggest_int("dense_depth", 1, 3)
    yield Flatten()
    for index in range(depth):
        yield Dense(units=chooser.suggest_int(f"dense_units_{index}", 8, 96, step=8))


def _conv(chooser: Chooser, input_shape: Shape) -> Iterator[Layer]:
    kernel = 3 if min(input_shape[:2]) < 16 else chooser.suggest_int("conv_kernel", 3, 5, step=2)
    depth = chooser.suggest_int("conv_depth", 1, _most_halvings(input_shape))
    for index in range(depth):
        filters = chooser.suggest_int(f"conv_filters_{index}", 4, 32, step=4)
        yield Conv(filters=filters, kernel=kernel, stride=1 if index == 0 else 2)
    yield _pooling(chooser, "conv")


def _separable(chooser: Chooser, input_shape: Shape) -> Iterator[Layer]:
    yield Conv(filters=chooser.suggest_int("separable_stem", 4, 24, step=4), kernel=3)
    depth = chooser.suggest_int("separable_depth", 1, _most_halvings(input_shape))
    for index in range(depth):
        filters = chooser.suggest_int(f"separable_filters_{index}", 8, 48, step=8)
        yield Separable(filters=filters, kernel=3, stride=1 if index == 0 else 2)
    yield _pooling(chooser, "separable")


def _pooling(chooser: Chooser, family: str) -> Layer:
    chosen = chooser.suggest_categorical(f"{family}_pooling", ("global_average", "flatten"))
    return GlobalAverage() if chosen == "global_average" else Flatten()


def _most_halvings(input_shape: Shape) -> int:
    """Layers that may halve a picture before less than 2 × 2 is left of it; at most 5."""
    return max(2, min(5, min(input_shape[:2]).bit_length() - 1))


FAMILIES: dict[str, Callable[[Chooser, Shape], Iterator[Layer]]] = {
    "dense": _dense,
    "conv": _conv,
    "separable": _separable,
}
