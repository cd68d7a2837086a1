"""flashfit status: every build by every stage, and which servers run."""

import json
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from flashfit.cli.pipeline import require_pipeline

if TYPE_CHECKING:
    from flows.graph import Stage
    from tasks.surroundings import Servers
    from tasks.verdict import Standing

_FRESH, _STALE = "✓", "·"


def status(as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False) -> None:
    """Show what is up to date, what fits, what is registered and which servers run."""
    require_pipeline("status")
    from flows.graph import read_graph
    from tasks.paths import Paths
    from tasks.stage import read_params
    from tasks.surroundings import running_servers
    from tasks.verdict import standing

    paths = Paths.here()
    builds = list(read_params(paths).builds.values())
    standings = [standing(paths, build) for build in builds]
    stages = read_graph(paths, builds) if builds else []
    servers = running_servers(paths)
    if as_json:
        typer.echo(json.dumps(_tree(standings, stages, servers), indent=2))
    else:
        console = Console(highlight=False)
        console.print(_table(standings, stages))
        console.print(_servers_in_words(servers), markup=False)


def _tree(standings: "list[Standing]", stages: "list[Stage]", servers: "Servers | None") -> dict[str, Any]:
    from tasks.verdict import summary

    return {
        "builds": [
            {**summary(standing).model_dump(mode="json"), "stages": _freshness(standing, stages)}
            for standing in standings
        ],
        "servers": {"mlflow": servers.mlflow, "prefect": servers.prefect} if servers else None,
    }


def _freshness(standing: "Standing", stages: "list[Stage]") -> dict[str, bool]:
    """Stage verb to whether it is up to date, for the stages of a build and of its product."""
    subjects = (standing.build.product, standing.build.name)
    return {stage.verb: stage.fresh for stage in stages if stage.subject in subjects}


def _table(standings: "list[Standing]", stages: "list[Stage]") -> Table:
    """A row for each stage, in the order in which they run, and a column for each build."""
    table = Table(box=SIMPLE_HEAD, caption=f"{_FRESH} up to date   {_STALE} to do", caption_justify="left")
    table.add_column("")
    for standing in standings:
        table.add_column(standing.build.registered_name, justify="center")
    freshness = [_freshness(standing, stages) for standing in standings]
    for verb in dict.fromkeys(stage.verb for stage in stages):
        table.add_row(verb, *(_FRESH if fresh.get(verb) else _STALE for fresh in freshness))
    table.add_section()
    table.add_row("verdict", *(standing.verdict.verdict if standing.verdict else "" for standing in standings))
    table.add_row("version", *map(_version, standings))
    return table


def _version(standing: "Standing") -> str:
    published = standing.published
    return f"{published.version} @{published.alias}" if published else ""


def _servers_in_words(servers: "Servers | None") -> str:
    if servers is None:
        return "no servers run here; next: make serve"
    return f"MLflow {servers.mlflow}   Prefect {servers.prefect}"
