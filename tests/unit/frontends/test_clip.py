import numpy as np
import pytest

from flashfit.data.samples import Sample
from flashfit.errors import ConfigError, DataError
from flashfit.frontends.clip import as_int16, clip, full_scale
from flashfit.params import AudioFrontend

TEN = AudioFrontend(kind="audio", sample_rate_hz=100, clip_s=0.1, window_s=0.04, hop_s=0.02)
"""A clip of 10 samples."""


def placed(values, rate_hz=100.0):
    return clip(TEN, Sample("a", np.array(values, np.int16), rate_hz=rate_hz))


def test_a_clip_of_the_right_length_stays_as_it_is():
    assert placed(range(10)).tolist() == list(range(10))


@pytest.mark.parametrize(
    ("values", "expected"), [([1, 2], [0] * 4 + [1, 2] + [0] * 4), ([1, 2, 3], [0] * 3 + [1, 2, 3] + [0] * 4)]
)
def test_a_shorter_clip_lies_in_the_middle_of_zeros(values, expected):
    assert placed(values).tolist() == expected


def test_of_a_longer_clip_the_loudest_place_is_kept():
    values = [1] * 12 + [50] * 10 + [1] * 3
    assert placed(values).tolist() == [50] * 10


def test_a_word_lies_amid_its_clip_where_several_places_are_as_loud():
    assert placed([0] * 8 + [-9, 9] + [0] * 20).tolist() == [0] * 4 + [-9, 9] + [0] * 4


def test_a_silent_longer_clip_is_kept_silent():
    assert placed([0] * 25).tolist() == [0] * 10


def test_full_scale_does_not_overflow_in_the_search_for_the_loudest():
    assert placed([0] * 5 + [-32768] * 10 + [0] * 5).tolist() == [-32768] * 10


def test_sound_at_another_rate_is_resampled_and_keeps_its_pitch():
    seconds = np.arange(44100) / 44100
    tone = (10000 * np.sin(2 * np.pi * 440 * seconds)).astype(np.int16)
    section = AudioFrontend(kind="audio", sample_rate_hz=16000, clip_s=1.0)
    wave = clip(section, Sample("a", tone, rate_hz=44100.0))
    assert (wave.shape, wave.dtype) == ((16000,), np.float32)
    expected = 10000 * np.sin(2 * np.pi * 440 * np.arange(16000) / 16000)
    np.testing.assert_allclose(wave[200:-200], expected[200:-200], atol=25)


@pytest.mark.parametrize("rate_hz", [None, 0.0, -8000.0, float("nan")])
def test_sound_without_a_rate_is_named(rate_hz):
    with pytest.raises(DataError, match=r"^a says no sample rate"):
        placed(range(10), rate_hz)


def test_full_scale_is_that_of_16_bits_and_1_for_floats():
    assert full_scale(np.zeros(1, np.int16)) == 32768
    assert full_scale(np.zeros(1, np.float32)) == 1
    with pytest.raises(ConfigError, match=r"sound is int16 or floats in \[-1, 1\], not uint8"):
        full_scale(np.zeros(1, np.uint8))


def test_a_recorded_wave_is_rounded_and_saturated():
    assert as_int16(np.array([0.5, -1.5, 1.5, 2.6 / 32768]), 1.0).tolist() == [16384, -32768, 32767, 3]
