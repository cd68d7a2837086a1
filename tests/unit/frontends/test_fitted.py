import numpy as np
import pytest
from pydantic import ValidationError

from flashfit.data.samples import Sample
from flashfit.errors import ConfigError, DataError
from flashfit.frontends.fitted import FittedFrontend, apply, as_met, describe, fit, golden
from flashfit.params import AudioFrontend, ImageFrontend, MotionFrontend, SeriesFrontend, TextFrontend

RANDOM = np.random.default_rng(7)


def windows(count, rows=40, channels=3):
    x = RANDOM.normal([5, -2, 1000][:channels], [1, 4, 0.1][:channels], (count, rows, channels))
    return [Sample(f"window-{index}", one) for index, one in enumerate(x.astype(np.float32))]


def clips(count, rate_hz=16000.0, samples=16000):
    x = RANDOM.normal(0, 3000, (count, samples)).astype(np.int16)
    return [Sample(f"clip-{index}", one, rate_hz=rate_hz) for index, one in enumerate(x)]


def pictures(count, shape=(8, 8), dtype=np.uint8):
    return [Sample(f"picture-{index}", RANDOM.integers(0, 256, shape).astype(dtype)) for index in range(count)]


def messages(*texts):
    return [Sample(f"message-{index}", np.frombuffer(one.encode(), np.uint8)) for index, one in enumerate(texts)]


CASES = [
    (ImageFrontend(kind="image"), pictures(3)),
    (ImageFrontend(kind="image", size=(6, 5), colour="grey", scale=1 / 255), pictures(3, (9, 12, 3))),
    (AudioFrontend(kind="audio"), clips(3)),
    (AudioFrontend(kind="audio", features="mfcc", level=True), clips(3, 8000.0, 5000)),
    (MotionFrontend(kind="motion"), windows(5)),
    (MotionFrontend(kind="motion", features="spectral"), windows(5)),
    (SeriesFrontend(kind="series", every=4), windows(5)),
    (TextFrontend(kind="text", buckets=64), messages("Hello there", "WIN 1000 NOW", "")),
    (TextFrontend(kind="text", buckets=64, of="words", n=(1, 2), weight="binary"), messages("a b c", "d")),
]
EVERY_KIND = pytest.mark.parametrize(("frontend", "samples"), CASES)
STANDARDISED = pytest.mark.parametrize(
    ("frontend", "samples"), [case for case in CASES if not isinstance(case[0], ImageFrontend | TextFrontend)]
)


@EVERY_KIND
def test_what_comes_out_has_the_promised_shape_and_type(frontend, samples):
    fitted = fit(frontend, samples)
    for sample in samples:
        found = apply(fitted, sample)
        assert (found.shape, found.dtype) == (fitted.output_shape, np.float32)


@EVERY_KIND
def test_a_fitted_front_end_survives_its_json_to_the_bit(frontend, samples):
    fitted = fit(frontend, samples)
    read = FittedFrontend.model_validate_json(fitted.model_dump_json())
    assert read == fitted
    np.testing.assert_array_equal(apply(read, samples[0]), apply(fitted, samples[0]))


@EVERY_KIND
def test_samples_may_come_as_a_stream_and_are_left_as_they_are(frontend, samples):
    before = [sample.x.copy() for sample in samples]
    assert fit(frontend, iter(samples)) == fit(frontend, samples)
    for sample, x in zip(samples, before, strict=True):
        np.testing.assert_array_equal(sample.x, x)


@EVERY_KIND
def test_samples_that_cannot_be_written_to_are_taken(frontend, samples):
    frozen = [
        Sample(one.id, np.frombuffer(one.x.tobytes(), one.x.dtype).reshape(one.x.shape), rate_hz=one.rate_hz)
        for one in samples
    ]
    assert fit(frontend, frozen) == fit(frontend, samples)


@STANDARDISED
def test_training_features_have_mean_0_and_deviation_1_in_every_column(frontend, samples):
    fitted = fit(frontend, samples)
    columns = fitted.output_shape[1] * fitted.output_shape[2]
    x = np.concatenate([apply(fitted, sample).reshape(-1, columns) for sample in samples]).astype(np.float64)
    np.testing.assert_allclose(x.mean(axis=0), 0, atol=1e-2)
    np.testing.assert_allclose(x.std(axis=0), 1, atol=1e-2)


def test_channels_are_standardised_by_hand_computed_statistics():
    samples = [
        Sample("a", np.array([[1, 10], [3, 10]], np.float32)),
        Sample("b", np.array([[5, 10], [7, 10]], np.float32)),
    ]
    fitted = fit(MotionFrontend(kind="motion"), samples)
    assert fitted.mean == (4, 10)
    assert fitted.deviation == (pytest.approx(5**0.5), 1)
    new = Sample("c", np.array([[4, 12], [9, 10]], np.float32))
    np.testing.assert_allclose(apply(fitted, new)[:, 0, :], [[0, 2], [5**0.5, 0]], rtol=1e-6)


def test_statistics_are_of_the_rows_that_are_kept():
    x = np.array([[1000.0], [1.0], [1000.0], [3.0]], np.float32)
    assert fit(SeriesFrontend(kind="series", every=2), [Sample("a", x)]).mean == (2,)


def test_text_is_divided_by_the_training_s_largest_weight_and_ends_at_1():
    fitted = fit(TextFrontend(kind="text", n=(2, 2), buckets=512), messages("haha", "no"))
    assert fitted.largest == np.float32(np.log(3))
    assert apply(fitted, messages("haha")[0]).max() == 1
    assert apply(fitted, messages("hahahahaha")[0]).max() == 1
    assert apply(fitted, messages("ha")[0]).max() == pytest.approx(np.log(2) / np.log(3))


def test_empty_training_texts_divide_by_1():
    assert fit(TextFrontend(kind="text"), messages("", " ")).largest == 1


def test_the_input_is_described_by_the_first_sample():
    given = fit(AudioFrontend(kind="audio"), clips(1, 8000.0, 700)).input
    assert (given.shape, given.dtype, given.rate_hz) == ((None,), "int16", 8000)
    assert fit(ImageFrontend(kind="image"), pictures(1)).input.shape == (8, 8)
    assert fit(ImageFrontend(kind="image", size=(4, 4)), pictures(1, (8, 8, 3))).input.shape == (None, None, 3)
    assert fit(ImageFrontend(kind="image", colour="rgb"), pictures(1)).input.shape == (8, 8, None)


@pytest.mark.parametrize(
    ("frontend", "first", "other"),
    [
        (ImageFrontend(kind="image"), (8, 8), (8, 9)),
        (ImageFrontend(kind="image", size=(4, 4)), (8, 8, 3), (8, 8)),
        (ImageFrontend(kind="image", colour="grey"), (8, 8, 3), (9, 8, 3)),
        (MotionFrontend(kind="motion"), (40, 3), (39, 3)),
        (SeriesFrontend(kind="series", every=4), (40, 3), (40, 2)),
        (AudioFrontend(kind="audio"), (900,), (900, 2)),
        (TextFrontend(kind="text"), (9,), (9, 9)),
    ],
)
def test_a_sample_of_another_shape_is_named_with_both_shapes(frontend, first, other):
    a, b = (Sample(name, np.zeros(shape, np.int16), rate_hz=8000.0) for name, shape in (("a", first), ("b", other)))
    expected = rf"^b is of shape \({other[0]},.*\), and the first training sample of \("
    with pytest.raises(DataError, match=expected):
        fit(frontend, [a, b])
    with pytest.raises(DataError, match=expected):
        apply(fit(frontend, [a]), b)


@pytest.mark.parametrize(
    ("frontend", "shapes"),
    [
        (ImageFrontend(kind="image", size=(4, 4)), [(8, 8), (30, 20), (2, 3)]),
        (ImageFrontend(kind="image", size=(4, 4), colour="grey"), [(8, 8), (8, 8, 3), (5, 5, 1)]),
        (AudioFrontend(kind="audio"), [(16000,), (300,), (40000,)]),
    ],
)
def test_samples_may_differ_where_the_front_end_evens_them_out(frontend, shapes):
    samples = [Sample(str(shape), np.ones(shape, np.int16), rate_hz=16000.0) for shape in shapes]
    fitted = fit(frontend, samples)
    assert {apply(fitted, sample).shape for sample in samples} == {fitted.output_shape}


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize(
    ("frontend", "shape"),
    [
        (ImageFrontend(kind="image"), (8, 8)),
        (AudioFrontend(kind="audio"), (16000,)),
        (MotionFrontend(kind="motion"), (40, 3)),
        (MotionFrontend(kind="motion", features="spectral"), (40, 3)),
        (SeriesFrontend(kind="series", every=4), (40, 3)),
    ],
)
def test_a_value_that_is_not_finite_is_named_even_where_it_would_not_be_used(frontend, shape, bad):
    x = np.zeros(shape, np.float32)
    x[0] = bad
    good = Sample("good", np.zeros(shape, np.float32), rate_hz=16000.0)
    for attempt in (lambda one: fit(frontend, [good, one]), lambda one: apply(fit(frontend, [good]), one)):
        with pytest.raises(DataError, match=r"^bad holds [0-9]+ values that are not finite"):
            attempt(Sample("bad", x, rate_hz=16000.0))


@pytest.mark.filterwarnings("error")
def test_a_value_beyond_float32_is_named():
    with pytest.raises(DataError, match=r"^a holds values too large for float32"):
        fit(MotionFrontend(kind="motion"), [Sample("a", np.full((4, 2), 1e300))])


def test_a_later_sample_that_does_not_suit_is_named():
    grey = ImageFrontend(kind="image", size=(4, 4), colour="grey")
    with pytest.raises(DataError, match=r"^b: colour grey takes pictures of 1 or 3 channels, not 4"):
        fit(grey, [Sample("a", np.zeros((8, 8), np.uint8)), Sample("b", np.zeros((8, 8, 4), np.uint8))])


@pytest.mark.parametrize(
    ("frontend", "shape"),
    [
        (AudioFrontend(kind="audio"), (0,)),
        (MotionFrontend(kind="motion"), (0, 3)),
        (MotionFrontend(kind="motion", features="spectral"), (0, 3)),
        (ImageFrontend(kind="image", size=(4, 4)), (0, 7)),
    ],
)
def test_a_sample_without_values_is_named(frontend, shape):
    with pytest.raises(DataError, match=r"^empty holds no values"):
        fit(frontend, [Sample("empty", np.zeros(shape, np.float32), rate_hz=8000.0)])


def test_no_training_samples_are_refused():
    with pytest.raises(DataError, match="no training samples"):
        fit(ImageFrontend(kind="image"), [])


def test_a_front_end_of_another_kind_than_the_data_is_refused():
    with pytest.raises(ConfigError, match="the motion front end takes windows"):
        fit(MotionFrontend(kind="motion"), clips(1))


def test_an_unknown_key_in_frontend_json_is_refused():
    tree = fit(ImageFrontend(kind="image"), pictures(1)).model_dump() | {"surprise": 1}
    with pytest.raises(ValidationError, match="surprise"):
        FittedFrontend.model_validate(tree)


@EVERY_KIND
def test_a_golden_s_features_are_those_of_its_raw(frontend, samples):
    fitted = fit(frontend, samples)
    found = golden(fitted, samples)
    assert [one.id for one in found] == [sample.id for sample in samples]
    for one in found:
        rate_hz = float(frontend.sample_rate_hz) if isinstance(frontend, AudioFrontend) else None
        np.testing.assert_array_equal(apply(fitted, Sample("again", one.raw, rate_hz=rate_hz)), one.features)


def test_sound_is_met_at_the_board_s_rate_and_length_and_all_else_as_it_is():
    met = as_met(AudioFrontend(kind="audio"), clips(1, 8000.0, 5000)[0])
    assert (met.x.shape, met.x.dtype, met.rate_hz) == ((16000,), np.int16, 16000)
    window = windows(1)[0]
    assert as_met(MotionFrontend(kind="motion"), window) is window


def test_a_clip_as_met_stays_where_a_shift_puts_it():
    frontend = AudioFrontend(kind="audio")
    word = np.zeros(16000, np.int16)
    word[3200:4800] = 9000
    fitted = fit(frontend, [Sample("a", word, rate_hz=16000.0)])
    shifted = apply(fitted, Sample("b", np.roll(word, 320 * 5), rate_hz=16000.0))
    np.testing.assert_allclose(shifted[5:], apply(fitted, Sample("a", word, rate_hz=16000.0))[:-5], atol=1e-4)


@EVERY_KIND
def test_a_front_end_is_described_in_one_line(frontend, samples):
    line = describe(fit(frontend, samples))
    assert "\n" not in line
    assert len(line) > 20


def test_the_line_says_what_a_reader_must_rebuild():
    line = describe(fit(AudioFrontend(kind="audio", features="mfcc"), clips(1)))
    assert line == (
        "1 s of sound at 16000 Hz, 10 MFCCs of 40 mel filters from 20 to 8000 Hz in frames of 30 ms every 20 ms;"
        " standardised by the training samples' means and deviations; 49 × 10 × 1 values"
    )
