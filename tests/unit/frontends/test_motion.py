from itertools import pairwise

import numpy as np
import pytest

from flashfit.data.samples import Sample
from flashfit.errors import ConfigError
from flashfit.frontends.motion import FLOOR, features, output_shape
from flashfit.params import MotionFrontend

RAW = MotionFrontend(kind="motion")


def spectral(x, bands=8):
    return features(
        MotionFrontend(kind="motion", features="spectral", bands=bands), Sample("a", np.asarray(x, np.float32))
    )


def test_a_raw_window_keeps_its_values_in_rows_of_channels():
    x = np.arange(6, dtype=np.float32).reshape(3, 2)
    found = features(RAW, Sample("a", x))
    assert found.shape == output_shape(RAW, (3, 2)) == (3, 1, 2)
    np.testing.assert_array_equal(found[:, 0, :], x)


def test_a_spectral_window_has_four_moments_and_its_bands_a_channel():
    x = np.array([[1, 5], [2, 5], [3, 5], [6, 5]])
    found = spectral(x, bands=3)
    assert found.shape == (1, 1, 14)
    np.testing.assert_allclose(found[0, 0, :4], [3, (14 / 3) ** 0.5, 1, 6], rtol=1e-6)
    np.testing.assert_allclose(found[0, 0, 7:11], [5, 0, 5, 5])
    np.testing.assert_allclose(found[0, 0, 11:], np.log(FLOOR), rtol=1e-6)


def test_moments_are_of_each_part_of_a_window():
    front = MotionFrontend(kind="motion", features="moments", segments=2)
    x = np.array([[1, 0], [3, 0], [5, 2], [5, 4], [8, 6]], np.float32)
    found = features(front, Sample("a", x))
    assert found.shape == output_shape(front, (5, 2)) == (1, 1, 16)
    np.testing.assert_allclose(found[0, 0, :8], [2, 2**0.5, 1, 3, 6, 3**0.5, 5, 8], rtol=1e-6)
    np.testing.assert_allclose(found[0, 0, 8:], [0, 0, 0, 0, 4, 2, 2, 6], rtol=1e-6)


def test_parts_of_one_row_are_refused():
    with pytest.raises(ConfigError, match="3 segments of 5 rows have fewer than 2 rows each"):
        output_shape(MotionFrontend(kind="motion", features="moments", segments=3), (5, 2))


@pytest.mark.parametrize("band", range(8))
def test_a_swing_has_its_power_in_its_band(band):
    cycles = 4 + 8 * band
    x = 3 + np.sin(2 * np.pi * cycles * np.arange(128) / 128)
    assert spectral(x[:, None])[0, 0, 4:].argmax() == band


@pytest.mark.parametrize(("rows", "bands"), [(128, 8), (119, 5), (300, 16)])
def test_band_powers_agree_with_float64(rows, bands):
    x = np.random.default_rng(rows).normal(2, 1, (rows, 1)).astype(np.float32)
    hann = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(rows) / rows)
    fft = 1 << (rows - 1).bit_length()
    values = x[:, 0].astype(np.float64)
    power = np.abs(np.fft.rfft((values - values.mean()) * hann, fft))[1:] ** 2 / rows**2
    edges = [band * len(power) // bands for band in range(bands + 1)]
    expected = np.log([1e-6 + power[a:b].sum() for a, b in pairwise(edges)])
    np.testing.assert_allclose(spectral(x, bands)[0, 0, 4:], expected, atol=1e-4)


@pytest.mark.parametrize("shape", [(119,), (119, 6, 1)])
def test_what_is_no_window_is_refused(shape):
    with pytest.raises(ConfigError, match=r"takes windows \(rows, channels\)"):
        output_shape(RAW, shape)


def test_more_bands_than_frequencies_are_refused():
    many = MotionFrontend(kind="motion", features="spectral", bands=65)
    with pytest.raises(ConfigError, match="65 bands are more than the 64 frequencies of 100 rows"):
        output_shape(many, (100, 3))


def test_a_window_beyond_the_longest_transform_is_refused():
    with pytest.raises(ConfigError, match="5000 values at once"):
        output_shape(MotionFrontend(kind="motion", features="spectral"), (5000, 3))
