import cmsisdsp.mfcc
import numpy as np
import pytest
from cmsisdsp.datatype import F32

from flashfit.errors import ConfigError
from flashfit.frontends.mel import MelBank, mel_bank


@pytest.mark.parametrize(
    ("filters", "low_hz", "high_hz", "rate_hz", "fft"),
    [(40, 20, 7600, 16000, 512), (20, 64, 3800, 8000, 256), (13, 300, 8000, 22050, 1024)],
)
def test_filters_are_those_of_cmsis_dsp_s_own_table(filters, low_hz, high_hz, rate_hz, fft):
    bank = mel_bank(filters, low_hz, high_hz, rate_hz, fft)
    lengths, starts, weights = cmsisdsp.mfcc.melFilterMatrix(F32, low_hz, high_hz, filters, rate_hz, fft)
    assert bank.starts == tuple(starts)
    assert bank.lengths == tuple(lengths)
    np.testing.assert_allclose(bank.weights, weights, atol=1e-6)


def test_filters_up_to_half_the_rate_end_within_the_spectrum():
    bank = mel_bank(40, 20, 4000, 8000, 256)
    assert bank.starts[-1] + bank.lengths[-1] <= 129
    assert min(bank.lengths) >= 1
    assert sum(bank.lengths) == len(bank.weights)


def test_an_energy_is_the_weighted_sum_of_a_filter_s_bins():
    bank = MelBank(starts=(1, 2), lengths=(2, 1), weights=np.array([0.5, 1, 0.25], np.float32))
    np.testing.assert_array_equal(bank.energies(np.array([[9, 2, 4, 9]], np.float32)), [[5, 1]])


def test_a_filter_between_two_bins_is_refused_with_what_to_change():
    with pytest.raises(ConfigError, match=r"of 128 mel filters are narrower than the spectrum's 31\.25 Hz; fewer mels"):
        mel_bank(128, 20, 8000, 16000, 512)
