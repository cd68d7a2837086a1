"""The command `flashfit`: its verbs, and how an error leaves it."""

import sys

import typer
from rich.console import Console

from flashfit.cli import backbone, build, data, inspect, new, pull, score, status, verdict
from flashfit.cli.hint import AGAIN, last_words
from flashfit.errors import FlashfitError, SurroundingsError

app = typer.Typer(
    name="flashfit",
    help="From versioned data to a neural network that fits a microcontroller.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command()(new.new)
app.command()(build.build)
app.command()(verdict.verdict)
app.command()(status.status)
app.command()(pull.pull)
app.command()(backbone.backbone)
app.command()(inspect.inspect)
app.command()(score.score)
app.add_typer(data.data, name="data")


def main() -> None:
    """Run the command line; a FlashfitError is one message on stderr and its exit code, a disk's fault 3."""
    try:
        app()
    except FlashfitError as error:
        _say(last_words(error))
        sys.exit(error.exit_code)
    except OSError as error:
        place = f"{error.filename}: " if error.filename else ""
        _say(f"{place}{error.strerror or error}{AGAIN}")
        sys.exit(SurroundingsError.exit_code)


def _say(message: str) -> None:
    Console(stderr=True, highlight=False, soft_wrap=True).print(message, style="red", markup=False)
