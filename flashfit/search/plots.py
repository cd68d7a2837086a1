"""A search as pictures: the Pareto front, the history and the importances."""

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from flashfit.figure import BLUE, GREY, ORANGE, new_figure
from flashfit.gates.words import METRIC_NAMES
from flashfit.search.outcome import SearchOutcome, TrialRecord


def pareto_front(trials: Sequence[TrialRecord]) -> list[TrialRecord]:
    """The trials that no other beats in both merit and flash, by rising flash."""
    front: list[TrialRecord] = []
    for trial in sorted(_scored(trials), key=lambda t: (t.footprint.flash_bytes, -_merit(t), t.number)):
        if not front or _merit(trial) > _merit(front[-1]):
            front.append(trial)
    return front


def pareto_picture(outcome: SearchOutcome, flash_budget: int) -> Figure:
    """The metric of int8 on validation data against flash; each dot's area grows with its arena."""
    figure, axes = new_figure()
    scored, front = _scored(outcome.trials), pareto_front(outcome.trials)
    axes.scatter(
        [trial.footprint.flash_bytes / 1024 for trial in scored],
        _values(outcome, scored),
        s=[trial.footprint.arena_bytes / 50 for trial in scored],
        color=GREY,
        alpha=0.6,
        label="trial (area: arena)",
    )
    axes.step(
        [trial.footprint.flash_bytes / 1024 for trial in front],
        _values(outcome, front),
        where="post",
        color=BLUE,
        label="Pareto front",
    )
    if outcome.winner is not None and outcome.winner.int8 is not None:
        place = outcome.winner.footprint.flash_bytes / 1024, _shown(outcome, outcome.winner)
        axes.scatter(*place, marker="*", s=220, color=ORANGE, zorder=3, label=f"winner: {outcome.winner.number}")
    _look_at_the_best(axes, outcome, scored)
    axes.set_xlabel(f"flash, KiB (budget: {flash_budget / 1024:g})")
    axes.set_ylabel(f"int8 {_name(outcome)} on validation")
    axes.legend(loc="best")
    return figure


def history_picture(outcome: SearchOutcome) -> Figure:
    """The metric of every scored trial in the order asked, and the best so far."""
    figure, axes = new_figure()
    scored = _scored(outcome.trials)
    numbers = [trial.number for trial in scored]
    axes.scatter(numbers, _values(outcome, scored), color=GREY, label="trial")
    best = [max(scored[: index + 1], key=_merit) for index in range(len(scored))]
    axes.step(numbers, _values(outcome, best), where="post", color=BLUE, label="best so far")
    _look_at_the_best(axes, outcome, scored)
    axes.set_xlabel("trial")
    axes.set_ylabel(f"int8 {_name(outcome)} on validation")
    axes.legend(loc="best")
    return figure


def importances_picture(importances: dict[str, float]) -> Figure:
    """Each parameter's share of the objective's variance (fANOVA)."""
    figure, axes = new_figure(6.4, 0.4 * max(len(importances), 2) + 1.0)
    names = sorted(importances, key=lambda name: importances[name])
    axes.barh([name.replace("_", " ") for name in names], [importances[name] for name in names], color=BLUE)
    axes.set_xlabel("share of the variance explained")
    return figure


def _look_at_the_best(axes: Axes, outcome: SearchOutcome, scored: Sequence[TrialRecord]) -> None:
    """Scale to the better half of the trials, and say how many lie outside the picture."""
    if len(scored) < 2:
        return
    ranked = sorted(scored, key=_merit, reverse=True)
    better = _values(outcome, ranked[: max(2, -(-len(ranked) // 2))])
    room = max(abs(better[0] - better[-1]), 1e-3 * abs(better[0]), 1e-9)
    low, high = min(better) - 0.5 * room, max(better) + 0.5 * room
    outside = sum(not low <= value <= high for value in _values(outcome, scored))
    axes.set_ylim(low, high)
    if outside:
        axes.text(0.01, 0.02, f"{outside} outside", transform=axes.transAxes, color=GREY)


def _values(outcome: SearchOutcome, trials: Sequence[TrialRecord]) -> list[float]:
    return [_shown(outcome, trial) for trial in trials]


def _shown(outcome: SearchOutcome, trial: TrialRecord) -> float:
    """The metric as the axis has it: accuracy in per cent."""
    return (trial.int8 or 0.0) * (100 if outcome.metric == "accuracy" else 1)


def _name(outcome: SearchOutcome) -> str:
    return METRIC_NAMES[outcome.metric] + (", %" if outcome.metric == "accuracy" else "")


def _scored(trials: Sequence[TrialRecord]) -> list[TrialRecord]:
    return [trial for trial in trials if trial.merit is not None]


def _merit(trial: TrialRecord) -> float:
    return trial.merit or 0.0
