"""A child that is watched, and that never outlives us."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from flows.child import run_watched
from flows.transcript import Draft, Line


def watched(code: str, folder: Path, columns: int | None = None) -> tuple[int, list[Line | Draft]]:
    events: list[Line | Draft] = []
    return run_watched(["-c", code], folder, os.environ, events.append, columns), events


def test_outputs_and_exit_code_of_a_child_arrive(tmp_path: Path) -> None:
    code, events = watched("import sys; print('out'); print('err', file=sys.stderr); sys.exit(7)", tmp_path)
    assert code == 7
    assert set(events) == {Line("out"), Line("err")}


def test_all_of_a_long_output_arrives(tmp_path: Path) -> None:
    code, events = watched("for i in range(20000): print(i)", tmp_path)
    assert (code, events) == (0, [Line(str(i)) for i in range(20000)])


@pytest.mark.parametrize(("columns", "seen"), [(None, "False False"), (77, "True False 77")])
def test_child_sees_a_terminal_on_stdout_only_where_a_person_has_one(
    tmp_path: Path, columns: int | None, seen: str
) -> None:
    look = "import os, sys; out = sys.stdout.isatty(); width = [os.get_terminal_size(1)[0]] if out else []"
    look += "; print(out, sys.stderr.isatty(), *width)"
    assert watched(look, tmp_path, columns)[1] == [Line(seen)]


def test_killed_child_has_the_signal_as_its_negative_code(tmp_path: Path) -> None:
    assert watched("import os; os.kill(os.getpid(), 9)", tmp_path)[0] == -9


def test_background_process_of_a_child_neither_holds_us_up_nor_stays(tmp_path: Path) -> None:
    start = "import subprocess; print(subprocess.Popen(['sleep', '60']).pid, flush=True)"
    start_s = time.monotonic()
    (line,) = watched(start, tmp_path)[1]
    assert time.monotonic() - start_s < 10
    assert ends(int(line.text))


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_child_and_grandchild_die_with_us_even_of_sigkill(tmp_path: Path, number: signal.Signals) -> None:
    (tmp_path / "grandchild.py").write_text(
        "import os, pathlib, time; pathlib.Path('pid').write_text(str(os.getpid())); time.sleep(60)"
    )
    (tmp_path / "child.py").write_text("import subprocess, sys; subprocess.run([sys.executable, 'grandchild.py'])")
    ours = "import os, sys, pathlib; from flows.child import run_watched"
    ours += "; run_watched(['child.py'], pathlib.Path(sys.argv[1]), os.environ, print)"
    process = subprocess.Popen([sys.executable, "-c", ours, str(tmp_path)], cwd=Path(__file__).parents[2])
    pid = tmp_path / "pid"
    wait_until(lambda: pid.is_file() and pid.read_text() != "")
    process.send_signal(number)
    process.wait()
    assert ends(int(pid.read_text()))


def ends(pid: int) -> bool:
    """Whether a process ends within some seconds; a zombie has."""
    status = Path(f"/proc/{pid}/stat")
    return wait_until(lambda: not status.exists() or status.read_text().rsplit(")", 1)[1].split()[0] == "Z")


def wait_until(holds: object, seconds: float = 20) -> bool:
    """Whether something comes to hold in time."""
    assert callable(holds)
    for _ in range(int(seconds * 20)):
        if holds():
            return True
        time.sleep(0.05)
    return False
