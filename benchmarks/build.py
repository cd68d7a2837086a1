"""A whole build of digits in a fresh clone, then one with nothing to do, and what is not stage commands."""

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import psutil

from benchmarks.clone import fresh_clone

_TOOLS = Path(sys.executable).parent
_EVERY_S = 0.02


def main() -> None:
    """Print the wall times and the share of the cold build that orchestration takes."""
    with fresh_clone() as clone:
        flow = [str(_TOOLS / "flashfit"), "build", "digits"]
        wall_s, stages_s = _timed(flow, clone)
        share = 1 - stages_s / wall_s
        print(
            f"cold build: {wall_s:.0f} s, of it {stages_s:.0f} s in stage commands: {100 * share:.1f} % orchestration"
        )
        idle_s, _ = _timed(flow, clone)
        peer_s, _ = _timed([str(_TOOLS / "dvc"), "repro"], clone)
        print(f"nothing to do: flow {idle_s:.1f} s, dvc repro {peer_s:.1f} s: {idle_s / peer_s:.1f} ×")


def _timed(command: Sequence[str], folder: Path) -> tuple[float, float]:
    """Seconds of wall time, and of it those with a process `python -m tasks.…` alive below the command."""
    environment = {
        **os.environ,
        "PYTHONPATH": str(folder),
        "PATH": f"{_TOOLS}{os.pathsep}{os.environ['PATH']}",
        "DVC_NO_ANALYTICS": "1",
    }
    start_s = time.perf_counter()
    child = psutil.Popen(command, cwd=folder, env=environment, stdout=subprocess.DEVNULL)
    inside_s, before_s = 0.0, start_s
    while child.poll() is None:
        time.sleep(_EVERY_S)
        now_s = time.perf_counter()
        inside_s += (now_s - before_s) * _in_a_stage(child)
        before_s = now_s
    if child.returncode != 0:
        raise SystemExit(f"{' '.join(command)} ended with exit code {child.returncode}")
    return time.perf_counter() - start_s, inside_s


def _in_a_stage(child: psutil.Process) -> bool:
    try:
        return any(_is_stage(process) for process in child.children(recursive=True))
    except psutil.NoSuchProcess:
        return False


def _is_stage(process: psutil.Process) -> bool:
    try:
        arguments = process.cmdline()
    except (psutil.NoSuchProcess, psutil.ZombieProcess):
        return False
    return len(arguments) > 2 and arguments[1] == "-m" and arguments[2].startswith("tasks.")


if __name__ == "__main__":
    main()
