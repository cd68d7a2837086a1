"""A regression's answers as pictures: beside the truth, in order, and how far off."""

from typing import Any

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from flashfit.figure import BLUE, GREY, ORANGE, RED

_MOST_IN_A_ROW = 400
_BINS = 40


def residuals_picture(truth: NDArray[Any], answers: NDArray[Any], unit: str) -> Figure:
    """Answers against the truth, and how their errors are spread. truth, answers: (n,)."""
    figure = Figure(figsize=(8.4, 3.9), layout="constrained")
    beside, spread = figure.subplots(1, 2)
    ends = float(min(truth.min(), answers.min())), float(max(truth.max(), answers.max()))
    beside.plot(ends, ends, color=GREY, linewidth=1, linestyle=":")
    beside.scatter(truth, answers, s=9, color=BLUE, alpha=_opacity(len(truth)), edgecolors="none", rasterized=True)
    beside.set_xlabel(_axis("truth", unit))
    beside.set_ylabel(_axis("answer", unit))
    beside.set_aspect("equal", adjustable="datalim")
    errors = answers.astype(np.float64) - truth
    spread.hist(errors, _BINS, color=BLUE, alpha=0.8)
    spread.axvline(0, color=GREY, linewidth=1, linestyle=":")
    bias = float(errors.mean())
    spread.axvline(bias, color=RED, linewidth=1.2, linestyle="--", label=f"mean {bias:+.3g} {unit}".rstrip())
    spread.set_xlabel(_axis("answer - truth", unit))
    spread.set_ylabel("samples")
    spread.legend(loc="upper right", fontsize=9, frameon=False)
    for axes in (beside, spread):
        axes.spines[["top", "right"]].set_visible(False)
    return figure


def forecast_picture(truth: NDArray[Any], answers: NDArray[Any], unit: str) -> Figure:
    """Truth and answers in the samples' order, the first 400 of them, and their errors below. (n,) each."""
    n = min(len(truth), _MOST_IN_A_ROW)
    figure = Figure(figsize=(8.4, 4.2), layout="constrained")
    upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1))
    upper.plot(truth[:n], color=GREY, linewidth=1.8, label="truth")
    upper.plot(answers[:n], color=ORANGE, linewidth=1.2, label="answer")
    upper.set_ylabel(unit or "value")
    errors = answers[:n].astype(np.float64) - truth[:n]
    lower.fill_between(np.arange(n), errors, color=BLUE, alpha=0.7, linewidth=0)
    lower.axhline(0, color=GREY, linewidth=0.8)
    lower.set_ylabel("error")
    lower.set_xlabel("sample" if n == len(truth) else f"sample, the first {n} of {len(truth):,}")
    lower.set_xlim(0, max(n - 1, 1))
    figure.legend(*upper.get_legend_handles_labels(), loc="outside upper right", ncols=2, fontsize=9, frameon=False)
    figure.align_ylabels()
    for axes in (upper, lower):
        axes.spines[["top", "right"]].set_visible(False)
    return figure


def _axis(what: str, unit: str) -> str:
    return f"{what}, {unit}" if unit else what


def _opacity(n: int) -> float:
    return float(np.clip(400 / n, 0.2, 0.8))
