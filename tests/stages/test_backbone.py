"""Backbones: trained networks as the first layers of new ones, from their .keras files."""

import hashlib
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from flashfit.errors import ConfigError
from flashfit.models.planned import PlannedOperator
from flashfit.models.spec import Backbone, Classes, GlobalAverage, Spec

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


def network_on(layer: Backbone) -> keras.Model:
    from flashfit.models.network import network

    layers = (layer, GlobalAverage())
    return network(Spec(family="transfer", input_shape=SHAPE, head=Classes(count=4), layers=layers))


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


@pytest.mark.parametrize(
    ("shape", "width", "output", "weights"),
    [
        ((96, 96, 3), 0.25, (3, 3, 256), 218_544),
        ((28, 28, 1), 0.25, (2, 2, 256), 218_400),
    ],
)
def test_mobilenet_v1_takes_any_size(
    shape: tuple[int, int, int], width: float, output: tuple[int, int, int], weights: int
) -> None:
    from flashfit.models.backbone import mobilenet_v1

    body = mobilenet_v1(shape, width)
    assert (body.output_shape[1:], body.count_params()) == (output, weights)


@pytest.mark.parametrize(
    ("shape", "output"), [((96, 96, 3), (3, 3, 1280)), ((28, 28, 1), (2, 2, 1280)), ((8, 8, 1), (2, 2, 1280))]
)
def test_mobilenet_v2_takes_any_size(shape: tuple[int, int, int], output: tuple[int, int, int]) -> None:
    from flashfit.models.backbone import mobilenet_v2

    assert mobilenet_v2(shape, 0.35).output_shape[1:] == output


def test_both_mobilenets_have_the_weights_of_keras_own() -> None:
    from flashfit.models.backbone import mobilenet_v1, mobilenet_v2

    theirs = keras.applications.MobileNet((64, 64, 3), alpha=0.25, include_top=False, weights=None)
    assert mobilenet_v1((64, 64, 3), 0.25).count_params() == theirs.count_params()
    theirs = keras.applications.MobileNetV2((64, 64, 3), alpha=0.5, include_top=False, weights=None)
    assert mobilenet_v2((64, 64, 3), 0.5).count_params() == theirs.count_params()


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
