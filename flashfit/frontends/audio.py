"""Sound: log-mel energies or MFCCs of overlapping frames, by CMSIS-DSP."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from flashfit.data.samples import Sample
from flashfit.errors import ConfigError
from flashfit.frontends import cmsis
from flashfit.frontends.clip import as_int16, clip, clip_length, full_scale
from flashfit.frontends.mel import MelBank, mel_bank
from flashfit.params import AudioFrontend

OFFSET = np.float32(1e-6)
"""What arm_mfcc_f32 adds to an energy before its logarithm."""

FLOOR = 1e-3
"""The energy, for sound in [-1, 1], that OFFSET stands for, as waves are multiplied by OFFSET / FLOOR.

A step of 16-bit sound has about this energy. With the library's 1e-6 in its place, the zeros around a short
clip would lie far below the quietest room and take most of an int8's range.
"""

LEVEL_RMS = np.float32(0.1)
MOST_GAIN = np.float32(31.6)
"""`level` brings a clip to -20 dBFS, but by 30 dB at most: silence stays silent."""


@dataclass(frozen=True)
class Tables:
    """What the arithmetic needs, and its C twin too.

    frame, hop: in samples. window: (fft,) periodic Hann over `frame`, then zeros.
    """

    frame: int
    hop: int
    window: NDArray[np.float32]
    bank: MelBank

    @property
    def fft(self) -> int:
        return len(self.window)


@lru_cache(maxsize=8)
def tables(frontend: AudioFrontend) -> Tables:
    """Raises ConfigError for frames beyond CMSIS-DSP's transforms and for more mels than the spectrum resolves."""
    rate_hz = frontend.sample_rate_hz
    frame, hop = round(frontend.window_s * rate_hz), round(frontend.hop_s * rate_hz)
    if frame < 2 or hop < 1:
        raise ConfigError(f"window_s and hop_s are {frame} and {hop} samples at {rate_hz} Hz: too short")
    window = np.zeros(cmsis.fft_length(frame), np.float32)
    window[:frame] = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(frame) / frame)
    bank = mel_bank(frontend.mels, frontend.low_hz, frontend.high_hz or rate_hz / 2, rate_hz, len(window))
    return Tables(frame, hop, window, bank)


def output_shape(frontend: AudioFrontend, shape: tuple[int, ...]) -> tuple[int, int, int]:
    """(frames, mels or coefficients, 1) for sound (samples,). Raises ConfigError for any other number of axes."""
    if len(shape) != 1:
        raise ConfigError(f"the audio front end takes mono sound (samples,), not shape {shape}")
    known = tables(frontend)
    frames = 1 + (clip_length(frontend) - known.frame) // known.hop
    return frames, frontend.mels if frontend.features == "log-mel" else frontend.coefficients, 1


def features(frontend: AudioFrontend, sample: Sample) -> NDArray[np.float32]:
    """(frames, mels or coefficients, 1), not standardised.

    x: (samples,) int16, or floats in [-1, 1]. Frames start every hop from the clip's first value; a rest
    that fills no frame is left out. An energy is the filter's weighted sum of magnitudes, as in arm_mfcc_f32,
    and log-mel is what that function has before its DCT.
    """
    known = tables(frontend)
    frames = _frames(_levelled(frontend, sample), known)
    if frontend.features == "mfcc":
        return _mfcc(frontend).coefficients(frames)[:, :, None]
    energies = known.bank.energies(_fft(known.fft).magnitudes(frames * known.window))
    return cmsis.log(energies + OFFSET)[:, :, None]


def describe(frontend: AudioFrontend) -> str:
    """In words."""
    high_hz = frontend.high_hz or frontend.sample_rate_hz / 2
    what = f"{frontend.mels} log-mel energies"
    if frontend.features == "mfcc":
        what = f"{frontend.coefficients} MFCCs of {frontend.mels} mel filters"
    return (
        f"{frontend.clip_s:g} s of sound at {frontend.sample_rate_hz} Hz{', levelled' if frontend.level else ''},"
        f" {what} from {frontend.low_hz:g} to {high_hz:g} Hz"
        f" in frames of {frontend.window_s * 1e3:g} ms every {frontend.hop_s * 1e3:g} ms"
    )


def as_recorded(frontend: AudioFrontend, sample: Sample) -> NDArray[np.int16]:
    """(clip_length,) int16: the clip as the board's microphone would give it, at sample_rate_hz."""
    wave = clip(frontend, sample)
    if wave.dtype == np.int16:
        return wave.astype(np.int16)
    return as_int16(wave, full_scale(sample.x))


def _levelled(frontend: AudioFrontend, sample: Sample) -> NDArray[np.float32]:
    unit = np.float32(float(OFFSET) / FLOOR)
    wave = clip(frontend, sample).astype(np.float32) * np.float32(1 / full_scale(sample.x))
    if frontend.level:
        loudness = cmsis.rms(wave)
        unit *= min(LEVEL_RMS / loudness, MOST_GAIN) if loudness > 0 else np.float32(1)
    return wave * unit


def _frames(wave: NDArray[np.float32], known: Tables) -> NDArray[np.float32]:
    cut = sliding_window_view(wave, known.frame)[:: known.hop]
    return np.pad(cut, ((0, 0), (0, known.fft - known.frame)))


@lru_cache(maxsize=8)
def _fft(length: int) -> cmsis.RealFft:
    return cmsis.RealFft(length)


@lru_cache(maxsize=8)
def _mfcc(frontend: AudioFrontend) -> cmsis.Mfcc:
    known = tables(frontend)
    bank = known.bank
    return cmsis.Mfcc(known.window, list(bank.starts), list(bank.lengths), bank.weights, frontend.coefficients)
