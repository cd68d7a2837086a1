"""flashfit new: data that nobody has described become a product in params.yaml."""

import re
from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from flashfit.cli.pipeline import require_pipeline
from flashfit.errors import ConfigError

if TYPE_CHECKING:
    from flashfit.data.inspect.seen import Seen

_NAME = re.compile(r"[a-z0-9][a-z0-9-]*")


def new(
    name: Annotated[str, typer.Argument(help="What the product is to be called: a-z, 0-9 and -.")],
    data: Annotated[Path, typer.Option(help="A folder of data, or a CSV file.")],
    target: Annotated[str, typer.Option(help="A board of deploy/targets.")] = "nano33ble",
) -> None:
    """Look at data, say what is seen, and add a product for them to params.yaml that builds as it stands."""
    require_pipeline("new")
    from flashfit.data.inspect import look
    from flashfit.targets import known_targets, load_target
    from tasks.paths import Paths
    from tasks.proposal import propose
    from tasks.shipped import add_sections
    from tasks.stage import read_params

    paths = Paths.here()
    params, board = read_params(paths), load_target(paths.targets, target)
    _check_name(name, params.products)
    with Console(stderr=True).status(f"reading {data}"):
        seen = look(data, paths.root, params.seed)
    add_sections(paths.params, propose(seen, name, board), known_targets(paths.targets), f"the proposal for {name}")
    _show(seen, name, target)


def _check_name(name: str, taken: Collection[str]) -> None:
    if not _NAME.fullmatch(name):
        better = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") or "product"
        raise ConfigError(f"{name!r} is no product name (a-z, 0-9 and -)", next_step=f"try {better}")
    if name in taken:
        raise ConfigError(f"params.yaml has a product {name!r} already", next_step="choose another name")


def _show(seen: "Seen", name: str, target: str) -> None:
    from flashfit.data.inspect.words import lines_of

    table = Table.grid(padding=(0, 2))
    last = ""
    for about, words in lines_of(seen):
        table.add_row("" if about == last else about, words, style="yellow" if about == "trap" else "")
        last = about
    table.add_row("added", f"products.{name} and builds.{name}-{target} to params.yaml")
    console = Console(highlight=False, markup=False)
    console.print(table)
    console.print(f"next: flashfit build {name}", markup=False)
