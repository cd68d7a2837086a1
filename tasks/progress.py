"""Long work, as a person watches it: a bar in a terminal, a line a trial anywhere else."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from flashfit.gates.words import shown
from flashfit.params import Metric
from flashfit.search.outcome import TrialRecord

_Item = TypeVar("_Item")


@contextmanager
def counted(what: str, total: int | None = None) -> Iterator[Callable[[Iterable[_Item]], Iterator[_Item]]]:
    """Yields what to wrap an iterable in, so that a terminal shows how far it is; elsewhere nothing is shown."""
    console = Console()
    columns = (TextColumn(what), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal, transient=True) as progress:
        bar = progress.add_task(what, total=total)

        def show(items: Iterable[_Item]) -> Iterator[_Item]:
            for item in items:
                yield item
                progress.advance(bar)

        yield show


@contextmanager
def search_progress(trials: int, metric: Metric) -> Iterator[Callable[[TrialRecord], None]]:
    """Show `trials` trials go by: yields what to call for each. Those over budget take no time, and no step."""
    console = Console(highlight=False, soft_wrap=True)
    columns = (
        TextColumn("search"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[best]}"),
        TimeRemainingColumn(),
        TextColumn("left"),
    )
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        bar = progress.add_task("search", total=trials, best="")
        best: TrialRecord | None = None

        def show(trial: TrialRecord) -> None:
            nonlocal best
            if trial.state == "over budget":
                return
            if trial.merit is not None and (best is None or best.merit is None or trial.merit > best.merit):
                best = trial
            headline = f"best {_int8(best, metric)} (trial {best.number})" if best else ""
            console.print(_line(trial, metric), markup=False)
            progress.update(bar, advance=1, best=headline)

        yield show


def _line(trial: TrialRecord, metric: Metric) -> str:
    size = f"{trial.footprint.flash_bytes / 1024:5.1f} KiB flash  {trial.footprint.arena_bytes / 1024:4.1f} KiB arena"
    outcome = {
        "complete": f"int8 {_int8(trial, metric)}",
        "pruned": f"pruned after epoch {len(trial.curve)}",
        "failed": f"failed: {trial.failure}",
    }.get(trial.state, trial.state)
    return f"trial {trial.number:3}  {size}  {outcome:24} {trial.candidate.spec}"


def _int8(trial: TrialRecord, metric: Metric) -> str:
    return "" if trial.int8 is None else shown(metric, trial.int8)
