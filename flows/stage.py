"""One stage of the graph as one Prefect task: a child `dvc repro --single-item`, or nothing at all."""

import json
import os
import re
import signal
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from prefect import get_run_logger, task
from prefect.client.schemas.objects import State
from prefect.states import Completed

from flashfit.errors import DoesNotFit, FlashfitError, SurroundingsError, UserError
from flows.child import run_watched
from flows.transcript import Draft, Line
from flows.watch import current_watch
from tasks.stage import FAILURE_FILE

UP_TO_DATE, RESTORED, RAN = "up to date", "from the cache", "ran"
_STATE_NAMES = {UP_TO_DATE: "UpToDate", RESTORED: "Restored", RAN: "Completed"}

_CHATTER = re.compile(
    r"^(Running stage '|> |Updating lock file|Generating lock file|Use `dvc push`|To track the changes"
    r"|To enable auto staging|\s*git add |\s*dvc config core.autostage|Stage '.*' (didn't change|is cached)"
    r"|WARNING: All log messages before absl|[IW]\d{4} \d\d:\d\d:|[IW]0000 00:00:|$)"
)
"""What DVC and TensorFlow say around a stage: kept in the log of the task, left out of a person's terminal."""

_ERRORS: Mapping[int, type[FlashfitError]] = {1: DoesNotFit, 2: UserError, 3: SurroundingsError}


@dataclass(frozen=True)
class Ended:
    """How a child ended: its exit code (negative for a signal), what it left in the failure file, what it said."""

    code: int
    failure: str | None
    lines: tuple[str, ...]


@task(task_run_name="{name}", persist_result=False, retries=0)  # type: ignore[untyped-decorator]
def run_stage(name: str, root: Path, fresh: bool, again: str) -> State[str]:
    """Bring one stage up to date. The state's result is how: UP_TO_DATE, RESTORED (from DVC's run cache) or RAN.

    again: the command that goes on from here, for the message of a failure.

    Never tried again: the same data, parameters and code fail the same way. Raises the FlashfitError that
    the stage left, or SurroundingsError naming the stage and the signal that killed it.
    """
    watch = current_watch()
    if fresh:
        watch.ended(name, UP_TO_DATE, None)
        return _completed(UP_TO_DATE, 0.0)
    watch.started(name)
    start_s = time.monotonic()
    ended = run_child(["-m", "dvc", "--wait-for-lock", "repro", "--single-item", name], root)
    if ended.code != 0:
        raise failure_of(f"stage {name}", ended, again)
    how, seconds = _how(ended.lines), time.monotonic() - start_s
    watch.ended(name, how, seconds)
    return _completed(how, seconds)


def run_child(arguments: Sequence[str], root: Path) -> Ended:
    """Run our Python with arguments; every line goes to the task's log and to whoever looks on."""
    logger, watch, lines = get_run_logger(), current_watch(), list[str]()

    def show(event: Line | Draft) -> None:
        if isinstance(event, Draft):
            watch.draft(event.text)
            return
        lines.append(event.text)
        if event.text:
            logger.info("%s", event.text)
        if not _CHATTER.match(event.text):
            watch.line(event.text)

    with tempfile.TemporaryDirectory() as folder:
        note = Path(folder) / "failure.json"
        environment = {**os.environ, "PATH": _path(), FAILURE_FILE: str(note), "DVC_NO_ANALYTICS": "1"}
        code = run_watched(arguments, root, environment, show, watch.columns)
        return Ended(code, note.read_text(encoding="utf-8") if note.is_file() else None, tuple(lines))


def failure_of(step: str, ended: Ended, again: str) -> FlashfitError:
    """The error that a failed child stands for. again: the command that goes on from there."""
    if ended.failure is not None:
        left = json.loads(ended.failure)
        return _ERRORS.get(left["exit_code"], SurroundingsError)(left["message"])
    if killed_by := _signal(ended):
        return SurroundingsError(f"{step} was killed ({killed_by})", next_step=again)
    said = next((line for line in reversed(ended.lines) if line and not _DVC_ERROR.match(line)), "no output")
    return SurroundingsError(f"{step} ended with exit code {_exit_code(ended)}: {said}", next_step=again)


_DVC_ERROR = re.compile(r"^ERROR: failed to reproduce .* exited with ")
_EXITED = re.compile(r"exited with (-?\d+)$")


def _exit_code(ended: Ended) -> int:
    """The command's own code, which DVC names in its last words, else DVC's."""
    found = next((match for line in reversed(ended.lines) if (match := _EXITED.search(line))), None)
    return int(found[1]) if found and ended.code > 0 else ended.code


def _signal(ended: Ended) -> str | None:
    """A shell in between turns signal N into exit code 128 + N."""
    code = _exit_code(ended)
    number = -code if code < 0 else code - 128
    return signal.Signals(number).name if number in set(signal.Signals) else None


def _how(lines: Sequence[str]) -> str:
    text = "\n".join(lines)
    if re.search(r"^Running stage '", text, re.MULTILINE):
        return RAN
    return RESTORED if "is cached - skipping run" in text else UP_TO_DATE


def _completed(how: str, seconds: float) -> State[str]:
    return Completed(name=_STATE_NAMES[how], message=f"{how}, {seconds:.1f} s", data=how)


def _path() -> str:
    """PATH on which `python` is ours, whoever called us."""
    return os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])
