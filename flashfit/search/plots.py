"""A search as pictures: the Pareto front, the history and the importances."""

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from flashfit.figure import BLUE, GREY, ORANGE, new_figure
from flashfit.search.outcome import SearchOutcome, TrialRecord

_POINTS_BELOW_BEST = 12.0


def pareto_front(trials: Sequence[TrialRecord]) -> list[TrialRecord]:
    """The trials that no other beats in both int8 accuracy and flash, by rising flash."""
    front: list[TrialRecord] = []
    for trial in sorted(_scored(trials), key=lambda t: (t.footprint.flash_bytes, -(t.int8 or 0.0), t.number)):
        if not front or (trial.int8 or 0.0) > (front[-1].int8 or 0.0):
            front.append(trial)
    return front


def pareto_picture(outcome: SearchOutcome, flash_budget: int) -> Figure:
    """int8 validation accuracy against flash; each dot's area grows with its arena."""
    figure, axes = new_figure()
    scored, front = _scored(outcome.trials), pareto_front(outcome.trials)
    axes.scatter(
        [trial.footprint.flash_bytes / 1024 for trial in scored],
        [100 * (trial.int8 or 0.0) for trial in scored],
        s=[trial.footprint.arena_bytes / 50 for trial in scored],
        color=GREY,
        alpha=0.6,
        label="trial (area: arena)",
    )
    axes.step(
        [trial.footprint.flash_bytes / 1024 for trial in front],
        [100 * (trial.int8 or 0.0) for trial in front],
        where="post",
        color=BLUE,
        label="Pareto front",
    )
    if outcome.winner is not None and outcome.winner.int8 is not None:
        place = outcome.winner.footprint.flash_bytes / 1024, 100 * outcome.winner.int8
        axes.scatter(*place, marker="*", s=220, color=ORANGE, zorder=3, label=f"winner: {outcome.winner.number}")
    _look_at_the_best(axes, [100 * (trial.int8 or 0.0) for trial in scored])
    axes.set_xlabel(f"flash, KiB (budget: {flash_budget / 1024:g})")
    axes.set_ylabel("int8 accuracy on validation, %")
    axes.legend(loc="lower right")
    return figure


def history_picture(outcome: SearchOutcome) -> Figure:
    """int8 accuracy of every scored trial in the order asked, and the best so far."""
    figure, axes = new_figure()
    scored = _scored(outcome.trials)
    values = [100 * (trial.int8 or 0.0) for trial in scored]
    numbers = [trial.number for trial in scored]
    axes.scatter(numbers, values, color=GREY, label="trial")
    best = [max(values[: index + 1]) for index in range(len(values))]
    axes.step(numbers, best, where="post", color=BLUE, label="best so far")
    _look_at_the_best(axes, values)
    axes.set_xlabel("trial")
    axes.set_ylabel("int8 accuracy on validation, %")
    axes.legend(loc="lower right")
    return figure


def importances_picture(importances: dict[str, float]) -> Figure:
    """Each parameter's share of the objective's variance (fANOVA)."""
    figure, axes = new_figure(6.4, 0.4 * max(len(importances), 2) + 1.0)
    names = sorted(importances, key=lambda name: importances[name])
    axes.barh([name.replace("_", " ") for name in names], [importances[name] for name in names], color=BLUE)
    axes.set_xlabel("share of the variance explained")
    return figure


def _look_at_the_best(axes: Axes, values: Sequence[float]) -> None:
    """Scale to the points near the best, and say how many lie below the picture."""
    if not values:
        return
    floor = max(min(values), max(values) - _POINTS_BELOW_BEST)
    below = sum(value < floor for value in values)
    axes.set_ylim(floor - 0.5, min(100.0, max(values)) + 0.5)
    if below:
        axes.text(0.01, 0.02, f"{below} lower", transform=axes.transAxes, color=GREY)


def _scored(trials: Sequence[TrialRecord]) -> list[TrialRecord]:
    return [trial for trial in trials if trial.int8 is not None]
