"""How right a classification model is on TFLM, which ships, and on LiteRT, where people score by default."""

import os
from collections import Counter
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from flashfit.gates.intervals import wilson
from flashfit.tflite.answering import answering
from flashfit.tflite.divergence import Difference, answers, differences, joined
from flashfit.tflite.interface import Interface
from flashfit.tflite.limits import CHILD_TIMEOUT_S
from flashfit.tflite.runtimes import RUNTIMES, Answered, Report, Runtime
from flashfit.tflite.samples import Samples, blocks, fitting

_MOST_PROCESSES = 8
_SAMPLES_A_PROCESS = 256  # below, a second one takes longer to start than it saves
_MOST_FLIPPED = 20


class Flipped(BaseModel):
    """samples of class y that TFLM and LiteRT answer so."""

    model_config = ConfigDict(frozen=True)

    y: int
    tflm: int
    litert: int
    samples: int


class Score(BaseModel):
    """What `flashfit score --json` prints.

    accuracy_*: share of right answers, with interval_* of 95 % (Wilson). flips: samples that TFLM and LiteRT answer
    otherwise. max_lsb: by how much their outputs differ at most, in steps of the output's quantization; None where
    outputs are floats, and max_difference says it in real values. samples_per_s: of one processor's time, by
    runtime. flipped: the most frequent 20 kinds of flips. pairs: every two runtimes beside each other.
    """

    model_config = ConfigDict(frozen=True)

    accuracy_tflm: float
    accuracy_litert: float
    accuracy_litert_reference: float
    interval_tflm: tuple[float, float]
    interval_litert: tuple[float, float]
    interval_litert_reference: tuple[float, float]
    flips: int
    max_lsb: int | None
    max_difference: float
    n: int
    samples_per_s: dict[Runtime, float]
    flipped: tuple[Flipped, ...]
    pairs: tuple[Difference, ...]


def score(
    tflite: bytes,
    samples: Samples,
    name: str = "the model",
    report: Report = lambda more: None,
    limit_s: float = CHILD_TIMEOUT_S,
) -> Score:
    """Answer every sample on every runtime, a block at a time; counts are all that stays in memory.

    name: of the model, for messages. limit_s: for loading, and for each sample. TFLM's part is shared among the
    processors: its answers do not depend on the samples before. Raises DataError for samples that the model does not
    take, and as `answering` does.
    """
    with answering(tflite, name, _processes(samples.n), limit_s) as runtimes:
        fitting(samples, runtimes.interface)
        tally = Tally(runtimes.interface)
        for x, y in blocks(samples, runtimes.interface.input):
            tally.add(runtimes.answer(x, report), y)
    return tally.score()


@dataclass
class Tally:
    """Counts over the blocks so far."""

    interface: Interface
    n: int = 0
    right: Counter[Runtime] = field(default_factory=Counter)
    cpu_s: dict[Runtime, float] = field(default_factory=lambda: dict.fromkeys(RUNTIMES, 0.0))
    flipped: Counter[tuple[int, int, int]] = field(default_factory=Counter)
    pairs: tuple[Difference, ...] = ()

    def add(self, answered: dict[Runtime, Answered], y: NDArray[np.int64]) -> None:
        """Count a block and its labels, (rows,)."""
        said = {runtime: answers(each.outputs, self.interface.output) for runtime, each in answered.items()}
        for runtime in RUNTIMES:
            self.right[runtime] += int(np.sum(said[runtime] == y))
            self.cpu_s[runtime] += answered[runtime].cpu_s
        flips = said["tflm"] != said["litert"]
        kinds = zip(y[flips].tolist(), said["tflm"][flips].tolist(), said["litert"][flips].tolist(), strict=True)
        self.flipped.update(kinds)
        self.pairs = joined(self.pairs, differences(answered, self.interface.output, said))
        self.n += len(y)

    def score(self) -> Score:
        """Of everything that was added, which is not nothing."""
        first = self.pairs[0]
        share = {runtime: self.right[runtime] / self.n for runtime in RUNTIMES}
        interval = {runtime: wilson(self.right[runtime], self.n) for runtime in RUNTIMES}
        return Score(
            accuracy_tflm=share["tflm"],
            accuracy_litert=share["litert"],
            accuracy_litert_reference=share["litert_reference"],
            interval_tflm=interval["tflm"],
            interval_litert=interval["litert"],
            interval_litert_reference=interval["litert_reference"],
            flips=self.flipped.total(),
            max_lsb=first.max_lsb,
            max_difference=first.max_difference,
            n=self.n,
            samples_per_s={runtime: self.n / max(self.cpu_s[runtime], 1e-9) for runtime in RUNTIMES},
            flipped=tuple(
                Flipped(y=y, tflm=tflm, litert=litert, samples=count)
                for (y, tflm, litert), count in sorted(self.flipped.items(), key=lambda kind: (-kind[1], kind[0]))
            )[:_MOST_FLIPPED],
            pairs=self.pairs,
        )


def _processes(n: int) -> int:
    return max(1, min(len(os.sched_getaffinity(0)), _MOST_PROCESSES, n // _SAMPLES_A_PROCESS))
