"""Varied copies of training samples: one module a kind of sample, `copies`, which chooses, and a sheet to look at."""

from flashfit.data.augmentation.copies import copies, generator_for, varied
from flashfit.data.augmentation.masking import masked
from flashfit.data.augmentation.preview import preview_picture

__all__ = ["copies", "generator_for", "masked", "preview_picture", "varied"]
