"""One model against another on the same samples, metric by metric."""

from collections.abc import Callable

import numpy as np
import pytest

from flashfit.gates.answers import Answers
from flashfit.gates.estimate import Drop
from flashfit.gates.mcnemar import exact_drop
from flashfit.gates.pair import Pair
from flashfit.gates.paired import drop_of

N = 120
TRUTH = np.arange(N) % 2
"""Of both labels."""


def alone(n: int = N) -> np.ndarray:
    return np.arange(n).astype(str)


def pair_of(before_wrong: list[int], after_wrong: list[int], groups: np.ndarray | None = None) -> Pair:
    """Two models of two classes, each wrong on some samples."""
    before, after = TRUTH.copy(), TRUTH.copy()
    before[before_wrong] = 1 - before[before_wrong]
    after[after_wrong] = 1 - after[after_wrong]
    return Pair("classification", TRUTH, Answers(before), Answers(after), alone() if groups is None else groups)


def of_scores(noise: float, kind: str = "auc", groups: np.ndarray | None = None) -> Drop:
    rng = np.random.default_rng(0)
    scores = (TRUTH + rng.normal(0, 0.5, N)).astype(np.float32)
    worse = (scores + rng.normal(0, noise, N)).astype(np.float32)
    before, after = Answers(TRUTH, scores), Answers(TRUTH, worse)
    pair = Pair("anomaly", TRUTH, before, after, alone() if groups is None else groups)
    return drop_of("auc" if kind == "auc" else "auc_by_group", pair, 0.02)


def of_errors(worse_by: float, n: int = N) -> Drop:
    rng = np.random.default_rng(0)
    truth = rng.normal(0, 1, n).astype(np.float32)
    error = rng.normal(0, 0.2, n).astype(np.float32)
    before, after = Answers(truth + error), Answers(truth + error * np.float32(1 + worse_by))
    return drop_of("mae", Pair("regression", truth, before, after, alone(n)), 0.02)


def test_accuracy_counts_what_only_one_model_gets_right() -> None:
    """0 and 1 are wrong in both, 2 only before, 3 to 5 only after."""
    drop = drop_of("accuracy", pair_of([0, 1, 2], [0, 1, 3, 4, 5]), 0.02)
    assert drop == exact_drop(3, 1, N, 0.02)
    assert drop.value == pytest.approx(2 / N)
    assert drop.method == "exact: 3 lost, 1 gained"


def test_answers_that_are_wrong_in_two_ways_are_neither_lost_nor_gained() -> None:
    truth = np.zeros(50, dtype=np.int64)
    pair = Pair("classification", truth, Answers(truth + 1), Answers(truth + 2), alone(50), classes=3)
    assert drop_of("accuracy", pair, 0.02).method == "exact: 0 lost, 0 gained"


def test_groups_that_err_alike_say_less_than_their_samples() -> None:
    groups = np.repeat(np.arange(12), 10).astype(str)
    alike, spread = list(range(10)), list(range(0, 100, 10))
    single = drop_of("accuracy", pair_of(alike, [*alike, 25]), 0.02)
    grouped = drop_of("accuracy", pair_of(alike, [*alike, 25], groups), 0.02)
    mixed = drop_of("accuracy", pair_of(spread, [*spread, 25], groups), 0.02)
    assert grouped.value == single.value == mixed.value
    assert grouped.high > mixed.high > single.high
    assert "for 12 groups that err alike" in grouped.method
    assert grouped.n == N


@pytest.mark.parametrize("metric", ["macro_f1", "f1"])
def test_no_changed_answer_still_leaves_open_what_the_counts_do(metric: str) -> None:
    same = pair_of([0], [0])
    drop = drop_of("macro_f1" if metric == "macro_f1" else "f1", same, 0.02)
    assert drop.value == 0
    assert drop.high >= drop_of("accuracy", same, 0.02).high


def test_f1_counts_the_second_labels_samples_alone() -> None:
    """60 samples of the second label, all found by both."""
    assert drop_of("f1", pair_of([], []), 0.02).high == exact_drop(0, 0, 60, 0.02).high


@pytest.mark.parametrize("make", [of_scores, of_errors], ids=["auc", "mae"])
def test_the_bounds_hold_the_value_and_widen_with_the_difference(make: Callable[[float], Drop]) -> None:
    small, large = make(0.05), make(0.8)
    for drop in (small, large):
        assert drop.low <= drop.value <= drop.high
    assert large.high - large.low > small.high - small.low
    assert small.enough is not None
    assert large.enough is not None
    assert large.enough > small.enough


def test_an_error_that_grows_is_a_drop_above_nothing() -> None:
    drop = of_errors(0.5)
    assert drop.low > 0
    assert drop.p < 0.01
    assert drop.method == "paired bootstrap of 24 runs"


def test_models_that_rank_all_alike_are_as_open_as_the_rarer_label_leaves_them() -> None:
    drop = of_scores(0.0)
    assert (drop.value, drop.high) == (0.0, exact_drop(0, 0, 60, 0.02).high)


def test_auc_by_group_is_drawn_by_groups_and_a_lone_one_by_its_samples() -> None:
    groups = np.repeat(np.arange(6), 20).astype(str)
    assert of_scores(0.3, "by group", groups).method.startswith("paired bootstrap of 6 groups")
    lone = np.where(np.arange(N) < 60, "mixed", np.where(TRUTH == 1, "second", "first"))
    assert of_scores(0.3, "by group", lone).method.startswith("paired bootstrap of 60 samples")


def test_two_samples_of_a_series_bound_nothing() -> None:
    drop = of_errors(0.1, n=2)
    assert drop.high > 1e6
    assert drop.enough is None


def test_the_same_pair_has_the_same_bounds() -> None:
    assert of_scores(0.3) == of_scores(0.3)
