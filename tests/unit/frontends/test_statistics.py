import numpy as np
import pytest

from flashfit.frontends.statistics import Running


def running(*parts):
    statistics = Running()
    for part in parts:
        statistics.add(np.asarray(part, dtype=np.float32))
    return statistics


def test_mean_and_deviation_of_a_hand_computed_table():
    found = running([[1, 10], [3, 10]], [[5, 40]])
    assert found.mean == (3.0, 20.0)
    assert found.deviation == pytest.approx(((8 / 3) ** 0.5, 200**0.5), rel=1e-7)


@pytest.mark.parametrize("size", [1, 7, 1000])
def test_any_division_into_parts_gives_the_whole_s_statistics(size):
    rows = np.random.default_rng(1).normal(5, 2, (1000, 3)).astype(np.float32)
    found = running(*(rows[start : start + size] for start in range(0, 1000, size)))
    np.testing.assert_allclose(found.mean, rows.astype(np.float64).mean(axis=0), rtol=1e-6)
    np.testing.assert_allclose(found.deviation, rows.astype(np.float64).std(axis=0), rtol=1e-6)


def test_a_small_deviation_beside_a_large_mean_is_found():
    rows = (np.arange(100_000) % 2)[:, None] * 2 + 100_000.0
    assert running(*np.split(rows, 100)).deviation == pytest.approx((1.0,), rel=1e-7)


@pytest.mark.parametrize("value", [0.0, 0.1, -13.815511, 1e30, 1e-30])
def test_a_dead_column_has_a_deviation_of_1(value):
    rows = np.full((777, 1), value)
    assert running(rows, rows[:10]).deviation == (1.0,)


def test_statistics_are_exact_in_float32():
    found = running(np.random.default_rng(2).normal(size=(50, 4)))
    for values in (found.mean, found.deviation):
        assert tuple(map(float, np.array(values, np.float32))) == values


def test_a_column_that_changes_by_rounding_alone_is_dead():
    value = np.float32(1000.1)
    rows = np.array([[value], [np.nextafter(value, np.float32(2000))]] * 50)
    assert running(rows).deviation == (1.0,)
