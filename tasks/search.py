"""Stage search: which architecture fits the budget and answers best, once it is int8."""

from collections.abc import Callable
from pathlib import Path

from flashfit.data.features import AUGMENTED, load_features
from flashfit.errors import ConfigError
from flashfit.figure import save_png
from flashfit.footprint import Footprint
from flashfit.models.cuts import read_cuts
from flashfit.models.spec import Backbone, Classes, Head, Reconstruction, Regression
from flashfit.params import Build, Metric, Params, Product, Search
from flashfit.search.outcome import SearchOutcome, TrialRecord
from flashfit.search.plots import history_picture, importances_picture, pareto_picture
from flashfit.search.study import Question, explore
from tasks.lineage import code_sha256, file_sha256, folder_sha256, values_sha256
from tasks.paths import BuildPaths, Paths
from tasks.progress import search_progress
from tasks.stage import read_params, run_stage, save_json
from tasks.tracking import Run, lineage_tags, prepared_md5, tracked_run


def search(product: str, target: str) -> str:
    """Run the study to its end and save its outcome. A budget that nothing fits is an outcome too."""
    paths = Paths.here()
    params = read_params(paths)
    build = params.build(product, target)
    question = _question(paths, params, build)
    with (
        tracked_run(
            paths,
            product,
            f"search {build.registered_name}",
            params=_flat(question),
            tags={**lineage_tags(paths, product), "stage": "search"},
        ) as run,
        search_progress(params.product(product).search.trials, question.metric) as show,
    ):
        run.dataset(product, prepared_md5(paths, product) or "", paths.of_product(product).prepared)
        outcome = explore(question, _storage(paths, build, question), _both(show, run, question.metric))
        _save(paths.of_build(product, target), outcome, build, run)
    return _summary(outcome, build)


def offered_backbones(search: Search, product: str) -> tuple[Backbone, ...]:
    """The cuts of the backbone's file, from shallow to deep; none where the search names no backbone.

    Raises ConfigError for a file that is not the one that was pinned, and as read_cuts does.
    """
    if search.backbone is None:
        return ()
    path, pinned = search.backbone.path, search.backbone.sha256
    if pinned is not None and path.is_file() and (found := file_sha256(path)) != pinned:
        raise ConfigError(
            f"search.backbone: {path} has the sha256 {found}, and params.yaml pins {pinned}",
            next_step=f"restore the file or pin this one, then flashfit build {product}",
        )
    return read_cuts(path)


def _question(paths: Paths, params: Params, build: Build) -> Question:
    files = paths.of_product(build.product)
    product = params.product(build.product)
    train, validation = load_features(files.features("train")), load_features(files.features("validation"))
    _refuse_too_many_folds(build.product, product.search.folds, len({*train.groups, *validation.groups}))
    height, width, channels = validation.x.shape[1:]
    return Question(
        task=product.task,
        metric=product.gates.metric,
        search=product.search,
        budget=build.budget,
        input_shape=(height, width, channels),
        head=_head(product),
        train=files.features("train"),
        augmented=files.features(AUGMENTED),
        validation=files.features("validation"),
        balance=product.train.balance,
        mixup=product.augment.mixup,
        backbones=offered_backbones(product.search, build.product),
        calibration_samples=product.quantize.calibration_samples,
        seed=params.seed,
    )


def _refuse_too_many_folds(product: str, folds: int, groups: int) -> None:
    if folds > groups:
        raise ConfigError(
            f"products.{product}.search.folds is {folds:,}, and training and validation hold {groups:,} groups",
            next_step=f"lower it, then flashfit build {product}",
        )


def _head(product: Product) -> Head:
    match product.task:
        case "classification":
            return Classes(count=len(product.labels))
        case "regression":
            return Regression()
        case _:
            return Reconstruction()


def _storage(paths: Paths, build: Build, question: Question) -> Path:
    """A study goes on only where code, packages, data and parameters are the same."""
    fingerprint = values_sha256(
        code_sha256(paths, ["search"]),
        file_sha256(paths.package_lock),
        *(folder_sha256(folder) for folder in (question.train, question.augmented, question.validation)),
        question.search,
        question.budget,
        question.head,
        question.task,
        question.metric,
        int(question.balance),
        question.mixup,
        *question.backbones,
        question.calibration_samples,
        question.seed,
    )
    return paths.studies / f"{build.name}-{fingerprint[:16]}.db"


def _both(show: Callable[[TrialRecord], None], run: Run, metric: Metric) -> Callable[[TrialRecord], None]:
    def on_trial(trial: TrialRecord) -> None:
        show(trial)
        _log_trial(run, trial, metric)

    return on_trial


def _log_trial(run: Run, trial: TrialRecord, metric: Metric) -> None:
    params = {
        "spec": trial.candidate.spec,
        "family": trial.candidate.spec.family,
        **trial.candidate.recipe.model_dump(),
    }
    with run.child(f"trial {trial.number}", params=params, tags={"state": trial.state}) as nested:
        for epoch, value in enumerate(trial.curve):
            nested.log_metrics({"val_value": value}, epoch)
        nested.log_metrics(_figures(trial.footprint))
        if trial.int8 is not None and trial.float_ is not None:
            nested.log_metrics({f"val_int8_{metric}": trial.int8, f"val_float_{metric}": trial.float_})


def _figures(footprint: Footprint) -> dict[str, float]:
    return {name: float(value) for name, value in footprint.model_dump(exclude={"source"}).items()}


def _save(paths: BuildPaths, outcome: SearchOutcome, build: Build, run: Run) -> None:
    save_json(paths.search_outcome, outcome)
    save_png(pareto_picture(outcome, int(build.budget.flash)), paths.search / "pareto.png")
    save_png(history_picture(outcome), paths.search / "history.png")
    save_png(importances_picture(outcome.importances), paths.search / "importances.png")
    if outcome.winner is not None and outcome.winner.int8 is not None:
        run.log_metrics({f"val_int8_{outcome.metric}": outcome.winner.int8, **_figures(outcome.winner.footprint)})
        run.log_params({"winner": outcome.winner.number, "spec": outcome.winner.candidate.spec})
    run.log_artifact(paths.search)


def _summary(outcome: SearchOutcome, build: Build) -> str:
    scored = sum(trial.int8 is not None for trial in outcome.trials)
    over = sum(trial.state == "over budget" for trial in outcome.trials)
    counts = f"{len(outcome.trials)} trials, {scored} trained to the end, {over} over budget"
    if outcome.winner is None:
        return f"searched {build.registered_name}: {counts}; nothing fits"
    winner = outcome.winner
    return f"searched {build.registered_name}: {counts}; winner is {winner.number}, {winner.candidate.spec}"


def _flat(question: Question) -> dict[str, object]:
    backbone = question.backbones[0] if question.backbones else None
    return {
        **question.search.model_dump(exclude={"backbone"}),
        "backbone": backbone and backbone.path,
        "backbone_sha256": backbone and backbone.sha256,
        **{f"budget_{name}": int(value) for name, value in question.budget.model_dump().items()},
        "calibration_samples": question.calibration_samples,
        "seed": question.seed,
    }


if __name__ == "__main__":
    run_stage(search)
