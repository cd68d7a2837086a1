from dataclasses import replace

import numpy as np
import pytest

from flashfit.data.augmentation import copies, generator_for, varied
from flashfit.data.samples import Sample
from flashfit.errors import ConfigError
from flashfit.params import Augment

RANDOM = np.random.default_rng(3)
PICTURE = Sample("p", RANDOM.integers(0, 256, (12, 17, 3), np.uint8), label="cat", group="garden", split="train")
GREY = replace(PICTURE, id="g", x=RANDOM.uniform(0, 16, (8, 8)).astype(np.float32))
CLIP = Sample("c", RANDOM.integers(-9000, 9000, 800, np.int16), label="yes", group="ann", rate_hz=8000.0)
WINDOW = Sample("w", RANDOM.normal(size=(50, 7)).astype(np.float32), label="", target=3.5, group="pump", series="1")

STRONG = {
    "image": Augment(kind="image", copies=3, shift=0.2, rotate_deg=30, zoom=0.3, contrast=0.5),
    "audio": Augment(kind="audio", copies=3, shift_s=0.01, gain_db=6, noise_snr_db=10),
    "motion": Augment(kind="motion", copies=3, jitter=0.1, scale=0.2, turn_deg=40, warp=0.3),
}
EACH = pytest.mark.parametrize(
    ("sample", "kind"), [(PICTURE, "image"), (GREY, "image"), (CLIP, "audio"), (WINDOW, "motion")]
)


@EACH
def test_at_zero_strength_a_copy_is_the_very_sample(sample, kind):
    copy = varied(sample, Augment(kind=kind), np.random.default_rng(0))
    assert np.array_equal(copy.x, sample.x)
    assert copy.x.dtype == sample.x.dtype


@EACH
def test_the_kind_none_leaves_every_sample_alone(sample, kind):
    assert varied(sample, Augment(shift=0.5, gain_db=6, jitter=1), np.random.default_rng(0)) is sample


@EACH
def test_a_copy_keeps_shape_and_dtype_but_not_its_values(sample, kind):
    copy = varied(sample, STRONG[kind], np.random.default_rng(0))
    assert (copy.x.shape, copy.x.dtype) == (sample.x.shape, sample.x.dtype)
    assert not np.array_equal(copy.x, sample.x)


@EACH
def test_a_copy_is_answered_as_its_original_and_belongs_to_the_same_group(sample, kind):
    copy = varied(sample, STRONG[kind], np.random.default_rng(0))
    assert replace(copy, x=sample.x) == sample


@EACH
def test_an_original_is_not_touched(sample, kind):
    before = sample.x.copy()
    varied(sample, STRONG[kind], np.random.default_rng(0))
    assert np.array_equal(sample.x, before)


@EACH
def test_the_same_seed_id_and_number_give_the_same_copies_however_many_are_made(sample, kind):
    three = [copy.x.tobytes() for copy, _ in copies(sample, STRONG[kind], seed=7)]
    five = [copy.x.tobytes() for copy, _ in copies(sample, STRONG[kind].model_copy(update={"copies": 5}), seed=7)]
    assert five[:3] == three
    assert len(set(five)) == 5


def test_copies_are_named_after_their_original_and_numbered_from_one():
    assert [copy.id for copy, _ in copies(PICTURE, STRONG["image"], seed=7)] == ["p+1", "p+2", "p+3"]


def test_no_copies_are_made_where_none_are_asked_for():
    assert list(copies(PICTURE, Augment(kind="image", shift=0.5), seed=7)) == []


def test_noises_deviation_and_the_front_ends_length_reach_the_copies():
    (noisy, _), *_ = copies(CLIP, STRONG["audio"], seed=7, noises=[np.full(900, 99, np.int16)], clip_s=0.2)
    (plain, _), *_ = copies(CLIP, STRONG["audio"], seed=7, clip_s=0.2)
    assert noisy.x.shape == plain.x.shape == (1600,)
    assert np.ptp(noisy.x[:300]) == 0 < np.ptp(plain.x[:300])
    (still, _), *_ = copies(WINDOW, Augment(kind="motion", copies=1, jitter=1), seed=7, deviation=np.zeros(7))
    assert np.array_equal(still.x, WINDOW.x)


def test_one_strength_does_not_change_what_is_drawn_for_another():
    turned, scaled_too = Augment(kind="motion", turn_deg=30), Augment(kind="motion", turn_deg=30, scale=0.5)
    turns = [varied(WINDOW, augment, np.random.default_rng(1)).x[:, :3] for augment in (turned, scaled_too)]
    directions = [turn / np.linalg.norm(turn, axis=1, keepdims=True) for turn in turns]
    assert np.allclose(*directions, atol=1e-6)


def test_seed_id_and_number_each_change_what_is_drawn():
    draws = {
        generator_for(*key).integers(1 << 62)
        for key in [(7, "a", 1), (8, "a", 1), (7, "b", 1), (7, "a", 2), (7, "a1", 1), (71, "a", 1), (7, "1/a", 1)]
    }
    assert len(draws) == 7


def test_what_is_drawn_for_a_copy_is_the_same_on_every_machine():
    assert generator_for(7, "a", 1).integers(1000, size=4).tolist() == [421, 133, 115, 782]


@pytest.mark.parametrize(
    ("sample", "kind", "message"),
    [
        (CLIP, "image", r"augment.kind is image, but c is int16 of shape \(800,\)"),
        (PICTURE, "audio", r"augment.kind is audio, but p is uint8 of shape \(12, 17, 3\)"),
        (PICTURE, "motion", r"augment.kind is motion, but p is uint8 of shape \(12, 17, 3\)"),
        (replace(CLIP, rate_hz=None), "audio", "augment.kind is audio, but c says no sample rate"),
        (replace(WINDOW, x=WINDOW.x[:, :2]), "motion", "turn_deg needs three channels, but w has 2"),
    ],
)
def test_a_sample_of_another_kind_is_named(sample, kind, message):
    with pytest.raises(ConfigError, match=message):
        varied(sample, STRONG[kind], np.random.default_rng(0))
