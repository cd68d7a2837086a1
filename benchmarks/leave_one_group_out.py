"""A product's winner trained anew for each group left out: python -m benchmarks.leave_one_group_out PRODUCT TARGET

With few groups (six speakers), one split says little. Each group in turn is the test, the next one the
validation, the rest is trained on; the architecture is the one that the search chose, which had seen the
main split's validation group. Features are standardised anew by each fold's training samples.
"""

import json
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from flashfit.data.features import AUGMENTED, SPLITS, Features, load_features
from flashfit.gates.answers import answers_of
from flashfit.gates.metrics import accuracy
from flashfit.params import Params
from flashfit.quantize.calibration import calibration_inputs
from flashfit.quantize.converter import convert
from flashfit.runtime.tflm import run_tflm
from flashfit.search.outcome import Candidate, SearchOutcome
from tasks.paths import Paths
from tasks.stage import read_params


def main(product: str, target: str) -> None:
    """Print int8 and float accuracy of every fold and their means, and keep them beside the build's verdict."""
    paths = Paths.here()
    files = paths.of_build(product, target)
    winner = SearchOutcome.model_validate_json(files.search_outcome.read_bytes()).winner
    if winner is None:
        sys.exit(f"{product} → {target} has no winner; next: flashfit build {product} --target {target}")
    prepared = paths.of_product(product)
    everything = _joined([load_features(prepared.features(split)) for split in SPLITS])
    copies = load_features(prepared.features(AUGMENTED))
    folds: dict[str, dict[str, float]] = {}
    groups = sorted(set(everything.groups))
    for group in groups:
        folds[group] = _fold(read_params(paths), product, winner.candidate, everything, copies, group, groups)
        print(
            f"{group}: int8 {100 * folds[group]['int8']:.1f} %, float {100 * folds[group]['float']:.1f} %", flush=True
        )
    mean = {kind: float(np.mean([fold[kind] for fold in folds.values()])) for kind in ("int8", "float")}
    print(f"mean over {len(groups)} groups: int8 {100 * mean['int8']:.1f} %, float {100 * mean['float']:.1f} %")
    place = files.verdict.parent.parent / "leave_one_group_out.json"
    place.write_text(json.dumps({"folds": folds, "mean": mean}, indent=2) + "\n", encoding="utf-8")


def _fold(
    params: Params,
    product: str,
    candidate: Candidate,
    everything: Features,
    copies: Features,
    group: str,
    groups: list[str],
) -> dict[str, float]:
    import keras

    from flashfit.training.fit import Lesson, fit
    from flashfit.training.keras_file import save_keras

    settings = params.product(product)
    validating = groups[(groups.index(group) + 1) % len(groups)]
    held_out = np.isin(everything.groups, (group, validating))
    train, extra = everything.at(~held_out), copies.at(~np.isin(copies.groups, (group, validating)))
    mean, deviation = train.x.mean(axis=(0, 1), keepdims=True), train.x.std(axis=(0, 1), keepdims=True) + 1e-6
    train, extra, validation, test = (
        Features((part.x - mean) / deviation, part.y, part.ids, part.groups)
        for part in (
            train,
            extra,
            everything.at(everything.groups == validating),
            everything.at(everything.groups == group),
        )
    )
    keras.utils.set_random_seed(params.seed)
    lesson = Lesson(
        task=settings.task,
        train=train,
        augmented=extra,
        validation=validation,
        epochs=settings.train.epochs,
        patience=settings.train.patience,
        balance=settings.train.balance,
        seed=params.seed,
    )
    model = fit(candidate.spec, candidate.recipe, lesson)
    with TemporaryDirectory() as scratch:
        file = Path(scratch) / "model.keras"
        save_keras(model, file)
        converted = convert(file, calibration_inputs(train, settings.quantize.calibration_samples, params.seed))
    int8, float_ = run_tflm(converted.int8, test.x), run_tflm(converted.float32, test.x)
    return {
        name: accuracy(test.y, answers_of(settings.task, test.x, run.values).values)
        for name, run in (("int8", int8), ("float", float_))
    }


def _joined(parts: list[Features]) -> Features:
    return Features(
        np.concatenate([part.x for part in parts]),
        np.concatenate([part.y for part in parts]),
        np.concatenate([part.ids for part in parts]),
        np.concatenate([part.groups for part in parts]),
    )


if __name__ == "__main__":
    main(*sys.argv[1:3])
