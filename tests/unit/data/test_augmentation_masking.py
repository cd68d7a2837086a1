import numpy as np

from flashfit.data.augmentation import masked
from flashfit.params import Augment

FRAMES, BANDS = 49, 40
FEATURES = np.random.default_rng(4).normal(3, 1, (FRAMES, BANDS, 1)).astype(np.float32)


def masks_of(mask_time=0.0, mask_frequency=0.0, count=300):
    """The first frame and the number of frames hidden, and the same of bands, for each copy."""
    augment = Augment(kind="audio", mask_time=mask_time, mask_frequency=mask_frequency)
    for seed in range(count):
        hidden = (masked(FEATURES, augment, np.random.default_rng(seed)) != FEATURES)[..., 0]
        yield hidden.all(axis=1), hidden.all(axis=0), hidden


def widths(masks):
    return {int(mask.sum()) for mask in masks}


def test_at_zero_strength_nothing_is_hidden():
    assert np.array_equal(masked(FEATURES, Augment(kind="audio"), np.random.default_rng(0)), FEATURES)


def test_a_mask_over_time_takes_every_width_up_to_its_share_and_none_beyond():
    assert widths(frames for frames, _, _ in masks_of(mask_time=0.25)) == set(range(13))


def test_a_mask_over_frequency_takes_every_width_up_to_its_share_and_none_beyond():
    assert widths(bands for _, bands, _ in masks_of(mask_frequency=0.1)) == set(range(5))


def test_each_mask_is_one_stretch_that_may_lie_anywhere():
    touched = np.zeros(FRAMES, bool)
    for frames, _, _ in masks_of(mask_time=0.1):
        places = np.flatnonzero(frames)
        assert len(places) == 0 or places[-1] - places[0] == len(places) - 1
        touched |= frames
    assert touched.all()


def test_nothing_but_the_two_masks_is_hidden():
    for frames, bands, hidden in masks_of(mask_time=0.3, mask_frequency=0.3):
        assert np.array_equal(hidden, frames[:, None] | bands[None, :])


def test_what_is_hidden_holds_the_features_mean_in_every_channel():
    features = np.concatenate([FEATURES, FEATURES + 2], axis=2)
    hidden = masked(features, Augment(kind="audio", mask_time=0.9), np.random.default_rng(1))
    values = hidden[(hidden != features).all(axis=(1, 2))]
    assert len(values) > 0
    assert (values == features.mean()).all()
    assert hidden.dtype == np.float32


def test_the_features_given_are_not_touched():
    before = FEATURES.copy()
    list(masks_of(0.5, 0.5, count=3))
    assert np.array_equal(FEATURES, before)
