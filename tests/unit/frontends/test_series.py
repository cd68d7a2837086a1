import numpy as np
import pytest

from flashfit.data.samples import Sample
from flashfit.errors import ConfigError
from flashfit.frontends.fitted import apply, fit
from flashfit.frontends.series import features, output_shape
from flashfit.params import SeriesFrontend


@pytest.mark.parametrize(
    ("every", "kept"), [(1, [0, 1, 2, 3, 4, 5]), (2, [1, 3, 5]), (3, [2, 5]), (4, [1, 5]), (6, [5]), (9, [5])]
)
def test_rows_are_counted_back_from_the_last(every, kept):
    front = SeriesFrontend(kind="series", every=every)
    x = np.stack([np.arange(6), 10 * np.arange(6)], axis=1)
    found = features(front, Sample("a", x))
    assert found.shape == output_shape(front, (6, 2)) == (len(kept), 1, 2)
    assert found.dtype == np.float32
    assert found[:, 0, 0].tolist() == kept
    assert found[:, 0, 1].tolist() == [10 * row for row in kept]


@pytest.mark.parametrize("shape", [(24,), (24, 1, 1)])
def test_what_is_no_window_is_refused(shape):
    with pytest.raises(ConfigError, match=r"takes windows \(rows, channels\)"):
        output_shape(SeriesFrontend(kind="series"), shape)


def test_values_far_out_are_clipped_in_deviations_of_the_training_samples():
    front = SeriesFrontend(kind="series", clip=2.0)
    training = [Sample("a", np.array([[0.0], [2.0]], np.float32)), Sample("b", np.array([[4.0], [6.0]], np.float32))]
    fitted = fit(front, training)  # mean 3, deviation √5
    found = apply(fitted, Sample("far", np.array([[3.0], [1000.0]], np.float32)))
    assert found[:, 0, 0].tolist() == [0.0, 2.0]


def test_compressed_deviations_keep_the_small_and_bring_the_large_close():
    front = SeriesFrontend(kind="series", compress="asinh", clip=5.0)
    fitted = fit(front, [Sample("a", np.array([[0.0], [2.0], [4.0], [6.0]], np.float32))])  # mean 3, deviation √5
    rows = 3 + np.sqrt(5) * np.array([[0.0], [0.1], [-100.0], [1e6]])
    found = apply(fitted, Sample("far", rows.astype(np.float32)))
    np.testing.assert_allclose(found[:, 0, 0], [0, 0.09983, -5, 5], atol=1e-4)
