"""What the bootstrap draws."""

import numpy as np
import pytest

from flashfit.gates.resampling import DRAWS, draws, units_of


@pytest.mark.parametrize(
    ("groups", "in_order", "told"),
    [
        (["a", "b", "c", "d"], False, "4 samples"),
        (["a", "b", "b", "a"], False, "2 groups"),
        (["a", "b", "b", "a"], True, "2 groups"),
        (["one"] * 27, False, "9 runs"),
        ([str(index) for index in range(28)], True, "7 runs"),
    ],
)
def test_units_are_groups_where_there_are_any(groups: list[str], in_order: bool, told: str) -> None:
    assert str(units_of(np.array(groups), in_order)) == told


def test_runs_are_of_neighbours() -> None:
    assert units_of(np.array(["one"] * 8)).index.tolist() == [0, 0, 1, 1, 2, 2, 3, 3]


def test_chosen_samples_keep_their_units() -> None:
    units = units_of(np.array(["a", "b", "b", "c", "c"]))
    chosen = units.at(np.array([False, False, True, True, True]))
    assert (chosen.index.tolist(), chosen.count) == ([0, 1, 1], 2)


@pytest.mark.parametrize("count", [1, 3, 2000])
def test_every_draw_takes_as_many_units_as_there_are(count: int) -> None:
    drawn = np.concatenate(list(draws(count, seed=0)))
    assert drawn.shape == (DRAWS, count)
    assert set(drawn.sum(axis=1)) == {count}


def test_each_unit_is_drawn_once_on_average() -> None:
    drawn = np.concatenate(list(draws(10, seed=0)))
    np.testing.assert_allclose(drawn.mean(axis=0), 1, atol=0.15)
    assert drawn.var() == pytest.approx(0.9, abs=0.05)  # binomial: 10 · 1/10 · 9/10
