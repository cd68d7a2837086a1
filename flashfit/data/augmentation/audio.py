"""Clips spoken faster or slower, shifted, louder or softer, through another microphone, with noise behind them."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from flashfit.params import Augment

_SNR_SPAN_DB = 20.0
"""Noise lies between the least signal-to-noise ratio asked for and so much above it, where it is faint."""

_EQ_BANDS = 4
"""Gains of an equaliser, evenly spaced on the mel scale between 0 Hz and half the rate."""


def varied_clip(
    x: NDArray[np.int16],
    rate_hz: float,
    augment: Augment,
    random: np.random.Generator,
    noises: Sequence[NDArray[np.int16]] = (),
    clip_s: float = 0.0,
) -> NDArray[np.int16]:
    """A clip, (samples,), as it might also have been recorded: faster, shifted, over noise, equalised, at another gain.

    A faster clip is higher too, as another throat's would be: its samples are only read at another rate (Ko
    et al., "Audio augmentation for speech recognition", Interspeech 2015). A clip shorter than clip_s, the
    front end's, is then set in the middle of so much silence, as the front end would: a shift cuts nothing
    off that has room, and noise is everywhere. Else the length stays: what a slower clip has more falls off
    at both ends. What a shift leaves empty is 0. The signal-to-noise ratio is that of the clip as recorded.
    noises: clips of the same rate, none of them empty; white noise where there are none. The equaliser, which
    stands for other microphones and rooms, is last before the gain, which saturates.
    """
    shift = round(rate_hz * augment.shift_s * random.uniform(-1, 1))
    gain_db = augment.gain_db * random.uniform(-1, 1)
    length = max(round(rate_hz * clip_s), len(x))
    speed = 1 + augment.speed * random.uniform(-1, 1) if augment.speed else 1.0
    sound = _shifted(_centred(_at_speed(x.astype(np.float64), speed), length), shift)
    if augment.noise_snr_db is not None:
        snr_db = augment.noise_snr_db + _SNR_SPAN_DB * random.uniform()
        sound += _noise(len(sound), _power(x) / 10 ** (snr_db / 10), noises, random)
    if augment.eq_db:
        sound = _equalised(sound, rate_hz, augment.eq_db * random.uniform(-1, 1, _EQ_BANDS))
    limits = np.iinfo(np.int16)
    return np.clip(np.rint(sound * 10 ** (gain_db / 20)), limits.min, limits.max).astype(np.int16)


def _at_speed(wave: NDArray[np.float64], speed: float) -> NDArray[np.float64]:
    from scipy.signal import resample  # a second to import, which only sound should wait for

    length = round(len(wave) / speed)
    return wave if length in (0, len(wave)) else np.asarray(resample(wave, length), np.float64)


def _centred(wave: NDArray[np.float64], length: int) -> NDArray[np.float64]:
    """So many samples: silence around a shorter wave, and a longer one's middle."""
    missing = length - len(wave)
    if missing < 0:
        return wave[-missing // 2 :][:length]
    return np.pad(wave, (missing // 2, missing - missing // 2))


def _shifted(wave: NDArray[np.float64], shift: int) -> NDArray[np.float64]:
    """Later by so many samples, or earlier; zeros come in."""
    later, earlier = max(shift, 0), max(-shift, 0)
    return np.pad(wave, (later, earlier))[earlier:][: len(wave)]


def _noise(
    count: int, power: float, noises: Sequence[NDArray[np.int16]], random: np.random.Generator
) -> NDArray[np.float64]:
    """So many samples of noise of that mean square; a stretch of silence stays silent."""
    if noises:
        stretch = _stretch(count, noises[int(random.integers(len(noises)))], random)
    else:
        stretch = random.normal(size=count)
    return stretch * float(np.sqrt(power / (_power(stretch) or 1.0)))


def _stretch(count: int, noise: NDArray[np.int16], random: np.random.Generator) -> NDArray[np.float64]:
    """From anywhere in a noise, which is repeated where it is too short."""
    start = int(random.integers(max(len(noise) - count, 0) + 1))
    return np.take(noise, np.arange(start, start + count), mode="wrap").astype(np.float64)


def _equalised(wave: NDArray[np.float64], rate_hz: float, gains_db: NDArray[np.float64]) -> NDArray[np.float64]:
    """The same sound with each frequency at the gain between those of the nearest two bands."""
    mels = np.log1p(np.fft.rfftfreq(len(wave), 1 / rate_hz) / 700)
    bands = np.linspace(0, np.log1p(rate_hz / 2 / 700), len(gains_db))
    gains = 10 ** (np.interp(mels, bands, gains_db) / 20)
    return np.fft.irfft(np.fft.rfft(wave) * gains, len(wave))


def _power(wave: NDArray[np.generic]) -> float:
    return float(np.mean(np.square(wave, dtype=np.float64))) if wave.size else 0.0
