"""Who looks on while a build runs: nobody, or the person at a terminal."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar


class Watch:
    """Nobody looks on. The command line overrides what it wants to see."""

    columns: int | None = None
    """Width of the terminal that stages may draw on; None: no terminal."""

    def note(self, text: str) -> None:
        """Something worth a line that belongs to no stage."""

    def started(self, step: str) -> None:
        """A step has begun to run."""

    def line(self, text: str) -> None:
        """The step has said something."""

    def draft(self, text: str) -> None:
        """The step redraws its last line."""

    def ended(self, step: str, how: str, seconds: float | None) -> None:
        """The step is over, well: how is `ran`, `from the cache` or `up to date`."""

    def failed(self, step: str, why: str) -> None:
        """The step is over, badly."""


_WATCH: ContextVar[Watch] = ContextVar("watch", default=Watch())  # noqa: B039


def current_watch() -> Watch:
    """Who looks on now."""
    return _WATCH.get()


@contextmanager
def watched_by(watch: Watch) -> Iterator[None]:
    """Let someone look on for a while."""
    token = _WATCH.set(watch)
    try:
        yield
    finally:
        _WATCH.reset(token)
