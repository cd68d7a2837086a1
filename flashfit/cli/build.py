"""flashfit build: a product from data to registry, with its verdicts."""

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from flashfit.cli.ending import ending
from flashfit.cli.hint import last_words
from flashfit.cli.pipeline import require_pipeline
from flashfit.errors import ConfigError

if TYPE_CHECKING:
    from flows.outcome import Outcome

_INTERRUPTED = 130


def build(
    product: Annotated[str, typer.Argument(help="A name under products: in params.yaml.")],
    target: Annotated[str | None, typer.Option(help="One target only.  [default: all]")] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the verdicts, as flashfit verdict --json does.")
    ] = False,
    verbose: Annotated[bool, typer.Option("--verbose", help="Show Prefect's log too.")] = False,
) -> None:
    """Bring a product up to date: fetch, validate, prepare, search, train, quantize, evaluate, bundle, publish."""
    require_pipeline("build")
    from flashfit.cli.terminal import Terminal
    from flows.run import run_build

    terminal = Terminal()
    _adopt(product, terminal.note)
    try:
        outcome = run_build(product, target, terminal, verbose)
    except KeyboardInterrupt:
        terminal.note(f"stopped; next: flashfit build {product} goes on where this ended")
        raise typer.Exit(_INTERRUPTED) from None
    for error in outcome.errors:
        Console(stderr=True, highlight=False, soft_wrap=True).print(last_words(error), style="red", markup=False)
    if as_json:
        typer.echo(as_one_or_list(outcome))
    else:
        _print_endings(outcome)
    raise typer.Exit(outcome.exit_code)


def _adopt(product: str, note: Callable[[str], None]) -> None:
    """Put the sections of a product that comes with flashfit into params.yaml, unless they are there.

    Raises ConfigError for a product that is neither here nor there.
    """
    from flashfit.targets import known_targets
    from tasks.paths import Paths
    from tasks.shipped import add_shipped, shipped
    from tasks.stage import read_params

    paths = Paths.here()
    there, more = read_params(paths).products, shipped(paths.products)
    if product in there:
        return
    if product not in more:
        ready = f"; ready to build: {', '.join(more)}" if more else ""
        raise ConfigError(
            f"no product {product!r} in params.yaml (there are: {', '.join(there)}{ready})",
            next_step=f"flashfit new {product} --data FOLDER",
        )
    add_shipped(paths.params, paths.products / f"{product}.yaml", known_targets(paths.targets))
    note(f"{product} comes with flashfit; its sections are in params.yaml now")


def as_one_or_list(outcome: "Outcome") -> str:
    """JSON of every standing: an object where there is one, else a list."""
    from tasks.verdict import summary

    trees = [summary(standing).model_dump(mode="json") for standing in outcome.standings]
    return json.dumps(trees[0] if len(trees) == 1 else trees, indent=2)


def _print_endings(outcome: "Outcome") -> None:
    from tasks.paths import Paths
    from tasks.surroundings import running_servers

    console = Console(highlight=False, soft_wrap=True)
    servers = running_servers(Paths.here()) if outcome.standings else None
    for standing in outcome.standings:
        pull = f"flashfit pull {standing.build.registered_name}@candidate"
        next_step = f"{pull} --registry {servers.mlflow}" if servers else "make serve"
        if standing.verdict is not None or not outcome.errors:
            for line in ending(standing, next_step):
                console.print(line, markup=False)
