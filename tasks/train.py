"""Stage train: the search's winner, trained for as long as it improves."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from flashfit.data.features import AUGMENTED, Features, load_features
from flashfit.errors import DoesNotFit, SurroundingsError
from flashfit.figure import save_png
from flashfit.gates.merit import merit, score
from flashfit.gates.metrics import confusion
from flashfit.gates.pictures import confusion_picture
from flashfit.gates.verdict import judge, miss_line
from flashfit.gates.words import shown
from flashfit.params import Build, Params, Product
from flashfit.search.outcome import Candidate, SearchOutcome
from flashfit.training.curve import learning_curve_picture
from tasks.lineage import file_sha256
from tasks.paths import BuildPaths, Paths, ProductPaths
from tasks.stage import read_params, run_stage, save_json
from tasks.tracking import KERAS_SHA256_TAG, Run, lineage_tags, prepared_md5, tracked_run


def train(product: str, target: str) -> str:
    """Train and save model.keras with its history and pictures. Raises DoesNotFit where the search found nothing."""
    paths = Paths.here()
    params = read_params(paths)
    build = params.build(product, target)
    files = paths.of_build(product, target)
    candidate = _winner(files, build)
    with tracked_run(
        paths,
        product,
        f"train {build.registered_name}",
        params=_flat(params, build, candidate),
        tags={**lineage_tags(paths, product), "stage": "train"},
    ) as run:
        prepared = paths.of_product(product)
        run.dataset(product, prepared_md5(paths, product) or "", prepared.prepared)
        if prepared.augmentation_preview.is_file():
            run.log_artifact(prepared.augmentation_preview)
        report = _fit_and_save(files, prepared, params, candidate, run)
    metric = params.product(product).gates.metric
    return (
        f"trained {build.registered_name}: {report['epochs']} epochs, kept {report['best_epoch'] + 1}, "
        f"validation {shown(metric, report[f'val_{metric}'], params.product(product).unit)}"
    )


def _winner(files: BuildPaths, build: Build) -> Candidate:
    outcome = SearchOutcome.model_validate_json(files.search_outcome.read_bytes())
    if outcome.winner is not None:
        return outcome.winner.candidate
    if outcome.nearest is None:
        raise SurroundingsError(
            f"none of {len(outcome.trials)} trials for {build.registered_name} could be scored",
            next_step=f"look at the failures in {files.search_outcome.relative_to(files.root)}",
        )
    raise DoesNotFit(miss_line(judge(build.product, build.target, outcome.nearest.footprint, outcome.budget)))


def _fit_and_save(
    files: BuildPaths, prepared: ProductPaths, params: Params, candidate: Candidate, run: Run
) -> dict[str, Any]:
    from flashfit.training.fit import fit, make_deterministic
    from flashfit.training.keras_file import save_keras
    from flashfit.training.lesson import Lesson

    make_deterministic(params.seed)
    product = params.product(prepared.product)
    lesson = Lesson(
        task=product.task,
        train=load_features(prepared.features("train")),
        augmented=load_features(prepared.features(AUGMENTED)),
        validation=load_features(prepared.features("validation")),
        epochs=product.train.epochs,
        patience=product.train.patience,
        balance=product.train.balance,
        mixup=product.augment.mixup,
        seed=params.seed,
    )
    history = _history(run)
    model = fit(candidate.spec, candidate.recipe, lesson, [history])
    save_keras(model, files.keras)
    outputs = model.predict(lesson.validation.x, verbose=0)
    report = {**_report(history.values, candidate), **_reached(product, lesson.validation, outputs)}
    save_json(files.training_report, report)
    _draw(files, report, product, lesson.validation, outputs)
    run.set_tags({KERAS_SHA256_TAG: file_sha256(files.keras)})
    run.log_artifact(files.training)
    return report


def _history(run: Run) -> Any:
    import keras

    class History(keras.callbacks.Callback):  # type: ignore[misc]
        """Every epoch's values, kept and sent to the run as they come."""

        def __init__(self) -> None:
            super().__init__()
            self.values: dict[str, list[float]] = {}

        def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
            values = {name: float(value) for name, value in (logs or {}).items()}
            for name, value in values.items():
                self.values.setdefault(name, []).append(value)
            run.log_metrics(values, epoch)

    return History()


def _report(history: dict[str, list[float]], candidate: Candidate) -> dict[str, Any]:
    best = min(range(len(history["val_loss"])), key=history["val_loss"].__getitem__)
    return {
        "candidate": candidate.model_dump(mode="json"),
        "history": history,
        "epochs": len(history["val_loss"]),
        "best_epoch": best,
    }


def _reached(product: Product, validation: Features, outputs: NDArray[np.float32]) -> dict[str, float]:
    metric = product.gates.metric
    reached = score(product.task, metric, validation.y, validation.x, outputs, validation.groups)
    return {f"val_{metric}": merit(metric, reached.merit)}


def _draw(
    files: BuildPaths,
    report: dict[str, Any],
    product: Product,
    validation: Features,
    outputs: NDArray[np.float32],
) -> None:
    save_png(learning_curve_picture(report["history"], report["best_epoch"]), files.training / "learning_curve.png")
    if product.task == "classification":
        metric = product.gates.metric
        counts = confusion(validation.y, outputs.argmax(axis=1), len(product.labels))
        title = f"float, validation: {shown(metric, report[f'val_{metric}'])}"
        save_png(confusion_picture(counts, product.labels, title), files.training / "confusion.png")


def _flat(params: Params, build: Build, candidate: Candidate) -> dict[str, object]:
    return {
        "spec": candidate.spec,
        "spec_json": candidate.spec.model_dump_json(),
        **candidate.recipe.model_dump(),
        **params.product(build.product).train.model_dump(),
        "seed": params.seed,
    }


if __name__ == "__main__":
    run_stage(train)
