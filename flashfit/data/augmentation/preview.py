"""A sheet of samples beside their varied copies, to see at a glance whether a copy is still what it was."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from flashfit.data.augmentation.motion import sensors
from flashfit.data.samples import Sample
from flashfit.figure import BLUE, GREEN, GREY, ORANGE

_MOST_ORIGINALS = 6
_MOST_COPIES = 4
_FAINT = "#d5d8db"

_Row = Sequence[NDArray[np.generic]]


def preview_picture(pairs: Sequence[tuple[Sample, Sequence[Sample]]], kind: str) -> Figure:
    """A row a sample: the original, then its copies; the first six samples and four copies of each.

    pairs: at least one. kind: image, audio or motion, as in Augment. A picture is a tile. A sound is its
    wave, centred, or its features where x is (frames, bands, channels). A motion is a line a channel and a
    strip a sensor. Behind waves and motions their original shows, faint. A row has one scale.
    """
    rows = [(original, *copies[:_MOST_COPIES]) for original, copies in pairs[:_MOST_ORIGINALS]]
    looks = [_LOOKS[kind, original.x.ndim] for original, *_ in rows]
    columns, heights = max(map(len, rows)), [look.height for look in looks]
    width = max(look.width for look in looks)
    figure = Figure(figsize=(columns * width + 0.4, sum(heights) + 0.3), layout="constrained")
    grid = figure.subplots(len(rows), columns, squeeze=False, height_ratios=heights)
    for axes in grid.flat:
        axes.set(xticks=[], yticks=[])
        axes.spines[:].set_visible(False)
    for number, axes in enumerate(grid[0]):
        axes.set_title(f"copy {number}" if number else "original", fontsize=9, color=GREY)
    for line, look, row in zip(grid, looks, rows, strict=True):
        line[0].set_ylabel(row[0].label or row[0].id, fontsize=9)
        look.draw(line[: len(row)], [sample.x for sample in row])
    return figure


def _draw_tiles(line: Sequence[Axes], row: _Row) -> None:
    low, span = (0.0, 255.0) if row[0].dtype == np.uint8 else _scale(row[:1])
    for axes, x in zip(line, row, strict=True):
        shown = np.clip((x.astype(np.float64) - low) / span, 0, 1)
        axes.imshow(shown[..., 0] if shown.shape[2:] == (1,) else shown, cmap="gray", vmin=0, vmax=1)


def _draw_waves(line: Sequence[Axes], row: _Row) -> None:
    for axes, x in zip(line, row, strict=True):
        for wave, colour in ((row[0], _FAINT), (x, BLUE)):
            axes.plot(np.arange(len(wave)) - len(wave) / 2, wave, color=colour, linewidth=0.4)
        axes.set_xlim(-max(map(len, row)) / 2, max(map(len, row)) / 2)
        axes.set_ylim(-1.05 * max(map(_peak, row)), 1.05 * max(map(_peak, row)))


def _draw_features(line: Sequence[Axes], row: _Row) -> None:
    low, span = _scale(row[:1])
    for axes, x in zip(line, row, strict=True):
        axes.imshow(x[..., 0].T, cmap="magma", vmin=low, vmax=low + span, origin="lower", aspect="auto")


def _draw_strips(line: Sequence[Axes], row: _Row) -> None:
    strips = sensors(row[0].shape[1])
    for axes in line:
        axes.set_ylim(-1.15 * (len(strips) - 1) - 0.05, 1.05)
    for strip, channels in enumerate(strips):
        low, span = _scale([x[:, channels] for x in row])
        for axes, x in zip(line, row, strict=True):
            for window, alpha in ((row[0], 0.25), (x, 1.0)):
                axes.set_prop_cycle(color=(BLUE, ORANGE, GREEN))
                shown = (window[:, channels].astype(np.float64) - low) / span
                axes.plot(shown - 1.15 * strip, linewidth=0.9, alpha=alpha)


def _scale(row: _Row) -> tuple[float, float]:
    """The least value, and how far the greatest lies above it."""
    values = [x.astype(np.float64) for x in row]
    low, high = min(float(x.min()) for x in values), max(float(x.max()) for x in values)
    return low, high - low or 1.0


def _peak(wave: NDArray[np.generic]) -> float:
    return float(np.abs(wave.astype(np.float64)).max(initial=1.0))


@dataclass(frozen=True)
class _Look:
    """How a row is drawn, and the inches of one tile of it."""

    draw: Callable[[Sequence[Axes], _Row], None]
    width: float
    height: float


_WAVES = _Look(_draw_waves, 2.2, 1.1)
_FEATURES = _Look(_draw_features, 2.2, 1.1)
_TILES = _Look(_draw_tiles, 1.4, 1.4)
_STRIPS = _Look(_draw_strips, 2.2, 1.6)
_LOOKS = {
    ("image", 2): _TILES,
    ("image", 3): _TILES,
    ("audio", 1): _WAVES,
    ("audio", 3): _FEATURES,
    ("motion", 2): _STRIPS,
}
