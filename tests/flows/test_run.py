"""`flashfit build` as a process of its own, with no server anywhere."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.flows.play_line import PlayLine

NANO = ["build", "digits", "--target", "nano33ble"]


def start(line: PlayLine, *arguments: str) -> "subprocess.Popen[str]":
    """The command, in the throwaway checkout, with no PREFECT_ or MLFLOW_ variable of ours."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PREFECT_", "MLFLOW_"))}
    return subprocess.Popen(
        [Path(sys.executable).with_name("flashfit"), *arguments],
        cwd=line.paths.root,
        env=kept | {"COLUMNS": "200"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def run(line: PlayLine, *arguments: str) -> tuple[int, str, str]:
    process = start(line, *arguments)
    out, err = process.communicate(timeout=120)
    return process.returncode, out, err


def until(holds: Callable[[], bool], seconds: float = 60) -> None:
    end_s = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end_s
        time.sleep(0.05)


def sleeping(line: PlayLine) -> int:
    """The process id of the stage that was told to sleep, once it does."""
    note = line.paths.root / "sleeping"
    until(lambda: note.is_file() and note.read_text(encoding="utf-8") != "")
    return int(note.read_text(encoding="utf-8"))


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_build_ends_with_its_verdict_and_registered_version_and_status_knows_them(line: PlayLine) -> None:
    code, out, err = run(line, *NANO)
    assert (code, "Traceback" in err) == (0, False)
    verdict, registered = out.splitlines()
    assert verdict == (
        "digits → nano33ble   flash 9.8 / 64 KiB   arena 4.9 / 8 KiB   int8 98.0 % (float 99.0 %)   FITS"
    )
    assert registered.startswith("registered digits.nano33ble version 1 @candidate   bundle sha256:")
    assert registered.endswith("next: make serve")
    code, out, _ = run(line, "verdict", "digits", "--target", "nano33ble", "--json")
    told = json.loads(out)
    assert (code, told["verdict"], told["version"], told["float"]) == (0, "FITS", 1, 0.99)
    builds = json.loads(run(line, "status", "--json")[1])["builds"]
    assert set(builds[0]["stages"].values()) == {True}
    assert builds[1]["stages"]["search"] is False


def test_verdict_has_exactly_the_promised_keys_in_their_order(line: PlayLine) -> None:
    code, out, err = run(line, "verdict", "digits", "--json")
    keys = [
        "product",
        "target",
        "verdict",
        "flash_bytes",
        "arena_bytes",
        "metric",
        "int8",
        "float",
        "bundle_sha256",
        "version",
    ]
    assert [list(told) for told in json.loads(out)] == [keys, keys]
    assert all(told["verdict"] is None for told in json.loads(out))
    assert code == 2
    assert "digits.nano33ble has no verdict yet; next: flashfit build digits --target nano33ble" in err


def test_missed_gate_ends_with_its_numbers_and_something_to_try_and_code_1(line: PlayLine) -> None:
    line.answers("nano33ble", 0.90)
    code, out, err = run(line, *NANO)
    assert (code, "Traceback" in err) == (1, False)
    missed, remedy = out.splitlines()
    assert missed.startswith("DOES NOT FIT  digits → nano33ble: int8 accuracy 90.00 % against 97 % (missed by 7.00")
    assert remedy.strip().startswith("try: ")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("build", "nothing"), "no product 'nothing' in params.yaml (there are: digits)"),
        (("build", "digits", "--target", "moon"), "no build of 'digits' for target 'moon'"),
        (("verdict", "nothing"), "no product 'nothing'"),
    ],
)
def test_unknown_name_is_refused_before_anything_starts(line: PlayLine, arguments: tuple[str, ...], words: str) -> None:
    code, _, err = run(line, *arguments)
    assert (code, words in err) == (2, True)
    assert not line.paths.prefect_home.exists()


def test_second_build_started_at_once_waits_says_so_and_finds_nothing_to_do(line: PlayLine) -> None:
    line.act("search@digits-nano33ble", "sleep 3")
    first = start(line, *NANO)
    sleeping(line)
    code, _, err = run(line, *NANO)
    assert (code, first.wait(timeout=180)) == (0, 0)
    first.communicate()
    assert err.count("waiting for it to end") == 1
    assert line.ran().count("search@digits-nano33ble") == 1
    assert "up to date" in err


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT, signal.SIGTERM])
def test_build_that_is_ended_takes_its_stage_along_and_the_next_one_goes_on(
    line: PlayLine, number: signal.Signals
) -> None:
    line.act("search@digits-nano33ble", "sleep 60")
    process = start(line, *NANO)
    stage = sleeping(line)
    process.send_signal(number)
    _, err = process.communicate(timeout=180)
    until(lambda: not is_alive(stage), 10)
    assert process.returncode == (-9 if number == signal.SIGKILL else 130)
    assert number == signal.SIGKILL or "flashfit build digits goes on where this ended" in err
    line.act("search@digits-nano33ble", "say awake")
    line.ran()
    code, out, _ = run(line, *NANO)
    assert (code, "FITS" in out) == (0, True)
    assert line.ran()[0] == "search@digits-nano33ble"


def test_outputs_of_a_build_that_was_ended_are_pushed_by_the_next_one(line: PlayLine) -> None:
    assert run(line, *NANO)[0] == 0
    shutil.rmtree(line.paths.state / "dvc-remote")
    line.act("bundle@digits-nano33ble", "sleep 60")
    process = start(line, *NANO)
    sleeping(line)
    process.terminate()
    process.communicate(timeout=180)
    line.act("bundle@digits-nano33ble", "say hello")
    _, _, err = run(line, *NANO)
    assert "✓ push" in err
    assert any(file.is_file() for file in (line.paths.state / "dvc-remote").rglob("*"))
