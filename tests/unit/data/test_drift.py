import numpy as np
import pandas as pd
import pytest

from flashfit.data.drift import DRIFTING, drifts, population_stability


def table_of(left_out=None, **columns):
    """Values of some statistics; all others are missing."""
    count = len(next(iter(columns.values())))
    frame = pd.DataFrame({**dict.fromkeys(DRIFTING, np.nan), **columns}, index=range(count))
    return frame.assign(left_out=left_out or [""] * count)


def test_the_index_of_two_bins_by_hand():
    # eleven values of 0 and ten of 1 against six and fifteen; the bins hold <0, =0, between, =1, >1
    then, now = np.repeat([0.0, 1.0], [11, 10]), np.repeat([0.0, 1.0], [6, 15])
    p, q = np.array([0.5, 11.5, 0.5, 10.5, 0.5]), np.array([0.5, 6.5, 0.5, 15.5, 0.5])
    expected = np.sum((q - p) / 23.5 * np.log(q / p))
    assert population_stability(then, now) == pytest.approx(expected)


def test_the_same_values_have_not_moved():
    values = np.random.default_rng(0).normal(size=1000)
    assert population_stability(values, values[::-1]) == 0


def test_another_draw_stays_below_and_a_shift_comes_out_above_the_usual_thresholds():
    random = np.random.default_rng(0)
    then = random.normal(size=2000)
    assert population_stability(then, random.normal(size=2000)) < 0.1
    assert population_stability(then, random.normal(1, 1, size=2000)) > 0.25


@pytest.mark.parametrize("now", [-1.0, 1.0])
def test_what_never_differed_may_move_either_way(now):
    assert population_stability(np.zeros(100), np.zeros(100)) == 0
    assert population_stability(np.zeros(100), np.full(100, now)) > 1


def test_every_statistic_that_both_have_is_compared():
    then = table_of(mean=[0.0, 1.0, 2.0, 3.0], target=[1.0] * 4)
    now = table_of(mean=[2.0, 3.0, 4.0, 5.0], duration_s=[1.0] * 4)
    (mean,) = drifts(now, then)
    assert mean.statistic == "mean"
    assert mean.ks == 0.5
    assert mean.psi > 0


def test_what_is_left_out_or_not_finite_is_not_compared():
    then = table_of(mean=[0.0, 1.0, 9.0], left_out=["", "", "silent"])
    now = table_of(mean=[0.0, 1.0, np.inf])
    (mean,) = drifts(now, then)
    assert (mean.psi, mean.ks) == (0, 0)
