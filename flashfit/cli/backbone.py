"""flashfit backbone: a MobileNet, with given weights, as the .keras file that transfer learning starts from."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated

import typer
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from flashfit.cli.pipeline import require_pipeline
from flashfit.errors import ConfigError, FlashfitError, SurroundingsError, UserError

if TYPE_CHECKING:
    from flashfit.models.spec import Backbone

_KIB = 1024
_SHAPE = re.compile(r"(\d{1,5})[x×](\d{1,5})[x×](\d{1,5})")


def backbone(
    kind: Annotated[str, typer.Argument(help="mobilenet-v1 or mobilenet-v2.")],
    shape: Annotated[
        str, typer.Option("--input", metavar="HxWxC", help="Height, width and channels of the pictures, from 32x32x1.")
    ],
    into: Annotated[Path, typer.Option(help="The .keras file to write.")],
    width: Annotated[float, typer.Option(help="Factor of the filters.")] = 1.0,
    weights: Annotated[
        Path | None, typer.Option(help="A .weights.h5 or .h5 file of the network without its head.  [default: none]")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite the file that is there.")] = False,
) -> None:
    """Make a MobileNet that the transfer family can start from, and say how params.yaml names it.

    Weights that Keras publishes (…_no_top.h5) fit the width that they were trained with, and three channels.
    Without weights the network is untrained.
    """
    require_pipeline("backbone")
    from flashfit.models.cuts import read_cuts
    from tasks.paths import Paths

    root, sides = Paths.here().root, _sides(shape)
    _refuse(into, force)
    with TemporaryDirectory() as scratch, Console(stderr=True).status(f"making {kind}"):
        made = Path(scratch) / into.name
        parameters = _make(kind, sides, width, weights, made)
        cuts = read_cuts(made)
        _place(made, into)
    console = Console(highlight=False, soft_wrap=True)
    learned = f"weights of {weights}" if weights else "untrained (--weights FILE brings what others have learned)"
    console.print(f"made {kind} of width {width:g}, {parameters:,} parameters, {learned}", markup=False)
    console.print(_table(cuts))
    for line in _section(_named(into, root), cuts[0]):
        console.print(line, markup=False)


def _sides(shape: str) -> tuple[int, ...]:
    found = _SHAPE.fullmatch(shape)
    if found is None:
        raise ConfigError(f"--input {shape!r} is no HEIGHTxWIDTHxCHANNELS", next_step="write it like 96x96x3")
    return tuple(map(int, found.groups()))


def _refuse(into: Path, force: bool) -> None:
    if into.suffix != ".keras":
        raise ConfigError(f"--into {into} is no .keras file", next_step=f"--into {into.with_suffix('.keras')}")
    if into.exists() and not force:
        raise ConfigError(f"{into} exists already", next_step="--force overwrites it; another --into keeps it")


def _make(kind: str, sides: tuple[int, ...], width: float, weights: Path | None, made: Path) -> int:
    """Have a child write the file; how many parameters it holds. Raises what the child was stopped by."""
    from tasks.stage import FAILURE_FILE

    note = made.with_name("failure.json")
    arguments = [kind, "x".join(map(str, sides)), str(width), str(weights or ""), str(made)]
    done = subprocess.run(
        [sys.executable, "-m", "tasks.backbone", *arguments],
        env={**os.environ, FAILURE_FILE: str(note)},
        capture_output=True,
        text=True,
        errors="replace",
    )
    if done.returncode != 0:
        raise _failure(done, note)
    return int(done.stdout.split()[-1])


def _failure(done: "subprocess.CompletedProcess[str]", note: Path) -> FlashfitError:
    if note.is_file():
        left = json.loads(note.read_text(encoding="utf-8"))
        return (UserError if left["exit_code"] == UserError.exit_code else SurroundingsError)(left["message"])
    said = [line for line in done.stderr.splitlines() if line.strip()]
    return SurroundingsError(
        f"making the backbone ended with exit code {done.returncode}: {(said or ['no output'])[-1]}"
    )


def _place(made: Path, into: Path) -> None:
    """At once, so that an interrupted command leaves no half file."""
    into.parent.mkdir(parents=True, exist_ok=True)
    partial = into.with_name(f"{into.name}.partial")
    shutil.copyfile(made, partial)
    partial.replace(into)


def _table(cuts: "tuple[Backbone, ...]") -> Table:
    """Where the search may end the backbone, and what a network with two classes on it needs."""
    from flashfit.models.spec import Classes, GlobalAverage, Spec
    from flashfit.search.predict import predict

    table = Table(box=SIMPLE_HEAD, pad_edge=False, caption="predicted, with two classes on it", caption_justify="left")
    for heading in ("cut", "output", "flash KiB", "arena KiB", "MACs"):
        table.add_column(heading, no_wrap=True, justify="left" if heading in ("cut", "output") else "right")
    for cut in cuts:
        layers = (cut, GlobalAverage())
        spec = Spec(family="transfer", input_shape=cut.input_shape, head=Classes(count=2), layers=layers)
        needs = predict(spec)
        sizes = (f"{needs.flash_bytes / _KIB:.1f}", f"{needs.arena_bytes / _KIB:.1f}", f"{needs.macs:,}")
        table.add_row(cut.cut, " × ".join(map(str, cut.output_shape)), *sizes)
    return table


def _named(into: Path, root: Path) -> Path:
    """As a stage finds it, which runs in the checkout."""
    place = into.resolve()
    return place.relative_to(root.resolve()) if place.is_relative_to(root.resolve()) else place


def _section(path: Path, cut: "Backbone") -> Iterator[str]:
    """The lines of params.yaml. Keras' own weights know pixels from -1 to 1."""
    height, width, channels = cut.input_shape
    yield f"{path}   sha256 {cut.sha256}"
    yield "to start from it, in params.yaml, under products.NAME:"
    yield "    frontend:"
    yield "      kind: image"
    yield f"      size: [{height}, {width}]"
    yield f"      colour: {'grey' if channels == 1 else 'rgb'}"
    yield f"      scale: {1 / 127.5}  # pixels from -1 to 1, as Keras' own weights know them"
    yield "      offset: -1.0"
    yield "    search:"
    yield "      families: [transfer]"
    yield "      backbone:"
    yield f"        path: {json.dumps(str(path), ensure_ascii=False)}"
    yield f"        sha256: {cut.sha256}"
