"""Answers by class as pictures: where they go wrong, and what the model uses."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from flashfit.figure import BLUE, RED, new_figure
from flashfit.footprint import Use
from flashfit.gates.estimate import Estimate
from flashfit.gates.sample_pictures import draw_sample, drawable

_MOST_TILES = 24
_COLUMNS = 8
_MOST_LETTERS_IN_A_ROW = 44


def confusion_picture(counts: NDArray[np.int64], labels: Sequence[str], title: str) -> Figure:
    """A confusion, (classes, classes), row by truth; shade by share of the row, number by count."""
    size = max(4.0, 0.45 * len(labels) + 1.6)
    figure, axes = new_figure(size, size)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    for (row, column), count in np.ndenumerate(counts):
        if count:
            colour = "white" if shares[row, column] > 0.5 else RED if row != column else "black"
            axes.text(column, row, str(count), ha="center", va="center", color=colour, fontsize=9)
    axes.set_xticks(range(len(labels)), labels, **_tick_style(labels))
    axes.set_yticks(range(len(labels)), labels)
    axes.set_xlabel("answer")
    axes.set_ylabel("truth")
    axes.set_title(title, fontsize=10)
    return figure


def recall_picture(recalls: Mapping[str, float], floor: float, intervals: Mapping[str, Estimate]) -> Figure:
    """Recall by class as bars with their 95 % intervals, where known, and the floor that the gate sets, if any.

    A class without samples has no bar.
    """
    recalls = {label: value for label, value in recalls.items() if label not in intervals or intervals[label].n}
    figure, axes = new_figure(max(4.8, 0.42 * len(recalls) + 1.6), 3.4)
    places = np.arange(len(recalls))
    axes.bar(places, [100 * value for value in recalls.values()], color=_bar_colours(recalls, floor), width=0.7)
    known = [(place, intervals[label]) for place, label in enumerate(recalls) if label in intervals]
    if known:
        ends = np.array([[each.value - each.low, each.high - each.value] for _, each in known]).T
        style: dict[str, Any] = {
            "fmt": "none",
            "ecolor": "#1c2127",
            "elinewidth": 1,
            "capsize": 3,
            "label": "95 % interval",
        }
        axes.errorbar([place for place, _ in known], [100 * each.value for _, each in known], 100 * ends, **style)
    if floor > 0:
        axes.axhline(100 * floor, color=RED, linewidth=1, linestyle="--", label=f"gate: {100 * floor:g} %")
    axes.set_xticks(places, list(recalls), **_tick_style(list(recalls)))
    axes.set_ylim(0, 104)
    axes.set_ylabel("recall, %")
    if known or floor > 0:
        figure.legend(loc="outside upper right", ncols=2, frameon=False, fontsize=9)
    return figure


def budget_picture(resources: Sequence[Use]) -> Figure:
    """How much of each budget is used, one bar each."""
    figure, axes = new_figure(6.4, 0.6 * len(resources) + 0.8)
    shares = [100 * use.used / use.budget for use in resources]
    colours = [BLUE if use.over <= 0 else RED for use in resources]
    axes.barh([use.resource for use in resources], shares, color=colours, height=0.55)
    widest = max(110.0, *shares)
    for index, use in enumerate(resources):
        text = f"{use.used:,} of {use.budget:,}"
        axes.text(shares[index] + 0.01 * widest, index, text, va="center", fontsize=9, bbox=_ON_WHITE)
    axes.axvline(100, color=RED, linewidth=1, linestyle="--", zorder=0)
    axes.set_xlim(0, 1.35 * widest)
    axes.set_xlabel("% of the budget")
    axes.invert_yaxis()
    return figure


def mistakes_picture(inputs: NDArray[np.float32], truth: Sequence[str], answers: Sequence[str]) -> Figure | None:
    """The first inputs that were answered wrongly, (n, height, width, channels), as pictures or curves.

    None where there are none, or where inputs are vectors, which have no picture.
    """
    wrong = [index for index in range(len(truth)) if truth[index] != answers[index]][:_MOST_TILES]
    if not wrong or not drawable(inputs.shape[1:]):
        return None
    rows = -(-len(wrong) // _COLUMNS)
    figure = Figure(figsize=(_COLUMNS * 1.25, rows * 1.6), layout="constrained")
    shown = np.asarray(inputs[wrong])
    for place, index in enumerate(wrong):
        axes = figure.add_subplot(rows, _COLUMNS, place + 1)
        draw_sample(axes, shown[place], float(shown.min()), float(shown.max()))
        axes.set_title(_two_lines(truth[index], answers[index]), fontsize=8, color=RED)
    return figure


_ON_WHITE = {"facecolor": "white", "edgecolor": "none", "pad": 1, "alpha": 0.8}


def _bar_colours(recalls: Mapping[str, float], floor: float) -> list[str]:
    return [BLUE if recall >= floor else RED for recall in recalls.values()]


def _tick_style(labels: Sequence[str]) -> dict[str, Any]:
    """Upright while labels are short and few, else slanted, so that none covers its neighbour."""
    longest = max((len(label) for label in labels), default=0)
    if longest <= 3 or (longest + 1) * len(labels) <= _MOST_LETTERS_IN_A_ROW:
        return {}
    return {"rotation": 45, "ha": "right", "rotation_mode": "anchor"}


def _two_lines(truth: str, answer: str) -> str:
    short = len(truth) + len(answer) <= 10
    return f"{truth} → {answer}" if short else f"{truth[:16]}\n→ {answer[:14]}"
