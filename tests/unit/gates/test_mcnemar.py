"""Exact tests of paired answers, against tables computed by hand."""

import itertools
import math

import numpy as np
import pytest
from scipy.stats import multinomial

from flashfit.gates.evidence import LEVEL, POWER, REFUSAL
from flashfit.gates.mcnemar import bounds, chance_below, exact_drop, mcnemar, samples_enough


@pytest.mark.parametrize(
    ("lost", "gained", "chance"),
    [
        (0, 0, 1.0),
        (0, 7, 1.0),
        (1, 0, 1 / 2),
        (5, 0, 1 / 32),
        (3, 3, 42 / 64),  # (20 + 15 + 6 + 1) of 64
        (10, 2, 79 / 4096),  # (66 + 12 + 1) of 4,096
        (6, 1, 8 / 128),
    ],
)
def test_the_chance_to_lose_so_many_of_the_changed_answers_is_the_binomials(
    lost: int, gained: int, chance: float
) -> None:
    assert mcnemar(lost, gained) == pytest.approx(chance)


@pytest.mark.parametrize(("n", "drop"), [(25, 0.04), (149, 0.02), (150, 0.02), (2000, 0.01)])
def test_no_change_at_all_is_as_likely_as_no_loss(n: int, drop: float) -> None:
    """With nothing lost or gained the worst case gains nothing: (1 - drop)^n, and 0.001 for unlikely shares."""
    assert chance_below(0, 0, n, drop) == pytest.approx((1 - drop) ** n + 0.001, abs=1e-6)


def test_a_hundred_and_fifty_unchanged_answers_are_enough_to_exclude_a_drop_of_two_points() -> None:
    """0.98^149 is 0.0493, and 0.001 more is over 5 %; 0.98^150 is 0.0483."""
    assert chance_below(0, 0, 149, 0.02) > LEVEL > chance_below(0, 0, 150, 0.02)
    assert samples_enough(0, 0, 10_000, 0.02) == 150


@pytest.mark.parametrize(("lost", "gained", "n"), [(1, 0, 372), (5, 5, 372), (12, 3, 200), (0, 0, 25)])
def test_the_bounds_are_where_the_test_changes_its_mind(lost: int, gained: int, n: int) -> None:
    low, high = bounds(lost, gained, n)
    assert chance_below(lost, gained, n, high - 0.001) > LEVEL > chance_below(lost, gained, n, high + 0.001)
    assert low <= (lost - gained) / n <= high


def test_exchanging_the_models_turns_the_bounds_around() -> None:
    assert bounds(7, 4, 100) == pytest.approx([-end for end in reversed(bounds(4, 7, 100))], abs=1e-4)


@pytest.mark.parametrize(("lost", "above"), [(4, False), (5, True)])
def test_a_drop_is_above_nothing_only_where_mcnemar_says_so(lost: int, above: bool) -> None:
    """4 of 4 lost happen in 1 of 16 draws of equal models, 5 of 5 in 1 of 32."""
    assert (bounds(lost, 0, 1000)[0] > 0) == above


def test_a_stricter_level_asks_for_more() -> None:
    drop, strict = exact_drop(2, 1, 500, 0.02), exact_drop(2, 1, 500, 0.02, level=0.001)
    assert strict.high > drop.high
    assert strict.enough is not None
    assert drop.enough is not None
    assert strict.enough > drop.enough


def test_no_number_of_samples_shows_that_there_is_no_drop_at_all() -> None:
    assert samples_enough(0, 0, 100, 0.0) is None


@pytest.mark.parametrize(("n", "share"), [(150, 0.03), (372, 0.021), (372, 0.06)])
def test_a_model_worse_by_the_tolerance_passes_in_at_most_five_per_cent_of_draws(n: int, share: float) -> None:
    assert _passes(n, share, drop=0.02, tolerance=0.02) <= LEVEL + 3 * _error(LEVEL)


@pytest.mark.parametrize(("lost", "gained", "n"), [(1, 1, 100), (3, 2, 200)])
def test_an_equal_model_passes_with_the_samples_that_were_said_to_be_enough(lost: int, gained: int, n: int) -> None:
    enough = samples_enough(lost, gained, n, 0.03)
    assert enough is not None
    passes = _passes(enough, (lost + gained + 0.5) / (n + 1), drop=0.0, tolerance=0.03)
    assert POWER - 0.06 <= passes <= POWER + 0.12


@pytest.mark.parametrize("share", [0.03, 0.05])
def test_of_the_draws_that_decide_an_equal_model_is_refused_in_at_most_five_per_cent(share: float) -> None:
    n, tolerance = 100, 0.02
    passed = refused = 0.0
    for lost, gained in itertools.product(range(20), repeat=2):
        chance = float(multinomial.pmf([lost, gained, n - lost - gained], n, [share / 2, share / 2, 1 - share]))
        if chance_below(lost, gained, n, tolerance) <= LEVEL:
            passed += chance
        elif (lost - gained) / n > tolerance and mcnemar(lost, gained) <= REFUSAL * LEVEL:
            refused += chance
    assert 0 < refused <= LEVEL * (refused + passed)


_DRAWS = 4000


def _passes(n: int, share: float, drop: float, tolerance: float) -> float:
    """The share of draws in which a model with a true drop is seen to be no worse than the tolerance."""
    chances = [(share + drop) / 2, (share - drop) / 2, 1 - share]
    tables = np.random.default_rng(0).multinomial(n, chances, _DRAWS)[:, :2]
    seen, counts = np.unique(tables, axis=0, return_counts=True)
    passed = [chance_below(lost, gained, n, tolerance) <= LEVEL for lost, gained in seen]
    return float(counts[passed].sum() / _DRAWS)


def _error(share: float) -> float:
    return math.sqrt(share * (1 - share) / _DRAWS)
