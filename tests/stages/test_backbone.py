"""Backbones: trained networks as the first layers of new ones, from their .keras files."""

import hashlib
from pathlib import Path
from typing import NamedTuple

import h5py
import numpy as np
import pytest
from numpy.typing import NDArray

from flashfit.errors import ConfigError
from flashfit.models.cuts import read_cuts
from flashfit.models.operators import plan
from flashfit.models.planned import PlannedOperator
from flashfit.models.spec import Backbone, Classes, GlobalAverage, Spec
from flashfit.search.predict import predict

keras = pytest.importorskip("keras")

SHAPE = (12, 12, 1)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small network whose normalisation has seen data: stem, separable block, pooling, dense, softmax."""
    keras.utils.set_random_seed(4)
    inputs = keras.Input(SHAPE, name="input")
    x = keras.layers.Conv2D(8, 3, 2, padding="same", use_bias=False, name="stem")(inputs)
    x = keras.layers.ReLU(name="stem_relu")(keras.layers.BatchNormalization(momentum=0.5, name="stem_norm")(x))
    x = keras.layers.Conv2D(16, 3, padding="same", activation="relu", name="deep")(x)
    x = keras.layers.GlobalAveragePooling2D(name="pool")(x)
    x = keras.layers.Dense(12, activation="relu", name="hidden")(x)
    model = keras.Model(inputs, keras.layers.Dense(3, activation="softmax", name="head")(x))
    model.compile("adam", "sparse_categorical_crossentropy")
    model.fit(pictures(64), np.arange(64) % 3, epochs=1, verbose=0)
    path = tmp_path_factory.mktemp("trained") / "trained.keras"
    model.save(path)
    return path


def pictures(count: int, shape: tuple[int, int, int] = SHAPE) -> NDArray[np.float32]:
    return np.random.default_rng(5).random((count, *shape), dtype=np.float32)


def learn_statistics(model: keras.Model, inputs: NDArray[np.float32]) -> None:
    """At once, by a momentum of zero for one pass."""
    for layer in model.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.momentum = 0.0
    model(inputs, training=True)


def backbone(path: Path, **changed: object) -> Backbone:
    layer = Backbone(
        path=str(path),
        sha256=hashlib.sha256(path.read_bytes()).hexdigest(),
        cut="deep",
        input_shape=SHAPE,
        output_shape=(6, 6, 16),
        operators=(),
    )
    return layer.model_copy(update=changed)


def spec_on(layer: Backbone) -> Spec:
    layers = (layer, GlobalAverage())
    return Spec(family="transfer", input_shape=layer.input_shape, head=Classes(count=4), layers=layers)


def network_on(layer: Backbone) -> keras.Model:
    from flashfit.models.network import network

    return network(spec_on(layer))


def test_a_network_on_a_backbone_starts_with_its_answers(trained: Path) -> None:
    model, original = network_on(backbone(trained)), keras.models.load_model(trained)
    deep = keras.Model(original.input, original.get_layer("deep").output)
    assert np.allclose(model.layers[1](pictures(5)), deep(pictures(5), training=False), atol=1e-6)
    assert model.output_shape == (None, 4)


def test_without_a_cut_the_head_begins_where_pictures_end(trained: Path) -> None:
    from flashfit.models.backbone import load_backbone

    body = load_backbone(trained)
    assert [layer.name for layer in body.layers] == ["input", "stem", "stem_norm", "stem_relu", "deep"]
    assert body.output_shape == (None, 6, 6, 16)


def test_a_frozen_backbone_keeps_its_weights_and_the_rest_is_trained(trained: Path) -> None:
    from flashfit.models.backbone import set_trainable

    model = network_on(backbone(trained))
    set_trainable(model, body=False)
    assert changed_by_training(model) == {"head"}


def test_a_thawed_backbone_is_trained_but_for_its_normalisation(trained: Path) -> None:
    from flashfit.models.backbone import set_trainable

    model = network_on(backbone(trained))
    set_trainable(model, body=False)
    set_trainable(model, body=True)
    assert changed_by_training(model) == {"stem", "deep", "head"}


def changed_by_training(model: keras.Model) -> set[str]:
    """Names of the layers, the backbone's own included, whose weights an epoch changes."""
    layers = [*model.layers[1].layers, *model.layers[2:]]
    before = [layer.get_weights() for layer in layers]
    model.compile(keras.optimizers.AdamW(0.01), "sparse_categorical_crossentropy")
    model.fit(pictures(64), np.arange(64) % 4, epochs=1, verbose=0)
    pairs = zip(layers, before, strict=True)
    return {layer.name for layer, old in pairs if any(map(np.any, map(np.subtract, layer.get_weights(), old)))}


def test_a_network_without_a_backbone_has_none_to_freeze(trained: Path) -> None:
    from flashfit.models.backbone import set_trainable

    with pytest.raises(ValueError, match="has no backbone"):
        set_trainable(keras.models.load_model(trained), body=False)


def test_a_network_on_a_backbone_is_saved_and_converted_like_any_other(trained: Path, tmp_path: Path) -> None:
    from flashfit.quantize.convert import to_float, to_int8
    from flashfit.runtime.tflm import run_tflm
    from flashfit.training.keras_file import save_keras

    model = network_on(backbone(trained))
    expected = model.predict(pictures(20), verbose=0)
    save_keras(model, tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    assert np.array_equal(loaded.predict(pictures(20), verbose=0), expected)
    assert np.abs(run_tflm(to_float(loaded), pictures(20)).values - expected).max() < 1e-5
    assert np.abs(run_tflm(to_int8(loaded, pictures(50)), pictures(20)).values - expected).max() < 0.03


def test_another_file_than_the_spec_names_is_refused_with_both_checksums(trained: Path) -> None:
    found = hashlib.sha256(trained.read_bytes()).hexdigest()
    with pytest.raises(ConfigError, match=f"has the sha256 {found}, and the spec's is {'0' * 64}"):
        network_on(backbone(trained, sha256="0" * 64))


def test_inputs_of_another_shape_are_refused_with_both_shapes(trained: Path) -> None:
    from flashfit.models.backbone import graft

    with pytest.raises(ConfigError, match="takes inputs of 12 × 12 × 1, and these are 14 × 12 × 3"):
        graft(backbone(trained), keras.Input((14, 12, 3)), "0_backbone")


def test_a_cut_that_is_not_there_is_refused_with_those_that_are(trained: Path) -> None:
    with pytest.raises(ConfigError, match=r"has no layer block_7 \(it has input, stem, .*head\)"):
        network_on(backbone(trained, cut="block_7"))


def test_a_missing_file_and_a_damaged_one_are_named(trained: Path, tmp_path: Path) -> None:
    from flashfit.models.backbone import load_backbone

    with pytest.raises(ConfigError, match=r"gone\.keras does not exist"):
        load_backbone(tmp_path / "gone.keras")
    damaged = tmp_path / "damaged.keras"
    damaged.write_bytes(trained.read_bytes()[:1000])
    with pytest.raises(ConfigError, match=r"damaged\.keras is no readable \.keras file"):
        load_backbone(damaged)


def test_a_network_without_pictures_has_no_backbone(tmp_path: Path) -> None:
    from flashfit.models.backbone import load_backbone

    inputs = keras.Input((12,))
    keras.Model(inputs, keras.layers.Dense(3)(inputs)).save(tmp_path / "flat.keras")
    with pytest.raises(ConfigError, match=r"flat\.keras has no layer whose output is a picture"):
        load_backbone(tmp_path / "flat.keras")


class Made(NamedTuple):
    """A MobileNet in its file, and its cuts."""

    path: Path
    shape: tuple[int, int, int]
    cuts: tuple[Backbone, ...]


@pytest.fixture(scope="module", params=[("mobilenet-v1", (36, 50, 1), 0.25), ("mobilenet-v2", (33, 40, 3), 0.1)])
def mobile(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Made:
    """Of each kind one, for pictures whose sides turn odd on the way, with statistics and biases as if trained."""
    from flashfit.models.backbone import mobilenet
    from flashfit.training.keras_file import save_keras

    kind, shape, width = request.param
    keras.utils.set_random_seed(0)
    model = mobilenet(kind, shape, width)
    noise = np.random.default_rng(3)
    model.set_weights([one + noise.normal(0, 0.1, one.shape) * (one.ndim == 1) for one in model.get_weights()])
    learn_statistics(model, pictures(16, shape))
    path = tmp_path_factory.mktemp(kind) / "mobile.keras"
    save_keras(model, path)
    return Made(path, shape, read_cuts(path))


def test_a_mobilenet_is_cut_behind_every_block_and_within_none(mobile: Made) -> None:
    cuts = [one.cut for one in mobile.cuts]
    if cuts[0] == "conv1_relu":
        assert cuts == ["conv1_relu", *(f"conv_pw_{block}_relu" for block in range(1, 14))]
    else:
        assert (cuts[0], cuts[-1], len(cuts)) == ("Conv1_relu", "out_relu", 25)
        assert {"block_1_project_BN", "block_6_expand_relu", "block_15_add"} < set(cuts)
        assert not [cut for cut in cuts if "depthwise" in cut or "pad" in cut]
    body = keras.models.load_model(mobile.path)
    assert all(body.get_layer(one.cut).output.shape[1:] == one.output_shape for one in mobile.cuts)


def test_the_whole_of_a_mobilenet_converts_as_planned_and_tflm_answers_alike(mobile: Made) -> None:
    from flashfit.quantize.convert import to_float, to_int8
    from flashfit.runtime.footprint import measured_footprint
    from flashfit.runtime.operators import operators
    from flashfit.runtime.tflm import run_tflm

    inputs, spec = pictures(16, mobile.shape), spec_on(mobile.cuts[-1])
    model = network_on(mobile.cuts[-1])
    int8 = to_int8(model, inputs)
    assert [(one.name, one.macs) for one in operators(int8)] == [(one.name, one.macs) for one in plan(spec)]
    measured, predicted = measured_footprint(int8, run_tflm(int8, inputs[:1])), predict(spec)
    assert predicted.flash_bytes == pytest.approx(measured.flash_bytes, rel=0.02)
    assert predicted.arena_bytes == pytest.approx(measured.arena_bytes, rel=0.02)
    answers = model.predict(inputs[:8], verbose=0)
    assert np.abs(run_tflm(to_float(model), inputs[:8]).values - answers).max() < 1e-3


def test_the_first_blocks_of_a_mobilenet_answer_as_int8_as_they_did(mobile: Made) -> None:
    """Of untrained layers a dozen are already chaos, in which each rounding grows."""
    from flashfit.quantize.convert import to_int8
    from flashfit.runtime.tflm import run_tflm

    inputs, model = pictures(16, mobile.shape), network_on(mobile.cuts[2])
    answers = model.predict(inputs, verbose=0)
    error = np.abs(run_tflm(to_int8(model, inputs), inputs).values - answers).mean()
    assert error <= 0.5 / 256 + 0.1 * answers.std(axis=0).mean()


@pytest.mark.filterwarnings("ignore:Skipping nested container")  # what Keras says before it refuses a file
@pytest.mark.parametrize("ending", [".weights.h5", "_no_top.h5"])
def test_given_weights_are_those_of_the_mobilenet_whatever_the_size_of_its_pictures(
    tmp_path: Path, ending: str
) -> None:
    from keras.src.legacy.saving import legacy_h5_format  # as in the files that Keras publishes

    from flashfit.models.backbone import mobilenet

    file = tmp_path / f"given{ending}"
    given = mobilenet("mobilenet-v1", (64, 64, 3), 0.25)
    if ending == ".weights.h5":
        given.save_weights(file)
    else:
        with h5py.File(file, "w") as group:
            legacy_h5_format.save_weights_to_hdf5_group(group, given)
    made = mobilenet("mobilenet-v1", (96, 48, 3), 0.25, file)
    assert all(np.array_equal(*pair) for pair in zip(made.get_weights(), given.get_weights(), strict=True))
    with pytest.raises(ConfigError, match=r"width 0\.5 on 64 × 64 × 3: .*; next: name the kind, width"):
        mobilenet("mobilenet-v1", (64, 64, 3), 0.5, file)
    with pytest.raises(ConfigError, match=r"width 0\.25 on 64 × 64 × 1: .*; next: name the kind, width") as refused:
        mobilenet("mobilenet-v1", (64, 64, 1), 0.25, file)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("kind", "shape", "width", "message"),
    [
        ("mobilenet-v1", (28, 64, 1), 0.25, "takes pictures from 32 × 32, and these are 28 × 64 × 1"),
        ("mobilenet-v2", (64, 64, 2), 0.25, "takes 1 or 3 channels, and these have 2"),
        ("mobilenet-v1", (64, 64, 3), 0.03, r"width: must be from 0\.03125 to 2 \(got 0\.03\)"),
        ("mobilenet-v2", (64, 64, 3), float("nan"), r"width: must be from 0\.03125 to 2 \(got nan\)"),
        ("mobilenet-v3", (64, 64, 3), 0.5, r"no backbone 'mobilenet-v3' \(there are: mobilenet-v1, mobilenet-v2\)"),
    ],
)
def test_a_mobilenet_that_cannot_be_is_refused_with_the_number(
    kind: str, shape: tuple[int, int, int], width: float, message: str
) -> None:
    from flashfit.models.backbone import mobilenet

    with pytest.raises(ConfigError, match=message):
        mobilenet(kind, shape, width)


def test_weights_that_are_not_there_or_no_weights_are_named(tmp_path: Path) -> None:
    from flashfit.models.backbone import mobilenet

    with pytest.raises(ConfigError, match=r"weights: .*gone\.h5 does not exist"):
        mobilenet("mobilenet-v1", (32, 32, 1), 0.25, tmp_path / "gone.h5")
    (tmp_path / "junk.h5").write_bytes(b"no weights")
    with pytest.raises(ConfigError, match=r"weights: .*junk\.h5 does not fit mobilenet-v1"):
        mobilenet("mobilenet-v1", (32, 32, 1), 0.25, tmp_path / "junk.h5")


def test_a_body_ends_before_a_sum_of_single_pixels(tmp_path: Path) -> None:
    """Of it the converter makes more than an ADD."""
    from flashfit.models.backbone import mobilenet

    mobilenet("mobilenet-v2", (32, 32, 1), 0.1).save(tmp_path / "small.keras")
    deepest = read_cuts(tmp_path / "small.keras")[-1]
    assert (deepest.cut, deepest.output_shape) == ("block_13_project_BN", (1, 1, 16))


def test_keras_own_mobilenet_is_a_backbone_too(tmp_path: Path) -> None:
    from flashfit.models.backbone import load_backbone

    model = keras.applications.MobileNet((32, 32, 1), alpha=0.25, weights=None, classes=3)
    model.save(tmp_path / "mobilenet.keras")
    body = load_backbone(tmp_path / "mobilenet.keras", cut="conv_pw_5_relu")
    assert body.output_shape == (None, 4, 4, 64)
    assert load_backbone(tmp_path / "mobilenet.keras").layers[-1].name == "conv_pw_13_relu"


def test_what_a_backbone_becomes_on_the_board_is_part_of_its_spec() -> None:
    operator = PlannedOperator("CONV_2D", output_count=576, weight_count=72, bias_count=8, scales=8, macs=5184)
    layer = Backbone(
        path="a.keras", sha256="0" * 64, cut="deep", input_shape=SHAPE, output_shape=(6, 6, 16), operators=(operator,)
    )
    assert Backbone.model_validate_json(layer.model_dump_json()) == layer
