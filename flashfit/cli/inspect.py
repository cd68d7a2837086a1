"""flashfit inspect: what any model is made of, what it takes on TFLM, and which boards it fits."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from flashfit.cli.hint import look_at, what_next
from flashfit.cli.pipeline import require_pipeline
from flashfit.errors import ConfigError, DoesNotFit
from flashfit.footprint import Use

if TYPE_CHECKING:
    from flashfit.targets import Target
    from flashfit.tflite.inspection import Inspection, TargetVerdict, TensorRow

_MOST_ROWS = 100
_BAR = 8
_WIDE = 160  # for a file or a pipe, which cuts nothing off


def inspect(
    file: Annotated[Path, typer.Argument(metavar="FILE.tflite", help="Any model, ours or not.")],
    target: Annotated[str | None, typer.Option(help="One target only, and its verdict as exit code.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    picture: Annotated[
        Path | None, typer.Option(metavar="FILE.png", help="Draw the arena over time into this file.")
    ] = None,
) -> None:
    """Say what a model takes: flash, arena, MACs, time, operators; and whether each known target holds it.

    Exits with 0 when inspected; 1 when --target is given and it does not fit; 2 when it cannot be read as a model;
    3 when reading it kills or hangs the process that reads. docs/inspect.md says what every number means.
    """
    require_pipeline("inspect")
    from flashfit.tflite.file import read_tflite
    from flashfit.tflite.inspection import inspect as inspect_model

    targets = _targets(target)
    with what_next(look_at(file)), Console(stderr=True).status("reading it, then running it once on TFLM"):
        tflite = read_tflite(file)
        inspection = inspect_model(tflite, targets, str(file))
    if picture is not None:
        _draw(inspection, file, picture)
    if as_json:
        typer.echo(inspection.model_dump_json(indent=2))
    else:
        _show(inspection, file, picture)
    if target is not None and inspection.verdicts[target].reasons:
        raise typer.Exit(DoesNotFit.exit_code)


def _targets(name: str | None) -> "list[Target]":
    """The one named, or all of the checkout around the working directory; outside one, none."""
    from flashfit.targets import known_targets, load_target
    from tasks.paths import Paths

    try:
        folder = Paths.here().targets
    except ConfigError:
        if name is not None:
            raise
        return []
    return [load_target(folder, each) for each in ([name] if name is not None else known_targets(folder))]


def _draw(inspection: "Inspection", file: Path, picture: Path) -> None:
    from flashfit.figure import save_png
    from flashfit.tflite.arena_picture import arena_picture

    save_png(arena_picture(inspection, file.name), picture)


def _show(inspection: "Inspection", file: Path, picture: Path | None) -> None:
    console = Console(highlight=False, soft_wrap=True)
    if not console.is_terminal:
        console.width = _WIDE
    for line in _summary(inspection, file):
        console.print(line, markup=False)
    if inspection.operators:
        console.print(_operators(inspection))
    for line in _ending(inspection, picture):
        console.print(line, markup=False)


def _summary(inspection: "Inspection", file: Path) -> Iterator[str]:
    yield f"{file}: flash {inspection.flash_bytes:,} B   {_arena(inspection)}   {inspection.macs:,} MACs"
    for name, tensors in (("input", inspection.inputs), ("output", inspection.outputs)):
        for tensor in tensors:
            yield f"{name:6}  {_tensor(tensor)}"
    for note in inspection.notes:
        yield f"note    {note}"
    if inspection.reason:
        yield f"no run  {inspection.reason}"


def _arena(inspection: "Inspection") -> str:
    if inspection.arena_bytes is None:
        return "arena not measured"
    head, tail = inspection.arena_head_bytes, inspection.arena_tail_bytes
    return f"arena {inspection.arena_bytes:,} B (head {head:,} + tail {tail:,})"


def _tensor(tensor: "TensorRow") -> str:
    scale = "" if tensor.scale is None else f"   scale {tensor.scale:.6g}, zero point {tensor.zero_point}"
    return f"{_shape(tensor.shape)} {tensor.dtype}{scale}   {tensor.name}".rstrip()


def _shape(shape: tuple[int, ...]) -> str:
    return "×".join(map(str, shape)) or "a single value"


def _operators(inspection: "Inspection") -> Table:
    more = len(inspection.operators) - _MOST_ROWS
    caption = "alive: bytes of activations while it runs" + (f"; {more:,} more with --json" if more > 0 else "")
    table = Table(box=SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False, caption=caption, caption_justify="left")
    for heading in ("#", "operator", "TFLM", "output", "MACs", "parameters", "alive", ""):
        table.add_column(heading, no_wrap=True, justify="left" if heading in ("operator", "output", "") else "right")
    most = max(row.live_bytes for row in inspection.operators) or 1
    for number, row in enumerate(inspection.operators[:_MOST_ROWS]):
        table.add_row(
            str(number),
            escape(row.name or "without a name"),
            "yes" if row.supported else "[red]NO[/red]",
            _shape(row.output_shapes[0]) if row.output_shapes else "",
            f"{row.macs:,}" if row.macs else "",
            f"{row.parameter_bytes:,}" if row.parameter_bytes else "",
            f"{row.live_bytes:,}",
            "█" * (_BAR * row.live_bytes // most),
        )
    return table


def _ending(inspection: "Inspection", picture: Path | None) -> Iterator[str]:
    if not inspection.verdicts:
        yield "no verdict: the targets are those of a checkout (deploy/targets), and this is none"
    for name, verdict in inspection.verdicts.items():
        yield f"{verdict.verdict:12}  {name}: {_figures(verdict)}"
    run = [each for each in inspection.verdicts.values() if inspection.reason is None]
    for basis in dict.fromkeys(each.latency_basis for each in run):
        names = (name for name, each in inspection.verdicts.items() if each.latency_basis == basis)
        yield f"ms on {', '.join(names)}: {basis}"
    if picture is not None:
        yield f"arena over time: {picture}"


def _figures(verdict: "TargetVerdict") -> str:
    parts = [str(Use("flash", verdict.flash_used_bytes, verdict.flash_had_bytes))]
    if verdict.arena_used_bytes is None:
        return ", ".join([*parts, "TFLM does not run it"])
    parts.append(str(Use("arena", verdict.arena_used_bytes, verdict.arena_had_bytes)))
    return ", ".join([*parts, _time(verdict.latency_ms)])


def _time(ms: float | None) -> str:
    if ms is None:
        return "no estimate of ms"
    return f"about {ms:,.0f} ms" if ms >= 100 else f"about {ms:.2g} ms"
