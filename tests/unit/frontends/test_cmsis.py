import numpy as np
import pytest
from scipy.fft import dct

from flashfit.errors import ConfigError
from flashfit.frontends.cmsis import RealFft, dct_matrix, fft_length, moments


@pytest.mark.parametrize(("values", "length"), [(1, 64), (64, 64), (65, 128), (480, 512), (512, 512), (4096, 4096)])
def test_a_transform_holds_the_values(values, length):
    assert fft_length(values) == length


def test_more_than_the_longest_transform_is_refused():
    with pytest.raises(ConfigError, match="4097 values at once are beyond CMSIS-DSP's longest transform, 4096"):
        fft_length(4097)


@pytest.mark.parametrize("length", [64, 128, 256, 512, 1024, 2048, 4096])
def test_magnitudes_are_those_of_a_transform_in_float64(length):
    rows = np.random.default_rng(length).uniform(-1, 1, (3, length)).astype(np.float32)
    found = RealFft(length).magnitudes(rows)
    np.testing.assert_allclose(found, np.abs(np.fft.rfft(rows.astype(np.float64))), rtol=2e-5, atol=2e-5)


def test_a_length_without_a_transform_is_refused_and_ends_no_process():
    with pytest.raises(ConfigError, match="no real transform of 100 values"):
        RealFft(100)


def test_the_dct_is_the_orthonormal_one_but_for_its_first_row():
    bands = np.random.default_rng(1).normal(size=20)
    expected = dct(bands, norm="ortho")[:13] * np.array([2**0.5, *[1] * 12])
    np.testing.assert_allclose(dct_matrix(13, 20) @ bands, expected, rtol=1e-5, atol=1e-6)


def test_moments_of_a_hand_computed_table():
    assert moments(np.array([1, 2, 3, 6], np.float32)) == pytest.approx((3, (14 / 3) ** 0.5, 1, 6))


def test_a_small_deviation_beside_gravity_is_kept():
    values = (9.8 + 0.001 * np.random.default_rng(2).standard_normal(128)).astype(np.float32)
    assert moments(values)[1] == pytest.approx(values.astype(np.float64).std(ddof=1), rel=1e-4)
