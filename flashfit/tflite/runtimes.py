"""A runtime in a process of its own, with a stranger's model that may crash it."""

import json
import os
import re
import select
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from flashfit.errors import DataError, SurroundingsError
from flashfit.runtime.tensor import Tensor
from flashfit.tflite.interface import Interface

Runtime = Literal["tflm", "litert", "litert_reference"]
RUNTIMES: tuple[Runtime, ...] = ("tflm", "litert", "litert_reference")
RUNTIME_NAMES: dict[Runtime, str] = {
    "tflm": "TFLM",
    "litert": "LiteRT",
    "litert_reference": "LiteRT's reference kernels",
}

Report = Callable[[int], None]
"""Called with how many more samples TFLM has answered."""

_MOST_STDERR_CHARACTERS = 300
_PACKAGES = str(Path(__file__).parents[2])
_START = """
import sys

packages, *arguments = sys.argv[1:]
if packages not in sys.path:
    sys.path.insert(0, packages)
from flashfit.tflite.answering_child import main

main(*arguments)
"""
"""With -P: modules come from where ours do, and never from the folder that a stranger's files lie in."""


@dataclass(frozen=True)
class Answered:
    """What a runtime says of a block. outputs: (n, …) stored values. cpu_s: of one processor."""

    outputs: NDArray[Any]
    cpu_s: float


class RuntimeProcess:
    """One process with one runtime, and the conversation that flashfit.tflite.answering_child describes."""

    def __init__(self, folder: Path, model: str, runtime: Runtime, number: int, limit_s: float) -> None:
        self._model, self._name, self._limit_s = model, RUNTIME_NAMES[runtime], limit_s
        self._outputs = folder / f"{runtime}-{number}.bin"
        self._errors = folder / f"{runtime}-{number}.txt"
        self._answering = f"answer a sample with {model}"
        self._block, self._unread = 0, b""
        arguments = [_PACKAGES, str(folder), runtime, str(number)]
        with self._errors.open("wb") as errors:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-c", _START, *arguments],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                bufsize=0,
            )

    def interface(self) -> Interface:
        """Of the model, once it is loaded."""
        reply = self._reply(f"load {self._model}")
        if "unfit" in reply:
            raise DataError(f"{self._model} {reply['unfit']}")
        source, sink = (Tensor(**{**reply[side], "shape": tuple(reply[side]["shape"])}) for side in ("input", "output"))
        self._interface = Interface(source, sink, reply["takes_floats"], reply["stateless"])
        return self._interface

    def begin(self, start: int, stop: int) -> None:
        """Have it answer samples [start, stop) of inputs.npy."""
        self._block = stop - start
        try:
            assert self._process.stdin is not None
            self._process.stdin.write(f"{start} {stop}\n".encode())
        except BrokenPipeError:
            raise self._death(self._answering) from None

    def finish(self, report: Report | None) -> Answered:
        """The answers to what was begun."""
        done = 0
        while True:
            reply = self._reply(self._answering)
            if report is not None:
                report(reply["answered"] - done)
            done = reply["answered"]
            if "cpu_s" in reply:
                return Answered(self._read_outputs(), reply["cpu_s"])

    def stop(self) -> None:
        """End it, whatever it does."""
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()

    def _read_outputs(self) -> NDArray[Any]:
        promised = self._interface.output
        outputs: NDArray[Any] = np.fromfile(self._outputs, promised.dtype)
        return outputs.reshape(self._block, *promised.shape[1:])

    def _reply(self, task: str) -> dict[str, Any]:
        try:
            reply: dict[str, Any] = json.loads(self._line(task))
        except ValueError:
            raise SurroundingsError(f"{self._name} could not {task}: its process lost its way") from None
        if "refused" in reply:
            raise self._refusal(reply["refused"])
        return reply

    def _line(self, task: str) -> bytes:
        assert self._process.stdout is not None
        while b"\n" not in self._unread:
            if not select.select([self._process.stdout], [], [], self._limit_s)[0]:
                raise SurroundingsError(f"{self._name} did not {task} within {self._limit_s:g} s")
            read = os.read(self._process.stdout.fileno(), 1 << 16)
            if not read:
                raise self._death(task)
            self._unread += read
        line, self._unread = self._unread.split(b"\n", 1)
        return line

    def _refusal(self, reason: str) -> DataError:
        said = self._said()
        if missing := re.search(r"Didn't find op for builtin opcode '(\w+)'", said):
            return DataError(f"{self._name} has no operator {missing[1]}, which {self._model} needs")
        return DataError(f"{self._name} refuses {self._model}: {_one_line(reason)}{_in_brackets(said)}")

    def _death(self, task: str) -> SurroundingsError:
        code = self._process.wait()
        cause = f"killed by {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
        return SurroundingsError(f"{self._name} could not {task}: {cause}{_in_brackets(self._said())}")

    def _said(self) -> str:
        with self._errors.open("rb") as errors:
            return errors.read(1 << 16).decode(errors="replace")


def _in_brackets(said: str) -> str:
    lines = [line for line in said.splitlines() if line.strip() and not line.startswith("INFO:")]
    return f" ({_one_line(lines[-1])})" if lines else ""


def _one_line(text: str) -> str:
    shown = "".join(character if character.isprintable() else " " for character in text)
    return " ".join(shown.split())[:_MOST_STDERR_CHARACTERS]
