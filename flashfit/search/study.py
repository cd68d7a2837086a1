"""The study: which candidates to try, in fixed batches, so that a kill or a slow core changes nothing.

Each batch is asked of a freshly seeded sampler, run, and told whole. What a batch is asked therefore
depends on the seed and on the complete batches before it, and on neither timing nor restarts.
"""

import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import optuna
from optuna.trial import FrozenTrial, TrialState

from flashfit.errors import SurroundingsError
from flashfit.footprint import uses
from flashfit.models.families import suggest
from flashfit.models.spec import Backbone, Head, Shape
from flashfit.params import Budget, Metric, Search, Task
from flashfit.search.messages import Broken, Job, Scored
from flashfit.search.outcome import Candidate, SearchOutcome, TrialRecord, conclude
from flashfit.search.pool import Finished, run_batch
from flashfit.search.predict import predict
from flashfit.training.recipe import Recipe

_ASKS_PER_TRIAL = 50  # candidates over budget that a batch may meet, for each of its trials, before it gives up
_STARTUP_TRIALS = 6
_BATCHES_DONE = "batches_done"
_BATCH = "batch"
_RECORD = "record"


@dataclass(frozen=True)
class Question:
    """What is searched for: the settings, the inputs' shape, where the features lie, what transfer may start from."""

    task: Task
    metric: Metric
    search: Search
    budget: Budget
    input_shape: Shape
    head: Head
    train: Path
    augmented: Path
    validation: Path
    balance: bool
    mixup: float
    backbones: tuple[Backbone, ...]
    calibration_samples: int
    seed: int


def explore(question: Question, storage: Path, on_trial: Callable[[TrialRecord], None]) -> SearchOutcome:
    """Run the study kept in `storage` (SQLite) to its end and choose the winner.

    A study that was killed goes on after its last complete batch, and ends as if it had not been.
    on_trial is called for every trial, those of an earlier process too, in order.
    """
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)  # TPE's `group`
    study = _resume(storage)
    for trial in study.trials:
        on_trial(_record(trial))
    while not _is_over(study, question.search):
        batch = _batches_done(study)
        records = list(_run(study, question, batch))
        study.set_user_attr(_BATCHES_DONE, batch + 1)
        for record in records:
            on_trial(record)
    trials = [_record(trial) for trial in study.trials]
    return conclude(trials, question.budget, question.metric, _importances(study, question.seed))


def _batches_done(study: optuna.Study) -> int:
    return int(study.user_attrs.get(_BATCHES_DONE, 0))


def _is_over(study: optuna.Study, search: Search) -> bool:
    """After the last batch, or after one in which nothing came within the budget."""
    done = _batches_done(study)
    last = [_record(trial) for trial in study.trials if trial.user_attrs[_BATCH] == done - 1]
    all_over = bool(last) and all(record.state == "over budget" for record in last)
    return all_over or done >= -(-search.trials // search.batch)


def _resume(storage: Path) -> optuna.Study:
    storage.parent.mkdir(parents=True, exist_ok=True)
    url = f"sqlite:///{storage}"
    study = optuna.create_study(storage=url, study_name="search", direction="maximize", load_if_exists=True)
    done = _batches_done(study)
    kept = [trial for trial in study.trials if trial.user_attrs.get(_BATCH, done) < done]
    if len(kept) == len(study.trials):
        return study
    optuna.delete_study(study_name="search", storage=url)
    study = optuna.create_study(storage=url, study_name="search", direction="maximize")
    study.add_trials(kept)
    study.set_user_attr(_BATCHES_DONE, done)
    return study


def _run(study: optuna.Study, question: Question, batch: int) -> Iterator[TrialRecord]:
    seed = int(np.random.SeedSequence((question.seed, batch)).generate_state(1)[0])
    study.sampler = optuna.samplers.TPESampler(
        seed=seed, n_startup_trials=_STARTUP_TRIALS, multivariate=True, group=True
    )
    study.pruner = optuna.pruners.MedianPruner(
        n_startup_trials=_STARTUP_TRIALS, n_warmup_steps=question.search.epochs // 4
    )
    affordable: dict[int, tuple[optuna.Trial, TrialRecord]] = {}
    size = min(question.search.batch, question.search.trials - batch * question.search.batch)
    for _ in range(_ASKS_PER_TRIAL * size):
        trial = study.ask()
        trial.set_user_attr(_BATCH, batch)
        record = _proposed(trial, question)
        if record.state == "over budget":
            yield _tell(study, trial, record)
        else:
            affordable[trial.number] = trial, record
        if len(affordable) == size:
            break
    finished = run_batch(
        {number: _job(record.candidate, question) for number, (_, record) in affordable.items()},
        keep_going=lambda number, epoch, value: _worth_another_epoch(affordable[number][0], epoch, value),
    )
    _refuse_if_nothing_works(study, finished)
    for number, end in sorted(finished.items()):
        trial, record = affordable[number]
        yield _tell(study, trial, _ended(record, end))


def _refuse_if_nothing_works(study: optuna.Study, finished: dict[int, Finished]) -> None:
    """A first batch that fails to the last trial points at us, not at its candidates."""
    reasons = [end.message.reason for end in finished.values() if isinstance(end.message, Broken)]
    if reasons and len(reasons) == len(finished) and _batches_done(study) == 0:
        raise SurroundingsError(f"all {len(reasons)} trials of the first batch failed, the first because {reasons[0]}")


def _proposed(trial: optuna.Trial, question: Question) -> TrialRecord:
    candidate = _candidate(trial, question)
    predicted = predict(candidate.spec)
    within = True
    for use in uses(predicted, question.budget):
        trial.set_constraint(use.resource, use.overrun)
        within = within and use.over <= 0
    return TrialRecord(
        number=trial.number,
        state="complete" if within else "over budget",
        candidate=candidate,
        predicted=predicted,
    )


def _candidate(trial: optuna.Trial, question: Question) -> Candidate:
    recipe = Recipe(
        learning_rate=trial.suggest_float("learning_rate", 1e-3, 2e-2, log=True),
        weight_decay=trial.suggest_float("weight_decay", 1e-4, 1e-1, log=True),
        batch_size=trial.suggest_categorical("batch_size", (16, 32, 64)),
    )
    dropout = trial.suggest_float("dropout", 0.0, 0.4, step=0.1)
    family = trial.suggest_categorical("family", question.search.families)
    spec = suggest(family, trial, question.input_shape, question.head, dropout, question.backbones)
    return Candidate(spec=spec, recipe=recipe)


def _job(candidate: Candidate, question: Question) -> Job:
    return Job(
        candidate=candidate,
        task=question.task,
        metric=question.metric,
        train=question.train,
        augmented=question.augmented,
        validation=question.validation,
        folds=question.search.folds,
        epochs=question.search.epochs,
        balance=question.balance,
        mixup=question.mixup,
        calibration_samples=question.calibration_samples,
        seed=question.seed,
    )


def _worth_another_epoch(trial: optuna.Trial, epoch: int, value: float) -> bool:
    # The pruner compares with complete trials alone, and none of this batch is complete yet.
    trial.report(value, epoch)
    return not trial.should_prune()


def _ended(record: TrialRecord, end: Finished) -> TrialRecord:
    match end.message:
        case Scored() as scored:
            update = {
                "state": "complete",
                "merit": scored.merit,
                "int8": scored.int8,
                "int8_loss": scored.int8_loss,
                "float_": scored.float_,
                "measured": scored.footprint,
            }
        case Broken(reason=reason):
            update = {"state": "failed", "failure": reason}
        case None:
            update = {"state": "pruned"}
    return record.model_copy(update={**update, "curve": tuple(end.curve)})


def _tell(study: optuna.Study, trial: optuna.Trial, record: TrialRecord) -> TrialRecord:
    trial.set_user_attr(_RECORD, record.model_dump_json())
    match record.state:
        case "complete":
            study.tell(trial, record.merit)
        case "failed":
            study.tell(trial, state=TrialState.FAIL)
        case _:
            study.tell(trial, state=TrialState.PRUNED)
    return record


def _record(trial: FrozenTrial) -> TrialRecord:
    return TrialRecord.model_validate_json(trial.user_attrs[_RECORD])


def _importances(study: optuna.Study, seed: int) -> dict[str, float]:
    """Shares of the variance that each parameter common to all trials explains; empty with too few trials."""
    complete = [trial for trial in study.trials if trial.state == TrialState.COMPLETE]
    if len({trial.value for trial in complete}) < 2:
        return {}
    evaluator = optuna.importance.FanovaImportanceEvaluator(seed=seed)
    found = optuna.importance.get_param_importances(study, evaluator=evaluator)
    return {name: round(float(share), 6) for name, share in found.items()}
