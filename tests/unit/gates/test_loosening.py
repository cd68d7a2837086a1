"""Which gates let more pass than before."""

import pytest

from flashfit.gates.loosening import Asked, asked_of, changes
from flashfit.params import Budget, Gates

BUDGET = Budget(flash=65_536, arena=500, macs=200)


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ({"least_accuracy": 0.97}, {"least_accuracy": 0.95}, "least_accuracy 0.97 → 0.95 (loosened)"),
        ({"least_accuracy": 0.95}, {"least_accuracy": 0.97}, "least_accuracy 0.95 → 0.97 (tightened)"),
        ({"least_f1": 0.9}, {"least_f1": None}, "least_f1 0.9 → not asked (loosened)"),
        ({}, {"least_f1": 0.9}, "least_f1 not asked → 0.9 (tightened)"),
        ({"most_mae": 1.5}, {"most_mae": 1.6}, "most_mae 1.5 → 1.6 (loosened)"),
        ({"most_mae": 1.5}, {}, "most_mae 1.5 → not asked (loosened)"),
        ({"largest_drop": 0.02}, {"largest_drop": 0.01}, "largest_drop 0.02 → 0.01 (tightened)"),
        ({"flash": 65_536}, {"flash": 131_072}, "flash 65,536 → 131,072 (loosened)"),
        ({"evidence": "interval"}, {"evidence": "paired"}, "evidence interval → paired (loosened)"),
        ({"evidence": "point"}, {"evidence": "paired"}, "evidence point → paired (tightened)"),
        ({}, {"evidence": "point"}, "evidence not asked → point (tightened)"),
        ({"metric": "accuracy"}, {"metric": "f1"}, "metric accuracy → f1 (changed)"),
    ],
)
def test_a_change_says_whether_more_passes_now(before: Asked, after: Asked, told: str) -> None:
    assert [str(change) for change in changes(before, after)] == [told]


def test_what_was_loosened_comes_first() -> None:
    before, after = {"flash": 1, "least_r2": 0.5}, {"flash": 0.5, "least_r2": 0.4}
    assert [change.name for change in changes(before, after)] == ["least_r2", "flash"]


def test_the_same_gates_and_budget_have_no_changes() -> None:
    asked = asked_of(Gates(least_accuracy=0.9), BUDGET)
    assert changes(asked, dict(asked)) == ()


def test_every_gate_and_budget_is_told_apart() -> None:
    """A key that nobody sorted into strict or lax would be `changed` for ever."""
    asked = asked_of(Gates(least_accuracy=0.9), BUDGET)
    kinds = {change.name: change.kind for change in changes({}, asked)}
    assert {name for name, kind in kinds.items() if kind == "changed"} == {"metric"}
