"""The contract of every family on the board: it converts to full int8, TFLM runs it, and it is what was planned."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

from flashfit.errors import ConfigError
from flashfit.models.cuts import read_cuts
from flashfit.models.families import FAMILIES, suggest, takes
from flashfit.models.operators import plan
from flashfit.models.spec import Backbone, Classes, Conv, Head, Reconstruction, Regression, Residual, Shape, Spec
from flashfit.runtime.footprint import measured_footprint
from flashfit.runtime.operators import operators
from flashfit.runtime.tflm import TflmRun, run_tflm
from flashfit.search.predict import margin, predict
from flashfit.tflite.costs import macs
from flashfit.tflite.flatbuffer import read_flatbuffer
from tests.converted import Converted, convert_as_trained, looks_trained
from tests.dice import Dice

PICTURE, PHOTO, SPECTROGRAM, WINDOW, VECTOR = (8, 8, 1), (28, 28, 3), (49, 20, 1), (64, 1, 6), (1, 1, 64)
MOST_FLASH_BYTES, MOST_MACS = 48 * 1024, 1_500_000  # of nets that convert and run in a second
COSTLY = {("recurrent", PHOTO), ("hybrid", PHOTO), ("autoencoder", PHOTO), ("autoencoder", SPECTROGRAM)}
"""An LSTM takes seconds to convert, and a wide reconstruction fits no small board."""


class Case(NamedTuple):
    """A throw of the dice."""

    family: str
    shape: Shape
    throw: int


def cases() -> Iterator[Case]:
    """Every family on every kind of input that it takes, and twice on small pictures."""
    for family in (*FAMILIES, "transfer"):
        for shape in (PICTURE,) if family == "transfer" else (PICTURE, PHOTO, SPECTROGRAM, WINDOW, VECTOR):
            if takes(family, shape) and (family, shape) not in COSTLY:
                for throw in range(2 if shape == PICTURE else 1):
                    yield Case(family, shape, throw)


def head_of(case: Case) -> Head:
    if case.family == "autoencoder":
        return Reconstruction()
    return Regression() if case.throw % 2 else Classes(count=4)


def small_spec(case: Case, backbones: tuple[Backbone, ...]) -> Spec:
    """What the first dice give that a test has time for."""
    for seed in range(100 * case.throw, 100 * case.throw + 100):
        spec = suggest(case.family, Dice(seed), case.shape, head_of(case), 0.1, backbones)
        predicted = predict(spec)
        if predicted.flash_bytes <= MOST_FLASH_BYTES and predicted.macs <= MOST_MACS:
            return spec
    raise AssertionError(f"100 throws of {case.family} on {case.shape} make nothing small")


@pytest.fixture(scope="module")
def backbones(tmp_path_factory: pytest.TempPathFactory) -> tuple[Backbone, ...]:
    """The cuts of a small residual network in a .keras file."""
    path = tmp_path_factory.mktemp("backbone") / "small.keras"
    layers = (Conv(filters=8, kernel=3), Residual(filters=8, kernel=3), Residual(filters=16, kernel=3, stride=2))
    model, _ = looks_trained(Spec(family="hand", input_shape=PICTURE, head=Classes(count=5), layers=layers), 0)
    model.save(path)
    return read_cuts(path)


@pytest.fixture(scope="module", params=list(cases()), ids=lambda case: f"{case.family}-{case.shape}-{case.throw}")
def converted(request: pytest.FixtureRequest, backbones: tuple[Backbone, ...]) -> Converted:
    return convert_as_trained(small_spec(request.param, backbones), request.param.throw)


@pytest.fixture(scope="module")
def run(converted: Converted) -> TflmRun:
    """Its answers to eight samples; TFLM refuses operators that it does not have."""
    return run_tflm(converted.tflite, converted.inputs[:8])


def test_the_same_spec_from_its_file_builds_the_same_network(converted: Converted) -> None:
    import keras

    from flashfit.models.network import network

    again = Spec.model_validate_json(converted.spec.model_dump_json())
    assert again == converted.spec
    models = []
    for spec, noise in ((converted.spec, 1), (again, 2)):
        keras.utils.set_random_seed(noise)  # a process' own chance, which other threads draw from too, has no say
        models.append(network(spec, seed=7))
    first, second = models
    assert first.to_json() == second.to_json()
    assert all(np.array_equal(*pair) for pair in zip(first.get_weights(), second.get_weights(), strict=True))


def test_another_seed_builds_a_network_of_other_weights(converted: Converted) -> None:
    from flashfit.models.network import network

    head, other = (network(converted.spec, seed).layers[-1].get_weights()[0] for seed in (1, 2))
    assert not np.array_equal(head, other)


def test_the_operators_are_those_that_were_planned(converted: Converted) -> None:
    found = [(one.name, one.macs) for one in operators(converted.tflite)]
    assert [(one.name, one.macs) for one in plan(converted.spec)] == found


def test_inspecting_it_counts_the_macs_that_a_build_counts(converted: Converted) -> None:
    assert macs(read_flatbuffer(converted.tflite)) == [one.macs for one in operators(converted.tflite)]


def test_tflm_answers_as_the_float_network_does(converted: Converted, run: TflmRun) -> None:
    """Within half a step of a probability's 1/256, and a tenth of what tells one sample's answers from another's."""
    assert np.isfinite(run.values).all()
    expected = converted.answers[: len(run.values)]
    assert run.values.shape == expected.shape == (8, converted.spec.outputs)
    spread = float(converted.answers.std(axis=0).mean())
    assert np.abs(run.values - expected).mean() <= 0.5 / 256 + 0.1 * spread, converted.spec


def test_the_footprint_was_predicted_to_within_its_margin(converted: Converted, run: TflmRun) -> None:
    measured, predicted = measured_footprint(converted.tflite, run), predict(converted.spec)
    most = margin(converted.spec)
    assert predicted.flash_bytes == pytest.approx(measured.flash_bytes, abs=most.flash_bytes), converted.spec
    assert predicted.arena_bytes == pytest.approx(measured.arena_bytes, abs=most.arena_bytes), converted.spec
    assert (predicted.macs, predicted.source) == (measured.macs, "predicted")


def test_a_file_that_is_no_network_is_refused_with_its_path(tmp_path: Path) -> None:
    (tmp_path / "b.keras").write_bytes(b"PK not quite")
    with pytest.raises(ConfigError, match=r"b\.keras is no \.keras file of a network for pictures"):
        read_cuts(tmp_path / "b.keras")
    with pytest.raises(ConfigError, match=r"none\.keras does not exist"):
        read_cuts(tmp_path / "none.keras")


def test_a_cut_lies_where_one_picture_goes_on(backbones: tuple[Backbone, ...]) -> None:
    assert [(one.cut, one.output_shape) for one in backbones] == [
        ("0_conv_relu", (8, 8, 8)),
        ("1_residual_relu", (8, 8, 8)),
        ("2_residual_relu", (4, 4, 16)),
    ]


def test_padding_that_the_converter_merges_is_planned_as_merged(tmp_path: Path) -> None:
    """As in Keras' own MobileNets: zeros below and to the right, then a strided convolution without padding."""
    import keras

    inputs = keras.Input((8, 8, 1))
    x = keras.layers.Conv2D(4, 3, padding="same", activation="relu")(inputs)
    x = keras.layers.ZeroPadding2D(((0, 1), (0, 1)))(x)
    x = keras.layers.DepthwiseConv2D(3, 2, padding="valid", use_bias=False)(x)
    x = keras.layers.ReLU(6.0)(keras.layers.BatchNormalization()(x))
    x = keras.layers.Conv2D(6, 1, activation="relu", name="last")(x)
    keras.Model(inputs, keras.layers.Dense(2)(keras.layers.Flatten()(x))).save(tmp_path / "padded.keras")
    deepest = read_cuts(tmp_path / "padded.keras")[-1]
    assert (deepest.cut, deepest.output_shape) == ("last", (4, 4, 6))
    spec = suggest("transfer", Dice(0), (8, 8, 1), Classes(count=2), 0.1, [deepest])
    found = operators(convert_as_trained(spec, 0).tflite)
    assert [(one.name, one.macs) for one in plan(spec)] == [(one.name, one.macs) for one in found]
