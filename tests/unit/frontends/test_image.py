import numpy as np
import pytest
from PIL import Image

from flashfit.data.samples import Sample
from flashfit.errors import ConfigError
from flashfit.frontends.image import features, output_shape
from flashfit.params import ImageFrontend

HALVES = ImageFrontend(kind="image", scale=0.5, offset=-1)


def through(x, **section):
    return features(ImageFrontend(kind="image", **section), Sample("a", np.asarray(x)))


def test_values_are_scaled_then_offset():
    x = np.array([[0, 2], [4, 255]], dtype=np.uint8)
    np.testing.assert_array_equal(features(HALVES, Sample("a", x))[:, :, 0], [[-1, 0], [1, 126.5]])


@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.float16, np.float32, np.float64])
def test_inputs_are_float32_whatever_the_samples_are(dtype):
    assert features(HALVES, Sample("a", np.ones((4, 4), dtype))).dtype == np.float32


@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_arithmetic_is_float32_as_in_the_c_twin(dtype):
    x = np.arange(256, dtype=dtype).reshape(16, 16)
    expected = np.array([np.float32(np.float32(v) * np.float32(0.1)) + np.float32(0.3) for v in range(256)])
    np.testing.assert_array_equal(through(x, scale=0.1, offset=0.3).ravel(), expected)


@pytest.mark.parametrize(
    ("shape", "expected"), [((8, 8), (8, 8, 1)), ((96, 64, 1), (96, 64, 1)), ((32, 32, 3), (32, 32, 3))]
)
def test_channel_axis_is_added_only_where_missing(shape, expected):
    assert output_shape(HALVES, shape) == expected
    assert features(HALVES, Sample("a", np.zeros(shape))).shape == expected


@pytest.mark.parametrize("shape", [(), (64,), (2, 8, 8, 1)])
def test_what_is_no_picture_is_refused(shape):
    with pytest.raises(ConfigError, match=r"the image front end takes \(height, width\)"):
        output_shape(HALVES, shape)


def test_a_picture_of_four_channels_has_no_grey():
    with pytest.raises(ConfigError, match="colour grey takes pictures of 1 or 3 channels, not 4"):
        through(np.zeros((2, 2, 4), np.uint8), colour="grey")


def test_grey_weighs_red_green_and_blue_by_bt_601():
    x = np.array([[[100, 0, 0], [0, 100, 0], [0, 0, 100], [100, 100, 100]]], dtype=np.uint8)
    grey = through(x, colour="grey")
    assert grey.shape == (1, 4, 1)
    np.testing.assert_allclose(grey.ravel(), [29.9, 58.7, 11.4, 100], rtol=1e-6)


def test_rgb_of_a_grey_picture_is_the_same_three_times():
    x = np.arange(6, dtype=np.uint8).reshape(2, 3)
    rgb = through(x, colour="rgb")
    assert rgb.shape == (2, 3, 3)
    for channel in range(3):
        np.testing.assert_array_equal(rgb[:, :, channel], x)


def test_shrinking_by_a_whole_number_takes_the_mean_of_each_block():
    x = np.array([[0, 10, 100, 104], [20, 30, 100, 104]], dtype=np.uint8)
    np.testing.assert_array_equal(through(x, size=(1, 2))[:, :, 0], [[15, 102]])


def test_growing_lies_on_the_line_between_neighbours():
    np.testing.assert_array_equal(through(np.array([[0.0, 8.0]]), size=(1, 4))[0, :, 0], [0, 2, 6, 8])


def test_each_axis_is_resized_by_its_own_rule():
    x = np.array([[0.0, 8.0], [2.0, 10.0]])
    np.testing.assert_array_equal(through(x, size=(1, 4))[0, :, 0], [1, 3, 7, 9])


@pytest.mark.parametrize(
    ("size", "rule"), [((24, 24), "BOX"), ((13, 40), "BOX"), ((150, 111), "BILINEAR"), ((100, 101), "BILINEAR")]
)
def test_resizing_is_pillows_of_floats(size, rule):
    x = np.random.default_rng(3).integers(0, 256, (100, 100), dtype=np.uint8)
    whole = Image.fromarray(x.astype(np.float32)).resize((size[1], size[0]), Image.Resampling[rule])
    np.testing.assert_array_equal(through(x, size=size)[:, :, 0], np.asarray(whole))


def test_a_picture_of_the_right_size_is_not_touched_by_resizing():
    x = np.random.default_rng(4).integers(0, 256, (9, 7, 3), dtype=np.uint8)
    np.testing.assert_array_equal(through(x, size=(9, 7)), x)
