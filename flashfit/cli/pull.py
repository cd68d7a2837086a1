"""flashfit pull: a checked bundle into a folder. Runs in the light install."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn

from flashfit.registry import pull as registry_pull
from flashfit.registry.client import Reference, Registry, parse_reference

DEFAULT_REGISTRY = "http://127.0.0.1:5000"


def pull(
    reference: Annotated[str, typer.Argument(metavar="NAME@ALIAS", help="Or NAME/VERSION.")],
    registry: Annotated[
        str, typer.Option(envvar="FLASHFIT_REGISTRY", help="Address of the MLflow server.")
    ] = DEFAULT_REGISTRY,
    into: Annotated[Path | None, typer.Option(help="Folder that becomes the bundle.  [default: ./NAME]")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Download a bundle, check every sha256, then put it in place whole."""
    wanted = parse_reference(reference)
    with Registry(registry) as server, _progress_bar(wanted) as progress:
        pulled = registry_pull.pull(server, wanted, into or Path(wanted.name), progress)
    if as_json:
        typer.echo(json.dumps(_as_tree(pulled, wanted, server.address)))
    else:
        Console(highlight=False, soft_wrap=True).print(_in_words(pulled, wanted), markup=False)


def _in_words(pulled: registry_pull.Pulled, wanted: Reference) -> str:
    version = f"{pulled.version.name} version {pulled.version.number}"
    alias = f" @{wanted.alias}" if wanted.alias else ""
    if not pulled.changed:
        return f"{pulled.folder} holds {version}{alias} already   bundle sha256:{pulled.sha256}"
    replaced = f" (was sha256:{pulled.previous})" if pulled.previous else ""
    return f"pulled {version}{alias} into {pulled.folder}   bundle sha256:{pulled.sha256}{replaced}"


def _as_tree(pulled: registry_pull.Pulled, wanted: Reference, address: str) -> dict[str, Any]:
    return {
        "name": pulled.version.name,
        "version": pulled.version.number,
        "alias": wanted.alias,
        "bundle_sha256": pulled.sha256,
        "previous_sha256": pulled.previous,
        "into": str(pulled.folder),
        "changed": pulled.changed,
        "registry": address,
    }


@contextmanager
def _progress_bar(wanted: Reference) -> Iterator[registry_pull.Progress]:
    """A bar on stderr where a person looks on."""
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn())
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task(f"pulling {wanted}", total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)
