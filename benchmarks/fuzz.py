"""Damaged models, and how each ends; fuzz_inspect and fuzz_score say what is done with them.

A process forked from this one, where the imports are done already, takes one after the other until one kills it. It has
the memory limit of a command's children, and less time for each. One of 500 goes through the command itself.
"""

import json
import os
import resource
import signal
import subprocess
import sys
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory, gettempdir

from benchmarks.mutated_models import Random, base_models, mutate
from flashfit.tflite.limits import CHILD_MEMORY_BYTES

LIMIT_S = 3
"""Of a processor's time for one model, so that a busy machine changes nothing; a command's children have more."""

_WALL_LIMIT_S = 120.0
_EXPECTED_CODES = (0, 2, 3)
_BATCH = 500
_NEXT = "next"


@dataclass(frozen=True)
class Fuzzed:
    """A command, and its own code's way through one model.

    stages: yields the name of each stage before it begins, and last `refused BY: …` or `done HOW`. guarded: the first
    word of those stages that the command runs in a child, where a crash or a hang is the child's alone. arguments: of
    the command, for a model that lies in a file.
    """

    verb: str
    stages: Callable[[bytes], Iterator[str]]
    guarded: frozenset[str]
    arguments: Callable[[Path], Sequence[str]]


@dataclass(frozen=True)
class Outcome:
    """How one model ended. kind: for the count. sound: whether the command would have said it in its own words."""

    kind: str
    sound: bool
    detail: str = ""


def fuzz(fuzzed: Fuzzed, count: int, seed: int) -> int:
    """Print the counts, and keep the models that the command's own part fails on; 0 if there are none."""
    models = base_models()
    generator, counts, failures = Random(seed), Counter[str](), 0
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    start_s = time.perf_counter()
    for start in range(0, count, _BATCH):
        batch = [mutate(generator, models) for _ in range(min(_BATCH, count - start))]
        for number, (tflite, outcome) in enumerate(zip(batch, outcomes(batch, fuzzed), strict=True), start):
            alone = outcome if outcome.sound else next(outcomes([tflite], fuzzed))  # the one before may have harmed it
            counts[alone.kind] += 1
            failures += not alone.sound
            if not alone.sound:
                _keep(tflite, f"{fuzzed.verb}-{seed}-{number}", alone.detail)
        failures += _command_fails(batch[0], fuzzed, counts)
        print(f"{start + len(batch):,} in {time.perf_counter() - start_s:.0f} s, {failures:,} failures", flush=True)
    taken_s = time.perf_counter() - start_s
    print(f"flashfit {fuzzed.verb}: {count:,} mutations of {len(models)} models, seed {seed}, in {taken_s:.0f} s")
    for kind, times in counts.most_common():
        print(f"  {times:7,}  {kind}")
    print(f"  {failures:7,}  failures of the command itself")
    return 1 if failures else 0


def run(fuzzed: Fuzzed) -> int:
    """With COUNT and SEED from the command line."""
    count, seed = (int(sys.argv[place]) if len(sys.argv) > place else usual for place, usual in ((1, 10_000), (2, 0)))
    return fuzz(fuzzed, count, seed)


def outcomes(batch: Sequence[bytes], fuzzed: Fuzzed) -> Iterator[Outcome]:
    """Of each model in turn, in a process that the next goes on in, and a new one where it died."""
    done = 0
    while done < len(batch):
        said, status = _said_of(batch[done:], fuzzed)
        for number, words in enumerate(said):
            yield _outcome(words, status if number == len(said) - 1 else 0, fuzzed.guarded)
        done += max(1, len(said))


def _said_of(batch: Sequence[bytes], fuzzed: Fuzzed) -> tuple[list[list[str]], int]:
    """What a process says of each model until it ends or dies, and how it ended."""
    receiving, sending = os.pipe()
    process = os.fork()
    if process == 0:
        os.close(receiving)
        _in_child(batch, fuzzed, sending)
    os.close(sending)
    said: list[list[str]] = []
    with os.fdopen(receiving, encoding="utf-8") as lines:
        for line in lines:
            word = json.loads(line)
            if word == _NEXT:
                said.append([])
            else:
                said[-1].append(word)
    return said, os.waitpid(process, 0)[1]


def _in_child(batch: Sequence[bytes], fuzzed: Fuzzed, sending: int) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (CHILD_MEMORY_BYTES, CHILD_MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_FSIZE, (2**26, 2**26))
    silent = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silent, 1)
    os.dup2(silent, 2)  # where runtimes complain
    for tflite in batch:
        signal.setitimer(signal.ITIMER_PROF, LIMIT_S)
        signal.setitimer(signal.ITIMER_REAL, _WALL_LIMIT_S)
        try:
            for word in _words(fuzzed, tflite):
                _write(sending, word)
        except BaseException:
            _write(sending, f"raised {traceback.format_exc()}")
    os._exit(0)


def _words(fuzzed: Fuzzed, tflite: bytes) -> Iterator[str]:
    yield _NEXT
    yield from fuzzed.stages(tflite)


def _write(sending: int, word: str) -> None:
    os.write(sending, f"{json.dumps(word)}\n".encode())


def _outcome(words: Sequence[str], status: int, guarded: frozenset[str]) -> Outcome:
    """By the last words that the process wrote of a model."""
    stages = [word for word in words if not word.startswith("raised ")]
    stage, detail = stages[-1] if stages else "starting", "\n".join(words)
    if stage.startswith("refused"):
        return Outcome(stage.split(":")[0], sound=True)
    if stage.startswith("done"):
        return Outcome(stage.removeprefix("done "), sound=True)
    if len(stages) < len(words):
        return Outcome(f"raised while {stage}", sound=False, detail=detail)
    return Outcome(f"{_death(status)} while {stage}", stage.split()[0] in guarded, detail)


def _death(status: int) -> str:
    if not os.WIFSIGNALED(status):
        return f"ended with {os.waitstatus_to_exitcode(status)}"
    name = signal.Signals(os.WTERMSIG(status)).name
    return "stopped at its limit" if name in ("SIGPROF", "SIGALRM") else f"killed by {name}"


def _command_fails(tflite: bytes, fuzzed: Fuzzed, counts: Counter[str]) -> bool:
    """Whether the command itself ends otherwise than it promises."""
    with TemporaryDirectory() as scratch:
        file = Path(scratch) / "mutated.tflite"
        file.write_bytes(tflite)
        command = [str(Path(sys.executable).with_name("flashfit")), fuzzed.verb, *fuzzed.arguments(file)]
        done = subprocess.run(command, capture_output=True, text=True, errors="replace")
    counts[f"(of these, the whole command: exit code {done.returncode})"] += 1
    fails = done.returncode not in _EXPECTED_CODES or "Traceback" in done.stderr
    if fails:
        _keep(tflite, f"{fuzzed.verb}-whole-{len(tflite)}", done.stderr)
    return fails


def _keep(tflite: bytes, name: str, detail: str) -> None:
    file = Path(gettempdir()) / f"fuzz-{name}.tflite"
    file.write_bytes(tflite)
    print(f"kept {file}: {detail[-800:]}", flush=True)
