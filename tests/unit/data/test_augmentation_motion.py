import numpy as np
import pytest

from flashfit.data.augmentation.motion import sensors, varied_window
from flashfit.params import Augment

ROWS = 119
WINDOW = np.random.default_rng(2).normal(1, 2, (ROWS, 7)).astype(np.float32)
RAMP = np.arange(ROWS, dtype=np.float32)[:, None]


def copies_of(x, count=50, deviation=None, **strengths):
    augment = Augment(kind="motion", **strengths)
    return [varied_window(x, augment, np.random.default_rng(seed), deviation) for seed in range(count)]


def turn_between(before, after):
    """The matrix that takes rows of three to rows of three, by least squares."""
    return np.linalg.lstsq(before.astype(float), after.astype(float), rcond=None)[0].T


@pytest.mark.parametrize(
    ("channels", "starts", "stops"),
    [(1, [0], [1]), (2, [0, 1], [1, 2]), (3, [0], [3]), (6, [0, 3], [3, 6]), (8, [0, 3, 6, 7], [3, 6, 7, 8])],
)
def test_three_consecutive_channels_are_a_sensor_and_the_rest_stand_alone(channels, starts, stops):
    assert [(each.start, each.stop) for each in sensors(channels)] == list(zip(starts, stops, strict=True))


def test_a_turn_keeps_every_vectors_length_and_what_is_no_vector():
    for copy in copies_of(WINDOW, turn_deg=180):
        for sensor in (slice(0, 3), slice(3, 6)):
            lengths = [np.linalg.norm(x[:, sensor], axis=1) for x in (WINDOW, copy)]
            assert np.allclose(*lengths, rtol=1e-5)
        assert np.array_equal(copy[:, 6], WINDOW[:, 6])


def test_both_sensors_of_a_board_turn_alike_by_no_more_than_asked_and_never_mirrored():
    angles_deg = []
    for copy in copies_of(WINDOW, count=200, turn_deg=40):
        turn = turn_between(WINDOW[:, :3], copy[:, :3])
        assert np.allclose(turn, turn_between(WINDOW[:, 3:6], copy[:, 3:6]), atol=1e-5)
        assert np.linalg.det(turn) == pytest.approx(1, abs=1e-4)
        angles_deg.append(np.rad2deg(np.arccos(np.clip((np.trace(turn) - 1) / 2, -1, 1))))
    assert 35 < max(angles_deg) < 40.1
    assert np.mean(angles_deg) == pytest.approx(20, abs=4)


def test_a_turns_axis_may_point_anywhere():
    ups = np.array([turn_between(WINDOW[:, :3], copy[:, :3]) for copy in copies_of(WINDOW, 200, turn_deg=90)])
    axes = np.stack([ups[:, 2, 1] - ups[:, 1, 2], ups[:, 0, 2] - ups[:, 2, 0], ups[:, 1, 0] - ups[:, 0, 1]], axis=1)
    axes /= np.linalg.norm(axes, axis=1, keepdims=True)
    assert np.allclose(axes.mean(axis=0), 0, atol=0.2)
    assert np.allclose(np.square(axes).mean(axis=0), 1 / 3, atol=0.1)


def test_a_sensors_channels_are_scaled_by_one_factor_within_what_is_asked():
    factors = np.array([(copy / WINDOW).mean(axis=0) for copy in copies_of(WINDOW, 200, scale=0.3)])
    assert np.allclose(factors[:, 0:3], factors[:, :1]) and np.allclose(factors[:, 3:6], factors[:, 3:4])
    assert 0.69 < factors.min() < 0.72 and 1.28 < factors.max() < 1.31
    assert abs(np.corrcoef(factors[:, 0], factors[:, 3])[0, 1]) < 0.3


def test_jitter_is_a_share_of_each_channels_deviation():
    deviation = np.array([1, 10, 100, 0, 1, 1, 1])
    noise = np.array([copy - WINDOW for copy in copies_of(WINDOW, 200, deviation, jitter=0.1)])
    shares = noise[..., :3].std(axis=1) / deviation[:3]
    assert shares.max() < 0.1 * 1.3
    assert shares.mean(axis=0) == pytest.approx(0.05, abs=0.01)
    assert not noise[..., 3].any()


def test_jitter_goes_by_the_windows_own_deviation_where_none_is_given():
    noise = copies_of(np.tile(WINDOW, (20, 1)) * [1, 1, 1, 1, 1, 1, 50], 1, jitter=0.1)[0]
    noise = noise - np.tile(WINDOW, (20, 1)) * [1, 1, 1, 1, 1, 1, 50]
    assert noise[:, 6].std() / noise[:, 0].std() == pytest.approx(50 * WINDOW[:, 6].std() / WINDOW[:, 0].std(), rel=0.1)


def test_a_warp_never_turns_time_back_nor_changes_its_speed_by_more_than_asked():
    speeds = np.array([np.diff(copy[:, 0].astype(float)) for copy in copies_of(RAMP, 200, warp=0.3)])
    assert 0.7 - 1e-4 < speeds.min() < 0.75
    assert 1.25 < speeds.max() < 1.3 + 1e-4


def test_a_warp_keeps_the_first_and_the_last_row():
    for copy in copies_of(WINDOW, warp=0.9):
        assert np.allclose(copy[[0, -1]], WINDOW[[0, -1]], atol=1e-5)


def test_a_warp_is_smooth():
    for copy in copies_of(RAMP, warp=0.3):
        assert np.abs(np.diff(copy[:, 0].astype(float), n=2)).max() < 0.3 * 3 * np.pi / (ROWS - 1) + 1e-4


def test_a_warp_runs_every_channel_through_the_same_time():
    x = np.concatenate([RAMP, 2 * RAMP + 5], axis=1)
    for copy in copies_of(x, warp=0.5):
        assert np.allclose(copy[:, 1], 2 * copy[:, 0] + 5, atol=1e-4)


@pytest.mark.parametrize("rows", [1, 2])
def test_the_shortest_windows_survive_everything(rows):
    for copy in copies_of(WINDOW[:rows], jitter=0.1, scale=0.1, turn_deg=20, warp=0.5):
        assert copy.shape == (rows, 7)
        assert np.isfinite(copy).all()
