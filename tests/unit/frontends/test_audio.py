import time

import numpy as np
import pytest
from scipy.fft import dct

from flashfit.data.samples import Sample
from flashfit.errors import ConfigError
from flashfit.frontends.audio import FLOOR, OFFSET, as_recorded, features, output_shape, tables
from flashfit.params import AudioFrontend

RATE_HZ = 16000


def section(**given):
    return AudioFrontend(kind="audio", **given)


def sample(wave, rate_hz=float(RATE_HZ)):
    return Sample("a", np.asarray(wave), rate_hz=rate_hz)


def spoken(seed, rate_hz=RATE_HZ, seconds=1.0):
    """Harmonics of a voice that rises and falls, over noise, int16."""
    random = np.random.default_rng(seed)
    at = np.arange(round(rate_hz * seconds)) / rate_hz
    pitch = 2 * np.pi * np.cumsum(120 + 40 * np.sin(3 * at)) / rate_hz
    voice = sum(np.sin(k * pitch) / k for k in range(1, 20)) * np.exp(-(((at - 0.5) / 0.15) ** 2))
    return np.rint(6000 * voice + 20 * random.standard_normal(len(at))).astype(np.int16)


def in_float64(front, x):
    """Log-mel energies or MFCCs by numpy and scipy alone, in float64, of a clip of the right rate and length."""
    frame, hop = round(front.window_s * front.sample_rate_hz), round(front.hop_s * front.sample_rate_hz)
    fft = 1 << (frame - 1).bit_length()
    wave = x / 32768
    if front.level:
        wave = wave * min(0.1 / np.sqrt(np.mean(wave**2)), 31.6)
    hann = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(frame) / frame)
    starts = range(0, len(wave) - frame + 1, hop)
    magnitudes = np.abs([np.fft.rfft(wave[start : start + frame] * hann, fft) for start in starts])
    edges = np.linspace(mel(front.low_hz), mel(front.high_hz or front.sample_rate_hz / 2), front.mels + 2)
    bins = mel(np.arange(fft // 2 + 1) * front.sample_rate_hz / fft)
    triangles = [np.interp(bins, edges[k : k + 3], [0, 1, 0]) for k in range(front.mels)]
    logs = np.log(magnitudes @ np.array(triangles).T * (1e-6 / FLOOR) + 1e-6)
    if front.features == "log-mel":
        return logs
    cepstra = dct(logs, norm="ortho", axis=1)[:, : front.coefficients]
    cepstra[:, 0] *= 2**0.5
    return cepstra


def mel(frequency_hz):
    return 1127 * np.log(1 + np.asarray(frequency_hz) / 700)


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"level": True},
        {"sample_rate_hz": 8000, "window_s": 0.032, "hop_s": 0.016, "mels": 20},
        {"low_hz": 100, "high_hz": 7000, "mels": 30},
        {"features": "mfcc"},
        {"features": "mfcc", "coefficients": 20, "level": True},
    ],
)
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_features_agree_with_float64_within_a_thousandth(given, seed):
    """0.001 of a natural logarithm (0.004 dB); an int8 step of standardised features is some 0.05 to 0.1."""
    front = section(**given)
    x = spoken(seed, front.sample_rate_hz)
    found = features(front, sample(x, float(front.sample_rate_hz)))
    np.testing.assert_allclose(found[:, :, 0], in_float64(front, x), atol=1e-3)


def test_a_second_of_30_ms_frames_every_20_ms_is_49_frames():
    assert output_shape(section(), (16000,)) == (49, 40, 1)
    assert output_shape(section(features="mfcc"), (123,)) == (49, 10, 1)
    assert features(section(features="mfcc"), sample(spoken(1))).shape == (49, 10, 1)


@pytest.mark.parametrize("shape", [(), (16000, 2)])
def test_what_is_not_mono_sound_is_refused(shape):
    with pytest.raises(ConfigError, match=r"takes mono sound \(samples,\)"):
        output_shape(section(), shape)


def test_a_frame_beyond_the_longest_transform_is_refused():
    with pytest.raises(ConfigError, match="4800 values at once are beyond"):
        output_shape(section(window_s=0.3), (16000,))


def test_a_hop_of_less_than_a_sample_is_refused():
    with pytest.raises(ConfigError, match="0 samples at 16000 Hz: too short"):
        output_shape(section(hop_s=1e-5), (16000,))


def test_a_tone_lights_the_band_that_holds_it():
    tone = 0.5 * np.sin(2 * np.pi * 1000 * np.arange(16000) / RATE_HZ)
    found = features(section(), sample(tone.astype(np.float32)))
    middles = np.linspace(mel(20), mel(8000), 42)[1:-1]
    assert set(found[:, :, 0].argmax(axis=1)) == {int(np.abs(middles - mel(1000)).argmin())}


@pytest.mark.parametrize("front", [section(), section(features="mfcc"), section(level=True)])
def test_silence_is_finite(front):
    found = features(front, sample(np.zeros(16000, np.int16)))
    assert np.isfinite(found).all()


def test_silence_has_the_floor_s_energy():
    found = features(section(), sample(np.zeros(16000, np.int16)))
    np.testing.assert_allclose(found, np.log(float(OFFSET)), rtol=1e-6)


def test_int16_and_floats_of_the_same_wave_give_the_same_features():
    x = spoken(3)
    np.testing.assert_array_equal(
        features(section(), sample(x)), features(section(), sample((x / 32768).astype(np.float32)))
    )


def test_levelled_clips_are_alike_however_loud_they_were():
    loud = spoken(4)
    soft = loud.astype(np.float32) / 32768 / 8
    levelled = section(level=True)
    np.testing.assert_allclose(features(levelled, sample(loud)), features(levelled, sample(soft)), atol=1e-3)
    assert np.abs(features(section(), sample(loud)) - features(section(), sample(soft))).max() > 1


def test_near_silence_is_not_levelled_to_speech():
    hiss = np.random.default_rng(5).integers(-1, 2, 16000).astype(np.int16)
    gain = features(section(level=True), sample(hiss)) - features(section(), sample(hiss))
    assert gain.max() <= np.log(31.6) + 1e-3


def test_the_window_is_a_periodic_hann_followed_by_zeros():
    known = tables(section())
    assert (known.frame, known.hop, known.fft) == (480, 320, 512)
    assert known.window[240] == 1
    np.testing.assert_allclose(known.window[1:240], known.window[479:240:-1], atol=1e-7)
    assert not known.window[480:].any()


def test_a_recording_as_the_microphone_gives_it_has_the_clip_s_features():
    x = spoken(6, seconds=0.4)
    recorded = as_recorded(section(), sample(x))
    assert (recorded.shape, recorded.dtype) == ((16000,), np.int16)
    np.testing.assert_array_equal(features(section(), sample(recorded)), features(section(), sample(x)))


def test_a_resampled_recording_differs_by_its_rounding_alone():
    x = spoken(7, rate_hz=8000)
    recorded = as_recorded(section(), sample(x, 8000.0))
    assert recorded.dtype == np.int16
    difference = features(section(), sample(recorded)) - features(section(), sample(x, 8000.0))
    assert 0 < np.abs(difference).max() < 1.5
    assert np.abs(difference).mean() < 0.2


def test_ten_thousand_clips_take_well_under_five_minutes():
    clips = [sample(spoken(seed)) for seed in range(3)]
    start = time.process_time()
    for index in range(100):
        features(section(), clips[index % 3])
    assert (time.process_time() - start) * 100 < 120
