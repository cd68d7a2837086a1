"""The ladder on small trained networks: every rung, the climb, and what kills a rung."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.datasets import load_digits

from flashfit.data.features import FeatureWriter, load_features
from flashfit.gates.rungs import Tried
from flashfit.ladder import workers
from flashfit.ladder.climb import Climbed, Course, climb
from flashfit.ladder.job import Job
from flashfit.models.spec import Classes, Conv, GlobalAverage, Separable, Spec
from flashfit.params import RUNGS, Budget, Gates, Rung
from flashfit.runtime.tensor import quantized
from flashfit.runtime.tflm import run_tflm
from flashfit.training.recipe import Recipe

keras = pytest.importorskip("keras")

RECIPE = Recipe(learning_rate=5e-3, weight_decay=1e-4, batch_size=32)
BUDGET = Budget(flash="64 KiB", arena="32 KiB", macs=10_000_000)
LABELS = tuple("0123456789")
LARGEST_DROP = 0.02


@pytest.fixture(scope="module")
def job(tmp_path_factory: pytest.TempPathFactory) -> Job:
    """Digits, and a small separable network trained on them."""
    from flashfit.training.fit import fit
    from flashfit.training.keras_file import save_keras
    from flashfit.training.lesson import Lesson

    folder = tmp_path_factory.mktemp("job")
    x, y = load_digits(return_X_y=True)
    x = (x.reshape(-1, 8, 8, 1) / 16).astype(np.float32)
    for name, part in (("train", slice(0, 1200)), ("augmented", slice(0, 0)), ("validation", slice(1200, 1500))):
        write(folder / name, x[part], y[part])
    keras.utils.set_random_seed(1)
    layers = (Conv(filters=8, kernel=3, stride=2), Separable(filters=16, kernel=3), GlobalAverage())
    spec = Spec(family="separable", input_shape=(8, 8, 1), head=Classes(count=10), layers=layers)
    parts = {name: load_features(folder / name) for name in ("train", "augmented", "validation")}
    save_keras(fit(spec, RECIPE, Lesson("classification", **parts, epochs=6, patience=6)), folder / "model.keras")
    return Job(
        keras=folder / "model.keras",
        task="classification",
        metric="accuracy",
        **{name: folder / name for name in parts},
        recipe=RECIPE,
        balance=False,
        calibration_samples=64,
        qat_epochs=2,
        seed=7,
    )


@pytest.fixture(scope="module")
def spoilt(job: Job, tmp_path_factory: pytest.TempPathFactory) -> Job:
    """The same network with channels so unlike that int8 loses them, and the same answers in float."""
    from flashfit.quantize.equalize import pairs, scale_pair
    from flashfit.quantize.fold import folded
    from flashfit.training.keras_file import save_keras

    network = folded(keras.models.load_model(job.keras, compile=False))
    chance = np.random.default_rng(3)
    for pair in pairs(network):
        scale_pair(pair, np.exp(chance.normal(0, 2.5, pair.activated.output.shape[-1])).astype(np.float32))
    file = tmp_path_factory.mktemp("spoilt") / "model.keras"
    save_keras(network, file)
    return job.model_copy(update={"keras": file})


def write(folder: Path, x: Any, y: Any) -> None:
    writer = FeatureWriter(folder, len(x), x.shape[1:])
    for number, (sample, label) in enumerate(zip(x, y, strict=True)):
        writer.add(sample, int(label), f"{folder.name}-{number}", f"{folder.name}-{number}")
    writer.close()


def course(job: Job, *rungs: Rung, budget: Budget = BUDGET) -> Course:
    gates = Gates(metric="accuracy", least_accuracy=0.5, largest_drop=LARGEST_DROP)
    return Course(job, rungs, LABELS, "", gates, budget, load_features(job.validation))


def by_rung(climbed: Climbed) -> dict[str, Tried]:
    return {tried.rung: tried for tried in climbed.ladder.rungs}


def test_where_int8_passes_nothing_else_is_tried_and_the_bytes_are_those_of_a_plain_conversion(job: Job) -> None:
    from flashfit.quantize.calibration import calibration_inputs
    from flashfit.quantize.convert import to_int8

    climbed = climb(course(job, *RUNGS))
    first, *others = climbed.ladder.rungs
    assert (climbed.ladder.chosen, first.state) == ("int8", "passed")
    assert {tried.state for tried in others} == {"not tried"}
    model = keras.models.load_model(job.keras, compile=False)
    assert climbed.tflite == to_int8(model, calibration_inputs(load_features(job.train), 64, job.seed))


def test_int8_that_breaks_is_mended_by_equalizing(spoilt: Job) -> None:
    climbed = climb(course(spoilt, "int8", "int8-equalized", "qat"))
    rungs = by_rung(climbed)
    assert [tried.state for tried in climbed.ladder.rungs] == ["missed", "passed", "not tried"]
    assert "worse where 0.02 may be" in rungs["int8"].why
    assert climbed.ladder.chosen == "int8-equalized"
    assert min_noise(rungs["int8"]) < min_noise(rungs["int8-equalized"])


def min_noise(tried: Tried) -> float:
    return min(noise.sqnr_db for noise in tried.noise if noise.sqnr_db is not None)


@pytest.mark.parametrize("rung", ["int8", "int8-tuned", "int8-equalized", "qat", "mixed", "int16", "float32"])
def test_each_rung_by_itself_answers_on_tflm_nearly_as_float_does(job: Job, rung: Rung) -> None:
    climbed = climb(course(job, rung))
    (tried,) = climbed.ladder.rungs
    assert tried.qualities is not None
    assert tried.qualities.values["accuracy"] >= climbed.ladder.float_.values["accuracy"] - LARGEST_DROP
    kind = rung if rung in ("int16", "float32") else "int8"
    run = run_tflm(climbed.tflite, load_features(job.validation).x[:1])
    assert (run.input.dtype, run.output.dtype) == (kind, kind)


def test_int4_weights_of_convolutions_run_on_tflm_in_less_flash(job: Job) -> None:
    (int4,), (int8,) = workers.make_rung(job, "int4"), workers.make_rung(job, "int8")
    validation = load_features(job.validation)
    assert len(int4.tflite) < len(int8.tflite)
    assert run_tflm(int4.tflite, validation.x[:8]).input.dtype == "int8"


def test_a_fine_tuned_network_agrees_with_its_twin_within_one_step(job: Job) -> None:
    from flashfit.ladder.making import Workshop, twinned

    shop = Workshop(job, keras.models.load_model(job.keras, compile=False))
    pair = twinned(shop)
    pair.equalize()
    pair.fine_tune()
    x = load_features(job.validation).x
    run = run_tflm(pair.made("").tflite, x)
    answers = quantized(np.asarray(pair.twin(x, training=False)), run.output)
    assert np.abs(answers.astype(int) - run.outputs).max() <= 1
    assert np.mean(answers.argmax(axis=1) == run.outputs.argmax(axis=1)) >= 0.995


def test_a_rung_whose_process_hangs_is_a_named_failure_and_the_build_goes_on(
    spoilt: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workers, "_TRAINING_TIMEOUT_S", 0.5)
    climbed = climb(course(spoilt, "int8", "qat"))
    assert by_rung(climbed)["qat"].state == "failed"
    assert by_rung(climbed)["qat"].why == "making model.keras qat did not end within 0.5 s"
    assert climbed.ladder.chosen == "int8"


def test_a_rung_out_of_memory_is_a_failure_that_names_it(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    from flashfit.errors import SurroundingsError

    monkeypatch.setattr(workers, "_MEMORY_BYTES", 2**28)
    with pytest.raises(SurroundingsError, match=r"making model\.keras qat failed"):
        workers.make_rung(job, "qat")


def test_no_rung_is_tried_that_could_not_be_smaller_than_one_over_the_budget(spoilt: Job) -> None:
    tight = Budget(flash="64 KiB", arena="1 KiB", macs=10_000_000)
    climbed = climb(course(spoilt, "int8", "qat", "int16", budget=tight))
    assert [tried.state for tried in climbed.ladder.rungs] == ["missed", "not applicable", "not applicable"]
    assert "takes no less than int8: arena" in climbed.ladder.rungs[1].why


def test_a_recurrent_network_goes_by_the_rungs_that_it_has(job: Job, tmp_path: Path) -> None:
    x = keras.Input((8, 8, 1))
    y = keras.layers.LSTM(8)(keras.layers.Reshape((8, 8))(x))
    keras.Model(x, keras.layers.Dense(10, activation="softmax")(y)).save(tmp_path / "model.keras")
    recurrent = job.model_copy(update={"keras": tmp_path / "model.keras"})
    climbed = climb(course(recurrent, "int8-tuned", "int8-equalized", "int16"))
    tuned, *others = climbed.ladder.rungs
    assert tuned.qualities is not None
    assert tuned.settings in ("16 calibration samples", "256 calibration samples")
    assert [tried.state for tried in others] in (["not tried"] * 2, ["not applicable"] * 2)
