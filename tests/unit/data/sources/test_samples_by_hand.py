"""The arithmetic from recorded values to samples, by hand."""

import numpy as np
import pytest

from flashfit.data.sources.anomalies import Stretches, flagged
from flashfit.data.sources.csv_series import commissioned
from flashfit.data.sources.csv_windows import modal_label
from flashfit.data.sources.folder import BadFile
from flashfit.data.sources.listing import split_named
from flashfit.data.sources.sounds import mono


def test_channels_are_averaged_and_rounded_to_16_bits():
    wave = np.array([[0.5, 0.25], [-1.0, -1.0], [1.0, 1.0], [3.0, 0.0]])
    assert mono(wave).tolist() == [12288, -32768, 32767, 32767]


def test_every_16_bit_value_stays_as_it_is():
    values = np.arange(-(2**15), 2**15, dtype=np.int16)
    np.testing.assert_array_equal(mono(values / 2.0**15), values)


@pytest.mark.parametrize(
    ("labels", "purity", "label"),
    [("aaab", 0.75, "a"), ("aaab", 0.76, None), ("aabb", 0.51, None), ("bbbb", 1.0, "b"), ("abbbbbbbbb", 0.9, "b")],
)
def test_a_window_has_the_label_of_enough_of_its_rows_or_none(labels, purity, label):
    assert modal_label(np.array(list(labels), dtype=object), purity) == label


def test_commissioning_scales_the_whole_file_by_its_first_rows():
    values = np.array([[1.0, 5.0], [3.0, 5.0], [6.0, 7.0]])  # first two rows: mean 2 and 5, deviation 1 and 0
    assert commissioned(values, 2).tolist() == [[-1, 0], [1, 0], [4, 2]]


def test_both_ends_of_an_anomalous_stretch_are_anomalous():
    stretches = Stretches(np.array([[10, 20], [40, 40]]))
    flags = flagged(stretches, np.array([9, 10, 20, 21, 40, 41]))
    assert flags.tolist() == [False, True, True, False, True, False]


@pytest.mark.parametrize(
    ("name", "split"),
    [("train", "train"), ("val", "validation"), ("valid", "validation"), ("dev", "validation"), ("Test", "test")],
)
def test_splits_go_by_the_names_in_use(name, split):
    assert split_named(name) == split


def test_any_other_split_is_refused():
    with pytest.raises(BadFile, match=r"^split 'holdout' is none of train, training, validation"):
        split_named("holdout")
