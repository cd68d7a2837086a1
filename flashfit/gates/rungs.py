"""Rungs of the quantization ladder: what each reached on validation data, and which one a build stands on."""

from collections.abc import Iterator, Sequence
from math import inf
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from flashfit.footprint import Footprint, uses
from flashfit.gates import metrics
from flashfit.gates.answers import answers_of
from flashfit.gates.merit import merit, score
from flashfit.gates.words import METRIC_NAMES, shown
from flashfit.params import Budget, Gates, Metric, Rung, Task

State = Literal["passed", "missed", "failed", "not applicable", "not tried"]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Qualities(_Frozen):
    """What a model reaches on validation data. values: by metric, those that are gated and the searched one."""

    values: dict[Metric, float]
    recalls: dict[str, float] = {}


class LayerNoise(_Frozen):
    """How loud a layer's output is beside what quantization adds to it, in dB; None where nothing is added."""

    layer: str
    sqnr_db: float | None


class Tried(_Frozen):
    """One rung. why: what it misses, why it failed or does not apply. settings: what was chosen for it, in words.

    operators: as TFLM runs them, sorted. noise: of each layer in the order they run.
    """

    rung: Rung
    state: State
    why: str = ""
    settings: str = ""
    qualities: Qualities | None = None
    footprint: Footprint | None = None
    operators: tuple[str, ...] = ()
    noise: tuple[LayerNoise, ...] = ()


class Ladder(_Frozen):
    """Every rung of a product, in order. float_: the network before quantization, on the same n samples."""

    metric: Metric
    unit: str
    n: int
    float_: Qualities
    chosen: Rung
    rungs: tuple[Tried, ...]


def qualities_of(
    task: Task,
    gates: Gates,
    labels: Sequence[str],
    truth: NDArray[Any],
    inputs: NDArray[np.float32],
    outputs: NDArray[np.float32],
    groups: NDArray[np.str_],
) -> Qualities:
    """What real-valued outputs, (n, …), reach on validation data."""
    names = dict.fromkeys((gates.metric, *gates.thresholds))
    values = {name: merit(name, score(task, name, truth, inputs, outputs, groups).merit) for name in names}
    if task != "classification":
        return Qualities(values=values)
    answers = answers_of(task, inputs, outputs).values
    found = metrics.recall_by_class(metrics.confusion(truth, answers, len(labels)))
    return Qualities(values=values, recalls=dict(zip(labels, map(float, found), strict=True)))


def misses(gates: Gates, budget: Budget, float_: Qualities, given: Qualities, footprint: Footprint) -> tuple[str, ...]:
    """What keeps a rung from passing, each in words; nothing where it passes.

    It may fall from float by `largest_drop`. A threshold or a floor that float itself misses is not asked of it.
    """
    return (*over_budget(footprint, budget), *_quality_misses(gates, float_, given))


def over_budget(footprint: Footprint, budget: Budget) -> Iterator[str]:
    """The resources that are exceeded, each in words."""
    return (str(use) for use in uses(footprint, budget) if use.over > 0)


def best_of(rungs: Sequence[Tried], metric: Metric, budget: Budget) -> Tried | None:
    """The first that passed; else of those measured the one with the highest merit within the budget, or nearest it."""
    measured = [tried for tried in rungs if tried.qualities is not None and tried.footprint is not None]
    for tried in measured:
        if tried.state == "passed":
            return tried
    return max(measured, key=lambda tried: _rank(tried, metric, budget), default=None)


def _rank(tried: Tried, metric: Metric, budget: Budget) -> tuple[float, float]:
    if tried.qualities is None or tried.footprint is None:
        return -inf, -inf
    overrun = max(use.overrun for use in uses(tried.footprint, budget))
    return -max(overrun, 0.0), merit(metric, tried.qualities.values[metric])


def _quality_misses(gates: Gates, float_: Qualities, given: Qualities) -> Iterator[str]:
    metric = gates.metric
    drop = merit(metric, float_.values[metric]) - merit(metric, given.values[metric])
    if round(drop - gates.largest_drop, 9) > 0:
        values = f"{shown(metric, given.values[metric])} against float's {shown(metric, float_.values[metric])}"
        yield f"{METRIC_NAMES[metric]} {values}, {drop:.4g} worse where {gates.largest_drop:g} may be"
    for name, threshold in gates.thresholds.items():
        asked = merit(name, threshold)
        if merit(name, float_.values[name]) >= asked > merit(name, given.values[name]):
            yield f"{METRIC_NAMES[name]} {shown(name, given.values[name])} against {shown(name, threshold)}"
    floor = gates.least_class_recall
    for label, recall in given.recalls.items():
        if float_.recalls[label] >= floor > recall:
            yield f"recall of {label!r} {100 * recall:.1f} % against {100 * floor:g} %"
