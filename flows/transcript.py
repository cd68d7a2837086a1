"""What a child writes, as a person reads it: finished lines, and the unfinished one that it keeps redrawing."""

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass

_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_ESCAPE = re.compile(r"\x1b(?:\[[0-9;?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\-_])")
_FRESH_START = re.compile(r"\r|\x1b\[[0-2]?[KJG]")


@dataclass(frozen=True)
class Line:
    """A finished line, without colours or cursor movements."""

    text: str


@dataclass(frozen=True)
class Draft:
    """The line being drawn now, such as a progress bar: colours kept, cursor movements left out."""

    text: str


class Transcript:
    """Bytes in, lines and drafts out. Of a line drawn several times only its last state is a Line."""

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
        self._open = ""

    def feed(self, data: bytes) -> Iterator[Line | Draft]:
        """What these bytes finish, then how the unfinished line looks if it is drawn over and over."""
        *finished, self._open = (self._open + self._decoder.decode(data)).split("\n")
        for raw in finished:
            yield Line(_plain(raw))
        if _FRESH_START.search(self._open):
            yield Draft(_drawn(self._open))

    def close(self) -> Iterator[Line]:
        """The line that no newline ended, if there is one."""
        rest, self._open = _plain(self._open), ""
        if rest:
            yield Line(rest)


def _plain(raw: str) -> str:
    return _COLOUR.sub("", _drawn(raw)).rstrip()


def _drawn(raw: str) -> str:
    """The last thing drawn on the line that is not blank."""
    states = (_keep_colours(state) for state in reversed(_FRESH_START.split(raw)))
    return next((state for state in states if _COLOUR.sub("", state).strip()), "")


def _keep_colours(text: str) -> str:
    return _ESCAPE.sub(lambda found: found[0] if _COLOUR.fullmatch(found[0]) else "", text)
