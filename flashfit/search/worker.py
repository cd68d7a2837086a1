"""One trial in a process of its own: train, convert, and score on TFLM, telling each epoch to the study."""

from multiprocessing.connection import Connection

import keras

from flashfit.data.features import load_features
from flashfit.gates.merit import merit, score
from flashfit.params import Task
from flashfit.quantize.calibration import calibration_inputs
from flashfit.quantize.convert import to_int8
from flashfit.runtime.footprint import measured_footprint
from flashfit.runtime.tflm import run_tflm
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
    lesson = _lesson(job)
    train, validation = lesson.train, lesson.validation
    model = fit(job.candidate.spec, job.candidate.recipe, lesson, callbacks=[_Tell(study, job.task)])
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


def _lesson(job: Job) -> Lesson:
    return Lesson(
        task=job.task,
        train=load_features(job.train),
        augmented=load_features(job.augmented),
        validation=load_features(job.validation),
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
