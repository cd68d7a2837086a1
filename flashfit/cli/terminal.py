"""A build as a person follows it: a line for each step, what it says dimmed below it."""

from rich.console import Console
from rich.markup import escape
from rich.text import Text

from flows.watch import Watch

_INDENT = "    "


class Terminal(Watch):
    """Writes to stderr, so that stdout carries the ending alone. Redraws only on a real terminal."""

    def __init__(self) -> None:
        self._console = Console(stderr=True, highlight=False, soft_wrap=True)
        if self._console.is_terminal:
            self.columns = max(self._console.width - len(_INDENT), 20)
        self._drafting = False

    def note(self, text: str) -> None:
        self._print(text, style="yellow")

    def started(self, step: str) -> None:
        self._print(f"▸ {step}", style="bold")

    def line(self, text: str) -> None:
        self._print(f"{_INDENT}{text}", style="dim")

    def draft(self, text: str) -> None:
        if self.columns is not None:
            self._clear()
            self._console.print(Text.from_ansi(f"{_INDENT}{text}", end=""), end="")
            self._drafting = True

    def ended(self, step: str, how: str, seconds: float | None) -> None:
        took = "" if seconds is None else f"{seconds:.1f} s"
        told = took if how == "ran" else f"{how}  {took}".rstrip()
        self._clear()
        self._console.print(f"[green]✓[/] {escape(step):32} {told}")

    def failed(self, step: str, why: str) -> None:
        self._print(f"✗ {step}", style="red")

    def _print(self, text: str, style: str) -> None:
        self._clear()
        self._console.print(text, style=style, markup=False)

    def _clear(self) -> None:
        if self._drafting:
            self._console.file.write("\r\x1b[2K")
            self._drafting = False
