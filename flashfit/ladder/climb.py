"""Rung after rung until one passes on validation data. The test split is never looked at."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from flashfit.data.features import Features
from flashfit.errors import ConfigError, FlashfitError, SurroundingsError
from flashfit.footprint import uses
from flashfit.gates.rungs import Ladder, LayerNoise, Qualities, Tried, best_of, misses, qualities_of
from flashfit.ladder.job import Candidate, Job
from flashfit.ladder.workers import make_first, make_reference, make_rung
from flashfit.params import Budget, Gates, Rung
from flashfit.runtime.footprint import measured_footprint
from flashfit.runtime.noise import layer_noise
from flashfit.runtime.operators import operator_names
from flashfit.runtime.tflm import run_tflm

_NOISE_SAMPLES = 32


@dataclass(frozen=True)
class Course:
    """What is climbed: how rungs are made, and what they must reach. validation: the samples they are measured on."""

    job: Job
    rungs: tuple[Rung, ...]
    labels: tuple[str, ...]
    unit: str
    gates: Gates
    budget: Budget
    validation: Features


@dataclass(frozen=True)
class Climbed:
    """What was tried, the .tflite of the rung that was chosen, and the float network beside it."""

    ladder: Ladder
    tflite: bytes
    float_tflite: bytes


def climb(course: Course) -> Climbed:
    """Try rungs in order until one passes; without one, choose the best of those within the budget.

    Raises ConfigError for a network that TFLM has no form for, SurroundingsError where not one rung could be
    measured.
    """
    climber = _Climber(course)
    tried = [climber.try_(rung) for rung in course.rungs]
    chosen = best_of(tried, course.gates.metric, course.budget)
    if chosen is None:
        reasons = "; ".join(f"{one.rung}: {one.why}" for one in tried if one.why)
        raise SurroundingsError(f"no rung could be measured ({reasons})")
    ladder = Ladder(
        metric=course.gates.metric,
        unit=course.unit,
        n=len(course.validation),
        float_=climber.float_,
        chosen=chosen.rung,
        rungs=tuple(tried),
    )
    return Climbed(ladder, climber.tflites[chosen.rung], climber.reference.tflite)


class _Climber:
    """Where the climb stands."""

    def __init__(self, course: Course) -> None:
        self._course = course
        self._first: list[Candidate] | FlashfitError
        first = course.rungs[0]
        try:
            self.reference, self._first = make_first(course.job, first)
        except SurroundingsError as error:
            self.reference, self._first = make_reference(course.job), error
        self.float_ = self._qualities(self.reference.outputs)
        self.tflites: dict[Rung, bytes] = {}
        self._passed = False
        self._first_measured: Tried | None = None

    def try_(self, rung: Rung) -> Tried:
        """Make a rung and measure it, unless there is no need or no use."""
        if self._passed:
            return Tried(rung=rung, state="not tried")
        if useless := self._useless(rung):
            return Tried(rung=rung, state="not applicable", why=useless)
        try:
            tried = self._best(rung, self._candidates(rung))
        except ConfigError as refusal:
            return Tried(rung=rung, state="not applicable", why=refusal.message)
        except SurroundingsError as failure:
            return Tried(rung=rung, state="failed", why=failure.message)
        self._passed = tried.state == "passed"
        return tried

    def _useless(self, rung: Rung) -> str:
        """Why a rung could not help, by the footprint of the first that was measured: no other but int4 is smaller."""
        if self._first_measured is None:
            return ""
        footprint, budget = self._first_measured.footprint, self._course.budget
        over = [use for use in uses(footprint, budget) if use.over > 0] if footprint else []
        if rung == "int4":
            return "" if any(use.resource == "flash" for use in over) else "flash does not ask for it"
        if over:
            return f"takes no less than {self._first_measured.rung}: {over[0]}"
        return ""

    def _candidates(self, rung: Rung) -> list[Candidate]:
        if rung == "float32":
            return [Candidate(self.reference.tflite, self.reference.tflite, "as trained")]
        if rung != self._course.rungs[0]:
            return make_rung(self._course.job, rung)
        if isinstance(self._first, FlashfitError):
            raise self._first
        return self._first

    def _best(self, rung: Rung, candidates: Sequence[Candidate]) -> Tried:
        """The best of a rung's candidates, its layers' noise with it."""
        measured = [self._measure(rung, candidate) for candidate in candidates]
        tried = best_of(measured, self._course.gates.metric, self._course.budget)
        assert tried is not None  # measured or raised
        candidate = candidates[measured.index(tried)]
        self.tflites[rung] = candidate.tflite
        self._first_measured = self._first_measured or tried
        return tried.model_copy(update={"noise": self._noise(candidate)})

    def _measure(self, rung: Rung, candidate: Candidate) -> Tried:
        course = self._course
        run = run_tflm(candidate.tflite, course.validation.x)
        qualities, footprint = self._qualities(run.values), measured_footprint(candidate.tflite, run)
        missed = misses(course.gates, course.budget, self.float_, qualities, footprint)
        return Tried(
            rung=rung,
            state="missed" if missed else "passed",
            why="; ".join(missed),
            settings=candidate.settings,
            qualities=qualities,
            footprint=footprint,
            operators=operator_names(candidate.tflite),
        )

    def _qualities(self, outputs: NDArray[np.float32]) -> Qualities:
        course, known = self._course, self._course.validation
        return qualities_of(course.job.task, course.gates, course.labels, known.y, known.x, outputs, known.groups)

    def _noise(self, candidate: Candidate) -> tuple[LayerNoise, ...]:
        """Nothing where LiteRT does not run what TFLM did: the picture lacks a line, and the build goes on."""
        if candidate.tflite == candidate.reference:
            return ()
        try:
            found = layer_noise(candidate.tflite, candidate.reference, self._course.validation.x[:_NOISE_SAMPLES])
        except SurroundingsError:
            return ()
        return tuple(LayerNoise(layer=name, sqnr_db=db) for name, db in found)
