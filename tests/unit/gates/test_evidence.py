"""Levels, many tests at once, and how many samples would tell."""

import numpy as np
import pytest

from flashfit.gates.evidence import LEVEL, chance_of, enough_for, holm, level_of_look
from flashfit.gates.intervals import wilson


@pytest.mark.parametrize(
    ("chances", "rejected"),
    [
        ([0.04], [True]),
        ([0.04, 0.2], [False, False]),  # 0.04 against 0.05 / 2
        ([0.2, 0.02], [False, True]),
        ([0.01, 0.04, 0.03], [True, False, False]),  # against 0.0167, 0.025
        ([0.016, 0.024, 0.049], [True, True, True]),
        ([], []),
    ],
)
def test_of_many_tests_holm_rejects_step_by_step(chances: list[float], rejected: list[bool]) -> None:
    assert holm(chances) == rejected


def test_all_looks_together_spend_the_level_and_no_more() -> None:
    spent = sum(level_of_look(look) for look in range(1, 100_001))
    assert spent == pytest.approx(LEVEL, rel=1e-4)
    assert spent < LEVEL


def test_a_threshold_at_the_intervals_end_has_the_chance_of_one_tail() -> None:
    assert chance_of(0.90, 0.95, 0.95) == pytest.approx(0.025)
    assert chance_of(0.90, 0.95, 0.90) == pytest.approx(0.5)


def test_a_value_without_width_that_misses_has_no_chance() -> None:
    assert chance_of(0.9, 0.9, 0.95) == 0.0


def test_nearer_the_threshold_more_samples_are_needed_and_on_it_none_are_enough() -> None:
    near, far = enough_for(100, 0.96, 0.92, 0.95), enough_for(100, 0.98, 0.94, 0.95)
    assert near is not None
    assert far is not None
    assert near > far > 100
    assert enough_for(100, 0.95, 0.91, 0.95) is None


def test_the_samples_that_would_tell_a_share_from_its_floor_do_in_four_of_five_draws() -> None:
    enough = enough_for(200, 0.97, wilson(194, 200)[0], 0.95)
    assert enough is not None
    right = np.random.default_rng(0).binomial(enough, 0.97, 4000)
    told = [wilson(count, enough)[0] >= 0.95 for count in right]
    assert 0.75 <= np.mean(told) <= 0.95
