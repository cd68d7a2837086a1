"""flashfit score: how right any classification model is on TFLM and on LiteRT, and where they disagree."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from flashfit.cli.hint import look_at, what_next
from flashfit.cli.pipeline import require_pipeline

if TYPE_CHECKING:
    from flashfit.tflite.runtimes import Report
    from flashfit.tflite.scoring import Score


def score(
    file: Annotated[
        Path, typer.Argument(metavar="FILE.tflite", help="A classification model of one input and output.")
    ],
    samples: Annotated[
        Path,
        typer.Option(
            metavar="X.npz",
            help="x: samples, floats or of the model's own input type. y: the number of each one's class.",
        ),
    ],
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Answer samples on TFLM, which ships, and on LiteRT; say how right each is and where they disagree.

    Exits with 0 when scored, 2 when the model or the samples cannot be, 3 when the model kills or hangs the process
    that runs it. docs/score.md says what every number means.
    """
    require_pipeline("score")
    from flashfit.tflite.file import read_tflite
    from flashfit.tflite.samples import open_samples
    from flashfit.tflite.scoring import score as score_model

    with what_next(look_at(file)):
        tflite = read_tflite(file)
    with what_next("docs/score.md says how samples are laid out" if samples.is_file() else look_at(samples)):
        opened = open_samples(samples)
    start_s = time.perf_counter()
    with what_next(f"flashfit inspect {file} says what it takes"), _progress_bar(opened.n) as report:
        scored = score_model(tflite, opened, str(file), report)
    if as_json:
        typer.echo(scored.model_dump_json(indent=2))
        return
    console = Console(highlight=False)
    console.print(f"scored {scored.n:,} samples in {time.perf_counter() - start_s:.1f} s", markup=False)
    console.print(_accuracies(scored))
    console.print(_differences(scored))
    for line in _in_words(scored):
        console.print(line, markup=False, soft_wrap=True)


def _accuracies(scored: "Score") -> Table:
    from flashfit.tflite.runtimes import RUNTIME_NAMES

    caption = "samples a second of one processor's time"
    table = _table(("runtime", "accuracy", "95 % interval", "samples/s", "× TFLM"), caption)
    for runtime, name in RUNTIME_NAMES.items():
        low, high = getattr(scored, f"interval_{runtime}")
        speed = scored.samples_per_s[runtime]
        table.add_row(
            name,
            f"{100 * getattr(scored, f'accuracy_{runtime}'):.1f} %",
            f"{100 * low:.1f} – {100 * high:.1f} %",
            f"{speed:,.0f}",
            f"{speed / scored.samples_per_s['tflm']:.1f}",
        )
    return table


def _differences(scored: "Score") -> Table:
    from flashfit.tflite.runtimes import RUNTIME_NAMES

    unit = "largest difference" if scored.max_lsb is None else "largest LSB"
    table = _table(("outputs of", "flips", "bit-exact", unit), "flips: samples that the two answer otherwise")
    for pair in scored.pairs:
        far = f"{pair.max_difference:.2g}" if pair.max_lsb is None else f"{pair.max_lsb:,}"
        names = f"{RUNTIME_NAMES[pair.one]} : {RUNTIME_NAMES[pair.other]}"
        table.add_row(names, f"{pair.flips or 0:,}", f"{100 * pair.exact / pair.n:.1f} %", far)
    return table


def _table(headings: tuple[str, ...], caption: str) -> Table:
    table = Table(box=SIMPLE_HEAD, pad_edge=False, caption=caption, caption_justify="left")
    for number, heading in enumerate(headings):
        table.add_column(heading, no_wrap=True, justify="right" if number else "left")
    return table


def _in_words(scored: "Score") -> Iterator[str]:
    """Which figure counts."""
    flips = "no answer differs" if not scored.flips else f"{scored.flips:,} of {scored.n:,} answers differ"
    yield f"TFLM's {100 * scored.accuracy_tflm:.1f} % is the figure that counts: TFLM ships. On LiteRT, {flips}."


@contextmanager
def _progress_bar(total: int) -> "Iterator[Report]":
    """A bar on stderr where a person looks on."""
    columns = (TextColumn("scoring"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bars:
        task = bars.add_task("scoring", total=total)
        yield lambda more: bars.advance(task, more)
