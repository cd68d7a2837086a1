"""Raw sample to model input: what each front end can be told."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from flashfit.params.section import Positive, Section


class ImageFrontend(Section):
    """Pictures: resized to (height, width) and turned grey where asked, then value × scale + offset."""

    kind: Literal["image"]
    size: tuple[Positive, Positive] | None = None
    colour: Literal["as-is", "grey", "rgb"] = "as-is"
    scale: float = Field(default=1.0, gt=0)
    offset: float = 0.0


class AudioFrontend(Section):
    """Clips: resampled, centred in clip_s, then log-mel energies or MFCCs of overlapping frames.

    window_s, hop_s: of a frame. mels: filters between low_hz and high_hz (None: half the rate).
    coefficients: MFCCs kept. level: gain each clip to the same loudness first. Computed with CMSIS-DSP.
    """

    kind: Literal["audio"]
    features: Literal["log-mel", "mfcc"] = "log-mel"
    sample_rate_hz: Positive = 16000
    clip_s: float = Field(default=1.0, gt=0)
    window_s: float = Field(default=0.03, gt=0)
    hop_s: float = Field(default=0.02, gt=0)
    mels: int = Field(default=40, ge=8, le=128)
    coefficients: int = Field(default=10, ge=1)
    low_hz: float = Field(default=20.0, ge=0)
    high_hz: float | None = None
    level: bool = False

    @model_validator(mode="after")
    def _is_consistent(self) -> "AudioFrontend":
        if self.coefficients > self.mels:
            raise ValueError("coefficients may be at most mels")
        if self.clip_s < self.window_s:
            raise ValueError("clip_s is shorter than one window_s")
        if self.low_hz >= (self.high_hz or self.sample_rate_hz / 2):
            raise ValueError("low_hz lies above high_hz")
        if self.high_hz is not None and self.high_hz > self.sample_rate_hz / 2:
            raise ValueError("high_hz lies above half the sample rate")
        return self


class MotionFrontend(Section):
    """Windows of sensor channels, or numbers made of them, standardised by training's statistics.

    features: `raw` keeps the window; `moments` gives mean, deviation, minimum and maximum of each channel in each
    of `segments` equal parts of the window; `spectral` those of the whole window and the power in `bands` equal
    bands of its spectrum.
    """

    kind: Literal["motion"]
    features: Literal["raw", "moments", "spectral"] = "raw"
    segments: Positive = 1
    bands: Positive = 8


class SeriesFrontend(Section):
    """Lag windows: each channel standardised by training's statistics.

    every: keep each n-th row, counted from the last. So that int8 keeps its steps for what is usual: compress,
    `asinh` of the deviations, which leaves the small and brings the large close; clip, values further than so
    many deviations from the mean count as that far; None leaves them.
    """

    kind: Literal["series"]
    every: Positive = 1
    compress: Literal["none", "asinh"] = "none"
    clip: float | None = Field(default=None, gt=0)


class TextFrontend(Section):
    """Text: lower case, digits to one sign, then hashed n-grams counted into buckets.

    of: characters or words. n: least and most length. weight: `binary`, or `log` for ln(1 + count).
    """

    kind: Literal["text"]
    buckets: int = Field(default=512, ge=16, le=8192)
    of: Literal["characters", "words"] = "characters"
    n: tuple[Positive, Positive] = (2, 4)
    weight: Literal["binary", "log"] = "log"


Frontend = Annotated[
    ImageFrontend | AudioFrontend | MotionFrontend | SeriesFrontend | TextFrontend, Field(discriminator="kind")
]
