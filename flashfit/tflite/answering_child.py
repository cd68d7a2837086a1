"""The child's side of flashfit.tflite.runtimes: a runtime with a model, asked over a pipe.

`main` loads model.tflite in its folder and writes a line of JSON: its interface, or why it is `unfit` or `refused`.
Then, for each line `START STOP` on stdin, it answers those samples of inputs.npy, writes the bytes of the answers to
RUNTIME-NUMBER.bin and says how many are `answered`: every half second, and at the end with the processor's time; or
why they are `refused`.
"""

import json
import resource  # not on Windows, where the runtimes are not either
import struct
import sys
import time
from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flashfit.errors import DataError
from flashfit.runtime.tensor import Tensor
from flashfit.tflite.interface import Interface, holds_resources, read_interface
from flashfit.tflite.limits import CHILD_MEMORY_BYTES

_ARENA_BYTES = 16 * 1024 * 1024  # as in runtime.tflm_child: room for any model that a microcontroller could hold
_MOST_OUTPUT_BYTES = 2**30  # of a file that a model gone wild could write, stderr included
_REPORT_EVERY_S = 0.5

Answer = Callable[[NDArray[Any]], NDArray[Any]]
"""From one sample with its batch axis to one answer with its batch axis."""


def main(scratch: str, runtime: str, number: str) -> None:
    """Say what the model is, then answer until stdin ends."""
    folder = Path(scratch)
    resource.setrlimit(resource.RLIMIT_AS, (CHILD_MEMORY_BYTES, CHILD_MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_FSIZE, (_MOST_OUTPUT_BYTES, _MOST_OUTPUT_BYTES))
    try:
        interface, answer = load((folder / "model.tflite").read_bytes(), runtime)
    except DataError as error:
        _reply({"unfit": error.message})
        return
    except (RuntimeError, ValueError) as error:  # what runtimes raise
        _reply({"refused": str(error)})
        return
    _reply(asdict(interface))
    for line in sys.stdin:
        start, stop = map(int, line.split())
        inputs = np.load(folder / "inputs.npy", allow_pickle=False)[start:stop]
        try:
            outputs, cpu_s = answers_of(inputs, answer, interface.output)
        except (RuntimeError, ValueError) as error:
            _reply({"refused": str(error)})
            return
        outputs.tofile(folder / f"{runtime}-{number}.bin")
        _reply({"answered": len(inputs), "cpu_s": cpu_s})


def load(tflite: bytes, runtime: str) -> tuple[Interface, Answer]:
    """A model on `tflm`, `litert` (as it comes, with XNNPACK) or `litert_reference`, in this process.

    Every sample is answered as the first is. A runtime whose model keeps resources is begun anew for each, as LiteRT
    resets variable tensors only, and TFLM sets resources to one value, whatever they began with.
    Raises DataError, without a subject, for what cannot be scored, RuntimeError or ValueError for what the runtime
    refuses.
    """
    try:
        interface = read_interface(tflite)
        resources = holds_resources(tflite)
        begin = partial(_begin, tflite, runtime, not interface.stateless)
        answer = begin()
    except MemoryError:
        raise DataError(f"takes more than {CHILD_MEMORY_BYTES / 2**30:g} GiB of memory to load") from None
    except (struct.error, TypeError, IndexError, AttributeError, OverflowError, UnicodeDecodeError):
        raise DataError("is cut short or damaged") from None  # what flatbuffers and its readers raise then
    return interface, (lambda sample: begin()(sample)) if resources else answer


def _begin(tflite: bytes, runtime: str, resets: bool) -> Answer:
    if runtime == "tflm":
        return tflm_answer(tflite, resets)
    return _litert_answer(tflite, resets, reference=runtime == "litert_reference")


def answers_of(inputs: NDArray[Any], answer: Answer, promised: Tensor) -> tuple[NDArray[Any], float]:
    """Of (n, …) samples, and the processor's time in seconds.

    Raises RuntimeError or ValueError for what the runtime refuses, also for answers that are not as promised.
    """
    outputs = []
    start_s, reported_s = time.process_time(), time.monotonic()
    for done, sample in enumerate(inputs):
        if time.monotonic() - reported_s > _REPORT_EVERY_S:
            _reply({"answered": done})
            reported_s = time.monotonic()
        outputs.append(answer(sample[None]))
    joined, cpu_s = np.concatenate(outputs), time.process_time() - start_s
    _check(joined, promised)
    return joined, cpu_s


def tflm_answer(tflite: bytes, resets: bool) -> Answer:
    """TFLM's way from a sample to its answer. resets: forget the sample before, which a recurrent network must."""
    from tflite_micro.python.tflite_micro import runtime

    interpreter = runtime.Interpreter.from_bytes(tflite, arena_size=_ARENA_BYTES)

    def answer(sample: NDArray[Any]) -> NDArray[Any]:
        if resets:
            interpreter.reset()
        interpreter.set_input(sample, 0)
        interpreter.invoke()
        return np.array(interpreter.get_output(0))

    return answer


def _litert_answer(tflite: bytes, resets: bool, reference: bool) -> Answer:
    from ai_edge_litert.interpreter import Interpreter, OpResolverType

    resolver = OpResolverType.BUILTIN_REF if reference else OpResolverType.AUTO
    interpreter = Interpreter(model_content=tflite, num_threads=1, experimental_op_resolver_type=resolver)
    interpreter.allocate_tensors()
    source, sink = interpreter.get_input_details()[0]["index"], interpreter.get_output_details()[0]["index"]

    def answer(sample: NDArray[Any]) -> NDArray[Any]:
        if resets:
            interpreter.reset_all_variables()
        interpreter.set_tensor(source, sample)
        interpreter.invoke()
        output: NDArray[Any] = interpreter.get_tensor(sink)
        return output

    return answer


def _check(outputs: NDArray[Any], promised: Tensor) -> None:
    found = (outputs.dtype.name, outputs.shape[1:])
    if found != (promised.dtype, promised.shape[1:]):
        raise ValueError(f"answers are {found}, and the model promises {(promised.dtype, promised.shape[1:])}")


def _reply(tree: dict[str, Any]) -> None:
    print(json.dumps(tree), flush=True)  # noqa: T201 a line to the parent, not to a person
