"""Stage train: the search's winner, trained for as long as it improves."""

from typing import TYPE_CHECKING, Any

from flashfit.data.features import Features, load_features
from flashfit.errors import DoesNotFit, SurroundingsError
from flashfit.figure import save_png
from flashfit.gates.metrics import accuracy, confusion
from flashfit.gates.pictures import confusion_picture
from flashfit.gates.verdict import judge, miss_line
from flashfit.params import Build, Params
from flashfit.search.outcome import Candidate, SearchOutcome
from flashfit.training.curve import learning_curve_picture
from tasks.lineage import file_sha256
from tasks.paths import BuildPaths, Paths
from tasks.stage import read_params, run_stage, save_json
from tasks.tracking import KERAS_SHA256_TAG, Run, lineage_tags, prepared_md5, tracked_run

if TYPE_CHECKING:
    import keras


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
        splits = {name: load_features(prepared.features(name)) for name in ("train", "validation")}
        report = _fit_and_save(files, params, product, candidate, splits, run)
    return (
        f"trained {build.registered_name}: {report['epochs']} epochs, kept {report['best_epoch'] + 1}, "
        f"validation {100 * report['val_accuracy']:.1f} %"
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
    files: BuildPaths,
    params: Params,
    product: str,
    candidate: Candidate,
    splits: dict[str, Features],
    run: Run,
) -> dict[str, Any]:
    from flashfit.training.fit import fit, make_deterministic
    from flashfit.training.keras_file import save_keras

    make_deterministic(params.seed)
    settings = params.product(product).train
    history = _history(run)
    model = fit(
        candidate.spec,
        candidate.recipe,
        splits["train"],
        splits["validation"],
        settings.epochs,
        settings.patience,
        [history],
    )
    save_keras(model, files.keras)
    report = _report(history.values, candidate)
    save_json(files.training_report, report)
    _draw(files, report, model, splits["validation"], params.product(product).labels)
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
        "val_accuracy": history["val_accuracy"][best],
    }


def _draw(
    files: BuildPaths,
    report: dict[str, Any],
    model: "keras.Model",
    validation: Features,
    labels: tuple[str, ...],
) -> None:
    answers = model.predict(validation.x, verbose=0).argmax(axis=1)
    title = f"float, validation: {100 * accuracy(validation.y, answers):.1f} %"
    counts = confusion(validation.y, answers, len(labels))
    save_png(learning_curve_picture(report["history"], report["best_epoch"]), files.training / "learning_curve.png")
    save_png(confusion_picture(counts, labels, title), files.training / "confusion.png")


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
