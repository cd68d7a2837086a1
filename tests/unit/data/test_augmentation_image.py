import numpy as np
import pytest

from flashfit.data.augmentation.image import varied_picture
from flashfit.params import Augment


class Drawn:
    """Draws what it is told: shift down, shift right, turn, zoom, contrast, each in [-1, 1]."""

    def __init__(self, *values):
        self.values = list(values)

    def uniform(self, low, high, size=None):
        drawn = [self.values.pop(0) for _ in range(size or 1)]
        return np.array(drawn) if size else drawn[0]


def changed(x, drawn, **strengths):
    return varied_picture(x, Augment(kind="image", **strengths), Drawn(*drawn))


def dot(row, column, side=9):
    x = np.zeros((side, side), np.uint8)
    x[row, column] = 200
    return x


def test_a_shift_moves_by_a_share_of_each_side():
    x = np.zeros((10, 20), np.uint8)
    x[5, 10] = 200
    moved = changed(x, [1, -1, 0, 0, 0], shift=0.2)
    assert np.argwhere(moved).tolist() == [[7, 6]]
    assert moved.max() == 200


def test_what_a_shift_brings_into_view_repeats_the_edge():
    x = np.repeat(np.arange(10, dtype=np.uint8)[:, None] * 10, 4, axis=1)
    moved = changed(x, [0.5, 0, 0, 0, 0], shift=0.4)
    assert moved[:, 0].tolist() == [0, 0, 0, 10, 20, 30, 40, 50, 60, 70]


def test_a_quarter_turn_about_the_centre_moves_the_right_to_the_top():
    assert np.array_equal(changed(dot(4, 7), [0, 0, 1, 0, 0], rotate_deg=90), dot(1, 4))


def test_a_zoom_magnifies_about_the_centre():
    assert np.argwhere(changed(dot(4, 6), [0, 0, 0, 1, 0], zoom=0.5) == 200).tolist() == [[4, 7]]


def test_contrast_scales_the_distance_to_the_mean():
    x = np.array([[80, 120], [100, 100]], np.uint8)
    assert changed(x, [0, 0, 0, 0, 1], contrast=0.5).tolist() == [[70, 130], [100, 100]]
    assert changed(x, [0, 0, 0, 0, -1], contrast=0.5).tolist() == [[90, 110], [100, 100]]


def test_bytes_are_rounded():
    x = np.array([[80, 121], [100, 100]], np.uint8)
    assert changed(x, [0, 0, 0, 0, 1], contrast=0.5).tolist() == [[70, 131], [100, 100]]


def test_bytes_saturate_rather_than_wrap():
    x = np.array([[0, 255], [10, 245]], np.uint8)
    assert changed(x, [0, 0, 0, 0, 1], contrast=0.9).tolist() == [[0, 255], [0, 255]]


def test_values_that_are_not_whole_stay_between_the_pictures_own_least_and_largest():
    x = np.random.default_rng(0).uniform(2, 14, (8, 8)).astype(np.float32)
    copy = changed(x, [0.5, 0.5, 0.5, 0.5, 1], shift=0.2, rotate_deg=30, zoom=0.3, contrast=0.9)
    assert x.min() <= copy.min() and copy.max() <= x.max()
    assert copy.dtype == np.float32


def test_colours_move_together():
    x = np.random.default_rng(0).integers(0, 256, (9, 9, 1), np.uint8)
    grey = np.repeat(x, 3, axis=2)
    copy = changed(grey, [0.3, -0.6, 0.8, 0.2, 0], shift=0.2, rotate_deg=30, zoom=0.3)
    assert np.array_equal(copy[..., 0], copy[..., 1]) and np.array_equal(copy[..., 0], copy[..., 2])


@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.uint16, np.float32, np.float64])
def test_a_plain_picture_stays_as_it_is_whatever_is_drawn(dtype):
    x = np.full((6, 7, 3), 37, dtype)
    augment = Augment(kind="image", shift=0.3, rotate_deg=180, zoom=0.5, contrast=0.9)
    assert np.array_equal(varied_picture(x, augment, np.random.default_rng(5)), x)
