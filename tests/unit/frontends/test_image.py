import numpy as np
import pytest

from flashfit.errors import ConfigError
from flashfit.frontends.image import FrontendRecord, image_input, output_shape, record
from flashfit.params import ImageFrontend

HALVES = ImageFrontend(kind="image", scale=0.5, offset=-1)


def test_values_are_scaled_then_offset():
    x = np.array([[[0, 2], [4, 255]]], dtype=np.uint8)
    np.testing.assert_array_equal(image_input(x, HALVES)[0, :, :, 0], [[-1, 0], [1, 126.5]])


@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.float16, np.float32, np.float64])
def test_inputs_are_float32_whatever_the_samples_are(dtype):
    assert image_input(np.ones((2, 4, 4), dtype), HALVES).dtype == np.float32


def test_arithmetic_is_float32_as_in_the_c_twin():
    x = np.arange(256, dtype=np.uint8).reshape(1, 16, 16)
    tenth = ImageFrontend(kind="image", scale=0.1, offset=0.3)
    expected = np.array([np.float32(np.float32(v) * np.float32(0.1)) + np.float32(0.3) for v in range(256)])
    np.testing.assert_array_equal(image_input(x, tenth).ravel(), expected)


@pytest.mark.parametrize(
    ("shape", "expected"), [((8, 8), (8, 8, 1)), ((96, 64, 1), (96, 64, 1)), ((32, 32, 3), (32, 32, 3))]
)
def test_channel_axis_is_added_only_where_missing(shape, expected):
    assert output_shape(shape) == expected
    assert image_input(np.zeros((5, *shape)), HALVES).shape == (5, *expected)


@pytest.mark.parametrize("shape", [(), (64,), (2, 8, 8, 1)])
def test_what_is_no_picture_is_refused(shape):
    with pytest.raises(ConfigError, match=r"the image front end takes \(height, width\)"):
        output_shape(shape)


def test_no_samples_give_no_inputs():
    assert image_input(np.zeros((0, 8, 8)), HALVES).shape == (0, 8, 8, 1)


def test_record_survives_its_json():
    written = record(HALVES, (8, 8))
    assert FrontendRecord.model_validate_json(written.model_dump_json()) == written
