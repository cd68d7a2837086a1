"""flashfit verdict: what is known of a product's builds, without running anything."""

import json
from typing import Annotated

import typer
from rich.console import Console

from flashfit.cli.ending import ending
from flashfit.cli.pipeline import require_pipeline
from flashfit.errors import ConfigError, DoesNotFit
from flashfit.gates.verdict import FITS


def verdict(
    product: Annotated[str, typer.Argument(help="A name under products: in params.yaml.")],
    target: Annotated[str | None, typer.Option(help="One target only.  [default: all]")] = None,
    as_json: Annotated[
        bool,
        typer.Option("--json", help="Print one JSON object, or a list of them for several targets."),
    ] = False,
) -> None:
    """Say the last verdict on each build. Exits with 0 when all fit, 1 when one does not, 2 when one has none."""
    require_pipeline("verdict")
    from tasks.paths import Paths
    from tasks.stage import read_params
    from tasks.verdict import standing, summary

    paths = Paths.here()
    params = read_params(paths)
    builds = [params.build(product, target)] if target else params.builds_of(product)
    standings = [standing(paths, build) for build in builds]
    if as_json:
        trees = [summary(each).model_dump(mode="json") for each in standings]
        typer.echo(json.dumps(trees[0] if len(trees) == 1 else trees, indent=2))
    else:
        console = Console(highlight=False, soft_wrap=True)
        for each in standings:
            for line in ending(each, f"flashfit pull {each.build.registered_name}@candidate"):
                console.print(line, markup=False)
    verdicts = [each.verdict.verdict if each.verdict else None for each in standings]
    if None in verdicts:
        missing = builds[verdicts.index(None)]
        raise ConfigError(
            f"{missing.registered_name} has no verdict yet",
            next_step=f"flashfit build {missing.product} --target {missing.target}",
        )
    if any(word != FITS for word in verdicts):
        raise typer.Exit(DoesNotFit.exit_code)
