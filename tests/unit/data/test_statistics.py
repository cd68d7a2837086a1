import numpy as np
import pytest

from flashfit.data import statistics as module
from flashfit.data.samples import Sample
from flashfit.data.statistics import NO_SOUND, Statistics, sound, statistics

NAN, INF = np.nan, np.inf


def sound_of(x, rate_hz=8000.0):
    x = np.asarray(x)
    return sound(Sample("s", x, rate_hz=rate_hz), statistics(x).std)


def test_statistics_of_four_numbers():
    assert statistics(np.array([[0, 1], [2, 5]])) == Statistics(0, 5, 2, 3.5**0.5, 0)


@pytest.mark.parametrize(
    ("x", "expected"),
    [
        ([1, NAN, 3], (1, 3, 2, 1, 1)),
        ([NAN, NAN, NAN], (NAN, NAN, NAN, NAN, 3)),
        ([0, INF, 1], (0, INF, INF, NAN, 0)),
        ([], (NAN, NAN, NAN, NAN, 0)),
    ],
)
@pytest.mark.filterwarnings("error")
def test_statistics_leave_nan_out_and_count_it(x, expected):
    found = statistics(np.array(x, dtype=np.float32))
    np.testing.assert_array_equal([found.min, found.max, found.mean, found.std, found.nan_count], expected)


def test_a_sample_of_many_blocks_has_the_statistics_of_one(monkeypatch):
    x = np.random.default_rng(0).normal(size=(100, 4, 4))
    x[3] = np.nan
    whole = statistics(x)
    monkeypatch.setattr(module, "BLOCK_VALUES", 7)
    parts = statistics(x)
    assert (parts.min, parts.max, parts.nan_count) == (whole.min, whole.max, 16)
    assert parts.mean == pytest.approx(whole.mean)
    assert parts.std == pytest.approx(whole.std)


def test_small_integers_do_not_overflow_in_their_statistics():
    assert statistics(np.full(1000, 255, dtype=np.uint8)).mean == 255
    assert statistics(np.full(1000, -32768, dtype=np.int16)).min == -32768


def test_a_square_wave_at_half_scale_is_6_dbfs_below_full_scale():
    found = sound_of(np.tile([16384, -16384], 2000).astype(np.int16))
    assert found.duration_s == 0.5
    assert found.loudness_dbfs == pytest.approx(-6.02, abs=0.005)
    assert found.clipped == 0


def test_a_constant_offset_is_silence():
    assert sound_of(np.full(100, 3000, dtype=np.int16)).loudness_dbfs == -INF


def test_values_at_either_end_of_the_scale_are_clipped():
    values = [0, 0, 0, 32766, -32766, 32767, -32767, -32768]
    assert sound_of(np.array(values, dtype=np.int16)).clipped == 3 / 8


@pytest.mark.parametrize(
    ("x", "rate_hz"),
    [(np.zeros(4, np.int16), None), (np.zeros(4, np.float32), 8000.0), (np.zeros(0, np.int16), 8000.0)],
    ids=["no rate", "not int16", "empty"],
)
def test_what_is_no_sound_has_no_loudness(x, rate_hz):
    assert sound_of(x, rate_hz) == NO_SOUND
