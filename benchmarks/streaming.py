"""Memory that preparing many clips takes: python -m benchmarks.streaming [CLIPS]

Clips of one second at 16 kHz, noise in ten classes, go through fetch, validate and prepare (log-mel, one varied copy of
each that is learnt from), first a quarter of them, then all: what streams takes as much for either.
"""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from rich.progress import track
from scipy.io import wavfile

from benchmarks.clone import fresh_clone
from tasks.paths import Paths

_PRODUCT, _CLASSES, _RATE_HZ = "keywords", 10, 16_000
_STAGES = ("fetch", "validate", "prepare")
_MIB = 2**20


def main(clips: int = 10_000) -> None:
    """Print each stage's peak and its time, for both numbers of clips, and what the sound alone would take."""
    peaks = {count: dict(_measured(count)) for count in (clips // 4, clips)}
    print(f"| stage | {' | '.join(f'{count:,} clips' for count in peaks)} | ratio |\n|---|---|---|---|")
    for stage in _STAGES:
        few, many = (found[stage] for found in peaks.values())
        shown = (f"{peak:.0f} MiB, {took_s:.0f} s" for peak, took_s in (few, many))
        print(f"| {stage} | {' | '.join(shown)} | {many[0] / few[0]:.2f} × |")
    sound = clips * _RATE_HZ * 4 / _MIB
    print(f"\n{clips:,} clips as float32 in memory: {sound:.0f} MiB")


def _measured(clips: int) -> Iterator[tuple[str, tuple[float, float]]]:
    """By stage: peak resident memory in MiB, and seconds."""
    with fresh_clone() as clone:
        _record(clone / "clips", clips)
        _declare(clone)
        for stage in _STAGES:
            yield stage, _peak_of((sys.executable, "-m", f"tasks.{stage}", _PRODUCT), clone)


def _record(folder: Path, clips: int) -> None:
    chance = np.random.default_rng(0)
    for number in track(range(clips), f"{clips:,} clips"):
        file = folder / str(number % _CLASSES) / f"{number}.wav"
        file.parent.mkdir(parents=True, exist_ok=True)
        wavfile.write(file, _RATE_HZ, chance.normal(0, 2_000, _RATE_HZ).astype(np.int16))


def _declare(clone: Path) -> None:
    """The shipped product's front end and expectations, on the clips that were made."""
    tree: dict[str, Any] = yaml.safe_load((clone / "products" / f"{_PRODUCT}.yaml").read_text(encoding="utf-8"))
    product = tree["products"][_PRODUCT]
    product["labels"] = [str(number) for number in range(_CLASSES)]
    product["source"] = {"kind": "wav-folder", "path": "clips"}
    product["split"] = {"by": "hash", "validation": 0.1, "test": 0.1}
    product["augment"]["copies"] = 1
    Paths(clone).params.write_text(yaml.safe_dump({"seed": 7, **tree}), encoding="utf-8")


def _peak_of(command: tuple[str, ...], folder: Path) -> tuple[float, float]:
    start_s = time.perf_counter()
    process = subprocess.Popen(command, cwd=folder, env={**os.environ, "PYTHONPATH": str(folder)})
    _, status, used = os.wait4(process.pid, 0)
    if status:
        sys.exit(f"{' '.join(command)} ended with {os.waitstatus_to_exitcode(status)}")
    return used.ru_maxrss / 1024, time.perf_counter() - start_s


if __name__ == "__main__":
    main(*map(int, sys.argv[1:2]))
