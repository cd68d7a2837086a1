"""Scores as pictures: how well two kinds of samples come apart, and what an autoencoder rebuilds."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from flashfit.figure import BLUE, GREY, ORANGE, RED, new_figure
from flashfit.gates.estimate import Estimate
from flashfit.gates.metrics import Labels
from flashfit.gates.sample_pictures import draw_sample, is_curves, is_picture

_MOST_CHANNELS = 4
_BINS = 40
_WIDE = 30.0
"""From this ratio of a high score to the median on, scores are shown on a logarithmic scale."""

_QUANTILES = {"typical": 50.0, "hard": 95.0}


def roc_picture(truth: Labels, scores: NDArray[np.float32], answers: Labels, area: Estimate) -> Figure:
    """Found against falsely called, over all thresholds, and where the answers stand. truth: (n,) of 0 and 1."""
    figure, axes = new_figure(4.8, 4.6)
    false, found = _rates(truth, scores)
    axes.plot([0, 100], [0, 100], color=GREY, linewidth=1, linestyle=":")
    label = f"AUC {area.value:.3f} ({area.low:.3f} – {area.high:.3f})"
    axes.plot(100 * false, 100 * found, color=BLUE, linewidth=1.8, label=label)
    at = 100 * np.mean(answers[truth == 0] == 1), 100 * np.mean(answers[truth == 1] == 1)
    answered = f"as it answers: {at[1]:.1f} % found, {at[0]:.1f} % false"
    axes.plot(*at, "o", color=RED, markersize=7, label=answered, clip_on=False, zorder=3)
    axes.set_xlim(0, 100)
    axes.set_ylim(0, 101)
    axes.set_aspect("equal")
    axes.set_xlabel("false positives, % of the first label")
    axes.set_ylabel("true positives, % of the second label")
    axes.legend(loc="lower right", fontsize=9, frameon=True, framealpha=0.9, edgecolor="none")
    return figure


def errors_picture(truth: Labels, scores: NDArray[np.float32], labels: Sequence[str], threshold: float) -> Figure:
    """How the reconstruction errors of each label are spread, and the threshold between them."""
    bins, wide = _bins(scores, threshold)
    figure, axes = _spread(truth, scores, labels, bins, threshold)
    if wide:
        axes.set_xscale("log")
    axes.set_xlabel("reconstruction error, mean square")
    return figure


def shares_picture(truth: Labels, shares: NDArray[np.float32], labels: Sequence[str]) -> Figure:
    """How the share that each label's samples give to the second label is spread; few stand near the middle."""
    figure, axes = _spread(truth, shares, labels, np.linspace(0, 1, _BINS + 1).tolist(), 0.5)
    axes.set_xlim(0, 1)
    axes.set_yscale("log")
    axes.yaxis.set_major_formatter("{x:g}")
    axes.set_xlabel(f"share given to {labels[1]}")
    return figure


def reconstructions_picture(
    inputs: NDArray[np.float32],
    outputs: NDArray[np.float32],
    truth: Labels,
    scores: NDArray[np.float32],
    labels: Sequence[str],
) -> Figure:
    """A typical and a hard sample of each label, as it came in and as the model rebuilds it.

    inputs, outputs: (n, …) of one size. Typical: of the median score. Hard: at the 95th percentile.
    """
    chosen = list(_examples(truth, scores, labels))
    shape = inputs.shape[1:]
    channels = _worst_channels(inputs, outputs, [index for _, index in chosen])
    columns = 2 if is_picture(shape) else len(channels)
    width = 4.2 if is_picture(shape) else max(4.8, 2.3 * columns + 1.4)
    figure = Figure(figsize=(width, 1.7 * len(chosen)), layout="constrained")
    for row, (name, index) in enumerate(chosen):
        pair = np.asarray(inputs[index]), np.asarray(outputs[index]).reshape(shape)
        cells = [figure.add_subplot(len(chosen), columns, row * columns + column + 1) for column in range(columns)]
        _draw_images(cells, *pair, row == 0) if is_picture(shape) else _draw_curves(cells, *pair, channels, row == 0)
        cells[0].set_ylabel(f"{name}\n{scores[index]:.3g}", fontsize=9)
    if not is_picture(shape):
        figure.supxlabel("row" if is_curves(shape) else "place in the vector", fontsize=9)
        handles, names = figure.axes[0].get_legend_handles_labels()
        figure.legend(handles, names, loc="outside upper right", ncols=2, fontsize=9, frameon=False)
    return figure


def _rates(truth: Labels, scores: NDArray[np.float32]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    order = np.argsort(-scores, kind="stable")
    last = np.append(np.diff(scores[order]) != 0, True)
    second = truth[order] == 1
    false, found = np.cumsum(~second)[last], np.cumsum(second)[last]
    return np.append(0, false / false[-1]), np.append(0, found / found[-1])


def _spread(
    truth: Labels, scores: NDArray[np.float32], labels: Sequence[str], bins: list[float], threshold: float
) -> tuple[Figure, Axes]:
    figure, axes = new_figure(6.4, 3.4)
    for index, (label, colour) in enumerate(zip(labels, (BLUE, ORANGE), strict=True)):
        chosen = scores[truth == index]
        if len(chosen):
            weights = np.full(len(chosen), 100 / len(chosen))
            axes.hist(chosen, bins, weights=weights, color=colour, alpha=0.6, label=f"{label} (n = {len(chosen):,})")
    axes.axvline(threshold, color=RED, linewidth=1.2, linestyle="--", label=f"threshold {threshold:.3g}")
    axes.set_ylabel("% of the label's samples")
    figure.legend(loc="outside upper right", ncols=3, fontsize=9, frameon=False)
    return figure, axes


def _bins(scores: NDArray[np.float32], threshold: float) -> tuple[list[float], bool]:
    """Equal steps or, where the highest error is far above the median, equal ratios."""
    low, high = min(float(scores.min()), threshold), max(float(scores.max()), threshold)
    middle = float(np.median(scores))
    if low > 0 and high / middle > _WIDE:
        return np.geomspace(low, high, _BINS + 1).tolist(), True
    return np.linspace(low, high if high > low else low + 1, _BINS + 1).tolist(), False


def _examples(truth: Labels, scores: NDArray[np.float32], labels: Sequence[str]) -> list[tuple[str, int]]:
    found = []
    for index, label in enumerate(labels):
        members = np.flatnonzero(truth == index)
        ordered = members[np.argsort(scores[members], kind="stable")]
        for name, quantile in _QUANTILES.items():
            if len(ordered):
                found.append((f"{name} {label}", int(ordered[round((len(ordered) - 1) * quantile / 100)])))
    return found


def _worst_channels(inputs: NDArray[np.float32], outputs: NDArray[np.float32], chosen: list[int]) -> list[int]:
    """The channels that these samples' errors are largest in, in their order; one for a vector."""
    shape = inputs.shape[1:]
    if not is_curves(shape):
        return [0]
    errors = np.square(np.asarray(inputs[chosen]) - np.asarray(outputs[chosen]).reshape(-1, *shape))
    worst = np.argsort(-errors.mean(axis=(0, 1, 2)), kind="stable")[:_MOST_CHANNELS]
    return sorted(int(channel) for channel in worst)


def _draw_images(cells: list[Axes], given: NDArray[np.float32], rebuilt: NDArray[np.float32], first: bool) -> None:
    low, high = float(given.min()), float(given.max())
    for axes, picture, name in zip(cells, (given, rebuilt), ("input", "rebuilt"), strict=True):
        draw_sample(axes, picture, low, high)
        if first:
            axes.set_title(name, fontsize=9)


def _draw_curves(
    cells: list[Axes], given: NDArray[np.float32], rebuilt: NDArray[np.float32], channels: list[int], first: bool
) -> None:
    curves = is_curves(given.shape)
    for axes, channel in zip(cells, channels, strict=True):
        before, after = ((x[:, 0, channel] if curves else x.ravel()) for x in (given, rebuilt))
        axes.plot(before, color=GREY, linewidth=2.2, label="input")
        axes.plot(after, color=BLUE, linewidth=1.2, label="rebuilt")
        axes.spines[["top", "right"]].set_visible(False)
        axes.tick_params(labelsize=8)
        if first and curves:
            axes.set_title(f"channel {channel}", fontsize=9)
