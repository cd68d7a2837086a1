"""One trial in a process of its own: train, convert, and score on TFLM, telling each epoch to the study."""

from collections.abc import Sequence
from dataclasses import replace
from multiprocessing.connection import Connection
from statistics import fmean

import keras

from flashfit.data.features import load_features
from flashfit.gates.merit import merit, score
from flashfit.params import Task
from flashfit.quantize.calibration import calibration_inputs
from flashfit.quantize.convert import to_int8
from flashfit.runtime.footprint import measured_footprint
from flashfit.runtime.tflm import run_tflm
from flashfit.search.folds import Fold, folds_of
from flashfit.search.messages import Broken, Epoch, Interrupted, Job, Scored
from flashfit.training.fit import fit, make_deterministic
from flashfit.training.lesson import Lesson


class _Stopped(Exception):
    """The study has seen enough of this trial."""


def work(study: Connection, job: Job) -> None:
    """Run one job and send Epoch messages, then Scored or Broken; nothing after the study said stop.

    What goes wrong with the candidate is Broken: one bad architecture must not end the study. What goes
    wrong with the machine is Interrupted.
    """
    try:
        study.send(_score(study, job))
    except _Stopped:
        pass
    except (OSError, MemoryError) as error:
        study.send(Interrupted(f"{type(error).__name__}: {error}"))
    except Exception as error:
        study.send(Broken(f"{type(error).__name__}: {error}"))
    finally:
        study.close()


def _score(study: Connection, job: Job) -> Scored:
    make_deterministic(job.seed)
    callbacks: list[keras.callbacks.Callback] = [_Tell(study, job.task)]
    scores = []
    for fold in folds_of(job.task, _split(job), job.folds, job.seed):
        scores.append(_score_fold(job, fold, callbacks))
        callbacks = []  # the study follows the first
    return replace(
        scores[0],
        merit=fmean(score.merit for score in scores),
        int8=fmean(score.int8 for score in scores),
        int8_loss=fmean(score.int8_loss for score in scores),
        float_=fmean(score.float_ for score in scores),
    )


def _score_fold(job: Job, fold: Fold, callbacks: Sequence[keras.callbacks.Callback]) -> Scored:
    train, validation = fold.train, fold.validation
    model = fit(job.candidate.spec, job.candidate.recipe, _lesson(job, fold), callbacks=callbacks)
    tflite = to_int8(model, calibration_inputs(train, job.calibration_samples, job.seed))
    run = run_tflm(tflite, validation.x)
    known = (validation.y, validation.x)
    int8 = score(job.task, job.metric, *known, run.values, validation.groups)
    float_ = score(job.task, job.metric, *known, model.predict(validation.x, verbose=0), validation.groups)
    return Scored(
        merit=int8.merit,
        int8=merit(job.metric, int8.merit),
        int8_loss=int8.loss,
        float_=merit(job.metric, float_.merit),
        footprint=measured_footprint(tflite, run),
    )


def _split(job: Job) -> Fold:
    return Fold(*(load_features(folder) for folder in (job.train, job.augmented, job.validation)))


def _lesson(job: Job, fold: Fold) -> Lesson:
    return Lesson(
        task=job.task,
        train=fold.train,
        augmented=fold.augmented,
        validation=fold.validation,
        epochs=job.epochs,
        patience=job.epochs,
        balance=job.balance,
        mixup=job.mixup,
        seed=job.seed,
    )


class _Tell(keras.callbacks.Callback):  # type: ignore[misc]
    def __init__(self, study: Connection, task: Task) -> None:
        super().__init__()
        self._study = study
        self._task = task

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        seen = logs or {}
        value = seen["val_accuracy"] if self._task == "classification" else -seen["val_loss"]
        self._study.send(Epoch(epoch, float(value)))
        if not self._study.recv():
            raise _Stopped
