"""flashfit data: public data sets, listed and fetched."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn
from rich.table import Table
from rich.text import Text

from flashfit.cli.pipeline import require_pipeline

if TYPE_CHECKING:
    from flashfit.data.catalog import Dataset
    from flashfit.data.download import Progress as Report
    from tasks.dataset import Fetched, Listed

data = typer.Typer(no_args_is_help=True, help="Public data sets: what there is, and bring one here.")

_MB = 1_000_000
_LOAD_ONLY = "load-only: never bundled"


@data.command("list")
def list_(as_json: Annotated[bool, typer.Option("--json", help="Print one JSON list.")] = False) -> None:
    """Show every data set of data/catalog.yaml, its license, and whether it is here."""
    require_pipeline("data")
    from tasks.dataset import list_datasets
    from tasks.paths import Paths

    listed = list_datasets(Paths.here())
    if as_json:
        typer.echo(json.dumps([_as_tree(one) for one in listed], indent=2, ensure_ascii=False))
    else:
        console = Console(highlight=False)
        console.print(_table(listed))
        console.print("next: flashfit data fetch NAME", markup=False)


@data.command()
def fetch(
    name: Annotated[str, typer.Argument(help="A name that flashfit data list shows.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Bring a data set into data/datasets/NAME, check its sha256, and have DVC track it.

    Archives are looked for in the folder or at the address that FLASHFIT_MIRROR names, then where the
    catalogue says.
    """
    require_pipeline("data")
    from tasks.dataset import fetch_dataset
    from tasks.paths import Paths

    paths = Paths.here()
    with _progress_bar() as report:
        fetched = fetch_dataset(paths, name, report)
    if as_json:
        typer.echo(json.dumps(_as_tree(fetched), indent=2, ensure_ascii=False))
    else:
        console = Console(highlight=False, soft_wrap=True)
        for line in _in_words(fetched, paths.root):
            console.print(line, markup=False)


def _in_words(fetched: "Fetched", root: Path) -> Iterator[str]:
    """What is where now, under which license, and what to do next."""
    size = f"{fetched.files:,} files, {fetched.size_bytes / _MB:.1f} MB"
    done = "fetched" if fetched.changed else "already here:"
    yield f"{done} {fetched.name}   {size}   {_terms(fetched.dataset)}"
    folder, note = fetched.folder.relative_to(root), fetched.dvc_file.relative_to(root)
    yield f"in {folder}   to commit: {note}   next: {_next_step(fetched, folder)}"


def _next_step(fetched: "Fetched", folder: Path) -> str:
    if fetched.products:
        return f"flashfit build {fetched.products[0]}"
    return f"flashfit new {fetched.name.replace('_', '-')} --data {folder}"


def _terms(dataset: "Dataset") -> str:
    return f"license {dataset.license}" + (f" ({_LOAD_ONLY})" if dataset.use == "load-only" else "")


def _table(listed: "list[Listed]") -> Table:
    table = Table(box=SIMPLE_HEAD, pad_edge=False, caption="✓ here", caption_justify="left")
    for heading in ("", "name", "packed"):
        table.add_column(heading, no_wrap=True, justify="right" if heading == "packed" else "left")
    table.add_column("license", max_width=16, overflow="fold")
    table.add_column("what it is")
    for one in listed:
        license_ = one.dataset.license + (", load-only" if one.dataset.use == "load-only" else "")
        size = f"{one.dataset.size_bytes / _MB:.1f} MB"
        table.add_row("✓" if one.fetched else "", one.name, size, Text(license_), Text(one.dataset.title))
    return table


def _as_tree(one: "Listed | Fetched") -> dict[str, Any]:
    from tasks.dataset import Fetched

    tree: dict[str, Any] = {"name": one.name, "products": list(one.products)}
    if isinstance(one, Fetched):
        tree |= {"folder": str(one.folder), "dvc_file": str(one.dvc_file)}
        tree |= {"files": one.files, "size_bytes": one.size_bytes, "changed": one.changed}
    else:
        tree["fetched"] = one.fetched
    return tree | one.dataset.model_dump(mode="json")


@contextmanager
def _progress_bar() -> "Iterator[Report]":
    """A bar on stderr where a person looks on, one for each archive."""
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn())
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bars:
        tasks = {}

        def report(file: str, done_bytes: int, total_bytes: int) -> None:
            if file not in tasks:
                tasks[file] = bars.add_task(file, total=total_bytes)
            bars.update(tasks[file], completed=done_bytes)

        yield report
