"""Damaged models, each in a process forked for it, and how each ends; fuzz_inspect and fuzz_score say what is done.

A process forked from this one has its imports done already. It has the memory limit of a command's children, and less
time. A sample of the models goes through the command itself.
"""

import os
import resource
import select
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
_WHOLE_SHARE = 200


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
    for number in range(count):
        mutated = mutate(generator, models)
        outcome = contained(mutated, fuzzed)
        counts[outcome.kind] += 1
        if not outcome.sound:
            failures += 1
            _keep(mutated, f"{fuzzed.verb}-{seed}-{number}", outcome.detail)
        if number % _WHOLE_SHARE == 0:
            failures += _command_fails(mutated, fuzzed, counts)
        if number % 1000 == 999:
            print(f"{number + 1:,} in {time.perf_counter() - start_s:.0f} s, {failures:,} failures", flush=True)
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


def contained(tflite: bytes, fuzzed: Fuzzed) -> Outcome:
    """One model in a process of its own, which says how far it gets."""
    receiving, sending = os.pipe()
    process = os.fork()
    if process == 0:
        _in_child(fuzzed.stages(tflite), sending)
    os.close(sending)
    said, over_time = _heard(receiving, time.monotonic() + _WALL_LIMIT_S)
    os.close(receiving)
    if over_time:
        os.kill(process, signal.SIGKILL)
    return _outcome(said, os.waitpid(process, 0)[1], over_time, fuzzed.guarded)


def _heard(receiving: int, until_s: float) -> tuple[str, bool]:
    """All that a child writes, and whether it ran out of time."""
    said = b""
    while True:
        if not select.select([receiving], [], [], max(0.0, until_s - time.monotonic()))[0]:
            return said.decode(errors="replace"), True
        read = os.read(receiving, 1 << 16)
        if not read:
            return said.decode(errors="replace"), False
        said += read


def _in_child(stages: Iterator[str], sending: int) -> None:
    resource.setrlimit(resource.RLIMIT_CPU, (LIMIT_S, LIMIT_S + 1))
    resource.setrlimit(resource.RLIMIT_AS, (CHILD_MEMORY_BYTES, CHILD_MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_FSIZE, (2**26, 2**26))
    silent = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silent, 1)
    os.dup2(silent, 2)  # where runtimes complain
    try:
        for word in stages:
            os.write(sending, f"{word}\n".encode())
    except BaseException:
        os.write(sending, f"raised {traceback.format_exc()}".encode())
    os._exit(0)


def _outcome(said: str, status: int, over_time: bool, guarded: frozenset[str]) -> Outcome:
    """By the last word that the child wrote."""
    words = said.split("raised ", 1)[0].strip().splitlines()
    stage = words[-1] if words else "starting"
    if stage.startswith("refused"):
        return Outcome(stage.split(":")[0], sound=True)
    if stage.startswith("done"):
        return Outcome(stage.removeprefix("done "), sound=True)
    if "raised " in said:
        return Outcome(f"raised while {stage}", sound=False, detail=said)
    sound = stage.split()[0] in guarded
    if over_time or _signal(status) == "SIGXCPU":
        return Outcome(f"stopped at its limit while {stage}", sound, said)
    return Outcome(f"killed by {_signal(status)} while {stage}", sound, said)


def _signal(status: int) -> str:
    return signal.Signals(os.WTERMSIG(status)).name if os.WIFSIGNALED(status) else "nothing"


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
