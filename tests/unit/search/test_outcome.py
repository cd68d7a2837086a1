"""Who wins a search, and who misses by least."""

from flashfit.footprint import Footprint
from flashfit.models.spec import Classes, Flatten, Spec
from flashfit.params import Budget
from flashfit.search.outcome import Candidate, SearchOutcome, State, TrialRecord, conclude
from flashfit.search.plots import pareto_front
from flashfit.training.recipe import Recipe

BUDGET = Budget(flash=1000, arena=500, macs=200)
CANDIDATE = Candidate(
    spec=Spec(family="dense", input_shape=(8, 8, 1), head=Classes(count=2), layers=(Flatten(),)),
    recipe=Recipe(learning_rate=0.01, weight_decay=0.01, batch_size=32),
)


def trial(
    number: int, int8: float | None, *, loss: float = 0.1, flash: int = 900, measured: int | None = None
) -> TrialRecord:
    state: State = "pruned" if int8 is None else "complete"
    return TrialRecord(
        number=number,
        state=state,
        candidate=CANDIDATE,
        predicted=Footprint(flash_bytes=flash, arena_bytes=100, macs=100, source="predicted"),
        measured=None
        if int8 is None
        else Footprint(flash_bytes=measured or flash, arena_bytes=100, macs=100, source="measured"),
        merit=int8,
        int8=int8,
        int8_loss=None if int8 is None else loss,
        float_=int8,
    )


def winner_of(*trials: TrialRecord) -> int | None:
    winner = conclude(trials, BUDGET, "accuracy", {}).winner
    return winner.number if winner else None


def test_the_most_accurate_trial_wins() -> None:
    assert winner_of(trial(0, 0.9), trial(1, 0.95), trial(2, None)) == 1


def test_of_errors_the_smallest_wins() -> None:
    off_by_one, off_by_two = trial(0, -1.0), trial(1, -2.0)
    assert winner_of(off_by_two, off_by_one) == 0


def test_of_equally_accurate_trials_the_surest_wins() -> None:
    assert winner_of(trial(0, 0.9, loss=0.2), trial(1, 0.9, loss=0.1, flash=1000)) == 1


def test_of_equally_sure_trials_the_smallest_wins() -> None:
    assert winner_of(trial(0, 0.9, flash=900), trial(1, 0.9, flash=800), trial(2, 0.9, flash=800)) == 1


def test_a_trial_that_measures_over_budget_does_not_win_whatever_was_predicted() -> None:
    assert winner_of(trial(0, 0.8), trial(1, 0.95, flash=990, measured=1001)) == 0


def test_without_a_winner_the_nearest_miss_is_named() -> None:
    outcome = conclude([trial(0, None, flash=3000), trial(1, None, flash=1100)], BUDGET, "accuracy", {})
    assert outcome.winner is None
    assert outcome.nearest is not None
    assert outcome.nearest.number == 1


def test_a_trial_within_the_budget_is_no_near_miss() -> None:
    outcome = conclude([trial(0, 0.9, flash=990, measured=1010), trial(1, None, flash=900)], BUDGET, "accuracy", {})
    assert outcome.nearest is not None
    assert outcome.nearest.number == 0


def test_an_outcome_survives_its_file() -> None:
    outcome = conclude([trial(0, 0.9), trial(1, None)], BUDGET, "accuracy", {"family": 0.5})
    assert SearchOutcome.model_validate_json(outcome.model_dump_json()) == outcome


def test_the_pareto_front_holds_what_no_other_beats() -> None:
    trials = [trial(0, 0.9, flash=500), trial(1, 0.8, flash=600), trial(2, 0.95, flash=700), trial(3, 0.7, flash=400)]
    assert [t.number for t in pareto_front(trials)] == [3, 0, 2]
