"""What a search found: every trial, the winner, or the nearest miss."""

from collections.abc import Sequence
from typing import Literal

from pydantic import BaseModel, ConfigDict

from flashfit.footprint import Footprint, uses
from flashfit.models.spec import Spec
from flashfit.params import Budget
from flashfit.training.recipe import Recipe

State = Literal["complete", "pruned", "over budget", "failed"]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Candidate(_Frozen):
    """An architecture and how to train it."""

    spec: Spec
    recipe: Recipe


class TrialRecord(_Frozen):
    """One trial. int8, float_: validation accuracy on TFLM and of the Keras model, where it was trained to the end.

    int8_loss: cross-entropy of the int8 answers, in nats.
    curve: validation accuracy after each epoch. failure: why, for a failed one.
    """

    number: int
    state: State
    candidate: Candidate
    predicted: Footprint
    measured: Footprint | None = None
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
    """winner: the best trial within the budget. nearest: without one, the trial that misses it by least.

    Both are None where trials came within the budget and not one of them could be scored.
    """

    budget: Budget
    trials: tuple[TrialRecord, ...]
    winner: TrialRecord | None
    nearest: TrialRecord | None
    importances: dict[str, float]


def conclude(trials: Sequence[TrialRecord], budget: Budget, importances: dict[str, float]) -> SearchOutcome:
    """Choose the winner: the highest int8 accuracy, then the lowest int8 cross-entropy, then the least flash.

    On a few hundred samples many trials answer equally often rightly; cross-entropy tells the surer ones.
    """
    fitting = [t for t in trials if t.int8 is not None and worst_overrun(t.footprint, budget) <= 0]
    winner = max(fitting, key=_merit, default=None)
    over = [t for t in trials if worst_overrun(t.footprint, budget) > 0]
    nearest = min(over, key=lambda t: (worst_overrun(t.footprint, budget), t.number), default=None)
    return SearchOutcome(
        budget=budget,
        trials=tuple(trials),
        winner=winner,
        nearest=None if winner else nearest,
        importances=importances,
    )


def worst_overrun(footprint: Footprint, budget: Budget) -> float:
    """How far the most exceeded resource lies above its budget, as a share of it; 0 or less fits."""
    return max(use.overrun for use in uses(footprint, budget))


def _merit(trial: TrialRecord) -> tuple[float, float, int, int]:
    return trial.int8 or 0.0, -(trial.int8_loss or 0.0), -trial.footprint.flash_bytes, -trial.number
