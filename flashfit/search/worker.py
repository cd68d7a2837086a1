"""One trial in a process of its own: train, convert, and score on TFLM, telling each epoch to the study."""

from multiprocessing.connection import Connection

import keras

from flashfit.data.features import load_features
from flashfit.gates.metrics import accuracy, cross_entropy
from flashfit.quantize.calibration import calibration_inputs
from flashfit.quantize.convert import to_int8
from flashfit.runtime.footprint import measured_footprint
from flashfit.runtime.tflm import run_tflm
from flashfit.search.messages import Broken, Epoch, Interrupted, Job, Scored
from flashfit.training.fit import fit, make_deterministic


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
    train, validation = load_features(job.train), load_features(job.validation)
    tell = _Tell(study)
    spec, recipe = job.candidate.spec, job.candidate.recipe
    model = fit(spec, recipe, train, validation, job.epochs, patience=job.epochs, callbacks=[tell])
    tflite = to_int8(model, calibration_inputs(train, job.calibration_samples, job.seed))
    run = run_tflm(tflite, validation.x)
    float_answers = model.predict(validation.x, verbose=0).argmax(axis=1)
    return Scored(
        int8=accuracy(validation.y, run.outputs.argmax(axis=1)),
        int8_loss=cross_entropy(validation.y, run.probabilities),
        float_=accuracy(validation.y, float_answers),
        footprint=measured_footprint(tflite, run),
    )


class _Tell(keras.callbacks.Callback):  # type: ignore[misc]
    def __init__(self, study: Connection) -> None:
        super().__init__()
        self._study = study

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        self._study.send(Epoch(epoch, float((logs or {})["val_accuracy"])))
        if not self._study.recv():
            raise _Stopped
