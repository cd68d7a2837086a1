"""Stage quantize: the trained network for the board, by the first rung of the ladder that passes on validation data."""

import json

from flashfit.data.features import AUGMENTED, load_features
from flashfit.figure import save_png
from flashfit.gates.rung_pictures import noise_picture
from flashfit.ladder.climb import Climbed, Course, climb
from flashfit.ladder.job import Job
from flashfit.params import Params
from flashfit.training.recipe import Recipe
from tasks.paths import BuildPaths, Paths
from tasks.stage import read_params, run_stage, save_json


def quantize(product: str, target: str) -> str:
    """Climb the ladder, and save the .tflite of its rung, the float one beside it, and what was tried."""
    paths = Paths.here()
    params = read_params(paths)
    files = paths.of_build(product, target)
    climbed = climb(_course(paths, params, product, target))
    _save(files, climbed)
    ladder = climbed.ladder
    return (
        f"quantized {params.build(product, target).registered_name} as {ladder.chosen}: {len(climbed.tflite):,} B, "
        f"{len(climbed.float_tflite):,} B float32"
    )


def _course(paths: Paths, params: Params, product: str, target: str) -> Course:
    settings, prepared = params.product(product), paths.of_product(product)
    files = paths.of_build(product, target)
    job = Job(
        keras=files.keras,
        task=settings.task,
        metric=settings.gates.metric,
        train=prepared.features("train"),
        augmented=prepared.features(AUGMENTED),
        validation=prepared.features("validation"),
        recipe=_recipe(files),
        balance=settings.train.balance,
        calibration_samples=settings.quantize.calibration_samples,
        qat_epochs=settings.quantize.qat_epochs,
        seed=params.seed,
    )
    return Course(
        job=job,
        rungs=settings.quantize.rungs,
        labels=settings.labels,
        unit=settings.unit,
        gates=settings.gates,
        budget=params.build(product, target).budget,
        validation=load_features(job.validation),
    )


def _recipe(files: BuildPaths) -> Recipe:
    report = json.loads(files.training_report.read_bytes())
    return Recipe.model_validate(report["candidate"]["recipe"])


def _save(files: BuildPaths, climbed: Climbed) -> None:
    files.quantized.mkdir(parents=True, exist_ok=True)
    files.tflite.write_bytes(climbed.tflite)
    files.float_tflite.write_bytes(climbed.float_tflite)
    save_json(files.ladder, climbed.ladder)
    save_png(noise_picture(climbed.ladder), files.layer_noise)


if __name__ == "__main__":
    run_stage(quantize)
