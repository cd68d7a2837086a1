"""The ladder as a picture: what each rung adds to each layer."""

from matplotlib.figure import Figure

from flashfit.figure import BLUE, GREEN, GREY, ORANGE, RED, new_figure
from flashfit.gates.rungs import Ladder, Tried

_COLOURS = (GREY, ORANGE, RED, BLUE, GREEN, "#6a4c93", "#1c2127")
_MOST_NAMED = 40


def noise_picture(ladder: Ladder) -> Figure:
    """Signal-to-quantization-noise ratio by layer, a line a rung: where a line falls, that layer is to blame."""
    drawn = [tried for tried in ladder.rungs if tried.noise]
    longest = max((tried.noise for tried in drawn), key=len, default=())
    figure, axes = new_figure(max(6.4, 0.32 * len(longest) + 2.4), 4.2)
    for tried, colour in zip(drawn, _COLOURS, strict=False):
        chosen = tried.rung == ladder.chosen
        places, values = _points(tried)
        axes.plot(
            places,
            values,
            "o-",
            color=colour,
            markersize=4,
            linewidth=2.2 if chosen else 1.1,
            label=_label(tried, chosen),
        )
    axes.set_ylabel("signal to quantization noise, dB")
    if len(longest) <= _MOST_NAMED:
        names = [noise.layer.removeprefix(f"{place} ") for place, noise in enumerate(longest, start=1)]
        axes.set_xticks(range(1, len(longest) + 1), names, rotation=60, ha="right", fontsize=7)
    if drawn:
        axes.legend(fontsize=8, frameon=False)
    return figure


def _points(tried: Tried) -> tuple[list[int], list[float]]:
    known = [(place, noise.sqnr_db) for place, noise in enumerate(tried.noise, start=1) if noise.sqnr_db is not None]
    return [place for place, _ in known], [value for _, value in known]


def _label(tried: Tried, chosen: bool) -> str:
    return f"{tried.rung} (chosen)" if chosen else tried.rung
