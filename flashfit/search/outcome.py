"""What a search found: every trial, the winner, or the nearest miss."""

from collections.abc import Sequence
from math import inf
from typing import Literal

from pydantic import BaseModel, ConfigDict

from flashfit.footprint import Footprint, uses
from flashfit.models.spec import Spec
from flashfit.params import Budget, Metric
from flashfit.training.recipe import Recipe

State = Literal["complete", "pruned", "over budget", "failed"]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Candidate(_Frozen):
    """An architecture and how to train it."""

    spec: Spec
    recipe: Recipe


class TrialRecord(_Frozen):
    """One trial. int8, float_: the metric on validation data, on TFLM and of the Keras model, if trained to the end.

    merit: the same for int8, turned so that more is better; int8_loss: of the int8 answers, as trained on.
    curve: what was reported after each epoch. failure: why, for a failed one.
    """

    number: int
    state: State
    candidate: Candidate
    predicted: Footprint
    measured: Footprint | None = None
    merit: float | None = None
    int8: float | None = None
    int8_loss: float | None = None
    float_: float | None = None
    curve: tuple[float, ...] = ()
    failure: str | None = None

    @property
    def footprint(self) -> Footprint:
        """As measured, and as predicted where nothing was."""
        return self.measured or self.predicted


class SearchOutcome(_Frozen):
    """metric: what int8 and float_ are.

    winner: the best trial within the budget. nearest: without one, the trial that misses it by least.

    Both are None where trials came within the budget and not one of them could be scored.
    """

    budget: Budget
    metric: Metric
    trials: tuple[TrialRecord, ...]
    winner: TrialRecord | None
    nearest: TrialRecord | None
    importances: dict[str, float]


def conclude(
    trials: Sequence[TrialRecord], budget: Budget, metric: Metric, importances: dict[str, float]
) -> SearchOutcome:
    """Choose the winner: the highest merit, then the lowest int8 loss, then the least flash.

    On a few hundred samples many trials answer equally often rightly; cross-entropy tells the surer ones.
    """
    fitting = [t for t in trials if t.merit is not None and worst_overrun(t.footprint, budget) <= 0]
    winner = max(fitting, key=_merit, default=None)
    over = [t for t in trials if worst_overrun(t.footprint, budget) > 0]
    nearest = min(over, key=lambda t: (worst_overrun(t.footprint, budget), t.number), default=None)
    return SearchOutcome(
        budget=budget,
        metric=metric,
        trials=tuple(trials),
        winner=winner,
        nearest=None if winner else nearest,
        importances=importances,
    )


def worst_overrun(footprint: Footprint, budget: Budget) -> float:
    """How far the most exceeded resource lies above its budget, as a share of it; 0 or less fits."""
    return max(use.overrun for use in uses(footprint, budget))


def _merit(trial: TrialRecord) -> tuple[float, float, int, int]:
    merit = -inf if trial.merit is None else trial.merit
    return merit, -(trial.int8_loss or 0.0), -trial.footprint.flash_bytes, -trial.number
