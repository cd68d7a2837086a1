"""Which rung a build stands on, and what keeps one from passing."""

from typing import Any

import numpy as np
import pytest

from flashfit.footprint import Footprint
from flashfit.gates.rungs import Qualities, Tried, best_of, misses, qualities_of
from flashfit.params import Budget, Gates, Rung

BUDGET = Budget(flash="10 KiB", arena="4 KiB", macs=1000)


def footprint(**given: int) -> Footprint:
    return Footprint(**{"flash_bytes": 8000, "arena_bytes": 4000, "macs": 900, "source": "measured", **given})


def accuracy(value: float, **recalls: float) -> Qualities:
    return Qualities(values={"accuracy": value}, recalls=recalls)


def gates(**given: Any) -> Gates:
    return Gates(**{"metric": "accuracy", "least_accuracy": 0.9, "largest_drop": 0.02, **given})


def tried(rung: Rung, value: float, state: str = "missed", **used: int) -> Tried:
    return Tried(rung=rung, state=state, qualities=accuracy(value), footprint=footprint(**used))


def test_a_rung_within_the_drop_the_gates_and_the_budget_passes() -> None:
    assert misses(gates(), BUDGET, accuracy(0.95), accuracy(0.93), footprint()) == ()


def test_a_drop_over_the_largest_is_a_miss_in_words() -> None:
    assert misses(gates(), BUDGET, accuracy(0.99), accuracy(0.96), footprint()) == (
        "accuracy 96.0 % against float's 99.0 %, 0.03 worse where 0.02 may be",
    )


def test_a_rise_over_the_largest_is_one_where_less_is_better() -> None:
    asked = Gates(metric="mae", most_mae=3.0, largest_drop=0.5)
    float_, given = Qualities(values={"mae": 2.0}), Qualities(values={"mae": 2.6})
    (miss,) = misses(asked, BUDGET, float_, given, footprint())
    assert miss == "MAE 2.6 against float's 2, 0.6 worse where 0.5 may be"


@pytest.mark.parametrize(("float_", "missed"), [(0.905, 1), (0.899, 0)])
def test_a_threshold_is_asked_only_where_float_reaches_it(float_: float, missed: int) -> None:
    assert len(misses(gates(), BUDGET, accuracy(float_), accuracy(0.895), footprint())) == missed


def test_a_floor_of_a_class_is_asked_only_where_float_reaches_it() -> None:
    asked = gates(least_class_recall=0.8)
    float_, given = accuracy(0.95, a=0.9, b=0.7), accuracy(0.95, a=0.75, b=0.6)
    assert misses(asked, BUDGET, float_, given, footprint()) == ("recall of 'a' 75.0 % against 80 %",)


def test_a_byte_over_the_budget_is_a_miss() -> None:
    (miss,) = misses(gates(), BUDGET, accuracy(0.95), accuracy(0.95), footprint(arena_bytes=4097))
    assert miss.startswith("arena 4,097 B of 4,096 B")


def test_the_first_that_passes_is_chosen_before_a_better_one() -> None:
    rungs = [tried("int8", 0.9), tried("int8-tuned", 0.95, "passed"), tried("qat", 0.99, "passed")]
    assert best_of(rungs, "accuracy", BUDGET) is rungs[1]


def test_without_one_that_passes_the_best_within_the_budget_is_chosen() -> None:
    rungs = [tried("int8", 0.9), tried("qat", 0.92), tried("int16", 0.99, arena_bytes=5000)]
    assert best_of(rungs, "accuracy", BUDGET) is rungs[1]


def test_of_equals_the_lower_rung_is_chosen() -> None:
    rungs = [tried("int8", 0.9), tried("qat", 0.9)]
    assert best_of(rungs, "accuracy", BUDGET) is rungs[0]


def test_what_was_not_measured_is_never_chosen() -> None:
    assert best_of([Tried(rung="int8", state="failed", why="killed by SIGSEGV")], "accuracy", BUDGET) is None


def test_qualities_hold_gated_metrics_the_searched_one_and_recalls() -> None:
    outputs = np.array([[0.9, 0.1], [0.8, 0.2], [0.3, 0.7], [0.6, 0.4]], np.float32)
    truth, groups = np.array([0, 0, 1, 1]), np.array(list("abcd"))
    asked = gates(metric="macro_f1")
    found = qualities_of("classification", asked, ("x", "y"), truth, outputs, outputs, groups)
    assert found.values == pytest.approx({"macro_f1": (0.8 + 2 / 3) / 2, "accuracy": 0.75})
    assert found.recalls == {"x": 1.0, "y": 0.5}
