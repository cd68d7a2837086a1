"""Evaluation as pictures: where the answers go wrong."""

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from flashfit.figure import BLUE, RED, new_figure
from flashfit.footprint import Use

_MOST_TILES = 24


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
    axes.set_xticks(range(len(labels)), labels)
    axes.set_yticks(range(len(labels)), labels)
    axes.set_xlabel("answer")
    axes.set_ylabel("truth")
    axes.set_title(title)
    return figure


def recall_picture(recalls: dict[str, float], floor: float) -> Figure:
    """Recall by class as bars, and the floor that the gate sets."""
    figure, axes = new_figure(6.4, 3.2)
    colours = [BLUE if recall >= floor else RED for recall in recalls.values()]
    axes.bar(list(recalls), [100 * recall for recall in recalls.values()], color=colours)
    axes.axhline(100 * floor, color=RED, linewidth=1, linestyle="--", label=f"gate: {100 * floor:g} %")
    axes.set_ylim(0, 102)
    axes.set_ylabel("recall, %")
    axes.legend(loc="lower right")
    return figure


def budget_picture(resources: Sequence[Use]) -> Figure:
    """How much of each budget is used, one bar each."""
    figure, axes = new_figure(6.4, 0.6 * len(resources) + 0.8)
    shares = [100 * use.used / use.budget for use in resources]
    colours = [BLUE if use.over <= 0 else RED for use in resources]
    axes.barh([use.resource for use in resources], shares, color=colours, height=0.55)
    for index, use in enumerate(resources):
        axes.text(shares[index] + 1, index, f"{use.used:,} of {use.budget:,}", va="center", fontsize=9)
    axes.axvline(100, color=RED, linewidth=1, linestyle="--")
    axes.set_xlim(0, max(130.0, *[share + 30 for share in shares]))
    axes.set_xlabel("% of the budget")
    axes.invert_yaxis()
    return figure


def mistakes_picture(inputs: NDArray[np.float32], truth: Sequence[str], answers: Sequence[str]) -> Figure | None:
    """The first pictures that were answered wrongly, (n, height, width, channels); None where there are none."""
    wrong = [index for index in range(len(truth)) if truth[index] != answers[index]][:_MOST_TILES]
    if not wrong or inputs.ndim != 4 or inputs.shape[3] not in (1, 3):
        return None
    columns = 8
    rows = -(-len(wrong) // columns)
    figure = Figure(figsize=(columns * 1.1, rows * 1.4), layout="constrained")
    low, high = float(inputs.min()), float(inputs.max())
    for place, index in enumerate(wrong):
        axes = figure.add_subplot(rows, columns, place + 1)
        axes.imshow(inputs[index].squeeze(), cmap="gray_r", vmin=low, vmax=high)
        axes.set_title(f"{truth[index]} → {answers[index]}", fontsize=9, color=RED)
        axes.axis("off")
    return figure
