"""Every stage of the throwaway line: `python play.py VERB SUBJECT` copies its prepared output, then does its act.

An act is a line of a file acts/VERB@SUBJECT: `fail EXIT_CODE MESSAGE`, `kill` (itself, with SIGKILL),
`kill-once`, `crash` (a traceback), `sleep SECONDS`, `say TEXT` or `draw` (a bar, then a line).
"""

import json
import os
import shutil
import signal
import sys
import time
from pathlib import Path


def main(verb: str, subject: str) -> None:
    name = f"{verb}@{subject}"
    with Path("ran.log").open("a") as log:
        log.write(f"{name}\n")
    output = Path("out") / subject / verb
    if verb in ("search", "train", "quantize", "evaluate", "bundle"):
        output = Path("build", *subject.split("-", 1), verb)
    output.mkdir(parents=True, exist_ok=True)
    if verb != "bundle":
        (output / "done.txt").write_text(f"{name}\n")
    shutil.copytree(Path("prepared") / name, output, dirs_exist_ok=True)
    for line in (Path("acts") / name).read_text().splitlines():
        act(*line.split(" ", 2), name=name)


def act(word: str, *arguments: str, name: str) -> None:
    if word == "fail":
        left = {"exit_code": int(arguments[0]), "message": arguments[1]}
        Path(os.environ["FLASHFIT_FAILURE_FILE"]).write_text(json.dumps(left))
        sys.exit(int(arguments[0]))
    if word == "kill" or (word == "kill-once" and not Path("killed").exists()):
        Path("killed").touch()
        os.kill(os.getpid(), signal.SIGKILL)
    if word == "crash":
        raise RuntimeError("a defect of ours")
    if word == "sleep":
        Path("sleeping").write_text(str(os.getpid()))
        time.sleep(float(arguments[0]))
    if word == "say":
        sys.stdout.write(" ".join(arguments) + "\n")
    if word == "draw":
        for share in range(0, 101, 20):
            sys.stdout.write(f"\r\x1b[2K\x1b[32m{share:3} %\x1b[0m")
            sys.stdout.flush()
            time.sleep(0.1)
        sys.stdout.write(f"\r\x1b[2K{name} drew a bar\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
