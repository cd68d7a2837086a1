"""A trial's process that dies: by itself it is a failed trial, from outside it says nothing of its candidate."""

import multiprocessing
import os
import signal
from dataclasses import replace

import pytest

from flashfit.data.features import AUGMENTED
from flashfit.errors import SurroundingsError
from flashfit.models.spec import Classes, Flatten, Spec
from flashfit.search.messages import Broken, Job, Scored
from flashfit.search.outcome import Candidate
from flashfit.search.pool import run_batch
from flashfit.training.recipe import Recipe
from tasks.paths import Paths


@pytest.fixture
def job(line: Paths) -> Job:
    files = line.of_product("tiny")
    spec = Spec(family="dense", input_shape=(8, 8, 1), head=Classes(count=3), layers=(Flatten(),))
    recipe = Recipe(learning_rate=0.01, weight_decay=0.01, batch_size=32)
    return Job(
        candidate=Candidate(spec=spec, recipe=recipe),
        task="classification",
        metric="accuracy",
        train=files.features("train"),
        augmented=files.features(AUGMENTED),
        validation=files.features("validation"),
        folds=1,
        epochs=2,
        balance=False,
        mixup=0.0,
        calibration_samples=16,
        seed=7,
    )


def kill_all(number: signal.Signals) -> bool:
    for child in multiprocessing.active_children():
        assert child.pid is not None
        os.kill(child.pid, number)
    return True


def test_a_trial_that_ends_well_is_scored_and_tells_every_epoch(job: Job) -> None:
    ended = run_batch({4: job}, keep_going=lambda *_: True)
    assert isinstance(ended[4].message, Scored)
    assert len(ended[4].curve) == 2


def test_a_trial_in_folds_is_scored_by_their_mean_and_followed_in_the_first_alone(job: Job) -> None:
    (whole,) = run_batch({0: job}, keep_going=lambda *_: True).values()
    (ended,) = run_batch({0: replace(job, folds=3)}, keep_going=lambda *_: True).values()
    assert isinstance(whole.message, Scored)
    assert isinstance(ended.message, Scored)
    assert len(ended.curve) == 2
    assert ended.message.int8_loss != whole.message.int8_loss
    assert ended.message.footprint.flash_bytes == pytest.approx(whole.message.footprint.flash_bytes, abs=64)


def test_a_trial_that_is_stopped_has_no_score(job: Job) -> None:
    ended = run_batch({0: job}, keep_going=lambda *_: False)
    assert ended[0].message is None
    assert len(ended[0].curve) == 1


def test_a_trial_that_crashes_is_broken_and_its_signal_named(job: Job) -> None:
    ended = run_batch({0: job}, keep_going=lambda *_: kill_all(signal.SIGABRT))
    assert ended[0].message == Broken("its process ended with SIGABRT")


def test_a_trial_killed_from_outside_ends_the_batch_without_a_result(job: Job) -> None:
    with pytest.raises(SurroundingsError, match="trial 0 was interrupted: its process ended with SIGKILL"):
        run_batch({0: job}, keep_going=lambda *_: kill_all(signal.SIGKILL))


def test_an_architecture_that_cannot_be_built_is_broken(job: Job) -> None:
    spec = job.candidate.spec.model_copy(update={"input_shape": (9, 9, 1)})
    wrong = replace(job, candidate=job.candidate.model_copy(update={"spec": spec}))
    (ended,) = run_batch({0: wrong}, keep_going=lambda *_: True).values()
    assert isinstance(ended.message, Broken)
