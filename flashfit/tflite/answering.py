"""A model's answers on every runtime, a block of samples at a time."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flashfit.errors import DataError
from flashfit.tflite.limits import CHILD_TIMEOUT_S
from flashfit.tflite.runtimes import RUNTIME_NAMES, RUNTIMES, Answered, Report, Runtime, RuntimeProcess


class Answering:
    """All three runtimes with one model loaded; see `answering`."""

    def __init__(self, folder: Path, children: dict[Runtime, list[RuntimeProcess]]) -> None:
        self._folder, self._children = folder, children
        interfaces = [child.interface() for group in children.values() for child in group]
        self.interface = interfaces[0]

    def answer(self, stored: NDArray[Any], report: Report = lambda more: None) -> dict[Runtime, Answered]:
        """What each runtime says of a block, (n, …) of the input's own type, without the batch axis.

        Raises SurroundingsError when the model kills a child, or lets one be silent for its limit; DataError
        where an answer is no number.
        """
        np.save(self._folder / "inputs.npy", stored)
        busy = {runtime: list(_begun(group, len(stored))) for runtime, group in self._children.items()}
        return {runtime: _gathered(runtime, group, report) for runtime, group in busy.items()}


@contextmanager
def answering(
    tflite: bytes, name: str = "the model", tflm_processes: int = 1, limit_s: float = CHILD_TIMEOUT_S
) -> Iterator[Answering]:
    """The model loaded on every runtime, until the block ends.

    name: of the model, for messages. tflm_processes: how many share TFLM's part; samples do not depend on each
    other. limit_s: how long a child may be silent, while it loads and for each sample. Raises DataError for a model
    that cannot be scored or that a runtime refuses, SurroundingsError for one that kills or hangs a child.
    """
    with TemporaryDirectory() as scratch, ExitStack() as stack:
        folder = Path(scratch)
        (folder / "model.tflite").write_bytes(tflite)
        children: dict[Runtime, list[RuntimeProcess]] = {runtime: [] for runtime in RUNTIMES}
        for runtime, group in children.items():
            for number in range(tflm_processes if runtime == "tflm" else 1):
                group.append(RuntimeProcess(folder, name, runtime, number, limit_s))
                stack.callback(group[-1].stop)
        yield Answering(folder, children)


def _begun(children: list[RuntimeProcess], rows: int) -> Iterator[RuntimeProcess]:
    """Those with something to answer, once each has been told its part."""
    ends = [rows * number // len(children) for number in range(len(children) + 1)]
    for child, start, stop in zip(children, ends, ends[1:], strict=False):
        if start < stop:
            child.begin(start, stop)
            yield child


def _gathered(runtime: Runtime, children: list[RuntimeProcess], report: Report) -> Answered:
    parts = [child.finish(report if runtime == "tflm" else None) for child in children]
    outputs = np.concatenate([part.outputs for part in parts])
    if outputs.dtype.kind == "f" and not np.isfinite(outputs).all():
        raise DataError(f"{RUNTIME_NAMES[runtime]} answers with NaN or infinity")
    return Answered(outputs, sum(part.cpu_s for part in parts))
