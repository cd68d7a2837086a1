"""How often and how far TFLM, LiteRT's default and LiteRT's reference kernels disagree about a model."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from flashfit.errors import DataError
from flashfit.runtime.tensor import Tensor, real_values
from flashfit.tflite.answering import answering
from flashfit.tflite.limits import CHILD_TIMEOUT_S
from flashfit.tflite.runtimes import RUNTIME_NAMES, Answered, Runtime
from flashfit.tflite.samples import block_rows, check_x, stored

PAIRS: tuple[tuple[Runtime, Runtime], ...] = (
    ("tflm", "litert"),
    ("tflm", "litert_reference"),
    ("litert", "litert_reference"),
)


Decide = Callable[[NDArray[Any], NDArray[Any], Tensor], NDArray[Any]]
"""From inputs as given and stored outputs, (rows, …) each, and what the outputs mean, to answers, (rows,)."""


class Difference(BaseModel):
    """Two runtimes beside each other, on n samples.

    flips: samples that they answer otherwise, None where a model measures and decides nothing. exact: samples whose
    outputs are alike bit for bit. max_lsb: the largest difference of an output in steps of its quantization, None
    where outputs are floats. max_difference: the same in real values.
    """

    model_config = ConfigDict(frozen=True)

    one: Runtime
    other: Runtime
    n: int
    flips: int | None
    exact: int
    max_lsb: int | None
    max_difference: float

    def in_words(self) -> str:
        """`TFLM and LiteRT: 7 of 1,000 answers flipped, 66.7 % bit-exact, 22 LSB at most`."""
        flips = f"{self.n:,} answers" if self.flips is None else f"{self.flips:,} of {self.n:,} answers flipped"
        far = f"{self.max_difference:.2g}" if self.max_lsb is None else f"{self.max_lsb:,} LSB"
        names = f"{RUNTIME_NAMES[self.one]} and {RUNTIME_NAMES[self.other]}"
        return f"{names}: {flips}, {100 * self.exact / self.n:.1f} % bit-exact, {far} at most"


class Divergence(BaseModel):
    """Every pair of runtimes on the same n samples."""

    model_config = ConfigDict(frozen=True)

    n: int
    pairs: tuple[Difference, ...]

    def in_words(self) -> str:
        """One paragraph; TFLM, which ships, comes first."""
        return "; ".join(pair.in_words() for pair in self.pairs) + "."


def classes(inputs: NDArray[Any], outputs: NDArray[Any], output: Tensor) -> NDArray[np.int64]:
    """What a classification model decides, whatever went in: see `answers`."""
    return answers(outputs, output)


def diverge(
    tflite: bytes,
    inputs: NDArray[Any],
    name: str = "the model",
    limit_s: float = CHILD_TIMEOUT_S,
    decide: Decide | None = classes,
) -> Divergence:
    """Run inputs, (n, …) floats or of the input's own type, on all three. At least one is needed.

    name: of the model, for messages. limit_s: for loading, and for each sample. decide: None for a model that decides
    nothing. Raises as `answering` does.
    """
    if not len(inputs):
        raise DataError(f"no inputs to compare {name}'s answers on")
    with answering(tflite, name, limit_s=limit_s) as runtimes:
        input_, output = runtimes.interface.input, runtimes.interface.output
        check_x("inputs", inputs.shape, inputs.dtype, runtimes.interface)
        step = block_rows(inputs[:1].nbytes)
        found: tuple[Difference, ...] = ()
        for start in range(0, len(inputs), step):
            block = inputs[start : start + step]
            answered = runtimes.answer(stored("inputs", block, start, input_))
            said = _decisions(answered, block, output, decide)
            found = joined(found, differences(answered, output, said))
    return Divergence(n=len(inputs), pairs=found)


def answers(outputs: NDArray[np.generic], output: Tensor) -> NDArray[np.int64]:
    """The class of each sample, (n,): the largest output's index, the first of equal ones.

    outputs: (n, …) stored values. A single output is how likely class 1 is: it is the answer from 0.5 on.
    """
    rows = outputs.reshape(len(outputs), -1)
    if rows.shape[1] == 1:
        return (real_values(rows[:, 0], output) >= 0.5).astype(np.int64)
    largest: NDArray[np.int64] = rows.argmax(axis=1).astype(np.int64)
    return largest


def differences(
    answered: Mapping[Runtime, Answered], output: Tensor, said: Mapping[Runtime, NDArray[Any]] | None
) -> tuple[Difference, ...]:
    """Of every pair, on one block. said: each runtime's answers, (rows,), where there are any."""
    return tuple(_difference(one, other, answered, output, said) for one, other in PAIRS)


def joined(first: tuple[Difference, ...], second: tuple[Difference, ...]) -> tuple[Difference, ...]:
    """Of two sets of samples, of one; nothing joins with anything."""
    return tuple(_both(first, second)) if first else second


def _decisions(
    answered: Mapping[Runtime, Answered], inputs: NDArray[Any], output: Tensor, decide: Decide | None
) -> dict[Runtime, NDArray[Any]] | None:
    if decide is None:
        return None
    return {runtime: decide(inputs, each.outputs, output) for runtime, each in answered.items()}


def _difference(
    one: Runtime,
    other: Runtime,
    answered: Mapping[Runtime, Answered],
    output: Tensor,
    said: Mapping[Runtime, NDArray[Any]] | None,
) -> Difference:
    ours, theirs = answered[one].outputs, answered[other].outputs
    apart = np.abs(ours.astype(np.float64) - theirs.astype(np.float64)).reshape(len(ours), -1)
    is_float = output.dtype == "float32"
    return Difference(
        one=one,
        other=other,
        n=len(ours),
        flips=None if said is None else int(np.sum(said[one] != said[other])),
        exact=int(np.sum(apart.max(axis=1) == 0)),
        max_lsb=None if is_float else int(apart.max()),
        max_difference=float(apart.max()) * output.scale,
    )


def _both(first: tuple[Difference, ...], second: tuple[Difference, ...]) -> Iterator[Difference]:
    for one, two in zip(first, second, strict=True):
        lsbs = [pair.max_lsb for pair in (one, two) if pair.max_lsb is not None]
        yield Difference(
            one=one.one,
            other=one.other,
            n=one.n + two.n,
            flips=None if one.flips is None or two.flips is None else one.flips + two.flips,
            exact=one.exact + two.exact,
            max_lsb=max(lsbs, default=None),
            max_difference=max(one.max_difference, two.max_difference),
        )
