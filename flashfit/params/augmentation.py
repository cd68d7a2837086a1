"""Variations of training samples. copies: how many of each sample are made; 0 makes none."""

from typing import Literal

from pydantic import Field

from flashfit.params.section import Rate, Section


class Augment(Section):
    """Each is the most that a copy is changed by, drawn evenly up to it; 0 leaves it out.

    Pictures: shift (share of the side), rotate_deg, zoom (share), contrast (share).
    Sound: speed (share by which it runs faster and higher, or slower and lower), shift_s, gain_db,
    noise_snr_db (the least signal-to-noise ratio mixed in; None: no noise), eq_db (by which each of four
    bands is louder or softer), and after the front end mask_time and mask_frequency (share of frames or bands).
    Motion: jitter and scale (shares of the channel's deviation and of its value), turn_deg (a rotation of
    each three channels together), warp (share by which time runs faster or slower).
    Any classification: mixup, which is not of copies: while training, each example is blended with another by
    a share from Beta(mixup, mixup).
    """

    kind: Literal["image", "audio", "motion", "none"] = "none"
    copies: int = Field(default=0, ge=0, le=20)
    shift: Rate = 0.0
    rotate_deg: float = Field(default=0.0, ge=0, le=180)
    zoom: float = Field(default=0.0, ge=0, lt=1)
    contrast: float = Field(default=0.0, ge=0, lt=1)
    speed: float = Field(default=0.0, ge=0, lt=1)
    shift_s: float = Field(default=0.0, ge=0)
    gain_db: float = Field(default=0.0, ge=0)
    noise_snr_db: float | None = None
    eq_db: float = Field(default=0.0, ge=0)
    mask_time: float = Field(default=0.0, ge=0, lt=1)
    mask_frequency: float = Field(default=0.0, ge=0, lt=1)
    jitter: float = Field(default=0.0, ge=0)
    scale: float = Field(default=0.0, ge=0, lt=1)
    turn_deg: float = Field(default=0.0, ge=0, le=180)
    warp: float = Field(default=0.0, ge=0, lt=1)
    mixup: float = Field(default=0.0, ge=0, le=1)
