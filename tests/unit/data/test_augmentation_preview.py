import numpy as np
import pytest

from flashfit.data.augmentation import copies, masked, preview_picture
from flashfit.data.samples import Sample
from flashfit.figure import png
from flashfit.params import Augment

RANDOM = np.random.default_rng(3)
RAW = {
    "grey": ("image", RANDOM.integers(0, 256, (12, 17), np.uint8)),
    "one channel": ("image", RANDOM.uniform(0, 16, (8, 8, 1)).astype(np.float32)),
    "colours": ("image", RANDOM.integers(0, 256, (12, 17, 3), np.uint8)),
    "plain": ("image", np.zeros((4, 4), np.float32)),
    "sound": ("audio", RANDOM.integers(-900, 900, 800, np.int16)),
    "silence": ("audio", np.zeros(80, np.int16)),
    "motion": ("motion", RANDOM.normal(size=(50, 7)).astype(np.float32)),
    "still": ("motion", np.zeros((5, 3), np.float32)),
}


def sheet(name, originals=2, each=3):
    kind, x = RAW[name]
    augment = Augment(kind=kind, copies=each, shift=0.1, gain_db=6, shift_s=0.01, scale=0.2)
    samples = [Sample(f"{name} {number}", x, label=f"class {number}", rate_hz=8000.0) for number in range(originals)]
    pairs = [(sample, [copy for copy, _ in copies(sample, augment, 7)]) for sample in samples]
    return preview_picture(pairs, kind)


@pytest.mark.parametrize("name", RAW)
def test_every_kind_is_drawn_and_the_same_copies_give_the_same_bytes(name):
    first = png(sheet(name))
    assert first.startswith(b"\x89PNG")
    assert png(sheet(name)) == first


def test_a_sheet_has_a_row_a_sample_and_a_column_a_copy():
    figure = sheet("grey", originals=2, each=3)
    assert len(figure.axes) == 2 * 4
    assert [axes.get_title() for axes in figure.axes[:4]] == ["original", "copy 1", "copy 2", "copy 3"]
    assert [axes.get_ylabel() for axes in figure.axes[::4]] == ["class 0", "class 1"]
    assert all(len(axes.images) == 1 for axes in figure.axes)


def test_a_sheet_holds_six_samples_and_four_copies_at_most():
    assert len(sheet("motion", originals=9, each=7).axes) == 6 * 5


def test_a_sample_without_a_label_goes_by_its_id():
    window = Sample("pump 7", RAW["motion"][1], target=3.0)
    assert preview_picture([(window, [])], "motion").axes[0].get_ylabel() == "pump 7"


def test_samples_with_fewer_copies_leave_room():
    kind, x = RAW["grey"]
    sample = Sample("a", x)
    figure = preview_picture([(sample, [sample] * 2), (sample, [])], kind)
    assert [len(axes.images) for axes in figure.axes] == [1, 1, 1, 1, 0, 0]


def test_all_windows_of_a_row_share_their_scale():
    limits = {axes.get_ylim() for axes in sheet("motion", originals=1).axes}
    assert len(limits) == 1


def test_masked_features_are_drawn_beside_waves():
    features = Sample("f", RANDOM.normal(size=(49, 40, 1)).astype(np.float32))
    hidden = Sample("f+1", masked(features.x, Augment(kind="audio", mask_time=0.5), np.random.default_rng(0)))
    wave = Sample("w", RAW["sound"][1])
    figure = preview_picture([(wave, [wave]), (features, [hidden])], "audio")
    assert [(len(axes.lines), len(axes.images)) for axes in figure.axes] == [(2, 0), (2, 0), (0, 1), (0, 1)]
