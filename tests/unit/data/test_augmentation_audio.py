import numpy as np
import pytest

from flashfit.data.augmentation.audio import varied_clip
from flashfit.params import Augment

RATE_HZ = 8000
TONE = np.round(3000 * np.sin(2 * np.pi * 440 * np.arange(RATE_HZ) / RATE_HZ)).astype(np.int16)


def copies_of(x, count=50, noises=(), clip_s=0.0, **strengths):
    augment = Augment(kind="audio", **strengths)
    return [varied_clip(x, RATE_HZ, augment, np.random.default_rng(seed), noises, clip_s) for seed in range(count)]


def rms(wave):
    return np.sqrt(np.mean(np.square(wave, dtype=np.float64)))


def test_a_shift_keeps_the_length_and_zeros_come_in():
    x = np.arange(1, 101, dtype=np.int16)
    shifts = set()
    for copy in copies_of(x, shift_s=10 / RATE_HZ):
        shift = 51 - int(copy[50])
        expected = np.zeros(100, np.int16)
        expected[max(shift, 0) : 100 + min(shift, 0)] = x[max(-shift, 0) : 100 - max(shift, 0)]
        assert np.array_equal(copy, expected)
        shifts.add(shift)
    assert min(shifts) < -7 and max(shifts) > 7 and max(map(abs, shifts)) <= 10


def test_a_shift_beyond_the_clip_leaves_silence():
    assert any(not copy.any() and len(copy) == 10 for copy in copies_of(np.ones(10, np.int16), shift_s=1))


def test_a_short_clip_is_set_amid_silence_and_loses_nothing_by_a_shift():
    x = np.arange(1, 41, dtype=np.int16)
    still = copies_of(x, count=1, clip_s=101 / RATE_HZ)[0]
    assert np.array_equal(still, np.pad(x, (30, 31)))
    for copy in copies_of(x, clip_s=101 / RATE_HZ, shift_s=30 / RATE_HZ):
        assert len(copy) == 101
        assert np.array_equal(np.trim_zeros(copy), x)


def test_a_faster_clip_is_higher_and_keeps_its_length():
    heard = set()
    for copy in copies_of(TONE, count=30, speed=0.2):
        assert len(copy) == len(TONE)
        middle = copy[2000:6000]  # 4,000 of 8,000 Hz: a step of the spectrum is 2 Hz
        heard.add(2 * int(np.argmax(np.abs(np.fft.rfft(middle * np.hanning(4000))))))
    assert 350 <= min(heard) < 400 and 480 < max(heard) <= 530


def test_a_slower_clip_keeps_its_middle():
    x = np.zeros(1001, np.int16)
    x[500] = 10_000
    for copy in copies_of(x, count=10, speed=0.5):
        assert abs(int(np.argmax(np.abs(copy))) - 500) <= 1


def test_a_clip_longer_than_the_front_ends_keeps_its_length():
    assert len(copies_of(TONE, count=1, clip_s=0.5)[0]) == RATE_HZ


def test_gain_is_spread_evenly_up_to_what_is_asked():
    gains_db = np.array([20 * np.log10(rms(copy) / rms(TONE)) for copy in copies_of(TONE, count=400, gain_db=6)])
    assert np.abs(gains_db).max() < 6.01
    assert np.histogram(gains_db, bins=4, range=(-6, 6))[0] == pytest.approx(100, abs=40)


def test_values_are_rounded():
    louder_and_softer = copies_of(np.array([1, -1], np.int16), gain_db=5.9)
    assert {tuple(copy.tolist()) for copy in louder_and_softer} == {(1, -1), (2, -2)}


def test_gain_saturates():
    loudest = max(copies_of(np.array([30000, -30000], np.int16), gain_db=20), key=lambda copy: int(copy[0]))
    assert loudest.tolist() == [32767, -32768]


@pytest.mark.parametrize("name", ["white", "short", "loud"])
def test_noise_has_the_asked_ratio_to_the_clip_or_up_to_twenty_decibels_less_of_it(name):
    random = np.random.default_rng(1)
    noises = {
        "white": (),
        "short": (random.integers(-50, 50, 700, np.int16),),
        "loud": tuple(random.integers(-30000, 30000, 20000, np.int16) for _ in range(3)),
    }[name]
    ratios_db = [
        20 * np.log10(rms(TONE) / rms(copy.astype(int) - TONE))
        for copy in copies_of(TONE, count=200, noises=noises, noise_snr_db=5)
    ]
    assert 4.99 < min(ratios_db) < 7
    assert 23 < max(ratios_db) < 25.01
    assert np.mean(ratios_db) == pytest.approx(15, abs=4 * 20 / np.sqrt(12 * 200))


def test_the_noise_mixed_in_is_a_stretch_of_a_given_one():
    noise = np.random.default_rng(1).integers(-30000, 30000, 20000, np.int16)
    added = copies_of(np.full(1000, 5000, np.int16), count=1, noises=(noise,), noise_snr_db=0)[0] - 5000.0
    match = np.correlate(noise.astype(float), added, "valid")
    start = int(match.argmax())
    assert np.corrcoef(noise[start : start + 1000], added)[0, 1] > 0.999


def test_a_noise_that_is_too_short_is_repeated():
    noise = np.random.default_rng(1).integers(-30000, 30000, 400, np.int16)
    added = copies_of(np.full(1000, 5000, np.int16), count=1, noises=(noise,), noise_snr_db=0)[0] - 5000
    assert np.array_equal(added[400:800], added[:400])
    assert np.array_equal(added[800:], added[:200])


def test_noise_lies_over_the_silence_around_a_short_clip_too_and_goes_by_the_clip_alone():
    ratios_db = []
    for copy in copies_of(TONE[:800], count=200, clip_s=1.0, noise_snr_db=0):
        assert rms(copy[:3000]) == pytest.approx(rms(copy[5000:]), rel=0.1)
        ratios_db.append(20 * np.log10(rms(TONE) / rms(copy[:3000])))
    assert -0.5 < min(ratios_db) < 2
    assert 18 < max(ratios_db) < 20.5


@pytest.mark.parametrize("noises", [(), (np.zeros(100, np.int16),)])
def test_silence_has_no_ratio_and_stays_silent(noises):
    silence = np.zeros(100, np.int16)
    assert not any(copy.any() for copy in copies_of(silence, count=3, noises=noises, noise_snr_db=0))


def test_an_empty_clip_becomes_silence():
    assert np.array_equal(copies_of(np.zeros(0, np.int16), 1, clip_s=0.01, noise_snr_db=0)[0], np.zeros(80, np.int16))


def test_an_equaliser_changes_each_band_by_at_most_what_is_asked_and_not_the_same_in_all():
    impulse = np.zeros(RATE_HZ, np.int16)
    impulse[RATE_HZ // 2] = 10_000
    for copy in copies_of(impulse, count=20, eq_db=6):
        gains_db = 20 * np.log10(np.abs(np.fft.rfft(copy)) / 10_000)
        assert np.all(np.abs(gains_db) < 6.1)
        assert np.ptp(gains_db) > 1


def test_an_equaliser_leaves_a_word_where_it_is():
    for copy in copies_of(TONE, count=5, eq_db=6):
        assert len(copy) == len(TONE)
        assert np.corrcoef(copy, TONE)[0, 1] > 0.999
