"""Long work, as a person watches it: a bar in a terminal, a line a trial anywhere else."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from flashfit.search.outcome import TrialRecord


@contextmanager
def search_progress(trials: int) -> Iterator[Callable[[TrialRecord], None]]:
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
            if trial.int8 is not None and (best is None or trial.int8 > (best.int8 or 0.0)):
                best = trial
            headline = f"best {_percent(best.int8)} (trial {best.number})" if best else ""
            console.print(_line(trial), markup=False)
            progress.update(bar, advance=1, best=headline)

        yield show


def _line(trial: TrialRecord) -> str:
    size = f"{trial.footprint.flash_bytes / 1024:5.1f} KiB flash  {trial.footprint.arena_bytes / 1024:4.1f} KiB arena"
    outcome = {
        "complete": f"int8 {_percent(trial.int8)}",
        "pruned": f"pruned after epoch {len(trial.curve)}",
        "failed": f"failed: {trial.failure}",
    }.get(trial.state, trial.state)
    return f"trial {trial.number:3}  {size}  {outcome:24} {trial.candidate.spec}"


def _percent(share: float | None) -> str:
    return "" if share is None else f"{100 * share:.1f} %"
