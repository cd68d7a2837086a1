"""What the ladder recovers where plain int8 breaks: python -m benchmarks.ladder [NAME…]

Four kinds of models, trained on data that ship with scikit-learn, each broken by int8 in a way that occurs in
practice. Settings are chosen on validation data, as a build does; the figures are of the test split, on TFLM.
Then, for each, how far the fine-tuned network's `.tflite` is from its twin in Keras.
"""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flashfit.data.features import Features, FeatureWriter, load_features
from flashfit.gates.merit import merit, score
from flashfit.gates.words import shown
from flashfit.ladder.climb import Course, climb
from flashfit.ladder.job import Job
from flashfit.models.spec import Classes, Conv, Dense, Flatten, GlobalAverage, Regression, Residual, Separable, Spec
from flashfit.params import DEFAULT_RUNGS, Budget, Gates, Metric, Task
from flashfit.runtime.tensor import quantized
from flashfit.runtime.tflm import run_tflm
from flashfit.training.recipe import Recipe
from tasks.stage import same_everywhere

SEED = 7
LABELS = tuple("0123456789")
RECIPE = Recipe(learning_rate=5e-3, weight_decay=1e-4, batch_size=32)
BUDGET = Budget(flash="256 KiB", arena="128 KiB", macs=100_000_000)
Arrays = tuple[NDArray[np.float32], NDArray[Any]]


@dataclass(frozen=True)
class Kind:
    """A kind of model that int8 breaks.

    spoil: the trained network in another form, its answers unchanged. stain: what befalls all pictures, those for
    calibration among them, once it is trained.
    """

    name: str
    task: Task
    gates: Gates
    data: Callable[[], Arrays]
    spec: Spec
    epochs: int
    spoil: Callable[[Any], Any] | None = None
    stain: Callable[[NDArray[np.float32]], NDArray[np.float32]] | None = None


def main(*names: str) -> None:
    """Print a row a kind, then the parity of fine-tuning. names: what kinds' names begin with; all without."""
    same_everywhere()
    print("| model | float | int8 | recovered | rung | of the loss |\n|---|---|---|---|---|---|")
    with TemporaryDirectory() as scratch:
        chosen = [kind for kind in KINDS if not names or kind.name.startswith(names)]
        jobs = [(kind, _job(kind, Path(scratch) / str(number))) for number, kind in enumerate(chosen)]
        for kind, job in jobs:
            print(_recovery(kind, job), flush=True)
        print("\n| model | answers the same | outputs the same | largest difference |\n|---|---|---|---|")
        for kind, job in jobs:
            print(_parity(kind, job), flush=True)


def _digits() -> Arrays:
    from sklearn.datasets import load_digits

    x, y = load_digits(return_X_y=True)
    return (x.reshape(-1, 8, 8, 1) / 16).astype(np.float32), y.astype(np.int64)


def _spikes(x: NDArray[np.float32]) -> NDArray[np.float32]:
    """One picture of a hundred with a pixel that a faulty sensor makes a thousand times as bright as white."""
    x, chance = x.copy(), np.random.default_rng(SEED)
    for index in np.flatnonzero(chance.random(len(x)) < 0.01):
        x[index, chance.integers(0, 8), chance.integers(0, 8)] = 1000.0
    return x


def _ink_in_any_light() -> Arrays:
    """How much ink a digit takes; three pictures of a hundred are 3 to 20 times as bright, and hold as much more."""
    x, _ = _digits()
    chance = np.random.default_rng(SEED)
    bright = chance.random(len(x)) < 0.03
    x[bright] *= chance.uniform(3, 20, (int(bright.sum()), 1, 1, 1)).astype(np.float32)
    return x, x.sum(axis=(1, 2, 3))


def _unlike_channels(network: Any) -> Any:
    """Each channel by a factor of its own, taken back by what reads it, as networks without care come to be."""
    from flashfit.quantize.equalize import pairs, scale_pair
    from flashfit.quantize.fold import folded

    same, chance = folded(network), np.random.default_rng(SEED)
    for pair in pairs(same):
        scale_pair(pair, np.exp(chance.normal(0, 2, pair.activated.output.shape[-1])).astype(np.float32))
    return same


KINDS = (
    Kind(
        "digits, a few pixels in spikes (activation outliers)",
        "classification",
        Gates(metric="accuracy", least_accuracy=0.9, largest_drop=0.01),
        _digits,
        Spec(
            family="conv",
            input_shape=(8, 8, 1),
            head=Classes(count=10),
            layers=(Conv(filters=12, kernel=3), Conv(filters=16, kernel=3, stride=2), GlobalAverage()),
        ),
        25,
        stain=_spikes,
    ),
    Kind(
        "digits, separable, channels unlike",
        "classification",
        Gates(metric="accuracy", least_accuracy=0.9, largest_drop=0.01),
        _digits,
        Spec(
            family="separable",
            input_shape=(8, 8, 1),
            head=Classes(count=10),
            layers=(
                Conv(filters=12, kernel=3),
                Separable(filters=16, kernel=3),
                Separable(filters=24, kernel=3, stride=2),
                GlobalAverage(),
            ),
        ),
        25,
        _unlike_channels,
    ),
    Kind(
        "digits, residual, channels unlike",
        "classification",
        Gates(metric="accuracy", least_accuracy=0.9, largest_drop=0.01),
        _digits,
        Spec(
            family="residual",
            input_shape=(8, 8, 1),
            head=Classes(count=10),
            layers=(
                Residual(filters=12, kernel=3),
                Residual(filters=16, kernel=3, stride=2),
                Flatten(),
                Dense(units=24),
            ),
        ),
        20,
        _unlike_channels,
    ),
    Kind(
        "ink of digits in any light, a regression with a long tail",
        "regression",
        Gates(metric="mae", most_mae=1000.0, largest_drop=0.2),
        _ink_in_any_light,
        Spec(
            family="dense",
            input_shape=(8, 8, 1),
            head=Regression(),
            layers=(Flatten(), Dense(units=24)),
        ),
        60,
    ),
)


def _job(kind: Kind, folder: Path) -> Job:
    """The kind's data and its trained network, as files."""
    import keras

    from flashfit.training.fit import fit, make_deterministic
    from flashfit.training.keras_file import save_keras
    from flashfit.training.lesson import Lesson

    x, y = kind.data()
    order = np.random.default_rng(SEED).permutation(len(y))
    sixth = len(y) // 6
    parts = {"augmented": order[:0], "test": order[: 2 * sixth], "validation": order[2 * sixth : 3 * sixth]}
    for name, chosen in {**parts, "train": order[3 * sixth :]}.items():
        _write(folder / name, x[chosen], y[chosen])
    make_deterministic(SEED)
    splits = {name: load_features(folder / name) for name in ("train", "augmented", "validation")}
    lesson = Lesson(kind.task, **splits, epochs=kind.epochs, patience=kind.epochs, seed=SEED)
    model: keras.Model = fit(kind.spec, RECIPE, lesson)
    save_keras(kind.spoil(model) if kind.spoil else model, folder / "model.keras")
    if kind.stain:
        stained = kind.stain(x)
        for name, chosen in {**parts, "train": order[3 * sixth :]}.items():
            _write(folder / name, stained[chosen], y[chosen])
    return Job(
        keras=folder / "model.keras",
        task=kind.task,
        metric=kind.gates.metric,
        train=folder / "train",
        augmented=folder / "augmented",
        validation=folder / "validation",
        recipe=RECIPE,
        balance=False,
        calibration_samples=256,
        qat_epochs=10,
        seed=SEED,
    )


def _write(folder: Path, x: NDArray[np.float32], y: NDArray[Any]) -> None:
    writer = FeatureWriter(folder, len(x), x.shape[1:])
    for number, (sample, target) in enumerate(zip(x, y, strict=True)):
        writer.add(sample, target.item(), str(number), str(number))
    writer.close()


def _recovery(kind: Kind, job: Job) -> str:
    labels = LABELS if kind.task == "classification" else ()
    validation = load_features(job.validation)
    climbed = climb(Course(job, DEFAULT_RUNGS, labels, "", kind.gates, BUDGET, validation))
    plain = climb(Course(job, ("int8",), labels, "", kind.gates, BUDGET, validation))
    test, metric = load_features(job.train.parent / "test"), kind.gates.metric
    values = [_on_test(kind.task, metric, test, one) for one in (plain.float_tflite, plain.tflite, climbed.tflite)]
    float_, int8, recovered = (merit(metric, value) for value in values)
    share = (recovered - int8) / (float_ - int8)
    cells = [kind.name, *(shown(metric, value) for value in values), climbed.ladder.chosen, f"{100 * share:.0f} %"]
    for tried in climbed.ladder.rungs:
        print(f"<!-- {kind.name}: {tried.rung} {tried.state} {tried.settings} {tried.why} -->")
    return f"| {' | '.join(cells)} |"


def _on_test(task: Task, metric: Metric, test: Features, tflite: bytes) -> float:
    outputs = run_tflm(tflite, test.x).values
    return merit(metric, score(task, metric, test.y, test.x, outputs, test.groups).merit)


def _parity(kind: Kind, job: Job) -> str:
    import keras

    from flashfit.ladder.making import Workshop, twinned

    pair = twinned(Workshop(job, keras.models.load_model(job.keras, compile=False)))
    pair.equalize()
    pair.fine_tune()
    test = load_features(job.train.parent / "test")
    run = run_tflm(pair.made("").tflite, test.x)
    wanted = quantized(np.asarray(pair.twin(test.x, training=False)), run.output).astype(int)
    off = np.abs(wanted - run.outputs)
    same = wanted.argmax(axis=1) == run.outputs.argmax(axis=1) if kind.task == "classification" else off[:, 0] <= 1
    return f"| {kind.name} | {100 * same.mean():.1f} % | {100 * np.mean(off == 0):.1f} % | {off.max()} LSB |"


if __name__ == "__main__":
    main(*sys.argv[1:])
